"""Working days: weekends, public holidays and make-up workdays (调休), as data by year.

A year without data is refused: the holidays of a year are announced in the autumn before and cannot be
predicted.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from pydantic import Field

from core.i18n import N_
from law.errors import CalendarGap, DataIssue, data_issue, raise_issues
from law.parsing import Row, TextRow, check_sections, parse_rows, section_rows
from law.values import Text, bilingual

DOCUMENT: Final = "holidays"
SATURDAY: Final = 5  # ``date.weekday``; larger is Sunday


class NameRow(Row):
    """Row of ``names``: the name of a holiday."""

    holiday: str
    name: TextRow


class YearRow(Row):
    """Row of ``years``: days off and worked weekend days, each with its holiday."""

    year: int = Field(ge=1950, le=2100)
    holidays: dict[date, str]
    workdays: dict[date, str]


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Public holidays and make-up workdays of whole years, each with the holiday's name."""

    years: frozenset[int]
    holidays: Mapping[date, Text]
    workdays: Mapping[date, Text]

    @classmethod
    def from_document(cls, document: object) -> WorkCalendar:
        """Build from the parsed ``holidays.yaml``: the sections ``names`` and ``years``.

        Raises:
            LawDataError: a row does not fit the schema; a holiday has no name; a day is outside its year, or
                both off and worked; a make-up workday is not on a weekend; New Year's Day or National Day is
                missing.
        """
        documents = {DOCUMENT: document}
        check_sections(documents, {DOCUMENT: frozenset({"names", "years"})})
        rows = parse_rows(NameRow, DOCUMENT, section_rows(documents, DOCUMENT, "names"), key="holiday")
        names = {row.holiday: row.name.text() for row in rows}
        years = parse_rows(YearRow, DOCUMENT, section_rows(documents, DOCUMENT, "years"), key="year")
        raise_issues(f for year in years for f in _year_issues(year, names.keys()))
        return cls(
            years=frozenset(year.year for year in years),
            holidays={day: names[name] for year in years for day, name in year.holidays.items()},
            workdays={day: names[name] for year in years for day, name in year.workdays.items()},
        )

    def is_workday(self, day: date) -> bool:
        """Whether ``day`` is a working day.

        Raises:
            CalendarGap: the year is not in the calendar.
        """
        self._need(day)
        return day in self.workdays or (day.weekday() < SATURDAY and day not in self.holidays)

    def why(self, day: date) -> Text:
        """Kind of a day in words: working day, make-up workday, weekend, or the holiday's name.

        Raises:
            CalendarGap: the year is not in the calendar.
        """
        self._need(day)
        if day in self.holidays:
            return bilingual(N_("public holiday: {name}"), name=self.holidays[day])
        if day in self.workdays:
            return bilingual(N_("make-up workday for {name}"), name=self.workdays[day])
        return bilingual(N_("weekend")) if day.weekday() >= SATURDAY else bilingual(N_("working day"))

    def next_workday(self, day: date) -> date:
        """``day`` itself if it is a working day, else the next one.

        Raises:
            CalendarGap: a year in between is not in the calendar.
        """
        while not self.is_workday(day):
            day += timedelta(days=1)
        return day

    def add_working_days(self, start: date, count: int) -> date:
        """The last of ``count`` working days after ``start``, which is not counted.

        Raises:
            CalendarGap: a year in between is not in the calendar.
            ValueError: ``count`` is below 1.
        """
        return self._walk(start, count, timedelta(days=1))

    def subtract_working_days(self, event: date, count: int) -> date:
        """The day ``count`` working days before ``event``, which is not counted.

        Raises:
            CalendarGap: a year in between is not in the calendar.
            ValueError: ``count`` is below 1.
        """
        return self._walk(event, count, timedelta(days=-1))

    def _walk(self, day: date, count: int, step: timedelta) -> date:
        if count < 1:
            raise ValueError("a term has at least one day")
        while count:
            day += step
            count -= self.is_workday(day)
        return day

    def _need(self, day: date) -> None:
        if day.year not in self.years:
            message = N_("no public holidays are known for {year} (known: {years})")
            values = {"year": day.year, "years": _span(self.years)}
            raise CalendarGap(data_issue(DOCUMENT, str(day.year), "years", message, **values))


def add_months(start: date, months: int) -> date:
    """The same day of the month ``months`` later, or that month's last day (民法典 art. 202).

    Raises:
        ValueError: ``months`` is below 1.
    """
    if months < 1:
        raise ValueError("a term has at least one month")
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def _year_issues(row: YearRow, names: Collection[str]) -> Iterable[DataIssue]:
    name = str(row.year)
    for day, holiday in (*row.holidays.items(), *row.workdays.items()):
        if holiday not in names:
            yield data_issue(DOCUMENT, name, "names", N_("unknown holiday: {holiday}"), holiday=holiday)
        if day.year != row.year:
            yield data_issue(DOCUMENT, name, "year", N_("{day} is not in this year"), day=day)
    for day in row.workdays:
        if day.weekday() < SATURDAY:
            yield data_issue(DOCUMENT, name, "workdays", N_("{day} is not on a weekend"), day=day)
        if day in row.holidays:
            yield data_issue(DOCUMENT, name, "workdays", N_("{day} is also a holiday"), day=day)
    # Both are holidays in every year: where one is missing, the row was not filled in completely.
    for day in (date(row.year, 1, 1), date(row.year, 10, 1)):
        if day not in row.holidays:
            yield data_issue(
                DOCUMENT, name, "holidays", N_("{day} is missing: the year is not complete"), day=day
            )


def _span(years: frozenset[int]) -> str:
    return f"{min(years)}–{max(years)}" if years else "–"
