"""The store in memory as one file, from which a process without a database judges places.

A file is written once for a state of the store, verified when it is opened, and mapped into memory, so that
all processes of a machine share it. It holds no pickled objects, only numbers and texts:

=======  ==========================================================================================
prefix   ``PREFIX``: a mark, position, length and SHA-256 of the header
parts    each at a multiple of ``ALIGN`` bytes: of every layer the rows (an Arrow IPC stream, see
         ``facts.memory.layer_codec``) and the words of its index (``geo.index``)
header   JSON: the sources, the layers of each snapshot, position, size and CRC-32 of every part, and
         the documents of the law
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

from facts import CellHit, PermitHit, Snapshot, SourceRef
from facts.memory import (
    GridLayer,
    LruCache,
    PermitLayer,
    UnitLayer,
    UnitRow,
    ZoneLayer,
    ZoneRow,
    decode_layer,
    encode_layer,
    make_private,
)
from geo import OverlapIndex
from geo.index import MAGIC, Index, Shapes, index_of_words
from law import LawBook
from layers.lawbook import build_book, document_name, parse_document
from screening.screener import Screener, ScreenTask
from store import open_session
from store.schema import Source

LAYOUT: Final = f"2 {MAGIC:x}"  # to be raised with the layout here; MAGIC is that of the index
PREFIX: Final = struct.Struct("<8sQQ32s")
MARK: Final = b"ZJBUNDLE"
ALIGN: Final = 64  # bytes, as Arrow recommends for its buffers; the index needs 8
MAX_FILES: Final = 3  # bundles that a folder keeps
MAX_SCREENERS: Final = 4  # that an opened bundle keeps, one for each task
Layer = UnitLayer | ZoneLayer | GridLayer | PermitLayer
Documents = Mapping[str, Any]
Row = TypeVar("Row")


class BundleCorrupt(ValueError):
    """A file is not a complete bundle of this layout."""


class Bundle:
    """An opened bundle: the store on two days, and the law. Threads may share it."""

    def __init__(self, then: Snapshot, now: Snapshot, book: LawBook) -> None:
        self._state = (then, now, book)
        self._screeners: LruCache[Screener] = LruCache(MAX_SCREENERS)

    def screener(self, task: ScreenTask) -> Screener:
        """The screener of a task on the days of the bundle. Raises what :class:`Screener` raises."""
        return self._screeners.get(task, lambda: Screener(*self._state, task))


def bundle_key(screener: Screener) -> str:
    """Identifies the content of a screener's bundle: 32 hexadecimal digits."""
    parts = (LAYOUT, *(snapshot.key for snapshot in screener.snapshots))
    return sha256("\n".join(parts).encode()).hexdigest()[:32]


def bundle_path(folder: Path, key: str) -> Path:
    """The path of a bundle in a folder. Raises ValueError for a malformed key, as keys cross the network."""
    if len(key) != 32 or set(key) - set("0123456789abcdef"):
        raise ValueError(f"{key!r} is no key")
    return folder / f"bundle-{key}.zj"


def fetch_documents(engine: Engine, sources: Sequence[SourceRef]) -> dict[str, Any]:
    """The documents of the law among sources, by name, as stored."""
    law = [source.id for source in sources if source.role == "law"]
    with open_session(engine) as session:
        rows = session.execute(select(Source.dataset, Source.content).where(Source.id.in_(law)))
        return {document_name(row.dataset): row.content for row in rows}


def make_bundle(screener: Screener, documents: Documents, folder: Path) -> Path:
    """The bundle of a screener's store and law; written where the folder has no sound one. Raises OSError."""
    path = bundle_path(folder, bundle_key(screener))
    if not _is_sound(path):
        make_private(folder)
        part = partial_path(path)
        try:
            with part.open("wb") as file:
                _write_bundle(file, screener.snapshots, documents)
            publish_bundle(part, path)
        finally:
            part.unlink(missing_ok=True)
    os.utime(path)  # ``publish_bundle`` removes those unused for longest
    return path


def partial_path(path: Path) -> Path:
    """The path where this process writes a bundle until it is complete."""
    return path.with_name(f".{path.name}.{os.getpid()}")


def publish_bundle(part: Path, path: Path) -> None:
    """Rename a complete file, and remove the bundles unused for longest.

    Processes that have one of those mapped keep its content.
    """
    part.replace(path)
    bundles = sorted(path.parent.glob("bundle-*.zj"), key=lambda bundle: bundle.stat().st_mtime, reverse=True)
    for bundle in bundles[MAX_FILES:]:
        with suppress(OSError):
            bundle.unlink()


class _PartWriter:
    """A writable file object for one part: aligns it, counts its bytes and computes their CRC-32."""

    def __init__(self, file: IO[bytes]) -> None:
        file.write(bytes(-file.tell() % ALIGN))
        self._file = file
        self._at = file.tell()
        self._size = self._sum = 0
        self.closed = False

    def write(self, data: Any) -> int:  # noqa: ANN401 - any buffer
        view = memoryview(data).cast("B")
        self._file.write(view)
        self._sum = zlib.crc32(view, self._sum)
        self._size += len(view)
        return len(view)

    def flush(self) -> None:
        """Arrow calls it; the file is flushed when it is closed."""

    def extent(self) -> list[int]:
        """Position, size and CRC-32 of the part."""
        return [self._at, self._size, self._sum]


def _write_bundle(file: IO[bytes], snapshots: Sequence[Snapshot], documents: Documents) -> None:
    file.write(bytes(PREFIX.size))
    # By identity: two snapshots of one store share most layers, which are written once.
    layers = {id(layer.index): layer for snapshot in snapshots for layer in _layers_of(snapshot)}
    number_of = {index: n for n, index in enumerate(layers)}
    header = {
        "layout": LAYOUT,
        "law": dict(documents),
        "layers": [_write_layer(file, layer) for layer in layers.values()],
        "snapshots": [_snapshot_header(snapshot, number_of) for snapshot in snapshots],
    }
    text = json.dumps(header, ensure_ascii=False, default=dt.date.isoformat).encode()
    at = file.tell()
    file.write(text)
    file.seek(0)
    file.write(PREFIX.pack(MARK, at, len(text), sha256(text).digest()))


def _layers_of(snapshot: Snapshot) -> list[Layer]:
    layers: list[Layer | None] = [*snapshot.units, snapshot.zones, snapshot.cells, snapshot.permits]
    return [layer for layer in layers if layer is not None]


def _snapshot_header(snapshot: Snapshot, number_of: Mapping[int, int]) -> dict[str, Any]:
    """A snapshot as JSON; ``number_of``: number of a layer by the id of its index."""

    def number(layer: Layer | None) -> int | None:
        return None if layer is None else number_of[id(layer.index)]

    return {
        "key": snapshot.key,
        "span": [snapshot.begins, snapshot.ends],
        "sources": [asdict(source) for source in snapshot.sources],
        "units": [[layer.source.id, layer.level, number(layer)] for layer in snapshot.units],
        "zones": number(snapshot.zones),
        "cells": number(snapshot.cells),
        "permits": number(snapshot.permits),
    }


def _write_layer(file: IO[bytes], layer: Layer) -> dict[str, list[int]]:
    table = encode_layer(layer.rows, layer.shapes)
    rows = _PartWriter(file)
    with pa.ipc.new_stream(rows, table.schema) as writer:
        writer.write_table(table)
    index = _PartWriter(file)
    index.write(layer.index.buffer.i8)
    return {"rows": rows.extent(), "index": index.extent()}


def open_bundle(path: Path) -> Bundle:
    """Map a bundle into memory, without copying its indexes. Raises BundleCorrupt, OSError."""
    data = _map_file(path)
    header = _read_header(data)
    layers = [
        (_read_rows(data, entry["rows"]), _read_index(data, entry["index"])) for entry in header["layers"]
    ]
    then_header, now_header = header["snapshots"]
    then = _snapshot(then_header, layers)
    now = then if now_header["key"] == then.key else _snapshot(now_header, layers)
    return Bundle(then, now, build_book({name: parse_document(text) for name, text in header["law"].items()}))


def _is_sound(path: Path) -> bool:
    """Whether a file exists and all its parts have their checksums."""
    try:
        data = _map_file(path)
        for layer in _read_header(data)["layers"]:
            for part in layer.values():
                _checked_part(data, part)
    except (OSError, BundleCorrupt):
        return False
    return True


def _map_file(path: Path) -> pa.Buffer:
    if path.stat().st_size < PREFIX.size:  # an empty file cannot be mapped
        raise BundleCorrupt("no bundle")
    with pa.memory_map(str(path)) as file:
        return file.read_buffer()


def _read_header(data: pa.Buffer) -> dict[str, Any]:
    mark, at, size, digest = PREFIX.unpack_from(data)
    text = bytes(data.slice(at, size)) if at + size <= data.size else b""
    if mark != MARK or sha256(text).digest() != digest:
        raise BundleCorrupt("no bundle, or truncated")
    header: dict[str, Any] = json.loads(text)
    if header["layout"] != LAYOUT:
        raise BundleCorrupt(f"its layout is {header['layout']}")
    return header


def _checked_part(data: pa.Buffer, entry: Sequence[int]) -> pa.Buffer:
    """The bytes of a part, without copying. Raises BundleCorrupt where they do not have the checksum."""
    at, size, checksum = entry
    part = data.slice(at, size)
    if part.size != size or zlib.crc32(part) != checksum:
        raise BundleCorrupt("a part is not what was written")
    return part


def _read_rows(data: pa.Buffer, entry: Sequence[int]) -> pa.Table:
    with pa.ipc.open_stream(_checked_part(data, entry)) as reader:
        return reader.read_all()


def _read_index(data: pa.Buffer, entry: Sequence[int]) -> Index:
    return index_of_words(np.frombuffer(_checked_part(data, entry), np.int64))


def _snapshot(entry: Mapping[str, Any], layers: Sequence[tuple[pa.Table, Index]]) -> Snapshot:
    sources = tuple(map(_source_ref, entry["sources"]))
    by_id = {source.id: source for source in sources}
    begins, ends = map(_parse_day, entry["span"])
    units = (
        UnitLayer(by_id[source], level, *_decode(layers[number], UnitRow))
        for source, level, number in entry["units"]
    )
    zones, cells, permits = (
        None if entry[name] is None else layers[entry[name]] for name in ("zones", "cells", "permits")
    )
    return Snapshot(
        key=entry["key"],
        begins=begins,
        ends=ends,
        sources=sources,
        units=tuple(units),
        zones=None if zones is None else _zone_layer(zones, by_id),
        cells=None if cells is None else GridLayer(*_decode_overlaps(cells, CellHit)),
        permits=None if permits is None else PermitLayer(*_decode_overlaps(permits, PermitHit)),
    )


def _source_ref(entry: dict[str, Any]) -> SourceRef:
    return SourceRef(**{**entry, "kinds": tuple(entry["kinds"]), "begins": _parse_day(entry["begins"])})


def _parse_day(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)


def _zone_layer(layer: tuple[pa.Table, Index], sources: Mapping[int, SourceRef]) -> ZoneLayer:
    rows, shapes, index = _decode_overlaps(layer, ZoneRow)
    accuracies = np.asarray([sources[row.source_id].accuracy_m for row in rows], dtype=np.float64)
    return ZoneLayer(rows, shapes, index, accuracies, max(row.near_m for row in rows))


def _decode_overlaps(
    layer: tuple[pa.Table, Index], kind: type[Row]
) -> tuple[tuple[Row, ...], Shapes, OverlapIndex]:
    rows, shapes, index = _decode(layer, kind)
    return rows, shapes, cast(OverlapIndex, index)


def _decode(layer: tuple[pa.Table, Index], kind: type[Row]) -> tuple[tuple[Row, ...], Shapes, Index]:
    decoded = decode_layer(*layer, kind)
    return decoded.rows, decoded.shapes, decoded.index
