"""Bodies that come in and go out, with examples."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, JsonValue, StrictBool
from pydantic_core import PydanticCustomError

from reports.filing import MAX_DESCRIPTION, MAX_NAME, Reporter, Submission
from verdict.inquiry import Inquiry
from verdict.model import Verdict


def _written(form: str, words: str) -> Callable[[object], object]:
    """Takes what is written in a form, and no number: that would become seconds since 1970."""
    pattern = re.compile(form, re.ASCII)

    def check(value: object) -> object:
        if value is None or isinstance(value, dt.date) or (isinstance(value, str) and pattern.match(value)):
            return value
        raise PydanticCustomError("date_form", "Input should be written as {form}", {"form": words})

    return check


Number = Annotated[FiniteFloat, Field(strict=True)]  # of JSON: neither a text nor true
Day = Annotated[dt.date, BeforeValidator(_written(r"\d{4}-\d\d-\d\d\Z", "YYYY-MM-DD"))]
Moment = Annotated[dt.datetime, BeforeValidator(_written(r"\d{4}-\d\d-\d\d", "YYYY-MM-DDThh:mm:ssZ"))]
PLACE: dict[str, JsonValue] = {"lon": 112.395, "lat": 35.625, "datum": "cgcs2000", "accuracy_m": 12}
EXAMPLE: dict[str, JsonValue] = {**PLACE, "category": "livestock_farm", "as_of": "2022-08-21"}


class InquiryIn(BaseModel):
    """A place, a matter and the day of the act. Either lon and lat, or a footprint."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    lon: Annotated[Number | None, Field(description="Longitude in degrees, or easting in metres")] = None
    lat: Annotated[Number | None, Field(description="Latitude in degrees, or northing in metres")] = None
    datum: Annotated[str, Field(max_length=40, description="cgcs2000, wgs84, gcj02, bd09 or EPSG:n")] = (
        "cgcs2000"
    )
    accuracy_m: Annotated[Number, Field(description="68 % radius of the position, metres")] = 0.0
    footprint: Annotated[
        dict[str, Any] | None, Field(description="GeoJSON Polygon, MultiPolygon or a Feature of one")
    ] = None
    category: Annotated[str, Field(max_length=60, description="Code of the violation category")]
    as_of: Annotated[Day | None, Field(description="Day of the act; today by default")] = None
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


class ReporterIn(BaseModel):
    """Who reported. Kept apart: few may read it, with a reason, and every look is written down."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=MAX_NAME)] = ""
    telephone: Annotated[str, Field(max_length=MAX_NAME)] = ""
    protected: Annotated[
        StrictBool, Field(description="Under protection: for the command centre and above")
    ] = False
    lon: Annotated[Number | None, Field(description="Where that person was, CGCS2000 degrees")] = None
    lat: Number | None = None


class ReportIn(InquiryIn):
    """A report: an inquiry with words of the reporter."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [EXAMPLE | {"description": "林地上新建猪圈，约 600 平方米"}]},
    )

    description: Annotated[str, Field(max_length=MAX_DESCRIPTION)] = ""
    reporter: ReporterIn | None = None

    def submission(self) -> Submission:
        """The domain's value."""
        reporter = None if self.reporter is None else Reporter(**self.reporter.model_dump())
        return Submission(self.inquiry(), self.description, reporter=reporter)


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


class NamedOut(BaseModel):
    """A code and its name."""

    code: str
    name: str


class AssigneeOut(BaseModel):
    """Who has or had a report: since when, until which day, why, and who gave it."""

    unit_code: str | None
    account: int | None
    name: str | None
    since: dt.datetime
    until: dt.date | None
    ended_at: dt.datetime | None
    reason: str
    by_name: str | None


class ReportOut(ReportSummary):
    """A report whole. ``verdict`` is as it was stored."""

    location: dict[str, Any]
    status_name: str
    due_on: dt.date | None
    clock: Annotated[int, Field(description="0 none, 1 in time, 2 the last day, 3 overdue")]
    urgent: bool
    hands: list[AssigneeOut]
    next_statuses: list[NamedOut]
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


class ReasonIn(BaseModel):
    """Why something sensitive is looked at."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "电话核实举报内容"}]}
    )

    reason: Annotated[str, Field(min_length=2, max_length=500, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]


class ReporterOut(BaseModel):
    """Who reported."""

    name: str
    telephone: str
    protected: bool
    lon: float | None
    lat: float | None


class StepOut(BaseModel):
    """A step of the journal. ``hash`` chains it to the one before."""

    seq: int
    at: dt.datetime
    action: str
    subject: str
    unit: str | None
    who: dict[str, Any]
    reason: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    hash: str


class StepsOut(BaseModel):
    """Steps of the journal, oldest first."""

    steps: list[StepOut]


class PostingOut(BaseModel):
    """A role in a reach; an empty reach is everywhere."""

    role: str
    role_name: str
    reach: str


class WhoOut(BaseModel):
    """Who is signed in. ``csrf``: to be shown as X-CSRF-Token by pages; null for who came with a key."""

    name: str
    shown: str
    kind: str
    postings: list[PostingOut]
    rights: list[str]
    expires: dt.datetime
    csrf: str | None


class SignInIn(BaseModel):
    """Name and password."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=60)]
    password: Annotated[str, Field(min_length=1, max_length=200)]


class PasswordIn(BaseModel):
    """The old password and the new one."""

    model_config = ConfigDict(extra="forbid")

    old: Annotated[str, Field(min_length=1, max_length=200)]
    new: Annotated[str, Field(min_length=1, max_length=200)]


class KeyIn(BaseModel):
    """An API key that is wanted; without ``scopes`` it may all that its owner may."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"label": "nightly batch", "scopes": ["check"]}]}
    )

    label: Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")] = ""
    scopes: Annotated[list[str] | None, Field(max_length=20)] = None
    days: Annotated[Number, Field(gt=0, le=366)] = 90


class KeyOut(BaseModel):
    """A key that was made: told this once."""

    id: int
    key: str


class KeyRow(BaseModel):
    """What is kept of a key."""

    id: int
    label: str
    scopes: list[str] | None
    created_at: dt.datetime
    expires_at: dt.datetime
    revoked_at: dt.datetime | None


class KeysOut(BaseModel):
    """The keys of who is signed in."""

    keys: list[KeyRow]


class ProblemFieldOut(BaseModel):
    """One of several things that are wrong with a request."""

    field: str
    detail: str


class ProblemOut(BaseModel):
    """Why something was not done (RFC 9457). ``field`` names what is wrong, ``hint`` says what helps."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["about:blank"]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    field: str | None = None
    hint: str | None = None
    mend: Annotated[str | None, Field(deprecated="Read ``hint``; this is the same text")] = None
    errors: list[ProblemFieldOut] | None = None
