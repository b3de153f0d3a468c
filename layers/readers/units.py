"""Reads administrative units with their history, and villages, which have names and codes but no geometry."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable
from typing import Any, Final

from shapely.geometry import MultiPolygon
from sqlalchemy.dialects.postgresql import Range

from core.errors import BadData
from core.i18n import N_
from core.pinyin import initials
from geo import stem
from layers.readers.coverage import are_notably_apart, invalid_edges, snapped
from layers.readers.feature_table import Feature, iter_features, to_element
from layers.readers.foreign_file import read_features
from layers.readers.patches import join_patches
from layers.registry.notes import Note, Notes
from layers.registry.sources import Dataset
from store.schema import LEVELS

Rows = list[dict[str, Any]]
# Levels by their usual names, as files have them; and by the number of digits of a code.
LEVEL_NAMES: Final = {
    "市": "city",
    "地级": "city",
    "地市级": "city",
    "市级": "city",
    "县": "county",
    "县级": "county",
    "区县": "county",
    "乡": "township",
    "镇": "township",
    "街道": "township",
    "乡镇": "township",
    "乡级": "township",
    "乡镇级": "township",
    "村": "village",
    "村级": "village",
}
LEVEL_OF_DIGITS: Final = {2: "province", 4: "city", 6: "county", 9: "township", 12: "village"}
PARENT_DIGITS: Final = {"city": 2, "county": 4, "township": 6, "village": 9}
# About 10 m: a narrower gap is a digitising error, a wider one may be land without a unit.
SLIVER_DEG: Final = 1e-4


def read_units(dataset: Dataset, notes: Notes) -> Rows:
    """Rows for the table ``unit``; several features of one unit are joined.

    Borders at most ``snap_m`` apart are snapped together, which ``notes`` then tell.

    Raises:
        BadData: units of a level overlap or leave slivers on a day.
    """
    rows = [_unit(feature) for feature in iter_features(dataset, read_features(dataset))]
    rows = join_patches(dataset, rows, notes)
    _check_coverage(dataset, rows, notes)
    return [{**row, "geom": None if row["geom"] is None else to_element(row["geom"])} for row in rows]


def _unit(feature: Feature) -> dict[str, Any]:
    name, code = feature.text("name"), unpadded(feature.text("code"))
    level = feature.optional_text("level") or _level_of_code(feature, code)
    level = LEVEL_NAMES.get(level, level)
    if level not in LEVELS:
        raise feature.error(N_("Feature {number} has the unknown level {level}."), level=level)
    return {
        "code": code,
        "name": name,
        "initials": initials(name),
        "level": level,
        "parent": _parent(feature, code, level),
        "valid": feature.valid_range(),
        "note": feature.optional_text("note"),
        "geom": None if feature.properties["geometry"] is None else feature.area(),
    }


def unpadded(code: str) -> str:
    """A code without the zeros that fill it up to 9 or 12 digits: '140522201000' → '140522201'."""
    while len(code) in (9, 12) and code.isdecimal() and code.endswith("000"):
        code = code[:-3]
    return code


def _level_of_code(feature: Feature, code: str) -> str:
    """The level that follows from the length of a code, for a file without a column of levels."""
    level = LEVEL_OF_DIGITS.get(len(stem(code))) if code.isdecimal() else None
    if level is None:
        raise feature.error(
            N_("Feature {number} has no level, and its code {code} does not show it."),
            hint=N_("Write `values: {{level: township}}` in sources.yaml, for example."),
            code=code,
        )
    return level


def _parent(feature: Feature, code: str, level: str) -> str | None:
    """The stated parent; where the file has no such column, the one that the code shows."""
    if "parent" in feature.properties or not code.isdecimal():
        parent = feature.optional_text("parent")
        return None if parent is None else unpadded(parent)
    digits = PARENT_DIGITS.get(level, 0)
    return code[:digits].ljust(6, "0") if digits else None


def _check_coverage(dataset: Dataset, rows: Rows, notes: Notes) -> None:
    # Overlaps and slivers can only appear on a day on which a unit begins.
    for day in sorted({row["valid"].lower or dt.date.min for row in rows}):
        for level in LEVELS:
            present = [row for row in rows if row["level"] == level and _in_force(row, day)]
            _check_level(dataset, level, present, notes)


def _check_level(dataset: Dataset, level: str, rows: Rows, notes: Notes) -> None:
    """Snap the borders of a level where they are a little apart; refuse what remains."""
    areas: list[MultiPolygon] = [row["geom"] for row in rows]
    wrong = invalid_edges(areas, SLIVER_DEG)
    if any(wrong) and dataset.snap_m > 0 and (moved := snapped(areas, dataset.snap_m)) is not None:
        wrong = invalid_edges(moved, SLIVER_DEG)
        if not any(wrong):
            _replace_areas(dataset, rows, moved, notes)
            return
    faults = [row["code"] for row, is_wrong in zip(rows, wrong, strict=True) if is_wrong]
    if faults:
        raise BadData(
            N_("The units of level {level} overlap or leave slivers at: {codes}"),
            field=dataset.dataset,
            hint=N_("Node the shared borders so that neighbours have the same vertices."),
            level=level,
            codes=", ".join(faults[:10]),
        )


def _replace_areas(dataset: Dataset, rows: Rows, moved: list[MultiPolygon], notes: Notes) -> None:
    if are_notably_apart([row["geom"] for row in rows], moved):
        text = N_(
            "{dataset}: borders of neighbouring units were up to {tolerance} m apart or had other vertices "
            "on each side; they were snapped together."
        )
        notes.append(Note(text, {"dataset": dataset.dataset, "tolerance": f"{dataset.snap_m:g}"}))
    for row, area in zip(rows, moved, strict=True):
        row["geom"] = area


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
