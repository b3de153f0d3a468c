"""The snapshots that a server answers from: built in the background, dropped the moment they may be old.

One thread listens: a load notifies as it commits, and all that was built before is dropped at once. Another
builds what is asked for. Nobody waits for either: while there is no snapshot of a day, PostGIS answers. Each
has a database connection of its own, beside the pool.
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
from store.notifications import Listener, Notices, connect_args
from store.schema.datasets import CHANNEL

log = logging.getLogger("zhijie.snapshot")
KEPT: Final = 8  # spans of days
POLL_S: Final = 30.0  # in case a notification was lost
BACK_OFF_S: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
STEADY_S: Final = 60.0  # who worked for so long begins anew with the shortest pause
STOP_S: Final = 5.0
APPLICATION: Final = "zhijie snapshots"
CONNECT: Final = connect_args(APPLICATION)


class SnapshotService:
    """The snapshots of an engine's database, for all threads of a process.

    What is served was built in the present epoch: the time since the last notice of a change, during which
    somebody has been listening for the next.
    """

    def __init__(self, engine: Engine, settings: Settings, cache: SnapshotCache | None = None) -> None:
        self.cache = cache or SnapshotCache(cache_folder(settings), aside=True)
        self._engine = create_engine(engine.url, poolclass=NullPool, connect_args=CONNECT)
        self._changed = threading.Condition()  # guards what follows
        self._epochs = itertools.count(1)
        self._epoch: int | None = None  # None: nobody listens
        self._served: list[tuple[dt.date, Snapshot]] = []  # with the day it was built for; last used first
        self._versions: str | None = None  # of what is served
        self._wanted: OrderedDict[dt.date, None] = OrderedDict()  # last asked for last
        self._listener: Listener | None = None
        self._builder: threading.Thread | None = None
        self._stopping = False

    def start(self) -> None:
        """Begin to listen and to build, today first. Returns at once; to be called once."""
        with self._changed:
            self._want(today())
        self._listener = Listener(self._engine, (CHANNEL,), self, APPLICATION, POLL_S)
        self._builder = threading.Thread(target=self._keep_building, name="zhijie-snapshots", daemon=True)
        self._listener.start()
        self._builder.start()

    def stop(self) -> None:
        """Serve nothing any more and let go of the database, for good."""
        with self._changed:
            self._stopping = True
            self._begin(None)
        if self._listener is not None and self._builder is not None:
            self._listener.stop()
            self._builder.join(STOP_S)

    def at(self, day: dt.date) -> Snapshot | None:
        """The snapshot of a day. None where there is none that is surely current; then it is built."""
        with self._changed:
            return self._find(day)

    def wait(self, day: dt.date, timeout: float) -> Snapshot | None:
        """The same, but wait for it, up to ``timeout`` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._find(day), timeout)

    # Callers of these hold the lock.

    def _find(self, day: dt.date) -> Snapshot | None:
        for place, (_, snapshot) in enumerate(self._served):
            if snapshot.covers(day):
                if place > 0:
                    self._served.insert(0, self._served.pop(place))
                return snapshot
        self._want(day)
        return None

    def _want(self, day: dt.date) -> None:
        if day not in self._wanted and not self._stopping:
            self._wanted[day] = None
            if len(self._wanted) > KEPT:
                self._wanted.popitem(last=False)
            self._changed.notify_all()

    def _begin(self, epoch: int | None) -> None:
        """Drop what is served, which may be old, and want it again."""
        for day, _ in reversed(self._served):
            self._want(day)
        self._served.clear()
        self._versions = None
        self._epoch = epoch
        self._changed.notify_all()

    def _serve(self, day: dt.date, snapshot: Snapshot, versions: str) -> None:
        if self._versions not in (None, versions):  # a change that nobody has told us of yet
            self._begin(next(self._epochs))
        self._versions = versions
        self._served.insert(0, (day, snapshot))
        del self._served[KEPT:]
        for wanted in [wanted for wanted in self._wanted if snapshot.covers(wanted)]:
            del self._wanted[wanted]
        self._changed.notify_all()

    # The threads.

    def _keep_building(self) -> None:
        """Build until stopped; after a failure again, with growing pauses."""
        failures = 0
        while not self._stopping:
            began = time.monotonic()
            try:
                self._build()
            except Exception:  # any failure: PostGIS answers meanwhile
                failures = 1 if time.monotonic() - began > STEADY_S else failures + 1
                if failures == 1 and not self._stopping:
                    log.warning("no snapshots for now, PostGIS answers; trying again", exc_info=True)
                self._pause(BACK_OFF_S[min(failures, len(BACK_OFF_S)) - 1])

    def _pause(self, seconds: float) -> None:
        """Wait, but not while something has changed."""
        with self._changed:
            epoch = self._epoch
            self._changed.wait_for(lambda: self._stopping or self._epoch != epoch, seconds)

    def on_notices(self, notices: Notices) -> None:
        """Begin an epoch: the store has changed, or may have while nobody listened."""
        if notices.began or notices.data_changed:
            with self._changed:
                self._begin(next(self._epochs))

    def on_lost(self) -> None:
        """Serve nothing until listening begins again: a change could go unnoticed."""
        with self._changed:
            self._begin(None)

    def on_tick(self) -> None:
        """Compare the versions served with the current ones, in case a notification was lost."""
        with Session(self._engine) as session:
            found = versions_key(session)
        with self._changed:
            if self._versions not in (None, found):
                self._begin(next(self._epochs))

    def gather_s(self) -> float:
        """Notifications are handled at once: what is served may be old."""
        return 0.0

    def _build(self) -> None:
        """Build what is wanted, what was asked for last first."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopping or (self._epoch and self._wanted))
                if self._stopping:
                    return
                epoch, day = self._epoch, next(reversed(self._wanted))
                self._wanted.move_to_end(day, last=False)  # should it fail, others have their turn
            versions, snapshot = self._read(day)
            with self._changed:
                if epoch == self._epoch:
                    self._serve(day, snapshot, versions)

    def _read(self, day: dt.date) -> tuple[str, Snapshot]:
        """A snapshot of one state of the store."""
        with self._engine.connect() as connection:
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with Session(connection) as session:
                return versions_key(session), snapshot_of(session, day, self.cache)
