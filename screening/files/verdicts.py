"""The verdict columns of places of every kind, in the order of their rows."""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
import pyarrow as pa

from layers.formats.geometry_columns import Floats, Shapes
from screening.files.places import Places

ERROR: Final = "zj_error"


class Judge(Protocol):
    """What judges many places at once (``screening.screener.Screener``); several threads may ask it."""

    def points(self, lonlat: Floats, accuracy_m: float | Floats) -> pa.Table:
        """One row of verdict columns a point, CGCS2000 degrees (n, 2)."""

    def footprints(self, shapes: Shapes, accuracy_m: float | Floats) -> pa.Table:
        """One row of verdict columns a polygon."""


def verdicts(judge: Judge, places: Places) -> pa.Table:
    """The verdict columns of n rows; where a row cannot be judged, all are null but ``zj_error``."""
    if places.all_points:
        return judge.points(places.lonlat, _one_or_each(places.accuracy_m))
    points, areas, n = places.points(), places.areas, len(places.lonlat)
    parts = [judge.points(places.lonlat[points], _one_or_each(places.accuracy_m[points]))]
    if len(areas):
        parts.append(judge.footprints(places.shapes, _one_or_each(places.accuracy_m[areas])))
    position = np.full(n, -1, dtype=np.int64)
    position[points] = np.arange(len(points))
    position[areas] = len(points) + np.arange(len(areas))
    return _told(_in_order(pa.concat_tables(parts), position), places.errors)


def _one_or_each(accuracy_m: Floats) -> float | Floats:
    """One number where all rows have the same accuracy: a judge need not look at each."""
    if len(accuracy_m) and (accuracy_m == accuracy_m[0]).all():
        return float(accuracy_m[0])
    return accuracy_m


def _in_order(judged: pa.Table, position: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pa.Table:
    """The judged rows at their places; null rows (position −1) between them."""
    if judged.num_rows == len(position) and (np.diff(position) == 1).all():
        return judged
    rows = pa.array(position, mask=position < 0)
    return judged.unify_dictionaries().combine_chunks().take(rows)


def _told(table: pa.Table, errors: dict[int, str]) -> pa.Table:
    if not errors:
        return table
    told = np.full(table.num_rows, None, dtype=object)
    told[list(errors)] = list(errors.values())
    place = table.schema.get_field_index(ERROR)
    return table.set_column(place, table.schema.field(place), pa.array(told, table.schema.field(place).type))
