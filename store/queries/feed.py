"""Reports as lines of a feed, newest first, within the session's reach."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from store.queries.report_filter import ReportFilter
from store.schema.datasets import OPEN

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
NEWEST: Final = "id DESC"
# What is open before what is not, what is urgent or late first, then what is due first.
PRESSING: Final = f"NOT ({OPEN}), NOT (overdue OR urgent), due_on NULLS LAST, id DESC"


def fetch_feed(
    session: Session, criteria: ReportFilter, before: int, limit: int, *, pressing: bool = False
) -> list[dict[str, Any]]:
    """At most ``limit`` reports with an id below ``before``; ``pressing``: the most urgent first instead."""
    where, values = criteria.sql()
    query = _FEED.format(criteria=where, order=PRESSING if pressing else NEWEST)
    rows = session.execute(text(query), {**values, "before": before, "limit": limit})
    return [dict(row) for row in rows.mappings()]
