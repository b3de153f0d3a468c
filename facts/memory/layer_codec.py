"""A layer as an Arrow table, and back: the format of a snapshot's files and of a cluster's bundles.

Columns: those of a row, then ``area`` (WKB), then the bounds ``west``, ``south``, ``east``, ``north``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Generic, TypeVar

import numpy as np
import pyarrow as pa

from geo.index import Floats, Index, Shapes

AREA: Final = "area"
SIDES: Final = ("west", "south", "east", "north")
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Areas(Generic[Row]):
    """Rows with their areas, and the index of the areas; all by position."""

    rows: tuple[Row, ...]
    shapes: Shapes
    index: Index


def add_bounds(batch: pa.RecordBatch, bounds: Floats) -> pa.RecordBatch:
    """A batch with its bounds, (n, 4), appended as columns. ``area`` must be its last column."""
    for name, values in zip(SIDES, bounds.T, strict=True):
        batch = batch.append_column(name, pa.array(values))
    return batch


def encode_layer(rows: Sequence[Any], shapes: Shapes) -> pa.Table:
    """A table of dataclass rows (at least one), their areas and bounds."""
    names = [field.name for field in fields(rows[0])]
    columns = {name: pa.array([getattr(row, name) for row in rows]) for name in names}
    bounds = {name: pa.array(values) for name, values in zip(SIDES, shapes.bounds.T, strict=True)}
    return pa.table({**columns, AREA: shapes.wkb, **bounds})


def decode_layer(table: pa.Table, index: Index, row: Callable[..., Row]) -> Areas[Row]:
    """Rows, areas and index of a table; ``row`` is called with the values of a row's columns, in order.

    A list becomes a tuple, which Arrow does not have and rows must have to be hashable.
    """
    columns = (column.to_pylist() for column in table.drop_columns([AREA, *SIDES]).columns)
    values = ([tuple(one) if isinstance(one, list) else one for one in column] for column in columns)
    bounds = np.column_stack([_numbers(table.column(name)) for name in SIDES])
    return Areas(tuple(map(row, *values)), Shapes(table.column(AREA), bounds), index)


def _numbers(column: pa.ChunkedArray) -> Floats:
    # ``to_numpy`` would import pandas, which costs half a second at the start of a process
    return np.concatenate([np.from_dlpack(chunk) for chunk in column.chunks])
