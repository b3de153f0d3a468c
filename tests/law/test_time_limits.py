"""Working days against vectors counted by hand, and terms with suspensions and extensions."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.settings import ROOT
from law.book import LawBook
from law.calendar import WorkCalendar, add_months
from law.errors import CalendarGap, LawDataError
from law.parsing import read_yaml
from law.time_limits import Clock, Extension, Pause, Term, count_term
from tools.build_calendar import main as build_calendar

DATA = ROOT / "data"
DOCUMENT: Any = read_yaml(DATA / "calendar" / "holidays.yaml")
CALENDAR = WorkCalendar.from_document(DOCUMENT)
CLOCKS = LawBook.from_folder(DATA / "law").clocks


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@pytest.mark.parametrize(
    "worked",
    [
        date(2022, 1, 29), date(2022, 1, 30), date(2022, 10, 8), date(2022, 10, 9), date(2025, 1, 26),
        date(2025, 2, 8), date(2025, 9, 28), date(2025, 10, 11), date(2026, 2, 14), date(2026, 2, 28),
    ],
)  # fmt: skip
def test_make_up_weekends_are_worked(worked: date) -> None:
    assert worked.weekday() >= 5 and CALENDAR.is_workday(worked)
    assert "make-up workday" in CALENDAR.why(worked).en


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2022, 10, 1), date(2022, 10, 7)),
        (date(2025, 10, 1), date(2025, 10, 8)),
        (date(2022, 1, 31), date(2022, 2, 6)),
        (date(2025, 1, 28), date(2025, 2, 4)),
        (date(2026, 2, 15), date(2026, 2, 23)),
    ],
)
def test_holiday_weeks_are_off_and_end_there(first: date, last: date) -> None:
    assert not any(CALENDAR.is_workday(day) for day in days(first, last))
    assert all(CALENDAR.why(day).en.startswith("public holiday") for day in days(first, last))
    assert CALENDAR.is_workday(last + timedelta(days=1))


def test_plain_days_say_what_they_are() -> None:
    assert CALENDAR.why(date(2022, 8, 22)).en == "working day"
    assert CALENDAR.why(date(2022, 8, 21)).en == "weekend"
    assert CALENDAR.why(date(2022, 10, 1)).en == "public holiday: National Day"


@pytest.mark.parametrize(
    ("start", "count", "due"),
    [
        (date(2022, 8, 21), 1, date(2022, 8, 22)),
        (date(2022, 8, 19), 5, date(2022, 8, 26)),
        (date(2022, 1, 27), 5, date(2022, 2, 8)),  # 28, 29 and 30 (made up), 7, 8 February
        (date(2025, 1, 24), 7, date(2025, 2, 10)),  # 26 (made up), 27, 5, 6, 7, 8 (made up), 10 February
        (date(2026, 2, 13), 3, date(2026, 2, 25)),  # 14 (made up), 24, 25
        (date(2022, 9, 30), 2, date(2022, 10, 9)),  # 8 and 9, both made up
        (date(2022, 9, 30), 3, date(2022, 10, 10)),
        (date(2025, 9, 26), 5, date(2025, 10, 10)),  # 28 (made up), 29, 30, 9, 10 October
        (date(2022, 12, 29), 2, date(2023, 1, 3)),  # 30 December, then 3 January
    ],
)
def test_working_days_counted_by_hand(start: date, count: int, due: date) -> None:
    assert CALENDAR.add_working_days(start, count) == due


@pytest.mark.parametrize(
    ("event", "count", "latest"),
    [
        (date(2022, 10, 10), 7, date(2022, 9, 26)),  # 9, 8, 30, 29, 28, 27, 26
        (date(2022, 8, 26), 3, date(2022, 8, 23)),
    ],
)
def test_working_days_before_an_event(event: date, count: int, latest: date) -> None:
    assert CALENDAR.subtract_working_days(event, count) == latest


@given(st.dates(date(2016, 2, 1), date(2026, 10, 31)), st.integers(1, 30))
def test_the_count_agrees_with_the_days_in_between(start: date, count: int) -> None:
    due = CALENDAR.add_working_days(start, count)
    assert CALENDAR.is_workday(due)
    assert sum(CALENDAR.is_workday(day) for day in days(start + timedelta(days=1), due)) == count
    assert CALENDAR.subtract_working_days(due + timedelta(days=1), count) > start


@given(st.dates(date(2016, 1, 1), date(2026, 12, 31)))
def test_every_day_agrees_with_the_package_it_was_built_from(day: date) -> None:
    assert CALENDAR.is_workday(day) == chinese_calendar.is_workday(day)


def test_a_year_without_data_is_refused() -> None:
    assert CALENDAR.years == set(range(2016, 2027))
    for ask in (CALENDAR.is_workday, CALENDAR.why, CALENDAR.next_workday):
        with pytest.raises(CalendarGap, match="2027"):
            ask(date(2027, 3, 1))
    with pytest.raises(CalendarGap, match=r"2027 \(known: 2016–2026\)"):
        CALENDAR.add_working_days(date(2026, 12, 30), 5)
    with pytest.raises(CalendarGap):
        CALENDAR.subtract_working_days(date(2016, 1, 4), 2)
    assert CALENDAR.add_working_days(date(2026, 12, 29), 2) == date(2026, 12, 31)


def test_a_count_below_one_is_refused() -> None:
    for count in (0, -3):
        with pytest.raises(ValueError):
            CALENDAR.add_working_days(date(2022, 8, 21), count)
        with pytest.raises(ValueError):
            add_months(date(2022, 8, 21), count)


@pytest.mark.parametrize(
    ("start", "months", "due"),
    [
        (date(2022, 8, 21), 2, date(2022, 10, 21)),
        (date(2022, 8, 31), 6, date(2023, 2, 28)),
        (date(2024, 2, 29), 24, date(2026, 2, 28)),
        (date(2022, 10, 31), 2, date(2022, 12, 31)),
        (date(2022, 12, 1), 1, date(2023, 1, 1)),
    ],
)
def test_months_end_on_the_corresponding_day(start: date, months: int, due: date) -> None:
    assert add_months(start, months) == due


# ------------------------------------------------------------------ the data


def test_the_files_are_what_the_tool_builds() -> None:
    assert build_calendar(["--check"]) == 0


def wrong(edit: Callable[[dict[str, Any], dict[str, Any]], object]) -> str:
    document = copy.deepcopy(DOCUMENT)
    year = document["years"][6]
    edit(year["holidays"], year["workdays"])
    with pytest.raises(LawDataError) as caught:
        WorkCalendar.from_document(document)
    assert caught.value.row == "2022"
    return str(caught.value)


def test_wrong_calendars_are_refused() -> None:
    may, holiday, plain = date(2022, 5, 2), date(2022, 10, 1), date(2022, 8, 22)
    assert "is not in this year" in wrong(lambda off, on: off.update({date(2023, 5, 1): "labour_day"}))
    assert "is not on a weekend" in wrong(lambda off, on: on.update({plain: "labour_day"}))
    assert "is also a holiday" in wrong(lambda off, on: on.update({holiday: "labour_day"}))
    assert "2022-10-01 is missing" in wrong(lambda off, on: off.pop(holiday))
    assert "unknown holiday: feast" in wrong(lambda off, on: off.update({may: "feast"}))
    assert "does not fit" in wrong(lambda off, on: off.update({"May": "labour_day"}))
    with pytest.raises(LawDataError, match="mapping of sections"):
        WorkCalendar.from_document([])


# ------------------------------------------------------------------ terms


def due(term: Term) -> date | None:
    assert term.explained[-1].en == (f"last day: {term.due}" if term.due else term.explained[-1].en)
    return term.due


def told(term: Term) -> str:
    return " / ".join(text.en for text in term.explained)


@pytest.mark.parametrize(
    ("clock", "start", "last"),
    [
        ("hearing_request", date(2022, 9, 29), date(2022, 10, 11)),  # 30, 8, 9, 10, 11
        ("service", date(2025, 1, 24), date(2025, 2, 10)),
        ("withdraw_publication", date(2022, 8, 19), date(2022, 8, 24)),
        ("hearing_notice", date(2022, 10, 10), date(2022, 9, 26)),
        ("decision", date(2022, 9, 7), date(2022, 12, 6)),
        ("limitation", date(2022, 8, 21), date(2024, 8, 21)),
        ("limitation_safety", date(2021, 8, 21), date(2026, 8, 21)),
        ("suit", date(2022, 4, 1), date(2022, 10, 8)),  # 1 October is off until the 8th, made up
        ("review_request", date(2024, 8, 2), date(2024, 10, 8)),  # 1 October, off until the 7th
        ("court_application", date(2022, 8, 21), date(2022, 11, 21)),
        ("procuratorate_answer", date(2022, 8, 15), date(2022, 10, 15)),
        ("procuratorate_answer_urgent", date(2022, 8, 15), date(2022, 8, 30)),
    ],
)
def test_statutory_terms(clock: str, start: date, last: date) -> None:
    term = count_term(CLOCKS[clock], start, CALENDAR)
    assert due(term) == last
    assert CLOCKS[clock].articles and CLOCKS[clock].verified and not CLOCKS[clock].local


def test_a_term_that_rolls_says_why() -> None:
    said = told(count_term(CLOCKS["suit"], date(2022, 4, 1), CALENDAR))
    assert said == (
        "6 months after 2022-04-01, that day not counted / "
        "2022-10-01 is a day off (public holiday: National Day): the term ends on the next working day / "
        "last day: 2022-10-08"
    )
    assert "cc/203" in {article.id for article in CLOCKS["suit"].articles}


DECISION: Clock = CLOCKS["decision"]
FILED = date(2022, 9, 7)


def test_a_suspension_stops_the_clock_and_gives_its_reason() -> None:
    pause = Pause(date(2022, 9, 10), date(2022, 9, 19), "鉴定")
    term = count_term(DECISION, FILED, CALENDAR, (pause,))
    assert due(term) == date(2022, 12, 16)
    assert "suspended from 2022-09-10 to 2022-09-19: 鉴定" in told(term)


def test_overlapping_suspensions_count_once_and_late_ones_not_at_all() -> None:
    pauses = (
        Pause(date(2022, 9, 10), date(2022, 9, 19), "鉴定"),
        Pause(date(2022, 9, 15), date(2022, 9, 21), "公告"),
        Pause(date(2023, 5, 1), date(2023, 5, 9), "无关"),
    )
    term = count_term(DECISION, FILED, CALENDAR, pauses)
    assert due(term) == date(2022, 12, 18)
    assert "公告" in told(term) and "无关" not in told(term)


def test_a_suspension_that_lasts_leaves_the_last_day_open() -> None:
    term = count_term(DECISION, FILED, CALENDAR, (Pause(date(2022, 9, 10), None, "等待鉴定"),))
    assert term.due is None
    assert "suspended from 2022-09-10: 等待鉴定" in told(term) and "not known yet" in told(term)
    over = count_term(DECISION, FILED, CALENDAR, (Pause(date(2023, 9, 10), None, "以后"),))
    assert due(over) == date(2022, 12, 6)


def test_extensions_follow_on_the_term() -> None:
    term = count_term(
        DECISION, FILED, CALENDAR, (), (Extension(30, "days", "案情复杂"), Extension(1, "months", "再延"))
    )
    assert due(term) == date(2023, 2, 5)
    assert "extended by 30 days: 案情复杂" in told(term)


def test_working_days_are_suspended_and_extended_too() -> None:
    pause = Pause(date(2022, 8, 23), date(2022, 8, 24), "停电")
    term = count_term(
        CLOCKS["service"], date(2022, 8, 19), CALENDAR, (pause,), (Extension(1, "working_days", "路远"),)
    )
    assert due(term) == date(2022, 9, 2)  # 22, 25, 26, 29, 30, 31 August, 1 September; then 2


@given(st.dates(date(2021, 8, 1), date(2025, 12, 31)), st.integers(0, 60), st.integers(0, 40))
def test_a_suspension_of_n_days_inside_moves_a_term_in_days_by_n(
    start: date, after: int, length: int
) -> None:
    first = start + timedelta(days=1 + after)
    pause = Pause(first, first + timedelta(days=length), "中止")
    moved = due(count_term(DECISION, start, CALENDAR, (pause,)))
    assert moved == start + timedelta(days=90 + length + 1)


def test_reasons_and_lengths_are_demanded() -> None:
    day = date(2022, 9, 10)
    for pauses, extensions in (
        ((Pause(day, day, " "),), ()),
        ((), (Extension(1, "days", ""),)),
        ((Pause(day, day - timedelta(days=1), "倒置"),), ()),
        ((), (Extension(0, "days", "零"),)),
    ):
        with pytest.raises(ValueError):
            count_term(DECISION, FILED, CALENDAR, pauses, extensions)
    with pytest.raises(ValueError):
        count_term(CLOCKS["hearing_notice"], day, CALENDAR, (Pause(day, day, "不行"),))


def test_a_term_into_a_year_without_data_is_refused() -> None:
    with pytest.raises(CalendarGap):
        count_term(CLOCKS["suit"], date(2026, 9, 1), CALENDAR)
    assert due(count_term(DECISION, date(2026, 12, 1), CALENDAR)) == date(
        2027, 3, 1
    )  # calendar days, not rolled


def test_local_terms_are_examples_and_say_so() -> None:
    local = [clock for clock in CLOCKS.values() if clock.local]
    assert {"letter_notice", "letter_transfer", "letter_duty"} <= {clock.id for clock in local}
    assert not any(clock.verified for clock in local)
    assert all(clock.note is not None for clock in local)
    assert due(count_term(CLOCKS["letter_transfer"], date(2022, 9, 29), CALENDAR)) == date(2022, 10, 11)
