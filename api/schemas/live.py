"""Bodies of the live endpoints and of assignment."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.reports import AssigneeOut, Day, NamedOut, Reason


class LineOut(BaseModel):
    """A report in the feed. ``clock``: 0 no due date, 1 in time, 2 due today, 3 overdue."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    category: str
    category_name: str
    effect: str
    certainty: str
    status: str
    unit_code: str | None
    unit_name: str | None
    received_at: dt.datetime
    act_date: dt.date
    due_on: dt.date | None
    clock: int
    urgent: bool
    sample: bool
    zone_kinds: list[str]
    holder_unit: str | None
    holder_account: int | None
    holder: str | None
    lon: float
    lat: float


class FeedOut(BaseModel):
    """A page of the feed, newest first; ``next``: the address of the following page, if there is one."""

    reports: list[LineOut]
    next: str | None


class OverviewOut(BaseModel):
    """Counters and charts. ``by_unit``: (code, name, reports, overdue); ``by_month``: (month, reports)."""

    model_config = ConfigDict(from_attributes=True)

    total: int
    open: int
    overdue: int
    urgent: int
    by_effect: dict[str, int]
    by_category: dict[str, int]
    by_status: dict[str, int]
    by_month: list[list[str | int]]
    by_unit: list[list[str | int]]
    at: dt.datetime


class LayerOut(BaseModel):
    """A tile layer. ``version`` differs by content and by account; ``as_of``: the time of its data."""

    version: str
    as_of: dt.datetime | None


class LayersOut(BaseModel):
    """The versions of the tile layers."""

    areas: LayerOut
    parcels: LayerOut
    violations: LayerOut


class VocabularyOut(BaseModel):
    """Codes and names of matters, kinds of zones and states."""

    categories: list[NamedOut]
    zone_kinds: list[NamedOut]
    statuses: list[NamedOut]


class AssignmentIn(BaseModel):
    """The assignee of a report (a unit, an account or both), the due date and the reason."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"unit": "140522201", "until": None, "reason": "属地处置"}]},
    )

    unit: Annotated[str | None, Field(pattern="^[0-9]{2,15}$")] = None
    account: Annotated[int | None, Field(ge=1, le=2**62, strict=True)] = None
    until: Annotated[Day | None, Field(description="Due date")] = None
    reason: Reason


class TransitionIn(BaseModel):
    """The new state of a report, and the reason."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"status": "verifying", "reason": "已派员到场核实"}]}
    )

    status: Annotated[str, Field(pattern="^[a-z_]{1,40}$")]
    reason: Reason


class PersonOut(BaseModel):
    """A person who can be assigned a report."""

    account: int
    name: str
    role: str
    reach: str


class PeopleOut(BaseModel):
    """People who can be assigned a report, nearest first."""

    people: list[PersonOut]


class ProgressOut(BaseModel):
    """Progress of a report: status, due date, assignments (``hands``, newest first), allowed transitions."""

    id: int
    status: str
    status_name: str
    due_on: dt.date | None
    clock: int
    urgent: bool
    hands: list[AssigneeOut]
    next_statuses: list[NamedOut]
