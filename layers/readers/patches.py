"""Joins the features of one unit or zone: files draw each of its patches as a feature of its own."""

from __future__ import annotations

from itertools import combinations
from typing import Any, Final

import shapely
from shapely.geometry import MultiPolygon

from core.errors import BadData
from core.i18n import N_
from layers.registry.notes import Note, Notes
from layers.registry.sources import Dataset

Rows = list[dict[str, Any]]
SAME_AREA: Final = 1e-3  # patches that share more of the smaller one are one area drawn twice


def join_patches(dataset: Dataset, rows: Rows, notes: Notes) -> Rows:
    """The rows, with those that agree in everything but their geometry joined into one.

    Raises BadData where patches of one code overlap: it was then drawn twice, and nobody knows which counts.
    """
    groups: dict[tuple[str, ...], Rows] = {}
    for row in rows:
        key = tuple(str(value) for field, value in row.items() if field != "geom")
        groups.setdefault(key, []).append(row)
    joined = [_joined(dataset, group) for group in groups.values()]
    several = sum(len(group) > 1 for group in groups.values())
    if several:
        text = N_("{dataset}: {count} areas are drawn as several features; their patches were joined.")
        notes.append(Note(text, {"dataset": dataset.dataset, "count": several}))
    return joined


def _joined(dataset: Dataset, rows: Rows) -> dict[str, Any]:
    patches = [row["geom"] for row in rows if row["geom"] is not None]
    if len(rows) == 1 or not patches:
        return rows[0]
    for one, other in combinations(patches, 2):
        shared = one.intersection(other).area if one.intersects(other) else 0.0
        if shared > SAME_AREA * min(one.area, other.area):
            raise BadData(
                N_("Two features of {code} overlap."),
                field=dataset.dataset,
                hint=N_("Remove one of them, or give them different codes or days."),
                code=rows[0]["code"],
            )
    area = shapely.union_all(patches)
    return {**rows[0], "geom": MultiPolygon([part for part in shapely.get_parts(area) if part.area > 0.0])}
