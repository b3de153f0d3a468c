"""Figures about reports within the session's reach: from counts made ahead where they suffice."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from store.queries.report_filter import ReportFilter
from store.schema.datasets import OPEN

Rows = list[dict[str, Any]]

_KEPT: Final = frozenset({"unit", "category", "effect", "status", "overdue", "urgent", "since", "until"})
_MONTHS: Final = {
    "since": "month >= :since",
    "until": "month <= :until",
    "unit": "unit_code ^@ :unit",
    "category": "category = ANY(:category)",
    "effect": "effect = ANY(:effect)",
    "status": "status = ANY(:status)",
    "overdue": "overdue",
    "urgent": "urgent",
}
# What is counted, once, by every axis at the same time; GROUPING tells the axes apart.
_AXES: Final = """
WITH kept AS (
    SELECT category, effect, status, month, left(unit_code, :deep) AS unit, sum(n)::integer AS n,
           (sum(n) FILTER (WHERE overdue))::integer AS overdue,
           (sum(n) FILTER (WHERE urgent AND {open}))::integer AS urgent
    FROM ({rows}) r GROUP BY 1, 2, 3, 4, 5)
SELECT category, effect, status, month, unit, sum(n)::integer AS n,
       coalesce(sum(overdue), 0)::integer AS overdue, coalesce(sum(urgent), 0)::integer AS urgent,
       GROUPING(category, effect, status, month, unit) AS axis
FROM kept GROUP BY GROUPING SETS ((), (category), (effect), (status), (month), (unit))"""
_AHEAD: Final = "SELECT * FROM report_month WHERE true"
_NOW: Final = """
    SELECT coalesce(unit_code, '') AS unit_code, zhijie_month(received_at) AS month, category, effect, status,
           overdue, urgent, count(*) AS n
    FROM report WHERE true{criteria} GROUP BY 1, 2, 3, 4, 5, 6, 7"""
AXES: Final = {
    0b11111: "all",
    0b01111: "category",
    0b10111: "effect",
    0b11011: "status",
    0b11101: "month",
    0b11110: "unit",
}
# Digits of a code's stem → those of the units below it.
BELOW: Final = {0: 6, 2: 4, 4: 6, 6: 9, 9: 12}  # of everywhere: the counties


def fetch_statistics(session: Session, criteria: ReportFilter) -> dict[str, Rows]:
    """Axis ("all", "category", "effect", "status", "month", "unit") → rows with n, overdue, urgent (open).

    "unit": units one level below the unit of the criteria, by their codes' stems ('' outside every unit).
    """
    where, values = criteria.sql()
    if criteria.parts().keys() <= _KEPT and criteria.whole_months:
        rows = _AHEAD + "".join(f" AND {_MONTHS[name]}" for name in criteria.parts())
    else:
        rows = _NOW.format(criteria=where)
    deep = BELOW.get(len(values.get("unit", "")), 12)
    query = text(_AXES.format(rows=rows, open=OPEN))
    found: dict[str, Rows] = {axis: [] for axis in AXES.values()}
    for row in session.execute(query, {**values, "deep": deep}).mappings():
        found[AXES[row["axis"]]].append(dict(row))
    return found
