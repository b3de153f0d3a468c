"""Screeners that an application keeps: the last few, by what they judge and the data that they stand on."""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from typing import Final

import anyio
from fastapi import Request
from sqlalchemy import Engine

from core.settings import Settings
from screening.files.verdicts import Judge
from store.engine import open_session
from verdict.thresholds import Thresholds

MOST: Final = 8
BATCHES_AT_ONCE: Final = 2  # batches hold much memory: who comes third waits


class ScreenerCache:
    """A tiny cache. One thread opens a screener while others that want one wait.

    ``turn``: batches in work. ``threads``: those that do it, which are none of other requests'.
    """

    def __init__(self, engine: Engine, settings: Settings, most: int = MOST) -> None:
        self.turn = anyio.CapacityLimiter(BATCHES_AT_ONCE)
        self.threads = anyio.CapacityLimiter(BATCHES_AT_ONCE)
        self._engine = engine
        self._settings = settings
        self._most = most
        self._kept: OrderedDict[object, Judge] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, category: str, as_of: dt.date, asked_on: dt.date, limits: Thresholds) -> Judge:
        """The screener of a matter and two days on the datasets that are current now.

        Needs a database connection. Raises what ``open_screener`` raises: BadInput for an unknown category or
        a day without data.
        """
        # Here, for the compiler that they need takes a second to import.
        from facts.memory.snapshot import versions_key  # noqa: PLC0415
        from screening.screener import ScreenTask, open_screener  # noqa: PLC0415

        task = ScreenTask(category, as_of, asked_on, limits)
        with self._lock:
            with open_session(self._engine) as session:
                key = (task, versions_key(session))
            if key not in self._kept:
                self._kept[key] = open_screener(self._engine, self._settings, task)
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
            return self._kept[key]


def screeners_of(request: Request) -> ScreenerCache:
    """The application's screeners."""
    kept: ScreenerCache = request.app.state.screeners
    return kept
