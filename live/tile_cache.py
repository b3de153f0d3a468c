"""Tiles kept until something changes in them.

A change is known by its tile of zoom 12: tiles above it that hold it are dropped, and all below it. What was
asked for before a change was heard of is not taken for what came after. Nothing is kept while nobody listens.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

HEARD_AT: Final = 12
MOST_BYTES: Final = 64_000_000
OVERHEAD: Final = 400  # bytes of an entry beside its tile
KEPT_S: Final = 600.0  # in case something changes that nobody tells of
MOST_MARKS: Final = 200_000

Address = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """When a tile was asked for; to be taken before the store is looked at."""

    tick: int
    epoch: int


class TileCache:
    """For all threads of a process. ``key``: whatever else than its address a tile depends on."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._lock = threading.Lock()
        self._most = most_bytes
        self._size = 0
        self._kept: OrderedDict[tuple[Hashable, Address], tuple[bytes, Asked, float]] = OrderedDict()
        self._marks: dict[Address, int] = {}  # tile → the tick of its last change
        self._tick = 0
        self._epoch = 0
        self._listening = False

    def now(self) -> Asked:
        """The present, for ``keep``."""
        with self._lock:
            return Asked(self._tick, self._epoch)

    def get(self, key: Hashable, at: Address) -> bytes | None:
        """A tile that is surely as it would be now."""
        with self._lock:
            found = self._kept.get((key, at))
            if found is None:
                return None
            tile, asked, until = found
            if not self._holds(asked, at) or time.monotonic() > until:
                self._drop((key, at))
                return None
            self._kept.move_to_end((key, at))
            return tile

    def keep(self, key: Hashable, at: Address, tile: bytes, asked: Asked) -> None:
        """Keep a tile that was asked for at a time, unless it has changed since."""
        with self._lock:
            if not self._holds(asked, at):
                return
            if (key, at) in self._kept:
                self._drop((key, at))
            self._kept[key, at] = (tile, asked, time.monotonic() + KEPT_S)
            self._size += len(tile) + OVERHEAD
            while self._size > self._most:
                self._drop(next(iter(self._kept)))

    def get_or_make(self, key: Hashable, at: Address, make: Callable[[], bytes]) -> bytes:
        """The tile that is kept, else one that is made and kept."""
        asked = self.now()  # before the store is read: a change during the reading must not be lost
        found = self.get(key, at)
        if found is None:
            found = make()
            self.keep(key, at, found, asked)
        return found

    def changed(self, tile: int) -> None:
        """Something changed in a tile of zoom 12 (its number as of ``store.queries.tiles.tile_number``)."""
        x, y = _gathered(tile), _gathered(tile >> 1)
        with self._lock:
            if len(self._marks) > MOST_MARKS:
                self._begin()
            self._tick += 1
            for up in range(HEARD_AT + 1):
                self._marks[HEARD_AT - up, x >> up, y >> up] = self._tick

    def begin(self, *, listening: bool) -> None:
        """Drop everything: anything may have changed. Tiles are kept only while somebody listens."""
        with self._lock:
            self._listening = listening
            self._begin()

    # Callers of these hold the lock.

    def _begin(self) -> None:
        self._kept.clear()
        self._marks.clear()
        self._size = 0
        self._epoch += 1

    def _holds(self, asked: Asked, at: Address) -> bool:
        z, x, y = at
        if z > HEARD_AT:
            z, x, y = HEARD_AT, x >> (z - HEARD_AT), y >> (z - HEARD_AT)
        return self._listening and asked.epoch == self._epoch and asked.tick >= self._marks.get((z, x, y), 0)

    def _drop(self, entry: tuple[Hashable, Address]) -> None:
        tile, _, _ = self._kept.pop(entry)
        self._size -= len(tile) + OVERHEAD


def _gathered(value: int) -> int:
    """Every other bit of a number, from the lowest on."""
    return int(f"0{value:b}"[::-2][::-1] or "0", 2)
