"""What opening a file of any format gives: its columns, and a way to read its rows in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from layers.formats.place_columns import PlaceColumns


@dataclass(frozen=True, slots=True)
class TableReader:
    """``read(rows)`` yields batches of about that many rows. ``rows``: of the file, None where not known.

    ``places``: where its format knows them better than the schema does.
    """

    schema: pa.Schema
    rows: int | None
    read: Callable[[int], Iterator[pa.RecordBatch]]
    places: PlaceColumns | None = None
