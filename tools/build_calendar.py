"""Build ``data/calendar`` from the Python package chinesecalendar (MIT).

``python tools/build_calendar.py`` writes the files, ``--check`` compares them with what is there and exits 1
where they differ. The same version of the package always gives the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Final

from chinese_calendar import Holiday
from chinese_calendar.constants import holidays, workdays

FOLDER: Final = Path(__file__).resolve().parents[1] / "data" / "calendar"
FIRST_YEAR: Final = 2016
NEVER_EMPTY: Final = ((1, 1), (10, 1))
"""A year counts as complete when these days are holidays in it and some weekend day is worked."""

ORIGIN: Final = (
    "Python package chinesecalendar {version}, compiled from the yearly notices of the State Council"
)

Days = Mapping[date, str]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(description="Build the calendar of public holidays.")
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 where files differ")
    check = parser.parse_args(argv).check
    files = build()
    stale = [name for name, text in files.items() if _there(name) != text]
    for name in [] if check else stale:
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(files[name], encoding="utf-8")
    for name in stale:
        print(f"{'differs' if check else 'written'}: data/calendar/{name}", file=sys.stderr)
    return int(check and bool(stale))


def _there(name: str) -> str:
    path = FOLDER / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def build() -> dict[str, str]:
    """The files of the folder by name."""
    years = complete_years()
    table = _table(years)
    return {"holidays.yaml": table, "sources.yaml": _sources(years, table)}


def complete_years() -> list[int]:
    """The years from 2016 that the package covers as a whole."""
    last = max(holidays).year
    return [year for year in range(FIRST_YEAR, last + 1) if _complete(year)]


def _complete(year: int) -> bool:
    named = all(date(year, *day) in holidays for day in NEVER_EMPTY)
    return named and any(day.year == year for day in workdays)


def _table(years: Sequence[int]) -> str:
    used = {_key(name) for days in (holidays, workdays) for day, name in days.items() if day.year in years}
    lines = [
        "# Days off and make-up workdays (调休), by year. Written by tools/build_calendar.py.",
        "names:",
        *(_name_line(holiday) for holiday in Holiday if _key(holiday.value) in used),
        "years:",
    ]
    for year in years:
        lines += [f"  - year: {year}", "    holidays:", *_day_lines(holidays, year)]
        lines += ["    workdays:", *_day_lines(workdays, year)]
    return "\n".join(lines) + "\n"


def _name_line(holiday: Holiday) -> str:
    return f'  - {{holiday: {_key(holiday.value)}, name: {{zh: {holiday.chinese}, en: "{holiday.value}"}}}}'


def _day_lines(days: Days, year: int) -> list[str]:
    return [f"      {day}: {_key(name)}" for day, name in sorted(days.items()) if day.year == year]


def _key(name: str) -> str:
    return str(Holiday(name).name)


NOTE: Final = (
    "# One entry per dataset, for the loader. Written by tools/build_calendar.py; "
    "SOURCE.md has the same information for people."
)


def _sources(years: Sequence[int], table: str) -> str:
    digest = hashlib.sha256(table.encode()).hexdigest()
    return f"""\
{NOTE}
- dataset: calendar/holidays
  file: holidays.yaml
  role: calendar
  title: {{zh: 法定节假日与调休工作日, en: Public holidays and make-up workdays}}
  origin: "{ORIGIN.format(version=version("chinesecalendar"))}"
  licence: "MIT (chinesecalendar)"
  datum: CGCS2000
  official: false
  accuracy_m: 0
  reach: ""
  kinds: []
  sha256: "{digest}"
  note:
    zh: 覆盖 {years[0]}–{years[-1]} 年；没有数据的年份一律拒绝计算，不作推测。
    en: Covers {years[0]}–{years[-1]}. Calculations in a year without data are refused, never guessed.
"""


if __name__ == "__main__":
    sys.exit(main())
