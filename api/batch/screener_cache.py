"""A cache of an application's screeners, by what they judge and the dataset versions they use."""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from typing import Final

import anyio
from fastapi import Request
from sqlalchemy import Engine

from core.settings import Settings
from screening.files import BatchJudge
from store import open_session
from verdict import Thresholds

MAX_SCREENERS: Final = 8  # each holds indexes of some megabytes
BATCHES_AT_ONCE: Final = 2  # batches hold much memory: a third one waits


class ScreenerCache:
    """A small LRU cache; one thread opens a screener while others that want one wait.

    ``turn``: limits the batches in work. ``threads``: the worker threads of batches alone, so that batches
    take none from other requests.
    """

    def __init__(self, engine: Engine, settings: Settings, most: int = MAX_SCREENERS) -> None:
        self.turn = anyio.CapacityLimiter(BATCHES_AT_ONCE)
        self.threads = anyio.CapacityLimiter(BATCHES_AT_ONCE)
        self._engine = engine
        self._settings = settings
        self._most = most
        self._screeners: OrderedDict[object, BatchJudge] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, category: str, as_of: dt.date, asked_on: dt.date, limits: Thresholds) -> BatchJudge:
        """The screener of a matter and two days on the datasets that are current now.

        Needs a database connection. Raises :class:`BadInput` for an unknown category or a day without data.
        """
        # Imported here: the compiler behind them takes a second to load.
        from facts.memory import versions_key  # noqa: PLC0415
        from screening import ScreenTask, open_screener  # noqa: PLC0415

        task = ScreenTask(category, as_of, asked_on, limits)
        with self._lock:
            with open_session(self._engine) as session:
                key = (task, versions_key(session))
            if key not in self._screeners:
                self._screeners[key] = open_screener(self._engine, self._settings, task)
            self._screeners.move_to_end(key)
            while len(self._screeners) > self._most:
                self._screeners.popitem(last=False)
            return self._screeners[key]


def screeners_of(request: Request) -> ScreenerCache:
    """The application's screener cache."""
    cache: ScreenerCache = request.app.state.screeners
    return cache
