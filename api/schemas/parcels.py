"""Bodies of the parcel endpoints."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import BaseModel


class ParcelPermitOut(BaseModel):
    """A permit on a parcel. ``overlap_m2``: the area of the parcel that it covers."""

    number: str
    holder: str
    issuer: str
    uses: list[str]
    use_names: list[str]
    zone_kinds: list[str]
    valid_from: dt.date | None
    valid_to: dt.date | None
    state: Literal["in_force", "expired", "not_yet"]
    state_name: str
    overlap_m2: float
    official: bool
    note: str | None


class ParcelReportOut(BaseModel):
    """A report on a parcel."""

    id: int
    status: str
    effect: str
    received_at: dt.datetime
    category: str
    category_name: str
    sample: bool


class ParcelOut(BaseModel):
    """A parcel's card. Areas: as registered, and measured on the ellipsoid; 1 mu (亩) is 1/15 hectare.

    ``sample``: invented. ``accuracy_m``: 68 % error of its lines, metres.
    """

    number: str
    name: str
    scheme: str
    scheme_name: str
    land_class: str
    land_class_name: str
    official_area_m2: float | None
    official_area_mu: float | None
    measured_area_m2: float
    measured_area_mu: float
    area_difference_m2: float | None
    unit_code: str | None
    valid_from: dt.date | None
    valid_to: dt.date | None
    as_of: dt.date
    note: str | None
    sample: bool
    official: bool
    accuracy_m: float
    geometry: dict[str, Any]
    permits: list[ParcelPermitOut]
    reports: list[ParcelReportOut]
    neighbours: list[str]
