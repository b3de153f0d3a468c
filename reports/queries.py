"""Reading reports: one whole, or many as a page of a list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.i18n import N_
from geo.unit_codes import stem
from store.queries.features import Box, meets_box
from store.schema.datasets import Report, StoredVerdict


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """Which reports: every part narrows.

    ``bbox``: CGCS2000 degrees. ``after``: the last id of the page before.
    """

    bbox: Box | None = None
    unit: str | None = None
    status: str | None = None
    since: dt.datetime | None = None
    after: int = 0
    limit: int = 100


def select_reports(wanted: ReportFilter) -> Select[Report]:
    """The page of reports by rising id: a key, never an offset."""
    query = select(Report).where(Report.id > wanted.after)
    if wanted.bbox is not None:
        query = query.where(meets_box(Report.geom, wanted.bbox))
    if wanted.unit is not None:
        query = query.where(Report.unit_code.startswith(stem(wanted.unit), autoescape=True))
    if wanted.status is not None:
        query = query.where(Report.status == wanted.status)
    if wanted.since is not None:
        query = query.where(Report.received_at >= wanted.since)
    return query.order_by(Report.id).limit(wanted.limit)


def fetch_reports(session: Session, wanted: ReportFilter) -> Sequence[Report]:
    """One page of reports."""
    return session.scalars(select_reports(wanted)).all()


def fetch_report(session: Session, report_id: int) -> tuple[Report, StoredVerdict]:
    """A report with its newest verdict; :class:`NotFound` where there is none."""
    row = session.execute(
        select(Report, StoredVerdict)
        .join(StoredVerdict, StoredVerdict.report_id == Report.id)
        .where(Report.id == report_id)
        .order_by(StoredVerdict.id.desc())
        .limit(1)
    ).first()
    if row is None:
        raise NotFound(N_("There is no report {id}."), field="id", id=report_id)
    return row.Report, row.StoredVerdict
