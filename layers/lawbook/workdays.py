"""The calendar of working days in the store, and terms counted on it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import BadInput, StoreUnavailable
from core.i18n import N_
from law import CalendarGap, Clock, Extension, LawBook, LawDataError, Pause, Term, WorkCalendar, count_term
from layers.lawbook.documents import InvalidLaw, current_book
from store.schema import Source

CALENDAR: Final = "calendar/holidays"
MAX_EXTENSION: Final = 3650  # in its unit: a mistyped length must not be counted for minutes

_CALENDARS: dict[str, WorkCalendar] = {}  # by checksum of the content, so that no entry can be outdated


@dataclass(frozen=True, slots=True)
class TermRequest:
    """What to count: the clock's id, the day of the event, suspensions and extensions."""

    clock: str
    start: dt.date
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[Extension, ...] = ()


def fetch_calendar(session: Session) -> WorkCalendar:
    """The current calendar of public holidays and make-up workdays."""
    row = session.execute(
        select(Source.checksum, Source.content["yaml"].astext.label("text")).where(
            Source.dataset == CALENDAR, Source.retired_at.is_(None)
        )
    ).first()
    if row is None:
        raise StoreUnavailable(
            N_("No calendar is loaded."), field="calendar", hint=N_("Load the data with `zhijie load`.")
        )
    if row.checksum not in _CALENDARS:
        _CALENDARS[row.checksum] = _calendar(row.text)
    return _CALENDARS[row.checksum]


def _calendar(text: str) -> WorkCalendar:
    try:
        return WorkCalendar.from_document(yaml.safe_load(text))
    except LawDataError as fault:
        raise InvalidLaw(N_("The calendar is wrong: {fault}"), fault, field="calendar") from fault


def fetch_term(session: Session, asked: TermRequest) -> Term:
    """Count a term with the current law and calendar.

    Raises:
        BadInput: the clock is unknown or not in force on the day, a suspension or extension is impossible, or
            the calendar lacks a year.
    """
    clock = _clock(current_book(session), asked)
    _check(clock, asked)
    try:
        return count_term(clock, asked.start, fetch_calendar(session), asked.pauses, asked.extensions)
    except CalendarGap as gap:
        raise BadInput(
            N_("No public holidays are known for {year} (known: {years})."),
            field="calendar",
            hint=N_("Add {year} to data/calendar once its holidays are announced, then `zhijie load`."),
            **gap.issues[0].values,
        ) from gap
    except (OverflowError, ValueError) as fault:  # past the last day that a date can hold
        raise BadInput(
            N_("The term from {start} cannot be counted."),
            field="from",
            hint=N_("Choose an earlier day."),
            start=asked.start,
        ) from fault


def _clock(book: LawBook, asked: TermRequest) -> Clock:
    clock = book.clocks.get(asked.clock)
    if clock is None:
        raise BadInput(
            N_("The clock {clock} is unknown."),
            field="clock",
            hint=N_("Use one of: {known}."),
            clock=asked.clock,
            known=", ".join(book.clocks),
        )
    if not clock.period.covers(asked.start):
        raise BadInput(
            N_("The law book has the clock {clock} for {period}, not for {start}."),
            field="from",
            hint=N_("Look up the law of that day, or add its term to data/law/clocks.yaml."),
            clock=clock.id,
            period=clock.period.words(),
            start=asked.start,
        )
    return clock


def _check(clock: Clock, asked: TermRequest) -> None:
    """Check what ``count_term`` would refuse with a ValueError, to name the wrong field."""
    if clock.direction == "before" and (asked.pauses or asked.extensions):
        raise BadInput(
            N_("A term before an event cannot be suspended or extended."), field="clock", hint=_LEAVE_OUT
        )
    for pause in asked.pauses:
        _check_reason("pause", pause.reason)
        if pause.end is not None and pause.end < pause.start:
            message = N_("The suspension ends on {end}, before it begins on {start}.")
            raise BadInput(message, field="pause", hint=_SWAP, start=pause.start, end=pause.end)
    for extra in asked.extensions:
        _check_reason("extend", extra.reason)
        if not 1 <= extra.length <= MAX_EXTENSION:
            message = N_("An extension of {length} is not possible.")
            raise BadInput(message, field="extend", hint=_LENGTH, length=extra.length, most=MAX_EXTENSION)


_LEAVE_OUT: Final = N_("Leave it out.")
_SWAP: Final = N_("Enter the first day before the last one.")
_LENGTH: Final = N_("Enter a length from 1 to {most}.")


def _check_reason(field: str, reason: str) -> None:
    if not reason.strip():
        raise BadInput(N_("A reason is required."), field=field, hint=N_("Enter it after the last colon."))
