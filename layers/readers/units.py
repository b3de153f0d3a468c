"""Reads administrative units with their history, and villages, which have names and codes but no geometry."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable
from typing import Any, Final

import shapely
from sqlalchemy.dialects.postgresql import Range

from core.errors import BadData
from core.i18n import N_
from core.pinyin import initials
from layers.readers.feature_table import Feature, iter_features, read_features, to_element
from layers.registry.sources import Dataset
from store.schema import LEVELS

Rows = list[dict[str, Any]]
# About 10 m: a narrower gap is a digitising error, a wider one may be land without a unit.
SLIVER_DEG: Final = 1e-4


def read_units(dataset: Dataset) -> Rows:
    """Rows for the table ``unit``. Raises BadData if units of a level overlap or leave slivers on a day."""
    rows = [_unit(feature) for feature in iter_features(dataset, read_features(dataset))]
    _check_coverage(dataset, rows)
    return [{**row, "geom": None if row["geom"] is None else to_element(row["geom"])} for row in rows]


def _unit(feature: Feature) -> dict[str, Any]:
    level, name = feature.text("level"), feature.text("name")
    if level not in LEVELS:
        raise feature.error(N_("Feature {number} has the unknown level {level}."), level=level)
    return {
        "code": feature.text("code"),
        "name": name,
        "initials": initials(name),
        "level": level,
        "parent": feature.optional_text("parent"),
        "valid": feature.valid_range(),
        "note": feature.optional_text("note"),
        "geom": None if feature.properties["geometry"] is None else feature.area(),
    }


def _check_coverage(dataset: Dataset, rows: Rows) -> None:
    # Overlaps and slivers can only appear on a day on which a unit begins.
    for day in sorted({row["valid"].lower or dt.date.min for row in rows}):
        for level in LEVELS:
            present = [row for row in rows if row["level"] == level and _in_force(row, day)]
            _check_level(dataset, level, present)


def _check_level(dataset: Dataset, level: str, rows: Rows) -> None:
    areas = [row["geom"] for row in rows]
    faults = [
        row["code"]
        for row, edges in zip(rows, shapely.coverage_invalid_edges(areas, gap_width=SLIVER_DEG), strict=True)
        if not edges.is_empty
    ]
    if faults:
        raise BadData(
            N_("The units of level {level} overlap or leave slivers at: {codes}"),
            field=dataset.dataset,
            hint=N_("Node the shared borders so that neighbours have the same vertices."),
            level=level,
            codes=", ".join(faults[:10]),
        )


def _in_force(row: dict[str, Any], day: dt.date) -> bool:
    valid: Range[dt.date] = row["valid"]
    return row["geom"] is not None and valid.contains(day)


def read_villages(dataset: Dataset) -> Rows:
    """Rows for the table ``unit`` from a CSV file with ``code,name,township_code``, for search by name."""
    with dataset.path.open(encoding="utf-8", newline="") as file:
        rows = enumerate(csv.DictReader(file), start=1)
        return [_village(Feature(dataset, number, row)) for number, row in rows]


def _village(row: Feature) -> dict[str, Any]:
    parent, code, name = (row.text(field) for field in ("township_code", "code", "name"))
    if not code.startswith(parent):
        message = N_("Row {number}: the village {code} is not under {parent}.")
        raise row.error(message, code=code, parent=parent)
    return {
        "code": code,
        "name": name,
        "initials": initials(name),
        "level": "village",
        "parent": parent,
        "valid": row.valid_range(),
        "note": None,
        "geom": None,
    }


def earliest_start(rows: Iterable[dict[str, Any]]) -> dt.date | None:
    """The first day on which a row is in force; None where a row has no first day."""
    starts = [row["valid"].lower for row in rows]
    return min(starts) if starts and all(starts) else None
