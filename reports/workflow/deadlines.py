"""Due dates of reports, and how near they are."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy.orm import Session

from law import CalendarGap, count_term
from layers import current_book
from layers.lawbook import fetch_calendar
from store.schema import CLOSED_STATES

FIRST_LOOK: Final = "first_look"  # the clock of data/law/clocks.yaml that a new report starts
NO_CLOCK, IN_TIME, LAST_DAY, OVERDUE = range(4)


def first_due(session: Session, received: dt.date) -> dt.date | None:
    """The last day for the first look at a report received on a day.

    None where the law has no such period for that day, or the calendar of workdays does not reach so far: a
    date is never guessed.
    """
    clock = current_book(session).clocks.get(FIRST_LOOK)
    if clock is None or not clock.period.covers(received):
        return None
    try:
        return count_term(clock, received, fetch_calendar(session), (), ()).due
    except CalendarGap:
        return None


def clock_of(due_on: dt.date | None, status: str, today: dt.date) -> int:
    """NO_CLOCK, IN_TIME, LAST_DAY or OVERDUE."""
    if due_on is None or status in CLOSED_STATES:
        return NO_CLOCK
    return OVERDUE if due_on < today else LAST_DAY if due_on == today else IN_TIME
