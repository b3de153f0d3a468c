"""Parquet and Arrow IPC files, read batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from layers.formats.table_reader import TableReader

MAGIC: Final = b"ARROW1"  # starts an IPC file; a stream starts with its schema
# Buffered reads take the pages of a row group as they are needed: row groups may be larger than the memory.
READ_BYTES: Final = 1 << 20


def open_parquet(path: Path) -> TableReader:
    """Open a Parquet file. Raises ArrowInvalid."""
    with pq.ParquetFile(path) as file:
        schema, rows = file.schema_arrow, file.metadata.num_rows
        # ``schema_arrow`` lacks the file's own metadata, which holds GeoParquet's ``geo``.
        schema = schema.with_metadata({**(schema.metadata or {}), **(file.metadata.metadata or {})})

    def read(rows: int) -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(path, buffer_size=READ_BYTES, pre_buffer=False) as file:
            yield from file.iter_batches(rows)

    return TableReader(schema, rows, read)


def open_ipc(path: Path) -> TableReader:
    """Open an Arrow IPC file or stream. Raises ArrowInvalid."""
    with path.open("rb") as file:
        is_file = file.read(len(MAGIC)) == MAGIC
    if not is_file:
        with pa.OSFile(str(path)) as stream, pa.ipc.open_stream(stream) as reader:
            return TableReader(reader.schema, None, lambda _rows: _read_stream(path))
    with pa.memory_map(str(path)) as mapped, pa.ipc.open_file(mapped) as reader:
        return TableReader(reader.schema, reader.count_rows(), lambda _rows: _read_file(path))


def _read_stream(path: Path) -> Iterator[pa.RecordBatch]:
    with pa.OSFile(str(path)) as stream, pa.ipc.open_stream(stream) as reader:
        yield from reader


def _read_file(path: Path) -> Iterator[pa.RecordBatch]:
    with pa.memory_map(str(path)) as mapped, pa.ipc.open_file(mapped) as reader:
        for number in range(reader.num_record_batches):
            yield reader.get_batch(number)
