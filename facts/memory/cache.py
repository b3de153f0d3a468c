"""Caches of snapshots and their layers: in memory for one process, large layers as files for all."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Generator, Hashable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import pyarrow as pa
import shapely

from core.settings import ROOT, Settings
from facts.memory.build_index import ROWS, Kind, make_index, write_index, write_index_in_subprocess
from facts.memory.files import LayerFiles, Stored
from facts.memory.layer_codec import Areas, add_bounds, decode_layer
from geo.index import decode
from store.cluster import default_home

log = logging.getLogger("zhijie.snapshot")
FEW_VERTICES: Final = 20_000  # up to here indexing a layer is as fast as finding its file
MANY_VERTICES: Final = 500_000  # from here on indexing would slow down a server's requests
KEPT_LAYERS: Final = 16
KEPT_SNAPSHOTS: Final = 4

Value = TypeVar("Value")
Row = TypeVar("Row")
Read = Callable[[], Generator[pa.RecordBatch, None, None]]


class LruCache(Generic[Value]):
    """The ``keep`` most recently used values. A value is made once: other threads wait for it meanwhile."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._kept: OrderedDict[Hashable, Value] = OrderedDict()
        self._locks: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of a key, from ``make`` where it is not cached. What ``make`` raises is not cached."""
        with self._lock:
            if key in self._kept:
                return self._mark_used(key)
            # a lock for each key: making a value takes seconds, and other keys must not wait for it
            making = self._locks.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._kept:  # another thread made it while this one waited
                    return self._mark_used(key)
            try:
                value = make()
            finally:
                # also after a failure, so that the next thread tries again. A thread that comes before the
                # value is stored below makes it a second time, which costs time and nothing else
                with self._lock:
                    self._locks.pop(key, None)
            with self._lock:
                self._kept[key] = value
                if len(self._kept) > self._keep:
                    self._kept.popitem(last=False)
            return value

    def _mark_used(self, key: Hashable) -> Value:
        self._kept.move_to_end(key)
        return self._kept[key]


class SnapshotCache:
    """Layers and the snapshots made of them. Threads may share a cache, and processes its folder.

    ``folder``: of the files; None: everything stays in memory. ``keep``: number of layers in memory.
    ``in_subprocess``: whether large layers are indexed in a subprocess, as a server needs it.
    """

    def __init__(self, folder: Path | None, keep: int = KEPT_LAYERS, *, in_subprocess: bool = False) -> None:
        self.snapshots: LruCache[Any] = LruCache(KEPT_SNAPSHOTS)
        self.changes: LruCache[Any] = LruCache(KEPT_SNAPSHOTS)
        self._layers: LruCache[Any] = LruCache(keep)
        self._files = None if folder is None else LayerFiles(folder)
        self._in_subprocess = in_subprocess
        self._warned: set[str] = set()

    def layer(self, key: str, kind: Kind, read: Read, row: Callable[..., Row]) -> Areas[Row] | None:
        """The layer of a key; None where it has no rows.

        ``kind``: of its index. ``read``: yields its rows in order, the last column ``area`` (WKB). ``row``:
        makes a row of the values of the other columns. A key must name the same rows for ever.
        """
        found: Areas[Row] | None = self._layers.get(key, lambda: _decode(self._load(key, kind, read), row))
        return found

    def warn_once(self, message: str) -> None:
        """Log a warning, unless this cache has logged it before."""
        if message not in self._warned:
            self._warned.add(message)
            log.warning(message)

    def _load(self, key: str, kind: Kind, read: Read) -> Stored | None:
        if self._files is None:
            return _build_in_memory(kind, read)
        try:
            return self._files.find(key) or self._build(self._files, key, kind, read)
        # a full or read-only disk must not stop checks
        except OSError as fault:
            self.warn_once(f"the cache folder cannot be used, layers stay in memory: {fault}")
            return _build_in_memory(kind, read)

    def _build(self, files: LayerFiles, key: str, kind: Kind, read: Read) -> Stored | None:
        """Read and index a layer: a small one in memory, a large one in files.

        One process at a time writes files; a second one that waited finds the layer there.
        """
        rows = _RowBuffer()
        with ExitStack() as stack:
            for batch in stack.enter_context(closing(read())):
                rows.add(batch)
                if rows.folder is None and rows.vertices > FEW_VERTICES:
                    room = stack.enter_context(files.room())
                    found = files.find(key)  # another process may have made it meanwhile
                    if found is not None:
                        return found
                    rows.move_to(room)
            rows.close()
            if rows.folder is None:
                return rows.index_in_memory(kind)
            large = self._in_subprocess and rows.vertices > MANY_VERTICES
            (write_index_in_subprocess if large else write_index)(kind, rows.folder)
            return files.keep(key, rows.folder)


def cache_folder(settings: Settings) -> Path:
    """Folder of the layer files: ``settings.cache_dir``, or one in the private cluster's home."""
    return settings.cache_dir or default_home(settings.home, ROOT) / "cache"


class _RowBuffer:
    """Collects the rows of a layer and the bounds of their areas, in memory or in a file of ``folder``."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.vertices = 0
        self._batches: list[pa.RecordBatch] = []
        self._sink: Any = None

    def add(self, batch: pa.RecordBatch) -> None:
        areas = decode(batch.column("area"))
        self.vertices += int(shapely.get_num_coordinates(areas).sum())
        batch = add_bounds(batch, shapely.bounds(areas))
        if self._sink is None:
            self._batches.append(batch)
        else:
            self._sink.write_batch(batch)

    def move_to(self, room: Path) -> None:
        """Move the rows so far, and all later ones, into a file of a folder."""
        self.folder = room
        self._sink = pa.ipc.new_file(str(room / ROWS), self._batches[0].schema)
        for batch in self._batches:
            self._sink.write_batch(batch)
        self._batches.clear()

    def close(self) -> None:
        if self._sink is not None:
            self._sink.close()

    def index_in_memory(self, kind: Kind) -> Stored | None:
        """The rows in memory with their index; None where there are none."""
        if not self._batches:
            return None
        table = pa.Table.from_batches(self._batches)
        return Stored(table, make_index(kind, table))


def _build_in_memory(kind: Kind, read: Read) -> Stored | None:
    rows = _RowBuffer()
    for batch in read():
        rows.add(batch)
    return rows.index_in_memory(kind)


def _decode(stored: Stored | None, row: Callable[..., Row]) -> Areas[Row] | None:
    return None if stored is None else decode_layer(stored.table, stored.index, row)
