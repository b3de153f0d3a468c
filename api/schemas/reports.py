"""Bodies of most endpoints, with examples."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, JsonValue, StrictBool
from pydantic_core import PydanticCustomError

from reports import MAX_DESCRIPTION, MAX_NAME, Reporter, Submission
from verdict import Inquiry, Verdict


def _date_text(form: str, words: str) -> Callable[[object], object]:
    """A validator that accepts only text of a form.

    Numbers are refused: pydantic takes them for seconds since 1970.
    """
    pattern = re.compile(form, re.ASCII)

    def check(value: object) -> object:
        if value is None or isinstance(value, dt.date) or (isinstance(value, str) and pattern.match(value)):
            return value
        raise PydanticCustomError("date_form", "Input should be written as {form}", {"form": words})

    return check


Number = Annotated[FiniteFloat, Field(strict=True)]  # a JSON number; neither text nor true
Day = Annotated[dt.date, BeforeValidator(_date_text(r"\d{4}-\d\d-\d\d\Z", "YYYY-MM-DD"))]
Moment = Annotated[dt.datetime, BeforeValidator(_date_text(r"\d{4}-\d\d-\d\d", "YYYY-MM-DDThh:mm:ssZ"))]
PLACE: dict[str, JsonValue] = {"lon": 112.395, "lat": 35.625, "datum": "cgcs2000", "accuracy_m": 12}
EXAMPLE: dict[str, JsonValue] = {**PLACE, "category": "livestock_farm", "as_of": "2022-08-21"}
ConditionCode = Annotated[str, Field(max_length=60, pattern=r"^[a-z0-9_]+$")]
Reason = Annotated[str, Field(min_length=2, max_length=500, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]
"""Why something is done or read: not blank, without NUL, which PostgreSQL cannot store."""


class InquiryIn(BaseModel):
    """A place, a matter and the day of the act; the place is lon and lat, or a footprint."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    lon: Annotated[Number | None, Field(description="Longitude in degrees, or easting in metres")] = None
    lat: Annotated[Number | None, Field(description="Latitude in degrees, or northing in metres")] = None
    datum: Annotated[str, Field(max_length=40, description="cgcs2000, wgs84, gcj02, bd09 or EPSG:n")] = (
        "cgcs2000"
    )
    accuracy_m: Annotated[
        Number | None,
        Field(description="68 % radius of the position, metres; without it the channel's default is assumed"),
    ] = None
    footprint: Annotated[
        dict[str, Any] | None, Field(description="GeoJSON Polygon, MultiPolygon or a Feature of one")
    ] = None
    category: Annotated[str, Field(max_length=60, description="Code of the violation category")]
    as_of: Annotated[Day | None, Field(description="Day of the act; today by default")] = None
    channel: Annotated[
        str, Field(max_length=40, pattern=r"^[a-z0-9_]+$", description="The channel of the report")
    ] = "api"
    stated: Annotated[
        dict[ConditionCode, StrictBool] | None,
        Field(
            max_length=20, description="Conditions of rules by code (`questions` of a verdict): met or not"
        ),
    ] = None

    def inquiry(self) -> Inquiry:
        """The inquiry as a domain value."""
        return Inquiry(
            category=self.category,
            x=self.lon,
            y=self.lat,
            datum=self.datum,
            accuracy_m=self.accuracy_m,
            footprint=self.footprint,
            as_of=self.as_of,
            channel=self.channel,
            stated=self.stated,
        )


class ReporterIn(BaseModel):
    """The reporter. Stored apart: few may read it, only with a reason, and each access is recorded."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=MAX_NAME)] = ""
    telephone: Annotated[str, Field(max_length=MAX_NAME)] = ""
    protected: Annotated[
        StrictBool, Field(description="Protected: visible to the command centre and above only")
    ] = False
    lon: Annotated[Number | None, Field(description="Position of the reporter, CGCS2000 degrees")] = None
    lat: Number | None = None


class ReportIn(InquiryIn):
    """A report: an inquiry with a description and, optionally, the reporter."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [EXAMPLE | {"description": "林地上新建猪圈，约 600 平方米"}]},
    )

    description: Annotated[str, Field(max_length=MAX_DESCRIPTION)] = ""
    reporter: ReporterIn | None = None

    def submission(self) -> Submission:
        """The report as a domain value."""
        reporter = None if self.reporter is None else Reporter(**self.reporter.model_dump())
        return Submission(self.inquiry(), self.description, reporter=reporter)


class LineOut(BaseModel):
    """A labelled line of a text."""

    label: str
    text: str


class WordsOut(BaseModel):
    """A result in words, in the language of the request."""

    headline: str
    mark: str
    lines: list[LineOut]


class CheckOut(BaseModel):
    """A verdict, as values and in words."""

    verdict: Verdict
    words: WordsOut


class ReportSummary(BaseModel):
    """A report's values for lists and maps."""

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
    """An assignment of a report: assignee, begin, due date, end, reason, and who assigned it."""

    unit_code: str | None
    account: int | None
    name: str | None
    since: dt.datetime
    until: dt.date | None
    ended_at: dt.datetime | None
    reason: str
    by_name: str | None


class ReportOut(ReportSummary):
    """A report with its verdict as it was stored."""

    location: dict[str, Any]
    status_name: str
    due_on: dt.date | None
    clock: Annotated[int, Field(description="0 no due date, 1 in time, 2 due today, 3 overdue")]
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
    """A GeoJSON feature collection; ``next``: the address of the next page, if there is one."""

    type: str = "FeatureCollection"
    features: list[FeatureOut]
    next: str | None = None


class CoarseOut(CollectionOut):
    """Counts by square; ``withheld``: reports of all areas and months that no square counts."""

    withheld: int


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
    """A unit in the chain from the city to the grid cell."""

    level: str
    code: str
    name: str
    worker: str | None = None
    team: str | None = None


class UnitsAtOut(BaseModel):
    """The units of a point."""

    location: dict[str, Any]
    as_of: dt.date
    certainty: str
    chain: list[LinkOut]
    grid_cell: LinkOut | None
    edge_distance_m: float | None


class StateOut(BaseModel):
    """The outcome of a request that returns nothing else."""

    status: str


class ReasonIn(BaseModel):
    """The reason for reading protected data."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "电话核实举报内容"}]}
    )

    reason: Reason


class ReporterOut(BaseModel):
    """The reporter of a report."""

    name: str
    telephone: str
    protected: bool
    lon: float | None
    lat: float | None


class StepOut(BaseModel):
    """A step of the journal. ``hash`` chains it to the previous step."""

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
    """A role in an area; an empty ``reach`` means everywhere."""

    role: str
    role_name: str
    reach: str


class WhoOut(BaseModel):
    """The current identity. ``csrf``: to be sent as X-CSRF-Token by pages; null for API keys."""

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
    """The current password and the new one. ``end_keys``: revoke the account's API keys, too."""

    model_config = ConfigDict(extra="forbid")

    old: Annotated[str, Field(min_length=1, max_length=200)]
    new: Annotated[str, Field(min_length=1, max_length=200)]
    end_keys: bool = True


class KeyIn(BaseModel):
    """The API key to create; without ``scopes`` it has all rights of its owner."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"label": "nightly batch", "scopes": ["check"]}]}
    )

    label: Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")] = ""
    scopes: Annotated[list[str] | None, Field(max_length=20)] = None
    days: Annotated[Number, Field(gt=0, le=366)] = 90


class KeyOut(BaseModel):
    """A created key. ``key`` is its secret, shown this once."""

    id: int
    key: str


class KeyRow(BaseModel):
    """An API key without its secret."""

    id: int
    label: str
    scopes: list[str] | None
    created_at: dt.datetime
    expires_at: dt.datetime
    revoked_at: dt.datetime | None


class KeysOut(BaseModel):
    """The account's API keys."""

    keys: list[KeyRow]


class ProblemFieldOut(BaseModel):
    """One of several errors in a request."""

    field: str
    detail: str


class ProblemOut(BaseModel):
    """A problem document (RFC 9457). ``field`` names what is wrong, ``hint`` says what to do."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["about:blank"]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    field: str | None = None
    hint: str | None = None
    mend: Annotated[str | None, Field(deprecated="Read ``hint``; this is the same text")] = None
    errors: list[ProblemFieldOut] | None = None
    more_errors: Annotated[int | None, Field(description="Errors beyond those listed")] = None
