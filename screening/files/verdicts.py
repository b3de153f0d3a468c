"""The verdict columns of rows with points, areas, or neither, in their order."""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
import pyarrow as pa

from layers.formats import Floats, Shapes
from screening.files.places import PlaceBatch

ERROR: Final = "zj_error"


class BatchJudge(Protocol):
    """Judges many places at once, called from several threads; ``screening.screener.Screener`` is one."""

    def points(self, lonlat: Floats, accuracy_m: float | Floats) -> pa.Table:
        """Verdict columns of points, (n, 2) CGCS2000 degrees."""

    def footprints(self, shapes: Shapes, accuracy_m: float | Floats) -> pa.Table:
        """Verdict columns of polygons, (n,), in CGCS2000 degrees."""


def judge_places(judge: BatchJudge, places: PlaceBatch) -> pa.Table:
    """The verdict columns of n rows; a row that cannot be judged has ``zj_error`` and nulls."""
    if places.all_points:
        return judge.points(places.lonlat, _scalar_if_equal(places.accuracy_m))
    points, areas, n = places.points(), places.areas, len(places.lonlat)
    parts = [judge.points(places.lonlat[points], _scalar_if_equal(places.accuracy_m[points]))]
    if len(areas):
        parts.append(judge.footprints(places.shapes, _scalar_if_equal(places.accuracy_m[areas])))
    position = np.full(n, -1, dtype=np.int64)
    position[points] = np.arange(len(points))
    position[areas] = len(points) + np.arange(len(areas))
    return _with_errors(_in_order(pa.concat_tables(parts), position), places.errors)


def _scalar_if_equal(accuracy_m: Floats) -> float | Floats:
    """One number where all rows have the same accuracy: then a judge computes one standard deviation."""
    if len(accuracy_m) and (accuracy_m == accuracy_m[0]).all():
        return float(accuracy_m[0])
    return accuracy_m


def _in_order(judged: pa.Table, position: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pa.Table:
    """``judged[position]``, with a row of nulls where the position is −1."""
    if judged.num_rows == len(position) and (np.diff(position) == 1).all():
        return judged
    rows = pa.array(position, mask=position < 0)
    return judged.unify_dictionaries().combine_chunks().take(rows)


def _with_errors(table: pa.Table, errors: dict[int, str]) -> pa.Table:
    """The table with the errors, by row number, as its column ``zj_error``."""
    if not errors:
        return table
    texts = np.full(table.num_rows, None, dtype=object)
    texts[list(errors)] = list(errors.values())
    column = table.schema.get_field_index(ERROR)
    field = table.schema.field(column)
    return table.set_column(column, field, pa.array(texts, field.type))
