"""Reads protected and controlled zones, and writes them as GeoJSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import shapely
from shapely.geometry import mapping

from core.i18n import N_
from law import ZoneKind
from layers.readers.feature_table import Feature, iter_features, to_element
from layers.readers.foreign_file import read_features
from layers.readers.patches import join_patches
from layers.readers.units import Rows
from layers.registry.notes import Notes
from layers.registry.sources import Dataset

GRID_DEG: Final = 1e-9  # precision of written coordinates: 0.1 mm


def read_zones(dataset: Dataset, kinds: Mapping[str, ZoneKind], notes: Notes) -> Rows:
    """Rows for the table ``zone``; several patches of one zone are joined. Raises as ``check_zone_kind``."""
    rows = [_zone(feature, kinds) for feature in iter_features(dataset, read_features(dataset))]
    return [{**row, "geom": to_element(row["geom"])} for row in join_patches(dataset, rows, notes)]


def _zone(feature: Feature, kinds: Mapping[str, ZoneKind]) -> dict[str, Any]:
    name, kind = feature.text("name"), _kind_code(feature.text("kind"), kinds)
    grade = _grade_code(feature.optional_text("grade"), kinds.get(kind))
    check_zone_kind(feature, kind, grade, kinds)
    return {
        "code": feature.optional_text("code") or "/".join(filter(None, (kind, name, grade))),
        "name": name,
        "kind": kind,
        "grade": grade,
        "level": feature.optional_text("level"),
        "valid": feature.valid_range(),
        "note": feature.optional_text("note"),
        "geom": feature.area(),
    }


def _kind_code(written: str, kinds: Mapping[str, ZoneKind]) -> str:
    """The code of a kind that a file names by its code or its Chinese name."""
    return next((code for code, kind in kinds.items() if kind.name.zh == written), written)


def _grade_code(written: str | None, kind: ZoneKind | None) -> str | None:
    """The code of a grade that a file names by its code or any of its Chinese names."""
    named = () if kind is None else kind.grade_names
    return next((grade.grade for grade in named if grade.name.zh == written), written)


def check_zone_kind(feature: Feature, kind: str, grade: str | None, kinds: Mapping[str, ZoneKind]) -> None:
    """Check that a kind is in the law and listed by the dataset, and that the kind has the grade.

    Raises:
        BadData: with the feature's number.
    """
    known = kinds.get(kind)
    if known is None or kind not in feature.dataset.kinds:
        raise feature.error(
            N_("Feature {number} has the zone kind {kind}, which its dataset or the law does not list."),
            hint=N_("Add it to data/law/zone_kinds.yaml and to `kinds` in sources.yaml."),
            kind=kind,
        )
    if grade is not None and grade not in known.grades:
        message = N_("Feature {number} has the grade {grade}, which {kind} does not have.")
        raise feature.error(message, grade=grade, kind=kind)


def zones_to_geojson(rows: Iterable[Mapping[str, Any]]) -> str:
    """GeoJSON that :func:`read_zones` reads, one line a zone; ``geom`` of the rows is a shapely geometry."""
    features = [json.dumps(_to_geojson(row), ensure_ascii=False) for row in rows]
    return '{"type": "FeatureCollection", "features": [\n' + ",\n".join(features) + "\n]}\n"


def _to_geojson(row: Mapping[str, Any]) -> dict[str, Any]:
    texts = {field: row[field] for field in ("code", "name", "kind", "grade", "level")}
    first, last = (day and day.isoformat() for day in (row["valid"].lower, row["valid"].upper))
    return {
        "type": "Feature",
        "properties": {**texts, "valid_from": first, "valid_to": last, "note": row["note"]},
        "geometry": mapping(shapely.set_precision(row["geom"], GRID_DEG)),
    }
