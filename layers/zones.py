"""Protected and controlled zones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geo.errors import BadData
from law.kinds import ZoneKind
from layers.features import need_text, optional_text, read_features, rows_of, sound_area, stored, valid_range
from layers.registry import Dataset
from layers.units import Rows
from words import N_


def read_zones(dataset: Dataset, kinds: Mapping[str, ZoneKind]) -> Rows:
    """Rows for ``zone``; kind and grade must be known to the law, and the kind announced by the dataset."""
    return [_zone(dataset, number, row, kinds) for number, row in rows_of(dataset, read_features(dataset))]


def _zone(
    dataset: Dataset, number: int, row: dict[str, Any], kinds: Mapping[str, ZoneKind]
) -> dict[str, Any]:
    kind = need_text(dataset, number, row, "kind")
    grade = optional_text(row, "grade")
    _check_kind(dataset, number, kind, grade, kinds)
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


def _check_kind(
    dataset: Dataset, number: int, kind: str, grade: str | None, kinds: Mapping[str, ZoneKind]
) -> None:
    known = kinds.get(kind)
    if known is None or kind not in dataset.kinds:
        raise BadData(
            N_("Feature {number} has the zone kind {kind}, which its dataset or the law does not name."),
            field=dataset.dataset,
            mend=N_("Add it to data/law/zone_kinds.yaml and to `kinds` in sources.yaml."),
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
