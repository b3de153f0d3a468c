"""A cache of vector tiles in memory, invalidated by changes of the data.

A change is reported as a tile of zoom 12. It invalidates that tile, all tiles above that contain it, and all
tiles below. A tile is stored only if nothing in it has changed since its computation began, and only while
the process listens to the database's notifications: without them a change could go unnoticed.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

CHANGE_ZOOM: Final = 12
DEFAULT_BYTES: Final = 64_000_000
OVERHEAD: Final = 400  # bytes of an entry beside its tile
TTL_S: Final = 600.0  # bounds the age of a tile after a change without a notification
MAX_CHANGES: Final = 200_000

Address = tuple[int, int, int]  # zoom, column, row


@dataclass(frozen=True, slots=True)
class LogicalTime:
    """The cache's logical time, to be read before the database is: see :meth:`TileCache.put`."""

    tick: int
    epoch: int


class TileCache:
    """A thread-safe LRU cache of at most ``max_bytes``.

    Keys say what a tile depends on beside its address: layer, day, filter, and rights of the account.
    """

    def __init__(self, max_bytes: int = DEFAULT_BYTES) -> None:
        self._lock = threading.Lock()
        self._max_bytes = max_bytes
        self._size = 0
        self._entries: OrderedDict[tuple[Hashable, Address], tuple[bytes, LogicalTime, float]] = OrderedDict()
        # Changes are recorded, and entries compared with them when read: to look for the affected entries at
        # each change would take a walk through the whole cache.
        self._changes: dict[Address, int] = {}  # tile → tick of its last change
        self._tick = 0  # counts changes
        self._epoch = 0  # counts resets
        self._listening = False

    def now(self) -> LogicalTime:
        """The present logical time."""
        with self._lock:
            return LogicalTime(self._tick, self._epoch)

    def get(self, key: Hashable, at: Address) -> bytes | None:
        """The cached tile, if it is current; else None."""
        with self._lock:
            entry = self._entries.get((key, at))
            if entry is None:
                return None
            tile, since, expires = entry
            if not self._is_current(since, at) or time.monotonic() > expires:
                self._drop((key, at))
                return None
            self._entries.move_to_end((key, at))
            return tile

    def put(self, key: Hashable, at: Address, tile: bytes, since: LogicalTime) -> None:
        """Store a tile whose computation began at ``since``, unless it has changed in the meantime."""
        with self._lock:
            if not self._is_current(since, at):
                return
            if (key, at) in self._entries:
                self._drop((key, at))
            self._entries[key, at] = (tile, since, time.monotonic() + TTL_S)
            self._size += len(tile) + OVERHEAD
            while self._size > self._max_bytes:
                self._drop(next(iter(self._entries)))

    def get_or_make(self, key: Hashable, at: Address, make: Callable[[], bytes]) -> bytes:
        """The cached tile; else the result of ``make``, which is stored."""
        since = self.now()  # before the database is read: a change during the reading must not be lost
        tile = self.get(key, at)
        if tile is None:
            tile = make()
            self.put(key, at, tile, since)
        return tile

    def invalidate(self, tile: int) -> None:
        """Invalidate a tile of zoom 12, those above and those below it.

        ``tile``: its number, as of :func:`store.queries.tiles.tile_number`.
        """
        x, y = _even_bits(tile), _even_bits(tile >> 1)
        with self._lock:
            if len(self._changes) > MAX_CHANGES:
                self._reset()
            self._tick += 1
            for up in range(CHANGE_ZOOM + 1):
                self._changes[CHANGE_ZOOM - up, x >> up, y >> up] = self._tick

    def reset(self, *, listening: bool) -> None:
        """Drop all tiles. ``listening``: whether changes are reported from now on; else nothing is stored."""
        with self._lock:
            self._listening = listening
            self._reset()

    # Callers of these hold the lock.

    def _reset(self) -> None:
        self._entries.clear()
        self._changes.clear()
        self._size = 0
        self._epoch += 1

    def _is_current(self, since: LogicalTime, at: Address) -> bool:
        z, x, y = at
        if z > CHANGE_ZOOM:  # changes are recorded no deeper
            z, x, y = CHANGE_ZOOM, x >> (z - CHANGE_ZOOM), y >> (z - CHANGE_ZOOM)
        unchanged = since.tick >= self._changes.get((z, x, y), 0)
        return self._listening and since.epoch == self._epoch and unchanged

    def _drop(self, entry: tuple[Hashable, Address]) -> None:
        tile, _, _ = self._entries.pop(entry)
        self._size -= len(tile) + OVERHEAD


def _even_bits(value: int) -> int:
    """The bits 0, 2, 4, … of a number, joined: one coordinate of a Morton code."""
    return int(f"0{value:b}"[::-2][::-1] or "0", 2)
