"""The common interface to tables of every format: columns, and batches of rows in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from layers.formats.place_columns import PlaceColumns


@dataclass(frozen=True, slots=True)
class TableReader:
    """An opened table.

    Attributes:
        schema: the columns.
        rows: number of rows; None where not known.
        read: takes a number of rows, and yields batches of about that size, in the file's order.
        places: the place columns, where the format states them more exactly than the schema.
    """

    schema: pa.Schema
    rows: int | None
    read: Callable[[int], Iterator[pa.RecordBatch]]
    places: PlaceColumns | None = None
