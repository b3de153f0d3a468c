"""Parcels: registered pieces of ground with their land class, to be read from a file of areas.

Properties of a feature: number, name; ``scheme`` and ``land_class``, a code of it (a dataset of the role
land_classes must name both); ``official_area_m2`` (as registered, may be missing); ``unit_code`` (whose
ground it is; where it is missing, only who reaches a whole city sees it); ``sample`` (true: invented);
valid_from, valid_to (the first day on which it is no longer in force), note.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

from core.errors import BadData
from core.i18n import N_
from layers.readers.feature_table import (
    need_text,
    optional_text,
    read_features,
    rows_of,
    sound_area,
    stored,
    valid_range,
)
from layers.readers.land_classes import LandClasses
from layers.readers.units import Rows
from layers.registry.sources import Dataset
from store.schema.parcels import NUMBER_MOST

UNIT: Final = re.compile(r"[0-9]{2,15}")


def read_parcels(dataset: Dataset, classes: LandClasses) -> Rows:
    """Rows for ``parcel``; scheme and class must be known to the land classes."""
    return [
        _parcel(dataset, number, row, classes) for number, row in rows_of(dataset, read_features(dataset))
    ]


def _parcel(dataset: Dataset, number: int, row: dict[str, Any], classes: LandClasses) -> dict[str, Any]:
    scheme = _known(dataset, number, row, "scheme", classes.schemes())
    return {
        "number": _number(dataset, number, row),
        "name": optional_text(row, "name") or "",
        "scheme": scheme,
        "land_class": _known(dataset, number, row, "land_class", classes.codes(scheme)),
        "official_area_m2": _area(dataset, number, row),
        "unit_code": _unit(dataset, number, row),
        "sample": row.get("sample") in (True, 1),
        "valid": valid_range(dataset, number, row),
        "note": optional_text(row, "note"),
        "geom": stored(sound_area(dataset, number, row["geometry"])),
    }


def _number(dataset: Dataset, number: int, row: dict[str, Any]) -> str:
    """The parcel's number: one short line without a slash, for it stands in addresses."""
    found = need_text(dataset, number, row, "number")
    if len(found) > NUMBER_MOST or not found.isprintable() or "/" in found or found.strip() != found:
        raise BadData(
            N_("Feature {number}: {value} is no parcel number."),
            field=dataset.dataset,
            hint=N_("Write at most {most} characters in one line, without slashes or blanks around them."),
            number=number,
            value=repr(found[:NUMBER_MOST]),
            most=NUMBER_MOST,
        )
    return found


def _known(dataset: Dataset, number: int, row: dict[str, Any], field: str, known: list[str]) -> str:
    """A code of a field that must be one of those known."""
    found = need_text(dataset, number, row, field)
    if found not in known:
        raise BadData(
            N_("Feature {number}: {what} names what the land classes do not know: {codes}"),
            field=dataset.dataset,
            hint=N_("Use one of: {known}."),
            number=number,
            what=field,
            codes=found,
            known=", ".join(known),
        )
    return found


def _area(dataset: Dataset, number: int, row: dict[str, Any]) -> float | None:
    """The registered area in square metres; None where the register does not tell it."""
    value = row.get("official_area_m2")
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    try:
        area = float(value)
    except (TypeError, ValueError):
        area = math.nan
    if not (math.isfinite(area) and area > 0):
        raise BadData(
            N_("Feature {number}: {what} is no area: {value}"),
            field=dataset.dataset,
            hint=N_("Write square metres as a positive number, or leave it out."),
            number=number,
            what="official_area_m2",
            value=value,
        )
    return area


def _unit(dataset: Dataset, number: int, row: dict[str, Any]) -> str | None:
    found = optional_text(row, "unit_code")
    if found is not None and UNIT.fullmatch(found) is None:
        raise BadData(
            N_("Feature {number}: {what} is no unit code: {value}"),
            field=dataset.dataset,
            hint=N_("Write the code of a township, county or city, such as 140522201."),
            number=number,
            what="unit_code",
            value=found,
        )
    return found
