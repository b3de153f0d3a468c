"""Bodies that come in and go out, with examples."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, JsonValue

from cases.inquiry import Inquiry
from cases.intake import MAX_DESCRIPTION, Submission
from cases.value import Verdict

PLACE: dict[str, JsonValue] = {"lon": 112.395, "lat": 35.625, "datum": "cgcs2000", "accuracy_m": 12}
EXAMPLE: dict[str, JsonValue] = {**PLACE, "category": "livestock_farm", "as_of": "2022-08-21"}


class InquiryIn(BaseModel):
    """A place, a matter and the day of the act. Either lon and lat, or a footprint."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    lon: Annotated[FiniteFloat | None, Field(description="Longitude in degrees, or easting in metres")] = None
    lat: Annotated[FiniteFloat | None, Field(description="Latitude in degrees, or northing in metres")] = None
    datum: Annotated[str, Field(max_length=40, description="cgcs2000, wgs84, gcj02, bd09 or EPSG:n")] = (
        "cgcs2000"
    )
    accuracy_m: Annotated[FiniteFloat, Field(description="68 % radius of the position, metres")] = 0.0
    footprint: Annotated[
        dict[str, Any] | None, Field(description="GeoJSON Polygon, MultiPolygon or a Feature of one")
    ] = None
    category: Annotated[str, Field(max_length=60, description="Code of the violation category")]
    as_of: Annotated[dt.date | None, Field(description="Day of the act; today by default")] = None
    channel: Annotated[
        str, Field(max_length=40, pattern=r"^[a-z0-9_]+$", description="The door that it came by")
    ] = "api"

    def inquiry(self) -> Inquiry:
        """The domain's value."""
        return Inquiry(
            category=self.category,
            x=self.lon,
            y=self.lat,
            datum=self.datum,
            accuracy_m=self.accuracy_m,
            footprint=self.footprint,
            as_of=self.as_of,
            channel=self.channel,
        )


class ReportIn(InquiryIn):
    """A report: an inquiry with words of the reporter."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [EXAMPLE | {"description": "林地上新建猪圈，约 600 平方米"}]},
    )

    description: Annotated[str, Field(max_length=MAX_DESCRIPTION)] = ""

    def submission(self) -> Submission:
        """The domain's value."""
        return Submission(self.inquiry(), self.description)


class LineOut(BaseModel):
    """A labelled line of the verdict in words."""

    label: str
    text: str


class WordsOut(BaseModel):
    """The verdict told to a person."""

    headline: str
    mark: str
    lines: list[LineOut]


class CheckOut(BaseModel):
    """A verdict, and the same in words."""

    verdict: Verdict
    words: WordsOut


class ReportSummary(BaseModel):
    """What lists and maps need of a report."""

    id: int
    category: str
    category_name: str
    status: str
    description: str
    effect: str
    certainty: str
    unit_code: str | None
    unit_name: str | None
    act_date: dt.date
    received_at: dt.datetime
    sample: bool


class ReportOut(ReportSummary):
    """A report whole. ``verdict`` is as it was stored."""

    location: dict[str, Any]
    verdict_id: int
    verdict: dict[str, Any]
    words: WordsOut


class FeatureOut(BaseModel):
    """A GeoJSON feature."""

    type: str = "Feature"
    id: int | None = None
    geometry: dict[str, Any]
    properties: dict[str, Any]


class CollectionOut(BaseModel):
    """A GeoJSON feature collection; ``next`` is the address of the next page, where there is one."""

    type: str = "FeatureCollection"
    features: list[FeatureOut]
    next: str | None = None


class PlaceOut(BaseModel):
    """A place found by name. ``bbox``: west, south, east, north."""

    code: str
    name: str
    level: str
    path: str
    lon: float
    lat: float
    bbox: tuple[float, float, float, float]


class PlacesOut(BaseModel):
    """Places found by name."""

    places: list[PlaceOut]


class LinkOut(BaseModel):
    """One link of the chain of units."""

    level: str
    code: str
    name: str
    worker: str | None = None
    team: str | None = None


class UnitsAtOut(BaseModel):
    """Whose ground a point is."""

    location: dict[str, Any]
    as_of: dt.date
    certainty: str
    chain: list[LinkOut]
    grid_cell: LinkOut | None
    edge_distance_m: float | None


class StateOut(BaseModel):
    """Sign of life."""

    status: str
