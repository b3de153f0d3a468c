"""How often one may ask: by account, by address, and few tries to sign in; memory stays bounded."""

from __future__ import annotations

import threading

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.testclient import TestClient

from api.middleware.rate_limit import Limit, Rates, Windows, too_many
from core.errors import BadInput
from core.settings import Settings

HOME = "192.0.2.7"


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def make(
    clock: Clock, account: str = "5/second", stranger: str = "3/second", tries: str = "2/minute"
) -> Rates:
    settings = Settings(check_rate=account, anonymous_rate=stranger, sign_in_rate=tries)
    return Rates(settings, clock)


def waits(rates: Rates, count: int, who: int | None = None, address: str = HOME) -> list[float | None]:
    return [rates.count(who, address, "/api/check", "POST") for _ in range(count)]


def test_who_asks_too_often_is_told_how_long_to_wait(clock: Clock) -> None:
    rates = make(clock)
    assert waits(rates, 3) == [None] * 3
    clock.now += 0.25
    assert waits(rates, 1) == [pytest.approx(0.75)]
    clock.now += 0.75
    assert waits(rates, 4) == [None, None, None, pytest.approx(1.0)]


def test_accounts_are_counted_apart_from_each_other_and_from_addresses(clock: Clock) -> None:
    rates = make(clock)
    assert waits(rates, 6, who=1) == [None] * 5 + [pytest.approx(1.0)]
    assert waits(rates, 5, who=2) == [None] * 5
    assert waits(rates, 3) == [None] * 3
    assert waits(rates, 1, who=1, address="198.51.100.1") == [pytest.approx(1.0)]


def test_addresses_are_counted_apart(clock: Clock) -> None:
    rates = make(clock)
    assert waits(rates, 4)[3] is not None
    assert waits(rates, 3, address="192.0.2.8") == [None] * 3


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.8", False),
        ("no:address", "no:address", True),
        ("", "192.0.2.7", False),
    ],
)
def test_what_counts_as_one_address(clock: Clock, one: str, other: str, same: bool) -> None:
    rates = make(clock)
    waits(rates, 3, address=one)
    assert (waits(rates, 1, address=other) != [None]) is same


@pytest.mark.parametrize("path", ["/login", "/api/session"])
def test_tries_to_sign_in_are_few_whoever_tries(clock: Clock, path: str) -> None:
    rates = make(clock)
    tries = [rates.count(who, HOME, path, "POST") for who in (None, 1, 2)]
    assert tries == [None, None, pytest.approx(60.0)]
    assert rates.count(None, HOME, path, "GET") is None
    assert rates.count(None, "192.0.2.8", path, "POST") is None
    clock.now += 60
    assert rates.count(None, HOME, path, "POST") is None


def test_a_setting_may_name_several_spans(clock: Clock) -> None:
    rates = make(clock, stranger="2/second;3/minute")
    assert waits(rates, 3)[2] == pytest.approx(1.0)
    clock.now += 1
    assert waits(rates, 1) == [pytest.approx(59.0)]


@pytest.mark.parametrize(
    "text", ["", "often", "600", "-1/second", "0/second", "5/fortnight", "1/second;0/hour"]
)
@pytest.mark.parametrize("name", ["check_rate", "anonymous_rate", "sign_in_rate"])
def test_a_bad_setting_is_named_at_the_start(name: str, text: str) -> None:
    with pytest.raises(BadInput) as caught:
        Rates(Settings(**{name: text}))  # type: ignore[arg-type]
    assert caught.value.field == f"ZHIJIE_{name.upper()}"
    assert "600/second" in caught.value.line("en")


def test_the_settings_by_default_are_rates() -> None:
    Rates(Settings())


def test_a_flood_of_addresses_does_not_fill_the_memory(clock: Clock) -> None:
    windows = Windows(clock, most=100)
    for number in range(1000):
        windows.incr(f"address/{number}", 60)
    assert len(windows) == 100
    assert windows.get("address/999") == 1
    assert windows.get("address/1") == 0


def test_counts_that_have_run_out_go_as_others_come(clock: Clock) -> None:
    windows = Windows(clock)
    for number in range(100):
        windows.incr(f"address/{number}", 1)
    clock.now += 1
    for number in range(60):
        windows.incr(f"other/{number}", 1)
    assert len(windows) == 60


def test_a_flood_does_not_forget_tries_to_sign_in(clock: Clock) -> None:
    rates = make(clock)
    for _ in range(3):
        rates.count(None, HOME, "/login", "POST")
    for number in range(60_000):
        rates.count(None, f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", "/", "GET")
    assert rates.count(None, HOME, "/login", "POST") == pytest.approx(60.0)


def test_a_storage_does_what_the_library_asks_of_one(clock: Clock) -> None:
    windows = Windows(clock)
    assert windows.check()
    windows.incr("a", 5, amount=2)
    assert (windows.get("a"), windows.get_expiry("a")) == (2, 1005.0)
    assert (windows.get("b"), windows.get_expiry("b")) == (0, 1000.0)
    windows.clear("a")
    assert windows.get("a") == 0
    windows.incr("b", 5)
    assert windows.reset() == 1


def test_counting_starts_no_thread() -> None:
    before = threading.active_count()
    limit = Limit("5/second", "X")
    for _ in range(10):
        limit.wait("a")
    assert threading.active_count() == before


@pytest.fixture
def refusing() -> TestClient:
    """An application that refuses all, telling to wait for 0.3 seconds and for 59.2."""
    app = FastAPI()
    app.state.settings = Settings(lang="en")

    @app.get("/{rest}")
    def later(request: Request, rest: str) -> Response:
        return too_many(request, 0.3 if rest == "now" else 59.2)

    return TestClient(app)


@pytest.mark.parametrize(("path", "seconds"), [("/now", "1"), ("/later", "60")])
def test_the_refusal_is_a_problem_and_says_when_to_come_again(
    refusing: TestClient, path: str, seconds: str
) -> None:
    answer = refusing.get(path)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == seconds
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["hint"] == f"Try again in {seconds} seconds."
    assert HOME not in answer.text
