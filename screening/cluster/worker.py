"""What a process of a cluster does for a screening: keeps a bundle, and judges the rows that it is given."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa

from core.errors import BadInput
from core.i18n import N_
from core.settings import Settings
from facts.memory.cache import LruCache, cache_folder
from facts.memory.files import make_private
from layers.formats.geometry_columns import Floats
from layers.formats.output_plan import OutputBatch, OutputPlan
from layers.formats.parquet_slice import file_fingerprint, open_slice
from layers.formats.place_columns import PlaceColumns
from layers.formats.source import SourceBatch, to_source_batch
from screening.cluster.bundle import (
    LAYOUT,
    Bundle,
    BundleCorrupt,
    bundle_path,
    open_bundle,
    part_of,
    publish_bundle,
)
from screening.files.places import Terms
from screening.files.run import judged_batch as judged
from screening.screener import ScreenTask
from store.queries.features import Box

SLICE_ROWS: Final = 262_144
OPTIONS: Final = pa.ipc.IpcWriteOptions(compression="lz4")
_OPENED: LruCache[Bundle] = LruCache(1)
Lacking = Literal["bundle", "file"]


@dataclass(frozen=True, slots=True)
class Work:
    """What is done with all rows alike. ``signature``: of the file at ``path``; empty where that is not read.

    ``drawn``: whether the places are wanted, too.
    """

    software: dict[str, str]
    key: str
    task: ScreenTask
    layout: OutputPlan
    places: PlaceColumns
    terms: Terms
    path: Path
    signature: str
    drawn: bool


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of the file, by number."""

    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Judged:
    """Judged rows: an Arrow IPC stream, what ``Outgoing`` tells, and their places where those are drawn."""

    stream: bytes
    kinds: tuple[str, ...]
    boxes: tuple[Box, ...]
    lonlat: bytes

    def outgoing(self) -> OutputBatch:
        """The rows to be written."""
        with pa.ipc.open_stream(self.stream) as reader:
            table = reader.read_all()
        return OutputBatch(table, frozenset(self.kinds), _round(self.boxes))

    def places(self) -> Floats:
        """Places to draw, (n, 2)."""
        return np.frombuffer(self.lonlat).reshape(-1, 2)


def software() -> dict[str, str]:
    """What must be the same in all processes."""
    return {"zhijie": version("zhijie"), "layout": LAYOUT}


def seat(key: str) -> dict[str, Any]:
    """What this process is: its software, its machine with the folder of bundles, is the bundle there."""
    folder = cache_folder(Settings())
    found = bundle_path(folder, key)
    return {"software": software(), "site": f"{socket.gethostname()} {folder}", "has": found.exists()}


def receive(key: str, at: int, piece: bytes, size: int) -> None:
    """Take the bytes of a bundle from place ``at`` on; with the last of them it is there. Raises OSError."""
    path = bundle_path(cache_folder(Settings()), key)
    make_private(path.parent)
    part = part_of(path)
    with part.open("r+b" if at else "wb") as file:
        file.seek(at)
        file.write(piece)
    if at + len(piece) == size:
        publish_bundle(part, path)


def sees(path: Path, signed: str) -> bool:
    """Whether this process finds the same file under the same name."""
    try:
        return file_fingerprint(path) == signed
    except OSError:
        return False


def judge(work: Work, part: Rows | bytes) -> Judged | Lacking:
    """Judge rows of the file, or those in an Arrow IPC stream; or say what is lacking here.

    Raises BadInput where this process is of another version, or the rows cannot be read.
    """
    check_software(work.software, software())
    bundle = _bundle(work.key)
    if bundle is None:
        return "bundle"
    if isinstance(part, Rows) and not sees(work.path, work.signature):
        return "file"
    screener = bundle.screener(work.task)
    return _together(
        [judged(batch, screener, work.terms, work.layout) for batch in _batches(work, part)], drawn=work.drawn
    )


def check_software(wanted: dict[str, str], found: dict[str, str]) -> None:
    """Raises BadInput (field ``engine``) where they are not the same."""
    if wanted != found:
        raise BadInput(
            N_("The cluster runs zhijie {found}, this is zhijie {wanted}."),
            field="engine",
            hint=N_("Install the same version on this machine, the scheduler's and all workers'."),
            found=_named(found),
            wanted=_named(wanted),
        )


def _named(software: dict[str, str]) -> str:
    return f"{software['zhijie']} ({software['layout']})"


def _bundle(key: str) -> Bundle | None:
    """The bundle of a key, opened once a process; None where it is not there, or not what it was."""
    path = bundle_path(cache_folder(Settings()), key)
    try:
        return _OPENED.get(key, lambda: open_bundle(path))
    except BundleCorrupt:
        with suppress(OSError):
            path.unlink()
    except OSError:
        pass
    return None


def _batches(work: Work, part: Rows | bytes) -> Iterator[SourceBatch]:
    if isinstance(part, Rows):
        source = open_slice(work.path, work.places, work.terms.datum, part.first, part.count)
        yield from source.batches(SLICE_ROWS)
        return
    with pa.ipc.open_stream(part) as reader:
        for batch in reader:
            yield to_source_batch(batch, work.places)


def packed(batches: Iterable[pa.RecordBatch | pa.Table], schema: pa.Schema) -> bytes:
    """Rows as an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema, options=OPTIONS) as writer:
        for batch in batches:
            writer.write(batch)
    return bytes(sink.getvalue())


def _together(parts: list[Any], *, drawn: bool) -> Judged:
    outgoing = [part.outgoing for part in parts]
    return Judged(
        packed((one.table for one in outgoing), outgoing[0].table.schema),
        tuple(sorted({kind for one in outgoing for kind in one.kinds})),
        tuple(one.box for one in outgoing if one.box is not None),
        b"".join(np.ascontiguousarray(part.lonlat).tobytes() for part in parts) if drawn else b"",
    )


def _round(boxes: tuple[Box, ...]) -> Box | None:
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)
