"""Reads a range of rows of a Parquet file, for processes that share one file."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from layers.formats.arrow import READ_BYTES
from layers.formats.place_columns import PlaceColumns
from layers.formats.source import SourceFile
from layers.formats.table_reader import TableReader

SUFFIXES: Final = (".parquet", ".geoparquet", ".pq")
TAIL_BYTES: Final = 1 << 16
# Slices of one row group: reading one decodes the rows of the group before it, so costs grow with the square.
MAX_SLICES: Final = 16


def can_be_sliced(source: SourceFile, rows: int) -> bool:
    """Whether reading slices of ``rows`` rows costs about as much as reading the whole file once."""
    if source.path.suffix.lower() not in SUFFIXES:
        return False
    with pq.ParquetFile(source.path) as file:
        return max(_row_group_sizes(file.metadata), default=0) <= MAX_SLICES * rows


def file_fingerprint(path: Path) -> str:
    """Size and digest of a file's end, by which processes check that they read the same file.

    The end of a Parquet file is its footer, which describes the content. Raises OSError.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - TAIL_BYTES))
        return f"{size} {sha256(file.read()).hexdigest()}"


def open_slice(path: Path, places: PlaceColumns, datum: str, first: int, count: int) -> SourceFile:
    """A source of ``count`` rows of a Parquet file from row ``first`` on; its schema is empty."""

    def read(rows: int) -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(path, buffer_size=READ_BYTES, pre_buffer=False) as file:
            groups, before = _row_groups(file.metadata, first, count)
            yield from _trim(file.iter_batches(rows, row_groups=groups), before, count)

    return SourceFile(path, TableReader(pa.schema([]), count, read), places, datum)


def _row_group_sizes(metadata: Any) -> list[int]:  # noqa: ANN401 - pyarrow's FileMetaData
    return [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]


def _row_groups(metadata: Any, first: int, count: int) -> tuple[list[int], int]:  # noqa: ANN401
    """Numbers of the row groups that hold the rows, and the number of rows to skip in the first of them."""
    sizes = _row_group_sizes(metadata)
    starts = [0, *accumulate(sizes)]
    held = [n for n, size in enumerate(sizes) if starts[n] < first + count and starts[n] + size > first]
    return held, first - starts[held[0]] if held else 0


def _trim(batches: Iterator[pa.RecordBatch], before: int, count: int) -> Iterator[pa.RecordBatch]:
    """Skip the first ``before`` rows and end after ``count`` more."""
    for batch in batches:
        skipped = min(before, batch.num_rows)
        wanted = batch.slice(skipped, count)
        before -= skipped
        count -= wanted.num_rows
        if wanted.num_rows:
            yield wanted
        if not count:
            return
