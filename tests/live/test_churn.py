"""Streams of equal reach while people sign in and out: nobody misses a report or hears one twice."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import random
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text
from support.credentials import hire

from accounts.postings import NewPosting
from accounts.sessions import sign_out
from live.hub import Hub, Message, Stream
from live.tile_cache import TileCache
from reports.filing import Submission, file_report
from store.access import enter
from store.engine import open_session
from store.queries.events import fetch_head
from verdict.inquiry import Inquiry, Limits

HERE, PLACE = "140522201", (112.395, 35.625)
STREAMS, SIGN_OUTS, REPORTS = 32, 200, 40
LONG_S = 30.0


class Heard(Stream):
    """A stream that remembers the numbers of the steps above its floor that it was sent."""

    def __init__(self, token: str, account: int, stems: tuple[str, ...]) -> None:
        super().__init__(token, account, stems)
        self.heard: list[int] = []

    def push(self, messages: Iterable[Message]) -> None:
        """Remember reports; keep nothing queued."""
        if not self.closed:
            self.heard += [seq for seq, data in messages if b"event: report" in data and seq > self.floor]


@pytest.fixture
def hub(web_engine: Engine) -> Iterator[Hub]:
    """A hub that does not listen yet, with its event loop in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def make() -> Hub:
        return Hub(web_engine, TileCache(0))

    made = asyncio.run_coroutine_threadsafe(make(), loop).result()
    yield made
    made.stop()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def account(http_engine: Engine) -> int:
    """Somebody who reads the reports of one township."""
    name = f"u{secrets.token_hex(6)}"
    hire(http_engine, NewPosting("officer", HERE), name=name)
    with open_session(http_engine) as session:
        return int(session.scalar(text("SELECT id FROM account WHERE name = :name"), {"name": name}))


@pytest.fixture
def file(http_engine: Engine, limits: Limits) -> Callable[[], None]:
    """Files a report in the township."""

    def one() -> None:
        inquiry = Inquiry("livestock_farm", *PLACE, as_of=dt.date(2022, 8, 21))
        with open_session(http_engine) as session:
            file_report(session, Submission(inquiry), secrets.token_hex(8), limits)

    return one


@pytest.fixture
def join(hub: Hub, http_engine: Engine, account: int) -> Callable[[], Heard]:
    """Signs in and opens a stream."""

    def one() -> Heard:
        token = secrets.token_urlsafe(24)
        digest = hashlib.sha256(token.encode()).digest()
        with open_session(http_engine) as session:
            session.execute(select(func.zhijie_open(account, digest, 1.0, "tests")))
        stream = Heard(token, account, (HERE,))
        hub.join(stream)
        with open_session(http_engine) as session:
            hub.start(stream, fetch_head(session))
        return stream

    return one


def _leave(web_engine: Engine, stream: Stream) -> None:
    with open_session(web_engine) as session:
        assert enter(session, stream.token) is not None
        sign_out(session)


def _wait(done: Callable[[], Any]) -> None:
    deadline = time.monotonic() + LONG_S
    while not done() and time.monotonic() < deadline:
        time.sleep(0.02)


def _told(engine: Engine) -> list[int]:
    """The numbers of all steps that are told."""
    with open_session(engine) as session:
        return list(session.scalars(text("SELECT seq FROM journal WHERE action = 'report' ORDER BY seq")))


@contextmanager
def _meanwhile(do: Callable[[], None], times: int) -> Iterator[None]:
    """Do something in another thread, over and over."""
    thread = threading.Thread(target=lambda: [do() for _ in range(times)])
    thread.start()
    yield
    thread.join()


def _expected(told: Sequence[int], stream: Heard) -> list[int]:
    return [seq for seq in told if seq > stream.floor]


def test_no_stream_misses_a_report_or_hears_one_twice_while_others_sign_out(
    web_engine: Engine, http_engine: Engine, join: Callable[[], Heard], file: Callable[[], None], hub: Hub
) -> None:
    hub.wake()
    draw = random.Random(7)
    file()
    present, gone = [join() for _ in range(STREAMS)], []
    with _meanwhile(file, REPORTS):
        for _ in range(SIGN_OUTS):
            leaving = present.pop(draw.randrange(len(present)))
            _leave(web_engine, leaving)
            gone.append(leaving)
            present.append(join())
    file()
    told = _told(http_engine)
    _wait(lambda: all(stream.heard[-1:] == told[-1:] for stream in present))
    missed = {n: _expected(told, stream) for n, stream in enumerate(present)}
    assert {n: stream.heard for n, stream in enumerate(present)} == missed
    for stream in gone:  # without a gap up to its end, and at its end closed
        assert stream.heard == _expected(told, stream)[: len(stream.heard)]
        assert stream.closed


def test_whose_credential_has_ended_is_sent_nothing_more(
    web_engine: Engine, join: Callable[[], Heard], file: Callable[[], None], hub: Hub
) -> None:
    hub.wake()
    leaving, staying = join(), join()
    file()
    _wait(lambda: leaving.heard and staying.heard)
    _leave(web_engine, leaving)
    file()
    _wait(lambda: len(staying.heard) == 2)
    assert (len(leaving.heard), len(staying.heard)) == (1, 2)
    assert leaving.closed and not staying.closed


def test_whose_reach_has_changed_is_sent_nothing_by_the_old_one(
    http_engine: Engine, join: Callable[[], Heard], file: Callable[[], None], account: int, hub: Hub
) -> None:
    hub.wake()
    moved = join()
    with open_session(http_engine) as session:
        session.execute(
            text("UPDATE posting SET reach = '140522100' WHERE account_id = :account"), {"account": account}
        )
    file()
    _wait(lambda: moved.closed)
    assert moved.closed and moved.heard == []


def test_what_happens_before_the_hub_listens_is_heard(
    http_engine: Engine, join: Callable[[], Heard], file: Callable[[], None], hub: Hub
) -> None:
    early = join()
    file()
    hub.wake()
    _wait(lambda: early.heard)
    assert early.heard == _expected(_told(http_engine), early) != []


def test_a_stream_that_starts_from_before_the_hub_began_is_closed_to_ask_again(
    join: Callable[[], Heard], file: Callable[[], None], hub: Hub
) -> None:
    first = join()
    hub.wake()
    file()
    _wait(lambda: first.heard)
    late = Stream("", 0, ())
    hub.start(late, first.floor - 1)
    assert late.closed
