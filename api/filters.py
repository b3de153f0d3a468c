"""The filter of the live pages, parsed from query parameters."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Final

from fastapi import Depends, Query

from api.schemas.reports import Day
from core.errors import BadInput
from core.i18n import N_
from store.queries import ReportFilter

CODES: Final = r"^[a-z0-9_]{1,40}(,[a-z0-9_]{1,40}){0,49}$"
Codes = Annotated[str | None, Query(pattern=CODES, description="One code, or several with commas")]


def _report_filter(  # noqa: PLR0913 - one parameter a criterion
    unit: Annotated[
        str | None, Query(description="Unit code; units below it are included", pattern="^[0-9]{2,15}$")
    ] = None,
    category: Codes = None,
    effect: Codes = None,
    status: Codes = None,
    zone: Annotated[
        str | None, Query(pattern=CODES, description="Kinds of zones that the place conflicts with")
    ] = None,
    since: Annotated[Day | None, Query(description="Received on or after this day (Beijing time)")] = None,
    until: Annotated[Day | None, Query(description="Received on or before this day")] = None,
    overdue: Annotated[bool, Query(description="Only overdue ones")] = False,
    urgent: Annotated[bool, Query(description="Only urgent ones")] = False,
    mine: Annotated[bool, Query(description="Only those assigned to the account")] = False,
) -> ReportFilter:
    _check_span(since, until)
    lists = (_split(category), _split(effect), _split(status), _split(zone))
    return ReportFilter(unit, *lists, since, until, overdue, urgent, mine)


def _split(text: str | None) -> tuple[str, ...]:
    return () if not text else tuple(sorted(set(re.split(",", text))))


def _check_span(since: dt.date | None, until: dt.date | None) -> None:
    if since is not None and until is not None and until < since:
        raise BadInput(
            N_("The period ends on {until}, before it begins on {since}."),
            field="until",
            hint=N_("Give the first day before the last one."),
            since=since,
            until=until,
        )
    if until is not None and until >= dt.date.max:
        raise BadInput(N_("The day is too far away."), field="until", hint=N_("Give an earlier day."))


ReportFilterDep = Annotated[ReportFilter, Depends(_report_filter)]
