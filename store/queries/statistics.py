"""Counts of reports by several axes, limited by row security to what the credential may see.

They come from the monthly counts of ``report_month`` if the criteria allow it, and else from the reports.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from store.queries.report_filter import ReportFilter
from store.schema.datasets import OPEN_CONDITION

Rows = list[dict[str, Any]]

# Conditions on the table report_month; days are bounds of months (ReportFilter.whole_months).
_MONTHLY_CONDITIONS: Final = {
    "since": "month >= :since",
    "until": "month <= :until",
    "unit": "unit_code ^@ :unit",
    "category": "category = ANY(:category)",
    "effect": "effect = ANY(:effect)",
    "status": "status = ANY(:status)",
    "overdue": "overdue",
    "urgent": "urgent",
}
# Reads the rows once and counts them by all axes; GROUPING tells the axes apart.
_AXES: Final = """
WITH counted AS (
    SELECT category, effect, status, month, left(unit_code, :digits) AS unit, sum(n)::integer AS n,
           (sum(n) FILTER (WHERE overdue))::integer AS overdue,
           (sum(n) FILTER (WHERE urgent AND {open}))::integer AS urgent
    FROM ({rows}) r GROUP BY 1, 2, 3, 4, 5)
SELECT category, effect, status, month, unit, sum(n)::integer AS n,
       coalesce(sum(overdue), 0)::integer AS overdue, coalesce(sum(urgent), 0)::integer AS urgent,
       GROUPING(category, effect, status, month, unit) AS axis
FROM counted GROUP BY GROUPING SETS ((), (category), (effect), (status), (month), (unit))"""
_FROM_MONTHS: Final = "SELECT * FROM report_month WHERE true"
_FROM_REPORTS: Final = """
    SELECT coalesce(unit_code, '') AS unit_code, zhijie_month(received_at) AS month, category, effect, status,
           overdue, urgent, count(*) AS n
    FROM report WHERE true{criteria} GROUP BY 1, 2, 3, 4, 5, 6, 7"""
AXES: Final = {  # GROUPING() → axis: a bit is 0 for the column that the row is grouped by
    0b11111: "all",
    0b01111: "category",
    0b10111: "effect",
    0b11011: "status",
    0b11101: "month",
    0b11110: "unit",
}
# Digits of a unit code's stem → digits of the stems one level below; of everywhere (0), those of counties.
DIGITS_BELOW: Final = {0: 6, 2: 4, 4: 6, 6: 9, 9: 12}


def fetch_statistics(session: Session, criteria: ReportFilter) -> dict[str, Rows]:
    """Return the counts of reports that match the criteria, by axis.

    Returns:
        "all", "category", "effect", "status", "month", "unit" → rows with the axis's value, ``n``,
        ``overdue`` and ``urgent`` (open ones only). The axis "unit" has the units one level below the unit of
        the criteria, by their codes' stems, and '' for reports outside every unit.
    """
    where, values = criteria.sql()
    if criteria.parts().keys() <= _MONTHLY_CONDITIONS.keys() and criteria.whole_months:
        rows = _FROM_MONTHS + "".join(f" AND {_MONTHLY_CONDITIONS[name]}" for name in criteria.parts())
    else:
        rows = _FROM_REPORTS.format(criteria=where)
    digits = DIGITS_BELOW.get(len(values.get("unit", "")), 12)
    query = text(_AXES.format(rows=rows, open=OPEN_CONDITION))
    counts: dict[str, Rows] = {axis: [] for axis in AXES.values()}
    for row in session.execute(query, {**values, "digits": digits}).mappings():
        counts[AXES[row["axis"]]].append(dict(row))
    return counts
