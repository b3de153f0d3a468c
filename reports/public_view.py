"""What neighbours and the public may see of reports: the database's view ``report_coarse``, nothing finer.

Tiles, streams and exports that show other people's ground take it from here, so that none tells more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import RowMapping, column, func, select, table
from sqlalchemy.orm import Session

from store.queries.features import Box

NAMES: Final = ("county", "category", "effect", "status", "sample", "month", "lon", "lat", "reports")
VIEW: Final = table("report_coarse", *(column(name) for name in NAMES))
MOST: Final = 20_000


@dataclass(frozen=True, slots=True)
class CoarseFilter:
    """Which: every part narrows. ``bbox``: degrees. ``month``: YYYY-MM."""

    bbox: Box | None = None
    month: str | None = None


def sees_coarse(session: Session) -> bool:
    """Whether the session may see coarse figures: by its pass, or because everybody may."""
    return bool(session.scalar(select(func.zhijie_sees_coarse())))


def fetch_coarse(session: Session, wanted: CoarseFilter) -> Sequence[RowMapping]:
    """Reports counted by square (a hundredth of a degree), matter, effect, status and month."""
    c = VIEW.c
    query = select(VIEW).order_by(c.month, c.lon, c.lat, c.category, c.effect, c.status, c.sample).limit(MOST)
    if wanted.month is not None:
        query = query.where(c.month == wanted.month)
    if wanted.bbox is not None:
        west, south, east, north = wanted.bbox
        query = query.where(c.lon.between(west, east), c.lat.between(south, north))
    return session.execute(query).mappings().all()
