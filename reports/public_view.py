"""What neighbouring areas and the public may see of reports: the view ``report_coarse``, nothing finer.

Tiles, streams and exports that show other areas take it from here, so that none reveals more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import RowMapping, column, func, select, table
from sqlalchemy.orm import Session

from store.queries import Box

NAMES: Final = ("county", "category", "effect", "status", "sample", "month", "lon", "lat", "reports")
VIEW: Final = table("report_coarse", *(column(name) for name in NAMES))
MAX_ROWS: Final = 20_000


@dataclass(frozen=True, slots=True)
class CoarseFilter:
    """Criteria, ANDed. ``bbox``: degrees. ``month``: YYYY-MM."""

    bbox: Box | None = None
    month: str | None = None


def sees_coarse(session: Session) -> bool:
    """Whether the session may see coarse counts: by its rights, or because everyone may see them."""
    return bool(session.scalar(select(func.zhijie_sees_coarse())))


def fetch_coarse(session: Session, criteria: CoarseFilter) -> Sequence[RowMapping]:
    """Counts of reports by square (0.01°), matter, effect, status and month; at most ``MAX_ROWS`` rows."""
    c = VIEW.c
    query = (
        select(VIEW).order_by(c.month, c.lon, c.lat, c.category, c.effect, c.status, c.sample).limit(MAX_ROWS)
    )
    if criteria.month is not None:
        query = query.where(c.month == criteria.month)
    if criteria.bbox is not None:
        west, south, east, north = criteria.bbox
        query = query.where(c.lon.between(west, east), c.lat.between(south, north))
    return session.execute(query).mappings().all()
