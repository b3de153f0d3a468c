"""Notices of the database while somebody listens: one connection of its own, kept up by one thread.

A notice says that a step of the journal or another dataset has become visible. Whoever loses the connection
may have missed some: ``Listener`` says when it begins to listen, so that what is kept can be dropped then.
"""

from __future__ import annotations

import json
import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

import psycopg2
from sqlalchemy import Engine

from store.schema.datasets import CHANNEL

log = logging.getLogger("zhijie.live")
JOURNAL_CHANNEL: Final = "zhijie_journal"
BACK_OFF_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0)
STOP_S: Final = 5.0


def connect_args(application: str) -> dict[str, Any]:
    """What a connection that listens is opened with, under a name that the server shows."""
    return {
        "application_name": application,
        "options": "-c timezone=UTC -c jit=off",
        "connect_timeout": 10,
        # a server that is gone without a word is noticed in half a minute
        **{
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 25_000,
        },
    }


CONNECT: Final = connect_args("zhijie live")


@dataclass(frozen=True, slots=True)
class JournalStep:
    """A step of the journal: its number, whose reports it is about, the tile of zoom 12 where it happened."""

    seq: int
    accounts: tuple[int, ...] = ()
    tile: int | None = None


@dataclass(frozen=True, slots=True)
class Notices:
    """What was heard at once. ``began``: listening begins here, and anything may have happened before."""

    steps: tuple[JournalStep, ...] = ()
    data_changed: bool = False
    began: bool = False


class Listener:
    """Calls ``hear`` with what is heard, ``lost`` when nobody listens any more, ``tick`` every ``pace_s``.

    All from one thread. What they raise ends the listening, which then begins anew. ``gather_s`` says for how
    long notices are gathered after the first.
    """

    def __init__(  # noqa: PLR0913 - what it calls
        self,
        engine: Engine,
        hear: Callable[[Notices], None],
        lost: Callable[[], None],
        tick: Callable[[], None],
        gather_s: Callable[[], float],
        pace_s: float = 5.0,
    ) -> None:
        self._url = engine.url
        self._dialect = engine.dialect
        self._hear, self._lost, self._tick, self._gather_s = hear, lost, tick, gather_s
        self._pace_s = pace_s
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to listen. Returns at once; to be called once."""
        self._alarm, self._wake = socket.socketpair()
        self._thread = threading.Thread(target=self._keep_listening, name="zhijie-live", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Listen no more, for good."""
        self._stopping.set()
        if self._thread is not None:
            self._wake.send(b"!")
            self._thread.join(STOP_S)
            self._alarm.close()
            self._wake.close()

    def _keep_listening(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._listen()
            except Exception:  # whatever it is, the next try may go well
                failures = 1 if time.monotonic() - began > max(BACK_OFF_S) else failures + 1
                if failures == 1 and not self._stopping.is_set():
                    log.warning("nobody listens to the database for now; trying again", exc_info=True)
            self._lost()
            self._stopping.wait(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])

    def _listen(self) -> None:
        arguments, values = self._dialect.create_connect_args(self._url)
        with closing(psycopg2.connect(*arguments, **{**values, **CONNECT})) as connection:
            connection.autocommit = True
            connection.cursor().execute(f"LISTEN {JOURNAL_CHANNEL}; LISTEN {CHANNEL}")
            self._hear(Notices(began=True))
            with selectors.DefaultSelector() as selector:
                selector.register(connection, selectors.EVENT_READ)
                selector.register(self._alarm, selectors.EVENT_READ)
                self._follow(connection, selector)

    def _follow(self, connection: Any, selector: selectors.BaseSelector) -> None:  # noqa: ANN401 - untyped
        next_tick = 0.0
        while not self._stopping.is_set():
            if time.monotonic() >= next_tick:
                connection.cursor().execute("SELECT 1")  # raises where the connection is lost
                self._tick()
                next_tick = time.monotonic() + self._pace_s
            if selector.select(max(0.0, next_tick - time.monotonic())):
                self._stopping.wait(self._gather_s())
            connection.poll()
            heard = _heard(connection.notifies)
            connection.notifies.clear()
            if heard is not None:
                self._hear(heard)


def _heard(notices: list[Any]) -> Notices | None:
    if not notices:
        return None
    steps = tuple(_step(notice.payload) for notice in notices if notice.channel == JOURNAL_CHANNEL)
    return Notices(steps, data_changed=any(notice.channel == CHANNEL for notice in notices))


def _step(payload: str) -> JournalStep:
    told = json.loads(payload)
    return JournalStep(told["seq"], tuple(told.get("accounts", ())), told.get("tile"))
