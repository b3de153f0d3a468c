"""PostgreSQL notifications (LISTEN/NOTIFY): one supervised connection in one thread.

A notification says that a step of the journal, or a new version of a dataset, has been committed. PostgreSQL
does not keep notifications for a client that is away: after each (re)connection a ``Listener`` passes on
``Notices(began=True)``, so that the subscriber drops whatever it cached before.
"""

from __future__ import annotations

import json
import logging
import selectors
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final, Protocol

import psycopg2
from sqlalchemy import Engine

from store.schema.datasets import SOURCE_CHANNEL

log = logging.getLogger("zhijie.live")
JOURNAL_CHANNEL: Final = "zhijie_journal"
BACK_OFF_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0)  # wait before each reconnection in a row
STOP_S: Final = 5.0  # limit for the thread to end


def connect_args(application: str) -> dict[str, Any]:
    """Connection arguments of a listening connection; ``application`` is its name in pg_stat_activity."""
    return {
        "application_name": application,
        "options": "-c timezone=UTC -c jit=off",
        "connect_timeout": 10,
        # TCP keepalives notice a server that vanished without closing the connection within half a minute
        **{
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 25_000,
        },
    }


@dataclass(frozen=True, slots=True)
class JournalStep:
    """A committed step of the journal: its number, the accounts concerned, the zoom-12 tile it lies in."""

    seq: int
    accounts: tuple[int, ...] = ()
    tile: int | None = None


@dataclass(frozen=True, slots=True)
class Notices:
    """Notifications received together.

    ``began``: the connection has just been opened, so earlier notifications may have been missed.
    """

    steps: tuple[JournalStep, ...] = ()
    data_changed: bool = False
    began: bool = False


class Subscriber(Protocol):
    """Callbacks of a listener, all called from its thread. An exception makes it reconnect."""

    def on_notices(self, notices: Notices) -> None:
        """Take notifications that have arrived, or the news that listening has begun."""

    def on_lost(self) -> None:
        """Take note that the connection is lost: nothing is known to be current until it is open again."""

    def on_tick(self) -> None:
        """Do periodic work: called when listening begins and every ``tick_s`` seconds after that."""

    def gather_s(self) -> float:
        """Return how long to wait after a notification for further ones, seconds."""


class Listener:
    """A connection that listens on some channels, reopened whenever it fails, and reports to a subscriber."""

    def __init__(
        self, engine: Engine, channels: Sequence[str], subscriber: Subscriber, application: str, tick_s: float
    ) -> None:
        """Prepare a listener; ``start`` opens the connection.

        Args:
            engine: Only its address is used.
            channels: Names of the channels.
            application: Name of the connection in pg_stat_activity.
            tick_s: Seconds between calls of ``on_tick``.
        """
        self._url = engine.url
        self._dialect = engine.dialect
        self._listen_sql = "; ".join(f"LISTEN {channel}" for channel in channels)
        self._subscriber = subscriber
        self._application = application
        self._tick_s = tick_s
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start listening in a thread and return at once. Call it only once."""
        self._alarm, self._wake = socket.socketpair()
        self._thread = threading.Thread(target=self._keep_listening, name=self._application, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening for good. Further calls do nothing."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            self._wake.send(b"!")
            thread.join(STOP_S)
            self._alarm.close()
            self._wake.close()

    def _keep_listening(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._listen()
            except Exception:  # any failure: the next connection may work
                failures = 1 if time.monotonic() - began > max(BACK_OFF_S) else failures + 1
                if failures == 1 and not self._stopping.is_set():
                    log.warning("%s lost its connection; reconnecting", self._application, exc_info=True)
            self._subscriber.on_lost()
            self._stopping.wait(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])

    def _listen(self) -> None:
        arguments, values = self._dialect.create_connect_args(self._url)
        connection = psycopg2.connect(*arguments, **{**values, **connect_args(self._application)})
        with closing(connection):
            connection.autocommit = True
            connection.cursor().execute(self._listen_sql)
            self._subscriber.on_notices(Notices(began=True))
            with selectors.DefaultSelector() as selector:
                selector.register(connection, selectors.EVENT_READ)
                selector.register(self._alarm, selectors.EVENT_READ)  # stop() interrupts the wait
                self._follow(connection, selector)

    def _follow(self, connection: Any, selector: selectors.BaseSelector) -> None:  # noqa: ANN401 - untyped
        next_tick = 0.0
        while not self._stopping.is_set():
            if time.monotonic() >= next_tick:
                connection.cursor().execute("SELECT 1")  # raises where the connection is lost
                self._subscriber.on_tick()
                next_tick = time.monotonic() + self._tick_s
            if selector.select(max(0.0, next_tick - time.monotonic())):
                self._stopping.wait(self._subscriber.gather_s())
            connection.poll()
            notices = _parse(connection.notifies)
            connection.notifies.clear()
            if notices is not None:
                self._subscriber.on_notices(notices)


def _parse(notifications: list[Any]) -> Notices | None:
    """Return the notifications of one poll; None if there are none."""
    if not notifications:
        return None
    steps = tuple(_step(notice.payload) for notice in notifications if notice.channel == JOURNAL_CHANNEL)
    data_changed = any(notice.channel == SOURCE_CHANNEL for notice in notifications)
    return Notices(steps, data_changed=data_changed)


def _step(payload: str) -> JournalStep:
    """Parse the JSON that the trigger ``journal_tells`` sends."""
    values = json.loads(payload)
    return JournalStep(values["seq"], tuple(values.get("accounts", ())), values.get("tile"))
