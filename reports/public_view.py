"""What neighbouring areas and the public may see of reports: the view ``report_coarse``, nothing finer.

Tiles, streams and exports that show other areas take it from here, so that none reveals more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, RowMapping, and_, column, func, or_, select, table, true
from sqlalchemy.orm import Session

from store.queries import Box

NAMES: Final = ("county", "category", "effect", "status", "sample", "month", "lon", "lat", "reports", "side")
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


@dataclass(frozen=True, slots=True)
class CoarseCounts:
    """Counts by square; none is below three.

    Attributes:
        rows: At most ``MAX_ROWS``. ``side``: of the square, degrees. What is None was left out, so that
            enough reports are counted together: category, status and month, then the effect.
        withheld: Reports that no square counts, of all areas and months: too few in a wide surrounding.
    """

    rows: Sequence[RowMapping]
    withheld: int


def fetch_coarse(session: Session, criteria: CoarseFilter) -> CoarseCounts:
    """Return the counts of reports that match the criteria.

    A count that was made of several months is of no month. The criteria select among the counts and not
    among the reports: otherwise two questions could differ by a single report.
    """
    c = VIEW.c
    matches = _conditions(criteria)
    order = (c.month, c.lon, c.lat, c.category, c.effect, c.status, c.sample)
    query = select(VIEW).where(or_(and_(true(), *matches), c.side.is_(None)))
    rows = session.execute(query.order_by(c.side.isnot(None), *order).limit(MAX_ROWS + 1)).mappings().all()
    left = 1 if rows and rows[0]["side"] is None else 0
    withheld = rows[0]["reports"] if left else 0
    return CoarseCounts(rows[left : left + MAX_ROWS], withheld)


def _conditions(criteria: CoarseFilter) -> list[ColumnElement[bool]]:
    c = VIEW.c
    found: list[ColumnElement[bool]] = []
    if criteria.month is not None:
        found.append(c.month == criteria.month)
    if criteria.bbox is not None:
        west, south, east, north = criteria.bbox
        found += [c.lon.between(west, east), c.lat.between(south, north)]
    return found
