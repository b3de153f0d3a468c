"""The snapshots of a server: built in the background, dropped as soon as they may be outdated.

One thread listens: a load sends a notification as it commits, and everything built before is dropped at once.
Another thread builds the days that were requested. Requests wait for neither: while a day has no snapshot,
PostGIS answers. Each thread has a database connection of its own, outside the pool.
"""

from __future__ import annotations

import datetime as dt
import itertools
import logging
import threading
import time
from collections import OrderedDict
from typing import Final

from sqlalchemy import Engine, NullPool, create_engine
from sqlalchemy.orm import Session

from core.clock import today
from core.settings import Settings
from facts.memory.cache import SnapshotCache, cache_folder
from facts.memory.snapshot import Snapshot, snapshot_of, versions_key
from store import Listener, Notices, connect_args
from store.schema import SOURCE_CHANNEL

log = logging.getLogger("zhijie.snapshot")
MAX_SPANS: Final = 8  # snapshots served, each for a span of days
POLL_S: Final = 30.0  # in case a notification was lost
BACK_OFF_S: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
STEADY_S: Final = 60.0  # after working for so long, a failure is followed by the shortest pause again
STOP_S: Final = 5.0
APPLICATION: Final = "zhijie snapshots"
CONNECT: Final = connect_args(APPLICATION)


class SnapshotService:
    """Current snapshots of an engine's database, for all threads of a process.

    Every snapshot served was read in the current *epoch*: the time since the last notification of a change,
    without any gap in listening. A change begins a new epoch; while nobody listens there is none.
    """

    def __init__(self, engine: Engine, settings: Settings, cache: SnapshotCache | None = None) -> None:
        self.cache = cache or SnapshotCache(cache_folder(settings), in_subprocess=True)
        # without a pool: both threads hold their connections for long, and requests must not miss them
        self._engine = create_engine(engine.url, poolclass=NullPool, connect_args=CONNECT)
        # one lock for all state, never held while the database is asked: a lookup by day takes microseconds
        self._changed = threading.Condition()  # guards everything below
        self._epochs = itertools.count(1)
        self._epoch: int | None = None  # None: not listening
        self._served: list[tuple[dt.date, Snapshot]] = []  # day built for, snapshot; last used first
        self._versions: str | None = None  # versions_key of the snapshots served
        self._requested: OrderedDict[dt.date, None] = OrderedDict()  # last requested last
        self._listener: Listener | None = None
        self._builder: threading.Thread | None = None
        self._stopping = False

    def start(self) -> None:
        """Start listening and building, today first. Returns at once; may be called once."""
        with self._changed:
            self._request(today())
        self._listener = Listener(self._engine, (SOURCE_CHANNEL,), self, APPLICATION, POLL_S)
        self._builder = threading.Thread(target=self._keep_building, name="zhijie-snapshots", daemon=True)
        self._listener.start()
        self._builder.start()

    def stop(self) -> None:
        """Stop serving and close the database connections, for good."""
        with self._changed:
            self._stopping = True
            self._start_epoch(None)
        if self._listener is not None and self._builder is not None:
            self._listener.stop()
            self._builder.join(STOP_S)

    def at(self, day: dt.date) -> Snapshot | None:
        """The snapshot of a day; None where none is surely current, and then one is requested."""
        with self._changed:
            return self._served_snapshot(day)

    def wait(self, day: dt.date, timeout: float) -> Snapshot | None:
        """The snapshot of a day, waited for up to ``timeout`` seconds; None after that."""
        with self._changed:
            return self._changed.wait_for(lambda: self._served_snapshot(day), timeout)

    # The caller of the next four methods holds the lock.

    def _served_snapshot(self, day: dt.date) -> Snapshot | None:
        for place, (_, snapshot) in enumerate(self._served):
            if snapshot.covers(day):
                if place > 0:  # to the front: the last one in the list is dropped when a new one comes
                    self._served.insert(0, self._served.pop(place))
                return snapshot
        self._request(day)
        return None

    def _request(self, day: dt.date) -> None:
        if day not in self._requested and not self._stopping:
            # bounded: a client that asks for a thousand days must not keep the builder busy for hours
            self._requested[day] = None
            if len(self._requested) > MAX_SPANS:
                self._requested.popitem(last=False)
            self._changed.notify_all()

    def _start_epoch(self, epoch: int | None) -> None:
        """Drop all snapshots, which may be outdated, and request their days again.

        A build that is under way belongs to the old epoch and will be thrown away.
        """
        for day, _ in reversed(self._served):
            self._request(day)
        self._served.clear()
        self._versions = None
        self._epoch = epoch
        self._changed.notify_all()

    def _publish(self, day: dt.date, snapshot: Snapshot, versions: str) -> None:
        # a load committed after the last notification was handled: what is served is older than ``snapshot``
        if self._versions not in (None, versions):
            self._start_epoch(next(self._epochs))
        self._versions = versions
        self._served.insert(0, (day, snapshot))
        del self._served[MAX_SPANS:]
        for wanted in [wanted for wanted in self._requested if snapshot.covers(wanted)]:
            del self._requested[wanted]
        self._changed.notify_all()

    # Run by the threads: the builder, and the Listener, which calls on_… and gather_s.

    def _keep_building(self) -> None:
        """Build until stopped; after a failure try again, with growing pauses."""
        failures = 0
        while not self._stopping:
            began = time.monotonic()
            try:
                self._build_requested()
            except Exception:  # any failure: PostGIS answers meanwhile
                failures = 1 if time.monotonic() - began > STEADY_S else failures + 1
                if failures == 1 and not self._stopping:  # once for a series of failures
                    log.warning("no snapshots for now, PostGIS answers; trying again", exc_info=True)
                self._pause(BACK_OFF_S[min(failures, len(BACK_OFF_S)) - 1])

    def _pause(self, seconds: float) -> None:
        """Wait; a new epoch ends the wait, as the cause of the failure may be gone."""
        with self._changed:
            epoch = self._epoch
            self._changed.wait_for(lambda: self._stopping or self._epoch != epoch, seconds)

    def on_notices(self, notices: Notices) -> None:
        """Begin an epoch: the data have changed, or may have changed before listening began."""
        if notices.began or notices.data_changed:
            with self._changed:
                self._start_epoch(next(self._epochs))

    def on_lost(self) -> None:
        """Serve nothing until listening begins again, for a change could go unnoticed."""
        with self._changed:
            self._start_epoch(None)

    def on_tick(self) -> None:
        """Begin an epoch where the versions served are not the current ones: a notification was lost."""
        with Session(self._engine) as session:
            found = versions_key(session)
        with self._changed:
            if self._versions not in (None, found):
                self._start_epoch(next(self._epochs))

    def gather_s(self) -> float:
        """0: notifications are not gathered but handled at once, since what is served may be outdated."""
        return 0.0

    def _build_requested(self) -> None:
        """Build requested days until stopped, the last requested first."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopping or (self._epoch and self._requested))
                if self._stopping:
                    return
                epoch, day = self._epoch, next(reversed(self._requested))
                self._requested.move_to_end(day, last=False)  # so that, should it fail, others come first
            versions, snapshot = self._read_snapshot(day)  # seconds, without the lock
            with self._changed:
                if epoch == self._epoch:  # else it may have been read before the change
                    self._publish(day, snapshot, versions)

    def _read_snapshot(self, day: dt.date) -> tuple[str, Snapshot]:
        """The snapshot of a day and the versions it was made of."""
        # repeatable read: versions and rows are of one state of the database, whatever commits meanwhile
        with self._engine.connect() as connection:
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with Session(connection) as session:
                return versions_key(session), snapshot_of(session, day, self.cache)
