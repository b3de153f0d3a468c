"""Protected and controlled zones."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import shapely
from shapely.geometry import mapping

from core.errors import BadData
from core.i18n import N_
from law.kinds import ZoneKind
from layers.readers.feature_table import (
    need_text,
    optional_text,
    read_features,
    rows_of,
    sound_area,
    stored,
    valid_range,
)
from layers.readers.units import Rows
from layers.registry.sources import Dataset

GRID_DEG: Final = 1e-9  # of written coordinates: 0.1 mm


def read_zones(dataset: Dataset, kinds: Mapping[str, ZoneKind]) -> Rows:
    """Rows for ``zone``; kind and grade must be known to the law, and the kind announced by the dataset."""
    return [_zone(dataset, number, row, kinds) for number, row in rows_of(dataset, read_features(dataset))]


def _zone(
    dataset: Dataset, number: int, row: dict[str, Any], kinds: Mapping[str, ZoneKind]
) -> dict[str, Any]:
    kind = need_text(dataset, number, row, "kind")
    grade = optional_text(row, "grade")
    check_zone_kind(dataset, number, kind, grade, kinds)
    return {
        "code": need_text(dataset, number, row, "code"),
        "name": need_text(dataset, number, row, "name"),
        "kind": kind,
        "grade": grade,
        "level": optional_text(row, "level"),
        "valid": valid_range(dataset, number, row),
        "note": optional_text(row, "note"),
        "geom": stored(sound_area(dataset, number, row["geometry"])),
    }


def check_zone_kind(
    dataset: Dataset, number: int, kind: str, grade: str | None, kinds: Mapping[str, ZoneKind]
) -> None:
    """Refuse a kind that the law or the dataset does not name, and a grade that the kind does not have."""
    known = kinds.get(kind)
    if known is None or kind not in dataset.kinds:
        raise BadData(
            N_("Feature {number} has the zone kind {kind}, which its dataset or the law does not name."),
            field=dataset.dataset,
            hint=N_("Add it to data/law/zone_kinds.yaml and to `kinds` in sources.yaml."),
            number=number,
            kind=kind,
        )
    if grade is not None and grade not in known.grades:
        raise BadData(
            N_("Feature {number} has the grade {grade}, which {kind} does not have."),
            field=dataset.dataset,
            number=number,
            grade=grade,
            kind=kind,
        )


def zones_to_geojson(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows of zones with shapely ``geom``, as GeoJSON text that :func:`read_zones` reads; a line a zone."""
    features = [json.dumps(_feature(row), ensure_ascii=False) for row in rows]
    return '{"type": "FeatureCollection", "features": [\n' + ",\n".join(features) + "\n]}\n"


def _feature(row: Mapping[str, Any]) -> dict[str, Any]:
    told = {field: row[field] for field in ("code", "name", "kind", "grade", "level")}
    first, last = (day and day.isoformat() for day in (row["valid"].lower, row["valid"].upper))
    return {
        "type": "Feature",
        "properties": {**told, "valid_from": first, "valid_to": last, "note": row["note"]},
        "geometry": mapping(shapely.set_precision(row["geom"], GRID_DEG)),
    }
