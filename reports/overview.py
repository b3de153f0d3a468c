"""Counters and small charts over the reports that match a filter."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import today
from geo import stem
from store.queries import ReportFilter, Rows, fetch_statistics
from store.schema import CLOSED_STATES, Source, Unit

MAX_UNITS: Final = 200


@dataclass(frozen=True, slots=True)
class Overview:
    """Counts. ``by_unit``: (code, name, reports, overdue); ``by_month``: ("2026-01", reports)."""

    total: int
    open: int
    overdue: int
    urgent: int
    by_effect: dict[str, int]
    by_category: dict[str, int]
    by_status: dict[str, int]
    by_month: list[tuple[str, int]]
    by_unit: list[tuple[str, str, int, int]]
    at: dt.datetime


def fetch_overview(session: Session, criteria: ReportFilter) -> Overview:
    """The figures of the reports that match the filter."""
    axes = fetch_statistics(session, criteria)
    totals = axes["all"][0] if axes["all"] else {}
    by_status = _counts(axes, "status")
    return Overview(
        total=totals.get("n") or 0,
        open=sum(n for status, n in by_status.items() if status not in CLOSED_STATES),
        overdue=totals.get("overdue") or 0,
        urgent=totals.get("urgent") or 0,
        by_effect=_counts(axes, "effect"),
        by_category=_counts(axes, "category"),
        by_status=by_status,
        by_month=sorted((row["month"].strftime("%Y-%m"), row["n"]) for row in axes["month"] if row["n"]),
        by_unit=_by_unit(session, axes["unit"]),
        at=dt.datetime.now(dt.UTC),
    )


def _counts(axes: dict[str, Rows], axis: str) -> dict[str, int]:
    rows = sorted(axes[axis], key=lambda row: (-row["n"], row[axis]))
    return {row[axis]: row["n"] for row in rows if row["n"]}


def _by_unit(session: Session, rows: Rows) -> list[tuple[str, str, int, int]]:
    """The units with most reports, at most ``MAX_UNITS``."""
    largest = sorted((row for row in rows if row["n"]), key=lambda row: -row["n"])[:MAX_UNITS]
    names = _names(session, [row["unit"] for row in largest])
    found = (names.get(row["unit"], (row["unit"], "")) for row in largest)
    return [(code, name, row["n"], row["overdue"]) for (code, name), row in zip(found, largest, strict=True)]


def _names(session: Session, stems: list[str]) -> dict[str, tuple[str, str]]:
    """Stem → (code, name) of today's units."""
    # Statistics count by stems, in which trailing zeros are cut; codes have at least six digits.
    codes = [prefix + "0" * (6 - len(prefix)) for prefix in stems if prefix]
    query = (
        select(Unit.code, Unit.name)
        .join(Source, Source.id == Unit.source_id)
        .where(Source.retired_at.is_(None), Unit.valid.contains(today()), Unit.code.in_(codes))
    )
    return {stem(code): (code, name) for code, name in session.execute(query)}
