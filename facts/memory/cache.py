"""What snapshots are made of, kept: in memory for this process, large layers as files for all of them."""

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
from facts.memory.build_index import ROWS, Kind, index_aside, index_here, index_of
from facts.memory.files import LayerFiles, Stored
from facts.memory.layer_codec import Areas, add_bounds, decode_layer
from geo.index.shapes import decode
from store.cluster.cluster import default_home

log = logging.getLogger("zhijie.snapshot")
FEW_VERTICES: Final = 20_000  # up to here a layer is indexed as quickly as its file is found
MANY_VERTICES: Final = 500_000  # from here on a server would feel its indexing
KEPT_LAYERS: Final = 16
KEPT_SNAPSHOTS: Final = 4

Value = TypeVar("Value")
Row = TypeVar("Row")
Read = Callable[[], Generator[pa.RecordBatch, None, None]]


class LruCache(Generic[Value]):
    """The values that were asked for last; threads that want one that is being made wait for it."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._kept: OrderedDict[Hashable, Value] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of a key, made where it is not kept."""
        with self._lock:
            if key in self._kept:
                return self._touch(key)
            turn = self._making.setdefault(key, threading.Lock())
        with turn:
            with self._lock:
                if key in self._kept:
                    return self._touch(key)
            try:
                value = make()
            finally:
                with self._lock:
                    self._making.pop(key, None)
            with self._lock:
                self._kept[key] = value
                if len(self._kept) > self._keep:
                    self._kept.popitem(last=False)
            return value

    def _touch(self, key: Hashable) -> Value:
        self._kept.move_to_end(key)
        return self._kept[key]


class SnapshotCache:
    """Layers, and the snapshots made of them. Threads may share it, and processes its folder.

    ``folder``: of the files; None keeps all in memory. ``keep``: how many layers stay in memory. ``aside``:
    whether large layers are indexed by a process of their own, as a server wants it.
    """

    def __init__(self, folder: Path | None, keep: int = KEPT_LAYERS, *, aside: bool = False) -> None:
        self.snapshots: LruCache[Any] = LruCache(KEPT_SNAPSHOTS)
        self.changes: LruCache[Any] = LruCache(KEPT_SNAPSHOTS)
        self._layers: LruCache[Any] = LruCache(keep)
        self._files = None if folder is None else LayerFiles(folder)
        self._aside = aside
        self._said: set[str] = set()

    def layer(self, key: str, kind: Kind, read: Read, row: Callable[..., Row]) -> Areas[Row] | None:
        """The layer of a key; None where it has no rows.

        ``kind``: of its index. ``read``: its rows in order, ``area`` as WKB last. ``row``: a row of the
        values of its other columns. A key must name the same rows for ever.
        """
        found: Areas[Row] | None = self._layers.get(key, lambda: _areas(self._stored(key, kind, read), row))
        return found

    def warn_once(self, message: str) -> None:
        """Log a warning, unless it has been logged."""
        if message not in self._said:
            self._said.add(message)
            log.warning(message)

    def _stored(self, key: str, kind: Kind, read: Read) -> Stored | None:
        if self._files is None:
            return _in_memory(kind, read)
        try:
            return self._files.find(key) or self._made(self._files, key, kind, read)
        except OSError as fault:
            self.warn_once(f"the cache folder cannot be used, layers stay in memory: {fault}")
            return _in_memory(kind, read)

    def _made(self, files: LayerFiles, key: str, kind: Kind, read: Read) -> Stored | None:
        """Read and index a layer. A large one waits for its turn, and becomes files."""
        rows = _Rows()
        with ExitStack() as stack:
            for batch in stack.enter_context(closing(read())):
                rows.add(batch)
                if rows.room is None and rows.vertices > FEW_VERTICES:
                    room = stack.enter_context(files.room())
                    found = files.find(key)  # another process may have made it meanwhile
                    if found is not None:
                        return found
                    rows.move_to(room)
            rows.close()
            if rows.room is None:
                return rows.stored(kind)
            large = self._aside and rows.vertices > MANY_VERTICES
            (index_aside if large else index_here)(kind, rows.room)
            return files.keep(key, rows.room)


def cache_folder(settings: Settings) -> Path:
    """Folder of the index files: the one that is set, or one in the private home."""
    return settings.cache_dir or default_home(settings.home, ROOT) / "cache"


class _Rows:
    """Rows as they come, with the bounds of their areas: in memory, or in a file of the folder ``room``."""

    def __init__(self) -> None:
        self.room: Path | None = None
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
        """Go on in a file."""
        self.room = room
        self._sink = pa.ipc.new_file(str(room / ROWS), self._batches[0].schema)
        for batch in self._batches:
            self._sink.write_batch(batch)
        self._batches.clear()

    def close(self) -> None:
        if self._sink is not None:
            self._sink.close()

    def stored(self, kind: Kind) -> Stored | None:
        """What is in memory, indexed; None where there is nothing."""
        if not self._batches:
            return None
        table = pa.Table.from_batches(self._batches)
        return Stored(table, index_of(kind, table))


def _in_memory(kind: Kind, read: Read) -> Stored | None:
    rows = _Rows()
    for batch in read():
        rows.add(batch)
    return rows.stored(kind)


def _areas(stored: Stored | None, row: Callable[..., Row]) -> Areas[Row] | None:
    return None if stored is None else decode_layer(stored.table, stored.index, row)
