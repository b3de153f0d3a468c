"""The progress of a report: status, due date, assignments, allowed transitions."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from core.clock import today
from core.errors import NotFound
from core.i18n import N_, Lang, say
from reports.workflow.assignment import fetch_assignments
from reports.workflow.deadlines import clock_of
from reports.workflow.states import STATUSES, next_statuses
from store.schema import Report


def report_progress(session: Session, report_id: int, lang: Lang) -> dict[str, Any]:
    """Status with its name, due_on, clock, urgent, hands (assignments, newest first), next_statuses.

    Raises :class:`NotFound`.
    """
    report = session.get(Report, report_id)
    if report is None:
        raise NotFound(N_("There is no report {id}."), field="id", id=report_id)
    following = [{"code": code, "name": say(lang, STATUSES[code])} for code in next_statuses(report.status)]
    return {
        "id": report.id,
        "status": report.status,
        "status_name": status_name(report.status, lang),
        "due_on": report.due_on,
        "clock": clock_of(report.due_on, report.status, today()),
        "urgent": report.urgent,
        "hands": fetch_assignments(session, report_id),
        "next_statuses": following,
    }


def status_name(status: str, lang: Lang) -> str:
    """The name of a state; the code itself where an older program wrote one that is gone."""
    return say(lang, STATUSES[status]) if status in STATUSES else status
