"""Administrative units and their history; villages are names and codes without geometry."""

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
from layers.readers.feature_table import (
    need_text,
    optional_text,
    read_features,
    rows_of,
    sound_area,
    stored,
    valid_range,
)
from layers.registry.sources import Dataset
from store.schema.datasets import LEVELS

Rows = list[dict[str, Any]]
SLIVER_DEG: Final = 1e-4  # about 10 m: a narrower gap is bad digitising, a wider one may be land not told of


def read_units(dataset: Dataset) -> Rows:
    """Rows for ``unit``; the units of a level must be a coverage (no overlap, no sliver) on every day."""
    rows = [_unit(dataset, number, row) for number, row in rows_of(dataset, read_features(dataset))]
    _check_coverage(dataset, rows)
    return [{**row, "geom": None if row["geom"] is None else stored(row["geom"])} for row in rows]


def _unit(dataset: Dataset, number: int, row: dict[str, Any]) -> dict[str, Any]:
    level = need_text(dataset, number, row, "level")
    if level not in LEVELS:
        raise BadData(
            N_("Feature {number} has the unknown level {level}."),
            field=dataset.dataset,
            number=number,
            level=level,
        )
    geometry = row["geometry"]
    return {
        "code": need_text(dataset, number, row, "code"),
        "name": (name := need_text(dataset, number, row, "name")),
        "initials": initials(name),
        "level": level,
        "parent": optional_text(row, "parent"),
        "valid": valid_range(dataset, number, row),
        "note": optional_text(row, "note"),
        "geom": None if geometry is None else sound_area(dataset, number, geometry),
    }


def _check_coverage(dataset: Dataset, rows: Rows) -> None:
    for day in _change_days(rows):
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


def _change_days(rows: Rows) -> list[dt.date]:
    starts = {row["valid"].lower or dt.date.min for row in rows}
    return sorted(starts)


def _in_force(row: dict[str, Any], day: dt.date) -> bool:
    valid: Range[dt.date] = row["valid"]
    return row["geom"] is not None and valid.contains(day)


def read_villages(dataset: Dataset) -> Rows:
    """Rows for ``unit`` from ``code,name,township_code``: names to find, no area to stand in."""
    with dataset.path.open(encoding="utf-8", newline="") as file:
        return [_village(dataset, number, row) for number, row in enumerate(csv.DictReader(file), start=1)]


def _village(dataset: Dataset, number: int, row: dict[str, Any]) -> dict[str, Any]:
    parent = need_text(dataset, number, row, "township_code")
    code = need_text(dataset, number, row, "code")
    if not code.startswith(parent):
        raise BadData(
            N_("Row {number}: the village {code} is not under {parent}."),
            field=dataset.dataset,
            number=number,
            code=code,
            parent=parent,
        )
    name = need_text(dataset, number, row, "name")
    return {
        "code": code,
        "name": name,
        "initials": initials(name),
        "level": "village",
        "parent": parent,
        "valid": valid_range(dataset, number, row),
        "note": None,
        "geom": None,
    }


def earliest_start(rows: Iterable[dict[str, Any]]) -> dt.date | None:
    """The first day of which the rows tell anything; None where they have no beginning."""
    starts = [row["valid"].lower for row in rows]
    return min(starts) if starts and all(starts) else None
