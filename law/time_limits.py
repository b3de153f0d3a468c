"""Statutory clocks: how long a step may take, and the last day of a running term, with the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from pydantic import Field

from core.i18n import N_
from law.articles import Article, citation_issues, cite
from law.calendar import WorkCalendar, add_months
from law.errors import DataIssue, data_issue, raise_issues
from law.parsing import DatedRow, TextRow, parse_rows, period_issues, section_rows
from law.values import Period, Text, Unit, bilingual

DOCUMENT: Final = "clocks"
Direction = Literal["after", "before"]


@dataclass(frozen=True, slots=True)
class Clock:
    """A statutory or local time limit.

    Attributes:
        starts: the event from which the term runs; its own day is not counted.
        length: length of the term, in ``unit``.
        direction: "before": the term ends ``length`` before the event.
        roll: a term in days or months that would end on a day off ends on the next working day.
        local: set by a local rule, which may change without a change of statute.
    """

    id: str
    name: Text
    starts: Text
    length: int
    unit: Unit
    direction: Direction
    roll: bool
    articles: tuple[Article, ...]
    local: bool
    verified: bool
    valid_from: date | None
    valid_to: date | None
    note: Text | None

    @property
    def period(self) -> Period:
        """When the clock is in force."""
        return Period(self.valid_from, self.valid_to)


@dataclass(frozen=True, slots=True)
class Pause:
    """A suspension: days from ``start`` to ``end``, inclusive, do not count. ``end`` None: it still lasts."""

    start: date
    end: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension by ``length``, in ``unit``, counted from the end of the term."""

    length: int
    unit: Unit
    reason: str


@dataclass(frozen=True, slots=True)
class Term:
    """A counted term. ``due``: last day in time, None while a suspension lasts. ``explained``: each step."""

    clock: Clock
    start: date
    due: date | None
    explained: tuple[Text, ...]


class ClockRow(DatedRow):
    """Row of ``clocks``."""

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    name: TextRow
    starts: TextRow
    length: int = Field(gt=0)
    unit: Unit
    direction: Direction = "after"
    roll: bool = False
    articles: tuple[str, ...] = ()
    local: bool = False
    verified: bool
    note: TextRow | None = None


def parse_clocks(documents: Mapping[str, object], articles: Mapping[str, Article]) -> dict[str, Clock]:
    """Parse all clocks, by id.

    Raises:
        LawDataError: a row does not fit the schema, a statutory clock cites no article, or a term before an
            event is in days or months.
    """
    rows = parse_rows(ClockRow, DOCUMENT, section_rows(documents, DOCUMENT, "clocks"))
    raise_issues(f for row in rows for f in _clock_issues(row, articles))
    return {row.id: _clock(row, articles) for row in rows}


def _clock_issues(row: ClockRow, articles: Mapping[str, Article]) -> list[DataIssue]:
    issues = period_issues(DOCUMENT, row.id, row.period)
    issues += citation_issues(articles, DOCUMENT, row.id, (row.articles, row.period))
    if not row.articles and not row.local:
        issues.append(data_issue(DOCUMENT, row.id, "articles", N_("a statutory term must cite its article")))
    if row.roll and row.unit == "working_days":
        issues.append(
            data_issue(DOCUMENT, row.id, "roll", N_("a term in working days never ends on a day off"))
        )
    if row.direction == "before" and row.unit != "working_days":
        issues.append(
            data_issue(DOCUMENT, row.id, "direction", N_("a term before an event must be in working days"))
        )
    return issues


def _clock(row: ClockRow, articles: Mapping[str, Article]) -> Clock:
    return Clock(
        id=row.id,
        name=row.name.text(),
        starts=row.starts.text(),
        length=row.length,
        unit=row.unit,
        direction=row.direction,
        roll=row.roll,
        articles=cite(articles, row.articles),
        local=row.local,
        verified=row.verified,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        note=row.note.text() if row.note else None,
    )


def count_term(
    clock: Clock,
    start: date,
    calendar: WorkCalendar,
    pauses: tuple[Pause, ...] = (),
    extensions: tuple[Extension, ...] = (),
) -> Term:
    """Count a term from the event on ``start``.

    Months run to the same day of the month (民法典 art. 202), plus the days suspended in them.

    Args:
        clock: the time limit.
        start: day of the event; not counted.
        calendar: public holidays of every year that the count reaches.
        pauses: suspensions; their days are skipped.
        extensions: counted one after another from the end of the term.

    Raises:
        CalendarGap: the count needs a year without public holidays in the calendar.
        ValueError: a pause or extension has no reason, or lasts less than a day; a term before an event is
            suspended or extended.
    """
    _check(clock, start, pauses, extensions)
    if clock.direction == "before":
        due = calendar.subtract_working_days(start, clock.length)
        return Term(clock, start, due, (_counted(clock, start), _ends(due)))
    day: date | None = _advance(start, (clock.length, clock.unit), calendar, pauses)
    for extra in extensions:
        day = None if day is None else _advance(day, (extra.length, extra.unit), calendar, pauses)
    counted = [pause for pause in pauses if day is None or pause.start <= day]
    steps = (_counted(clock, start), *map(_suspended, counted), *map(_extended, extensions))
    if day is None:
        lasting = bilingual(N_("the suspension lasts: the last day is not known yet"))
        return Term(clock, start, None, (*steps, lasting))
    # Rolled once, at the very end: an extension runs from the counted day, not from the next working day.
    due = calendar.next_workday(day) if clock.roll else day
    rolled = () if due == day else (_rolled(day, calendar),)
    return Term(clock, start, due, (*steps, *rolled, _ends(due)))


def _check(clock: Clock, start: date, pauses: tuple[Pause, ...], extensions: tuple[Extension, ...]) -> None:
    if clock.direction == "before" and (pauses or extensions):
        raise ValueError("a term before an event cannot be suspended or extended")
    if not all(reason.strip() for reason in [p.reason for p in pauses] + [e.reason for e in extensions]):
        raise ValueError("a suspension or extension needs a reason")
    if any(p.end is not None and p.end < p.start for p in pauses) or any(e.length < 1 for e in extensions):
        raise ValueError("a suspension or extension lasts at least a day")


def _advance(
    start: date, amount: tuple[int, Unit], calendar: WorkCalendar, pauses: tuple[Pause, ...]
) -> date | None:
    """The last of ``amount`` counted days after ``start``; None where an open-ended pause comes first."""
    length, unit = amount
    # Months become days at once, so that the days of a suspension lengthen them one for one.
    left = (add_months(start, length) - start).days if unit == "months" else length
    day = start
    while left:
        day += timedelta(days=1)
        if any(p.end is None and p.start <= day for p in pauses):
            return None
        if not _paused(day, pauses) and (unit != "working_days" or calendar.is_workday(day)):
            left -= 1
    return day


def _paused(day: date, pauses: tuple[Pause, ...]) -> bool:
    return any(p.start <= day and (p.end is None or day <= p.end) for p in pauses)


def _counted(clock: Clock, start: date) -> Text:
    if clock.direction == "before":
        return bilingual(
            N_("{length} {unit} before {start}, that day not counted"), **_amount(clock), start=start
        )
    return bilingual(N_("{length} {unit} after {start}, that day not counted"), **_amount(clock), start=start)


def _suspended(pause: Pause) -> Text:
    if pause.end is None:
        return bilingual(N_("suspended from {start}: {reason}"), start=pause.start, reason=pause.reason)
    message = N_("suspended from {start} to {end}: {reason}")
    return bilingual(message, start=pause.start, end=pause.end, reason=pause.reason)


def _extended(extra: Extension) -> Text:
    return bilingual(N_("extended by {length} {unit}: {reason}"), **_amount(extra), reason=extra.reason)


def _rolled(day: date, calendar: WorkCalendar) -> Text:
    message = N_("{day} is a day off ({why}): the term ends on the next working day")
    return bilingual(message, day=day, why=calendar.why(day))


def _ends(due: date) -> Text:
    return bilingual(N_("last day: {due}"), due=due)


def _amount(of: Clock | Extension) -> dict[str, object]:
    return {"length": of.length, "unit": bilingual(_UNITS[of.unit])}


_UNITS: Final[dict[Unit, str]] = {
    "working_days": N_("working days"),
    "days": N_("days"),
    "months": N_("months"),
}
