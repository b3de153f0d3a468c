"""Tables of precomputed report counts, and of the assignments of reports.

All are written by the database's own functions and triggers (``migrations/sql/0004_live.sql``).
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Index, SmallInteger, func
from sqlalchemy.orm import Mapped, mapped_column

from store.schema.access import Account
from store.schema.base import Base, WithId
from store.schema.datasets import Report


class ReportTally(Base):
    """Number of reports in a map tile, by unit.

    Attributes:
        level: Zoom of the tile.
        cell: Its x and y with interleaved bits (``store.queries.tiles.tile_number``).
        unit_code: '' for reports outside every unit.
        n: Reports.
        sum_x: Sum of their positions in EPSG:3857, metres; divided by ``n``, the point at which they are
            drawn.
    """

    __tablename__ = "report_tally"

    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    cell: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    unit_code: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int]
    prohibited: Mapped[int]
    overdue: Mapped[int]
    sum_x: Mapped[float]
    sum_y: Mapped[float]


class ReportMonth(Base):
    """Number of reports by unit, month of receipt (its first day, Beijing time) and attributes."""

    __tablename__ = "report_month"

    unit_code: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[dt.date] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(primary_key=True)
    effect: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(primary_key=True)
    overdue: Mapped[bool] = mapped_column(Boolean, primary_key=True)
    urgent: Mapped[bool] = mapped_column(Boolean, primary_key=True)
    n: Mapped[int]


class AssignmentRow(WithId, Base):
    """An assignment of a report to a unit or an account, with its due date; ``ended_at`` None: current."""

    __tablename__ = "hand"

    report_id: Mapped[int] = mapped_column(ForeignKey(Report.id, ondelete="CASCADE"))
    unit_code: Mapped[str | None]
    account_id: Mapped[int | None] = mapped_column(ForeignKey(Account.id))
    since: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    until: Mapped[dt.date | None]
    ended_at: Mapped[dt.datetime | None]
    reason: Mapped[str]
    by_account: Mapped[int | None] = mapped_column(ForeignKey(Account.id))

    __table_args__ = (
        CheckConstraint("btrim(reason) <> ''", name="hand_reason"),
        CheckConstraint("unit_code IS NOT NULL OR account_id IS NOT NULL", name="hand_somebody"),
        Index("hand_one", "report_id", unique=True, postgresql_where="ended_at IS NULL"),
        Index("hand_report", "report_id"),
    )
