"""Reads parcels: registered pieces of land with their land class.

Properties of a feature: number, name; ``scheme`` and ``land_class``, a code of that scheme (both from a
dataset of the role land_classes); ``official_area_m2`` (as registered, optional); ``unit_code`` (the unit
whose land it is; without it, only users with the reach of the whole store see the parcel); ``sample`` (true:
invented); valid_from, valid_to (the first day on which it is no longer in force), note.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

from core.i18n import N_
from layers.readers.feature_table import Feature, iter_features, to_element
from layers.readers.foreign_file import read_features
from layers.readers.land_classes import LandClasses
from layers.readers.units import Rows
from layers.registry.sources import Dataset
from store.schema import NUMBER_MAX_CHARS

UNIT: Final = re.compile(r"[0-9]{2,15}")


def read_parcels(dataset: Dataset, classes: LandClasses) -> Rows:
    """Rows for the table ``parcel``. Raises BadData for schemes and classes that are not known."""
    return [_parcel(feature, classes) for feature in iter_features(dataset, read_features(dataset))]


def _parcel(feature: Feature, classes: LandClasses) -> dict[str, Any]:
    scheme = _known_code(feature, "scheme", classes.schemes())
    return {
        "number": _number(feature),
        "name": feature.optional_text("name") or "",
        "scheme": scheme,
        "land_class": _known_code(feature, "land_class", classes.codes(scheme)),
        "official_area_m2": _official_area(feature),
        "unit_code": _unit_code(feature),
        "sample": feature.properties.get("sample") in (True, 1),
        "valid": feature.valid_range(),
        "note": feature.optional_text("note"),
        "geom": to_element(feature.area()),
    }


def _number(feature: Feature) -> str:
    """The parcel number: one short line without a slash, since it is part of addresses."""
    value = feature.text("number")
    if len(value) > NUMBER_MAX_CHARS or not value.isprintable() or "/" in value or value.strip() != value:
        raise feature.error(
            N_("Feature {number}: {value} is not a parcel number."),
            hint=N_("Write at most {most} characters in one line, without slashes or surrounding spaces."),
            value=repr(value[:NUMBER_MAX_CHARS]),
            most=NUMBER_MAX_CHARS,
        )
    return value


def _known_code(feature: Feature, field: str, known: list[str]) -> str:
    """The code in a field, which must be one of ``known``."""
    code = feature.text(field)
    if code not in known:
        raise feature.error(
            N_("Feature {number}: {what} is not in the land classes: {codes}"),
            hint=N_("Use one of: {known}."),
            what=field,
            codes=code,
            known=", ".join(known),
        )
    return code


def _official_area(feature: Feature) -> float | None:
    """The registered area in square metres; None where it is missing."""
    value = feature.properties.get("official_area_m2")
    # A column of numbers has NaN for a missing value, one of texts None or "".
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    try:
        area = float(value)
    except (TypeError, ValueError):
        area = math.nan
    if not (math.isfinite(area) and area > 0):
        raise feature.error(
            N_("Feature {number}: {what} is not an area: {value}"),
            hint=N_("Write square metres as a positive number, or leave it out."),
            what="official_area_m2",
            value=value,
        )
    return area


def _unit_code(feature: Feature) -> str | None:
    code = feature.optional_text("unit_code")
    if code is not None and UNIT.fullmatch(code) is None:
        raise feature.error(
            N_("Feature {number}: {what} is not a unit code: {value}"),
            hint=N_("Write the code of a township, county or city, such as 140522201."),
            what="unit_code",
            value=code,
        )
    return code
