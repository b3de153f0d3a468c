"""The store in memory as one file: what a process without a database needs to judge places.

A file is made once a state of the store, checked when it is opened, and mapped into memory, so that all
processes of a machine share it. It holds no objects, only numbers and texts:

=======  ==========================================================================================
prefix   ``PREFIX``: a mark, where the header is, its length and its SHA-256
parts    each at a multiple of ``ALIGN`` bytes: of every layer the rows (an Arrow IPC stream, see
         ``facts.memory.layer_codec``) and the words of its index (``geo.index``)
header   JSON: the sources, which layers make the snapshots, place, size and CRC-32 of every part, and the
         documents of the law
=======  ==========================================================================================
"""

from __future__ import annotations

import datetime as dt
import json
import os
import struct
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final, TypeVar, cast

import numpy as np
import pyarrow as pa
from sqlalchemy import Engine, select

from facts.memory.cache import LruCache
from facts.memory.files import make_private
from facts.memory.layer_codec import decode_layer, encode_layer
from facts.memory.snapshot import GridLayer, PermitLayer, Snapshot, UnitLayer, UnitRow, ZoneLayer, ZoneRow
from facts.model import CellHit, PermitHit, SourceRef
from geo.index import MAGIC
from geo.index.cell_index import Index, OverlapIndex, index_of_words
from geo.index.shapes import Shapes
from law.book import LawBook
from layers.lawbook.documents import build_book, document_name, parse_document
from screening.screener import Screener, ScreenTask
from store.engine import open_session
from store.schema.datasets import Source

LAYOUT: Final = f"2 {MAGIC:x}"  # changes with what is written here, and with the index
PREFIX: Final = struct.Struct("<8sQQ32s")
MARK: Final = b"ZJBUNDLE"
ALIGN: Final = 64
KEPT: Final = 3  # files of a folder
KEPT_TASKS: Final = 4  # of an opened file
Layer = UnitLayer | ZoneLayer | GridLayer | PermitLayer
Documents = Mapping[str, Any]
Row = TypeVar("Row")


class BundleCorrupt(ValueError):
    """A file is not the bundle that it should be."""


class Bundle:
    """An opened bundle. Threads may share it."""

    def __init__(self, then: Snapshot, now: Snapshot, book: LawBook) -> None:
        self._state = (then, now, book)
        self._screeners: LruCache[Screener] = LruCache(KEPT_TASKS)

    def screener(self, task: ScreenTask) -> Screener:
        """The screener of a task for the days that the bundle was made for. Raises what Screener does."""
        return self._screeners.get(task, lambda: Screener(*self._state, task))


def bundle_key(screener: Screener) -> str:
    """Names what a bundle holds for good: 32 hexadecimal digits."""
    parts = (LAYOUT, *(snapshot.key for snapshot in screener.snapshots))
    return sha256("\n".join(parts).encode()).hexdigest()[:32]


def bundle_path(folder: Path, key: str) -> Path:
    """Where a folder keeps the bundle of a key. Raises ValueError where that is no key."""
    if len(key) != 32 or set(key) - set("0123456789abcdef"):
        raise ValueError(f"{key!r} is no key")
    return folder / f"bundle-{key}.zj"


def fetch_documents(engine: Engine, sources: Sequence[SourceRef]) -> dict[str, Any]:
    """The documents of the law versions among sources, as the store keeps them."""
    law = [source.id for source in sources if source.role == "law"]
    with open_session(engine) as session:
        rows = session.execute(select(Source.dataset, Source.content).where(Source.id.in_(law)))
        return {document_name(row.dataset): row.content for row in rows}


def keep_bundle(screener: Screener, documents: Documents, folder: Path) -> Path:
    """The file of what a screener judges by; made where the folder has none. Raises OSError."""
    path = bundle_path(folder, bundle_key(screener))
    if not _is_sound(path):
        make_private(folder)
        part = part_of(path)
        try:
            with part.open("wb") as file:
                _write(file, screener.snapshots, documents)
            publish_bundle(part, path)
        finally:
            part.unlink(missing_ok=True)
    os.utime(path)
    return path


def part_of(path: Path) -> Path:
    """Where this process writes what will be a bundle."""
    return path.with_name(f".{path.name}.{os.getpid()}")


def publish_bundle(part: Path, path: Path) -> None:
    """Give a whole file its name; the ones longest unused go. Who has one of them open keeps it."""
    part.replace(path)
    found = sorted(path.parent.glob("bundle-*.zj"), key=lambda other: other.stat().st_mtime, reverse=True)
    for other in found[KEPT:]:
        with suppress(OSError):
            other.unlink()


class _Part:
    """A part that is being written: counts and sums up its bytes."""

    def __init__(self, file: IO[bytes]) -> None:
        file.write(bytes(-file.tell() % ALIGN))
        self._file = file
        self._at = file.tell()
        self._size = self._sum = 0
        self.closed = False

    def write(self, data: Any) -> int:  # noqa: ANN401 - whatever has bytes
        view = memoryview(data).cast("B")
        self._file.write(view)
        self._sum = zlib.crc32(view, self._sum)
        self._size += len(view)
        return len(view)

    def flush(self) -> None:
        """The file does it."""

    def told(self) -> list[int]:
        """Place, size and CRC-32."""
        return [self._at, self._size, self._sum]


def _write(file: IO[bytes], snapshots: Sequence[Snapshot], documents: Documents) -> None:
    file.write(bytes(PREFIX.size))
    layers = {id(layer.index): layer for snapshot in snapshots for layer in _layers(snapshot)}
    place = {index: n for n, index in enumerate(layers)}
    header = {
        "layout": LAYOUT,
        "law": dict(documents),
        "layers": [_put_layer(file, layer) for layer in layers.values()],
        "snapshots": [_told(snapshot, place) for snapshot in snapshots],
    }
    text = json.dumps(header, ensure_ascii=False, default=dt.date.isoformat).encode()
    at = file.tell()
    file.write(text)
    file.seek(0)
    file.write(PREFIX.pack(MARK, at, len(text), sha256(text).digest()))


def _layers(snapshot: Snapshot) -> list[Layer]:
    found: list[Layer | None] = [*snapshot.units, snapshot.zones, snapshot.cells, snapshot.permits]
    return [layer for layer in found if layer is not None]


def _told(snapshot: Snapshot, place: Mapping[int, int]) -> dict[str, Any]:
    """A snapshot in the header; layers by their numbers."""

    def number(layer: Layer | None) -> int | None:
        return None if layer is None else place[id(layer.index)]

    return {
        "key": snapshot.key,
        "span": [snapshot.begins, snapshot.ends],
        "sources": [asdict(source) for source in snapshot.sources],
        "units": [[layer.source.id, layer.level, number(layer)] for layer in snapshot.units],
        "zones": number(snapshot.zones),
        "cells": number(snapshot.cells),
        "permits": number(snapshot.permits),
    }


def _put_layer(file: IO[bytes], layer: Layer) -> dict[str, list[int]]:
    table = encode_layer(layer.rows, layer.shapes)
    rows = _Part(file)
    with pa.ipc.new_stream(rows, table.schema) as writer:
        writer.write_table(table)
    index = _Part(file)
    index.write(layer.index.buffer.i8)
    return {"rows": rows.told(), "index": index.told()}


def open_bundle(path: Path) -> Bundle:
    """The bundle of a file, mapped into memory. Raises Spoilt, OSError."""
    whole = _mapped(path)
    header = _header(whole)
    layers = [(_rows(whole, said["rows"]), _index(whole, said["index"])) for said in header["layers"]]
    said_then, said_now = header["snapshots"]
    then = _snapshot(said_then, layers)
    now = then if said_now["key"] == then.key else _snapshot(said_now, layers)
    return Bundle(then, now, build_book({name: parse_document(said) for name, said in header["law"].items()}))


def _is_sound(path: Path) -> bool:
    """Whether a file is there, and holds what was written, all of it."""
    try:
        whole = _mapped(path)
        for layer in _header(whole)["layers"]:
            for part in layer.values():
                _taken(whole, part)
    except (OSError, BundleCorrupt):
        return False
    return True


def _mapped(path: Path) -> pa.Buffer:
    if path.stat().st_size < PREFIX.size:  # an empty file cannot be mapped
        raise BundleCorrupt("no bundle")
    with pa.memory_map(str(path)) as file:
        return file.read_buffer()


def _header(whole: pa.Buffer) -> dict[str, Any]:
    mark, at, size, digest = PREFIX.unpack_from(whole)
    text = bytes(whole.slice(at, size)) if at + size <= whole.size else b""
    if mark != MARK or sha256(text).digest() != digest:
        raise BundleCorrupt("no bundle, or not whole")
    header: dict[str, Any] = json.loads(text)
    if header["layout"] != LAYOUT:
        raise BundleCorrupt(f"its layout is {header['layout']}")
    return header


def _taken(whole: pa.Buffer, said: Sequence[int]) -> pa.Buffer:
    at, size, checksum = said
    part = whole.slice(at, size)
    if part.size != size or zlib.crc32(part) != checksum:
        raise BundleCorrupt("a part is not what was written")
    return part


def _rows(whole: pa.Buffer, said: Sequence[int]) -> pa.Table:
    with pa.ipc.open_stream(_taken(whole, said)) as reader:
        return reader.read_all()


def _index(whole: pa.Buffer, said: Sequence[int]) -> Index:
    return index_of_words(np.frombuffer(_taken(whole, said), np.int64))


def _snapshot(said: Mapping[str, Any], layers: Sequence[tuple[pa.Table, Index]]) -> Snapshot:
    sources = tuple(map(_source, said["sources"]))
    by_id = {source.id: source for source in sources}
    begins, ends = map(_day, said["span"])
    units = (
        UnitLayer(by_id[source], level, *_areas(layers[number], UnitRow))
        for source, level, number in said["units"]
    )
    zones, cells, permits = (
        None if said[name] is None else layers[said[name]] for name in ("zones", "cells", "permits")
    )
    return Snapshot(
        key=said["key"],
        begins=begins,
        ends=ends,
        sources=sources,
        units=tuple(units),
        zones=None if zones is None else _zones(zones, by_id),
        cells=None if cells is None else GridLayer(*_overlapping(cells, CellHit)),
        permits=None if permits is None else PermitLayer(*_overlapping(permits, PermitHit)),
    )


def _source(said: dict[str, Any]) -> SourceRef:
    return SourceRef(**{**said, "kinds": tuple(said["kinds"]), "begins": _day(said["begins"])})


def _day(said: str | None) -> dt.date | None:
    return None if said is None else dt.date.fromisoformat(said)


def _zones(layer: tuple[pa.Table, Index], sources: Mapping[int, SourceRef]) -> ZoneLayer:
    rows, shapes, index = _overlapping(layer, ZoneRow)
    accuracies = np.asarray([sources[row.source_id].accuracy_m for row in rows], dtype=np.float64)
    return ZoneLayer(rows, shapes, index, accuracies, max(row.near_m for row in rows))


def _overlapping(
    layer: tuple[pa.Table, Index], kind: type[Row]
) -> tuple[tuple[Row, ...], Shapes, OverlapIndex]:
    rows, shapes, index = _areas(layer, kind)
    return rows, shapes, cast(OverlapIndex, index)


def _areas(layer: tuple[pa.Table, Index], kind: type[Row]) -> tuple[tuple[Row, ...], Shapes, Index]:
    found = decode_layer(*layer, kind)
    return found.rows, found.shapes, found.index
