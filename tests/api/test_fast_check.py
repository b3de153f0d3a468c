"""A check that memory answers in the event loop is the one that the store answers, to the byte."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from support.credentials import bearer, hire

from accounts.postings import NewPosting
from api.app import create_app
from api.routers import check as checks
from core.clock import today
from core.settings import Settings

LONG_S = 60.0
PIG_FARM = {"lon": 112.395, "lat": 35.625, "category": "livestock_farm", "as_of": "2022-08-21"}
GOOD: dict[str, dict[str, Any]] = {
    "today": {"lon": 112.85, "lat": 35.49, "category": "livestock_farm"},
    "an earlier day": PIG_FARM,
    "stated at the default": {**PIG_FARM, "accuracy_m": 15},
    "assumed of a telephone": {**PIG_FARM, "channel": "phone"},
    "assumed of a map": {**PIG_FARM, "channel": "map"},
    "uncertain": {**PIG_FARM, "accuracy_m": 25.5},
    "another datum": {**PIG_FARM, "datum": "gcj02"},
    "outside": {**PIG_FARM, "lon": 116.4, "lat": 39.9},
    "just outside": {**PIG_FARM, "lon": 111.9},
}
BAD: dict[str, dict[str, Any]] = {
    "no place": {"category": "livestock_farm"},
    "a number as text": {**PIG_FARM, "lon": "112.395"},
    "unknown matter": {**PIG_FARM, "category": "nonsense"},
    "too early": {**PIG_FARM, "as_of": "1950-01-01"},
    "in the future": {**PIG_FARM, "as_of": "2999-01-01"},
    "no day": {**PIG_FARM, "as_of": "yesterday"},
    "unknown datum": {**PIG_FARM, "datum": "nad27"},
    "too vague": {**PIG_FARM, "accuracy_m": 1e9},
    "swapped": {**PIG_FARM, "lon": 35.6, "lat": 112.4},
    "too much": {**PIG_FARM, "colour": "red"},
}
SQUARE = [[112.394, 35.624], [112.396, 35.624], [112.396, 35.626], [112.394, 35.626], [112.394, 35.624]]
FOOTPRINT = {
    "category": "livestock_farm",
    "footprint": {"type": "Polygon", "coordinates": [SQUARE]},
}
Ask = Callable[..., tuple[int, bytes]]


@pytest.fixture(scope="module")
def owner(clone: Callable[[str], Engine]) -> Engine:
    """The store of these tests, as its owner reaches it."""
    return clone("zhijie_api_quick_test")


@pytest.fixture(scope="module")
def key(owner: Engine) -> dict[str, str]:
    """The header of somebody's key."""
    return bearer(hire(owner, NewPosting("gis", "")))


@pytest.fixture(scope="module")
def web_url(owner: Engine, web_login: tuple[str, str]) -> str:
    """The same store as a server reaches it."""
    name, password = web_login
    return owner.url.set(username=name, password=password).render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def served(web_url: str, key: dict[str, str]) -> Iterator[TestClient]:
    """The service as it is started, with memory of all days that are asked for here."""
    app = create_app(Settings(app_database_url=web_url))
    with TestClient(app, raise_server_exceptions=False, headers=key) as client:
        for body in (GOOD["today"], PIG_FARM):  # the first to ask is answered by the store
            client.post("/api/check", json=body)
        for day in (today(), dt.date(2022, 8, 21)):
            assert client.app.state.memory.wait(day, LONG_S) is not None  # type: ignore[attr-defined]
        yield client


@pytest.fixture(scope="module")
def referee(web_url: str, key: dict[str, str]) -> Iterator[TestClient]:
    """The same store behind PostGIS alone."""
    app = create_app(Settings(app_database_url=web_url, engine="postgis"))
    with TestClient(app, raise_server_exceptions=False, headers=key) as client:
        yield client


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What goes the usual way from now on."""
    asked: list[object] = []
    usual = checks.answer

    def noted(*given: Any) -> Any:
        asked.append(given[1])
        return usual(*given)

    monkeypatch.setattr(checks, "answer", noted)
    return asked


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", GOOD)
def test_memory_says_what_the_store_says(
    served: TestClient, referee: TestClient, slow: list[object], name: str, lang: str
) -> None:
    theirs = referee.post("/api/check", json=GOOD[name], headers={"Accept-Language": lang})
    assert len(slow) == 1
    for _ in range(3):  # judged, made a form of, filled into it
        ours = served.post("/api/check", json=GOOD[name], headers={"Accept-Language": lang})
        assert ours.status_code == 200
        assert ours.content == theirs.content
        assert ours.headers["content-type"] == theirs.headers["content-type"]
    assert len(slow) == 1


def test_a_plain_easting_goes_the_usual_way_and_is_told_its_zone(
    served: TestClient, referee: TestClient, slow: list[object]
) -> None:
    body = {**PIG_FARM, "lon": 395764.582, "lat": 3929618.136, "datum": "EPSG:4546"}
    ours, theirs = (client.post("/api/check", json=body) for client in (served, referee))
    assert (ours.status_code, len(slow)) == (200, 2)
    assert ours.content == theirs.content
    assert ours.json()["verdict"]["location"]["fits"] == "EPSG:4547"


@pytest.mark.parametrize("name", BAD)
def test_it_refuses_as_the_store_does(served: TestClient, referee: TestClient, name: str) -> None:
    ours, theirs = (client.post("/api/check", json=BAD[name]) for client in (served, referee))
    assert ours.status_code == 422
    assert (ours.content, ours.headers["content-type"]) == (theirs.content, theirs.headers["content-type"])


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"lon": NaN, "lat": 35, "category": "livestock_farm"}'])
def test_what_is_no_inquiry_is_refused_alike(served: TestClient, referee: TestClient, body: bytes) -> None:
    head = {"Content-Type": "application/json"}
    ours, theirs = (client.post("/api/check", content=body, headers=head) for client in (served, referee))
    assert ours.status_code == 422
    assert ours.content == theirs.content


def test_footprints_go_where_they_hold_nobody_up(served: TestClient, slow: list[object]) -> None:
    assert served.post("/api/check", json=FOOTPRINT).status_code == 200
    assert len(slow) == 1


def test_while_memory_is_rebuilt_the_store_answers(
    served: TestClient, slow: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = served.post("/api/check", json=PIG_FARM)
    monkeypatch.setattr(served.app.state.memory, "at", lambda day: None)  # type: ignore[attr-defined]
    after = served.post("/api/check", json=PIG_FARM)
    assert len(slow) == 1
    assert after.content == before.content


def test_an_endless_body_is_cut_off_where_memory_answers(served: TestClient) -> None:
    parts = (b" " * 65_536 for _ in range(48))  # chunked, 3 MB
    answer = served.post("/api/check", content=parts, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["field"]) == (413, "body")
