"""The part of a screening that runs in a worker: it stores a bundle, and judges the rows that it is sent.

A pool calls these functions by Dask, so their arguments and results are pickled.
"""

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
from facts.memory import LruCache, cache_folder, make_private
from layers.formats import (
    Floats,
    OutputBatch,
    OutputPlan,
    PlaceColumns,
    SourceBatch,
    file_fingerprint,
    open_slice,
    to_source_batch,
)
from screening.cluster.bundle import (
    LAYOUT,
    Bundle,
    BundleCorrupt,
    bundle_path,
    open_bundle,
    partial_path,
    publish_bundle,
)
from screening.files.places import PlaceOptions
from screening.files.run import JudgedBatch, judge_batch
from screening.screener import ScreenTask
from store.queries import Box

SLICE_ROWS: Final = 262_144
IPC_OPTIONS: Final = pa.ipc.IpcWriteOptions(compression="lz4")
# One bundle for a process: it maps hundreds of MB, and a worker rarely serves two states of the store at
# once.
_OPENED: LruCache[Bundle] = LruCache(1)
Missing = Literal["bundle", "file"]


@dataclass(frozen=True, slots=True)
class JobSpec:
    """What all parts of a screening have in common.

    Attributes:
        software: versions that a worker must have, see :func:`software`.
        key: key of the bundle.
        task: what to judge.
        layout: columns of the rows to write.
        places: columns of the file that hold places.
        options: how places are read.
        path: the file, as workers that share it see it.
        signature: of that file; empty where rows are sent instead.
        with_places: whether to return a point for each row.
    """

    software: dict[str, str]
    key: str
    task: ScreenTask
    layout: OutputPlan
    places: PlaceColumns
    options: PlaceOptions
    path: Path
    signature: str
    with_places: bool


@dataclass(frozen=True, slots=True)
class RowRange:
    """Rows ``first`` to ``first + count`` of the file."""

    first: int
    count: int


@dataclass(frozen=True, slots=True)
class JudgedRows:
    """The rows of a part to write, in a form that is cheap to pickle.

    Attributes:
        stream: the rows as an Arrow IPC stream.
        kinds: names of the geometry types in them.
        boxes: bounding box of each batch, degrees.
        lonlat: bytes of a point for each row, float64 (n, 2); empty unless requested.
        assumed: how many rows got the default accuracy of the channel.
    """

    stream: bytes
    kinds: tuple[str, ...]
    boxes: tuple[Box, ...]
    lonlat: bytes
    assumed: int

    def outgoing(self) -> OutputBatch:
        """The rows as the writer takes them."""
        with pa.ipc.open_stream(self.stream) as reader:
            table = reader.read_all()
        return OutputBatch(table, frozenset(self.kinds), _union_box(self.boxes))

    def points(self) -> Floats:
        """(n, 2), a point for each row."""
        return np.frombuffer(self.lonlat).reshape(-1, 2)


def software() -> dict[str, str]:
    """Versions that must be equal in all processes of a screening: program and layout of bundles."""
    return {"zhijie": version("zhijie"), "layout": LAYOUT}


def worker_info(key: str) -> dict[str, Any]:
    """About this process: ``software``, ``site`` (machine and folder), and whether it ``has`` a bundle."""
    folder = cache_folder(Settings())
    path = bundle_path(folder, key)
    return {"software": software(), "site": f"{socket.gethostname()} {folder}", "has": path.exists()}


def receive_piece(key: str, at: int, piece: bytes, size: int) -> None:
    """Write bytes of a bundle from offset ``at`` on; the last of its ``size`` bytes publish it.

    Raises:
        OSError: the file cannot be written.
    """
    path = bundle_path(cache_folder(Settings()), key)
    make_private(path.parent)
    part = partial_path(path)
    with part.open("r+b" if at else "wb") as file:
        file.seek(at)
        file.write(piece)
    if at + len(piece) == size:
        publish_bundle(part, path)


def sees_file(path: Path, signed: str) -> bool:
    """Whether this process finds the file with this signature at the path."""
    try:
        return file_fingerprint(path) == signed
    except OSError:
        return False


def judge_part(job: JobSpec, part: RowRange | bytes) -> JudgedRows | Missing:
    """Judge rows of the file, or of an Arrow IPC stream; or name what this worker lacks for it.

    Raises:
        BadInput: this process has another version, or the rows cannot be read.
    """
    check_software(job.software, software())
    bundle = _bundle(job.key)
    if bundle is None:
        return "bundle"
    if isinstance(part, RowRange) and not sees_file(job.path, job.signature):
        return "file"
    screener = bundle.screener(job.task)
    batches = [judge_batch(batch, screener, job.options, job.layout) for batch in _batches(job, part)]
    return _combine(batches, with_places=job.with_places)


def check_software(wanted: dict[str, str], found: dict[str, str]) -> None:
    """Raise BadInput (field ``engine``) where versions differ."""
    if wanted != found:
        raise BadInput(
            N_("The cluster runs zhijie {found}, this is zhijie {wanted}."),
            field="engine",
            hint=N_("Install the same version on this machine, the scheduler and all workers."),
            found=_version_text(found),
            wanted=_version_text(wanted),
        )


def _version_text(software: dict[str, str]) -> str:
    return f"{software['zhijie']} ({software['layout']})"


def _bundle(key: str) -> Bundle | None:
    """The bundle of a key, kept open; None where it is missing. A corrupt one is removed to be resent."""
    path = bundle_path(cache_folder(Settings()), key)
    try:
        return _OPENED.get(key, lambda: open_bundle(path))
    except BundleCorrupt:
        with suppress(OSError):
            path.unlink()
    except OSError:
        pass
    return None


def _batches(job: JobSpec, part: RowRange | bytes) -> Iterator[SourceBatch]:
    if isinstance(part, RowRange):
        source = open_slice(job.path, job.places, job.options.datum, part.first, part.count)
        yield from source.batches(SLICE_ROWS)
        return
    with pa.ipc.open_stream(part) as reader:
        for batch in reader:
            yield to_source_batch(batch, job.places)


def to_ipc(batches: Iterable[pa.RecordBatch | pa.Table], schema: pa.Schema) -> bytes:
    """Batches of rows as an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema, options=IPC_OPTIONS) as writer:
        for batch in batches:
            writer.write(batch)
    return bytes(sink.getvalue())


def _combine(batches: list[JudgedBatch], *, with_places: bool) -> JudgedRows:
    outgoing = [batch.outgoing for batch in batches]
    return JudgedRows(
        to_ipc((rows.table for rows in outgoing), outgoing[0].table.schema),
        tuple(sorted({kind for rows in outgoing for kind in rows.kinds})),
        tuple(rows.box for rows in outgoing if rows.box is not None),
        b"".join(np.ascontiguousarray(batch.lonlat).tobytes() for batch in batches) if with_places else b"",
        sum(batch.assumed for batch in batches),
    )


def _union_box(boxes: tuple[Box, ...]) -> Box | None:
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)
