"""Queries of reports: one in full, or a page of a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select, text
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.i18n import N_
from store.queries import ReportFilter
from store.schema import Report, StoredVerdict


@dataclass(frozen=True, slots=True)
class Page:
    """A page of reports by rising id. ``after``: the last id of the page before."""

    criteria: ReportFilter = ReportFilter()
    after: int = 0
    limit: int = 100


def select_reports(page: Page) -> Select[Report]:
    """The query of a page: paged by key, because an offset would count all rows before it."""
    where, values = page.criteria.sql()
    criteria = text(f"true{where}").bindparams(**values)
    return select(Report).where(Report.id > page.after, criteria).order_by(Report.id).limit(page.limit)


def fetch_reports(session: Session, page: Page) -> Sequence[Report]:
    """The reports of a page that the session may read."""
    return session.scalars(select_reports(page)).all()


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
