"""Rows of a Parquet file from one number to another, for processes that share a file."""

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
MOST_SLICES: Final = 16  # of a row group: each of them decodes what comes before it


def can_be_sliced(source: SourceFile, rows: int) -> bool:
    """Whether slices of so many rows are read about as quickly as the whole file."""
    if source.path.suffix.lower() not in SUFFIXES:
        return False
    with pq.ParquetFile(source.path) as file:
        return max(_row_group_sizes(file.metadata), default=0) <= MOST_SLICES * rows


def file_fingerprint(path: Path) -> str:
    """Tells a file from others: its size, and a digest of its end, where Parquet says what it holds.

    Raises OSError.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - TAIL_BYTES))
        return f"{size} {sha256(file.read()).hexdigest()}"


def open_slice(path: Path, places: PlaceColumns, datum: str, first: int, count: int) -> SourceFile:
    """Rows ``first`` to ``first + count`` of a Parquet file as a source; its schema is left out."""

    def read(rows: int) -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(path, buffer_size=READ_BYTES, pre_buffer=False) as file:
            groups, before = _row_groups(file.metadata, first, count)
            yield from _trim(file.iter_batches(rows, row_groups=groups), before, count)

    return SourceFile(path, TableReader(pa.schema([]), count, read), places, datum)


def _row_group_sizes(metadata: Any) -> list[int]:  # noqa: ANN401 - pyarrow's FileMetaData
    return [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]


def _row_groups(metadata: Any, first: int, count: int) -> tuple[list[int], int]:  # noqa: ANN401
    """The row groups that hold the rows, and how many rows of the first of them come before."""
    sizes = _row_group_sizes(metadata)
    starts = [0, *accumulate(sizes)]
    held = [n for n, size in enumerate(sizes) if starts[n] < first + count and starts[n] + size > first]
    return held, first - starts[held[0]] if held else 0


def _trim(batches: Iterator[pa.RecordBatch], before: int, count: int) -> Iterator[pa.RecordBatch]:
    """Without the rows that come before and behind."""
    for batch in batches:
        skipped = min(before, batch.num_rows)
        wanted = batch.slice(skipped, count)
        before -= skipped
        count -= wanted.num_rows
        if wanted.num_rows:
            yield wanted
        if not count:
            return
