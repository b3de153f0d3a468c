"""Reports as rows of a feed, limited by row security to what the transaction's credential may see."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from store.queries.report_filter import ReportFilter
from store.schema.datasets import OPEN_CONDITION

_FEED: Final = """
SELECT r.id, r.overdue, category, effect, certainty, status, r.unit_code, unit_name, received_at,
       act_date, due_on, urgent, sample, zone_kinds, holder_unit, holder_account, holder.name AS holder,
       ST_X(inside) AS lon, ST_Y(inside) AS lat
FROM (SELECT *, ST_PointOnSurface(geom) AS inside FROM report
      WHERE id < :before{criteria} ORDER BY {order} LIMIT :limit) r
LEFT JOIN LATERAL (
    SELECT name FROM zhijie_hands(r.id) h WHERE h.ended_at IS NULL AND holder_account IS NOT NULL) holder
    ON true
ORDER BY {order}"""
_NEWEST: Final = "id DESC"
# Open before closed, urgent or overdue first, then by due date.
_PRESSING: Final = f"NOT ({OPEN_CONDITION}), NOT (overdue OR urgent), due_on NULLS LAST, id DESC"


def fetch_feed(
    session: Session, criteria: ReportFilter, before: int, limit: int, *, pressing: bool = False
) -> list[dict[str, Any]]:
    """Return reports that match the criteria, newest first.

    Args:
        before: Only reports with a smaller id; for paging.
        limit: Largest number of reports.
        pressing: Order by urgency instead: open before closed, urgent or overdue first, then by due date.
    """
    where, values = criteria.sql()
    query = _FEED.format(criteria=where, order=_PRESSING if pressing else _NEWEST)
    rows = session.execute(text(query), {**values, "before": before, "limit": limit})
    return [dict(row) for row in rows.mappings()]
