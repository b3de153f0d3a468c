"""Assigns reports and changes their state; each needs a reason and is a step of the journal."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core.clock import today
from core.errors import BadInput, Conflict, Forbidden, NotFound
from core.i18n import N_
from reports.workflow.states import next_statuses
from store.schema import Report, Source, Unit

MAX_TERM: Final = dt.timedelta(days=3650)  # a due date farther away is a typing error


@dataclass(frozen=True, slots=True)
class Assignment:
    """The assignee (a unit's code, an account, or both), the due date ``until``, and the reason."""

    unit: str | None
    account: int | None
    until: dt.date | None
    reason: str


def assign(session: Session, report_id: int, assignment: Assignment) -> None:
    """Assign a report, replacing the previous assignee.

    Raises :class:`BadInput` for invalid values, :class:`NotFound` for a report that the session does not see,
    :class:`Forbidden` where it may not assign it.
    """
    report = _require_report(session, report_id)
    _check(session, report, assignment)
    values = (assignment.unit, assignment.account, assignment.until, assignment.reason.strip())
    if not session.scalar(select(func.zhijie_hand(report_id, *values))):
        raise _not_allowed()
    session.expire(report)


def transition(session: Session, report_id: int, status: str, reason: str) -> None:
    """Move a report to another state.

    Raises the errors of :func:`assign`, and :class:`Conflict` where somebody has moved it meanwhile.
    """
    report = _require_report(session, report_id)
    allowed = next_statuses(report.status)
    if status not in allowed:
        raise BadInput(
            N_("A report cannot change from {old} to {new}."),
            field="status",
            hint=N_("Use one of: {known}."),
            old=report.status,
            new=status,
            known=", ".join(allowed),
        )
    before = report.status
    # The function compares the state with ``before`` and updates in one statement; False: another has
    # changed it, or this session may not.
    if session.scalar(select(func.zhijie_move(report_id, before, status, reason.strip()))):
        session.expire(report)
        return
    session.refresh(report)
    if report.status != before:
        raise Conflict(
            N_("Somebody else has just changed this report to {status}."),
            field="status",
            hint=N_("Reload it."),
            status=report.status,
        )
    raise _not_allowed()


def _require_report(session: Session, report_id: int) -> Report:
    """The report. Raises :class:`NotFound` where the session does not see it."""
    report = session.get(Report, report_id)
    if report is None:
        raise NotFound(N_("There is no report {id}."), field="id", id=report_id)
    return report


def _not_allowed() -> Forbidden:
    return Forbidden(
        N_("Your role does not allow this: {right}."),
        hint=N_("Ask the administrator for a role that does."),
        right="assign",
    )


def _check(session: Session, report: Report, assignment: Assignment) -> None:
    if assignment.unit is None and assignment.account is None:
        raise BadInput(N_("No assignee is given."), field="unit", hint=N_("Give a unit or an account."))
    if assignment.unit is not None and not _is_unit(session, assignment.unit):
        raise BadInput(
            N_("There is no unit {code}."),
            field="unit",
            hint=N_("Give the code of a current unit."),
            code=assignment.unit,
        )
    if assignment.account is not None and assignment.account not in {
        person["account"] for person in fetch_assignable_people(session, report.unit_code)
    }:
        raise BadInput(
            N_("Account {account} has no role in that area."),
            field="account",
            hint=N_("Choose one of the people offered."),
            account=assignment.account,
        )
    if assignment.until is not None and not today() <= assignment.until <= today() + MAX_TERM:
        raise BadInput(
            N_("{day} is in the past, or too far in the future."),
            field="until",
            hint=N_("Give today or a later day."),
            day=assignment.until,
        )


def _is_unit(session: Session, code: str) -> bool:
    query = select(Unit.id).join(Source, Source.id == Unit.source_id)
    current = query.where(Unit.code == code, Source.retired_at.is_(None), Unit.valid.contains(today()))
    return session.scalar(current.limit(1)) is not None


_PEOPLE: Final = text("SELECT * FROM zhijie_people(:place)")
_ASSIGNMENTS: Final = text("SELECT * FROM zhijie_hands(:report)")


def fetch_assignable_people(session: Session, place: str | None) -> list[dict[str, Any]]:
    """The people who can be assigned reports of a unit: account, name, role, reach; may be empty."""
    return [dict(row) for row in session.execute(_PEOPLE, {"place": place}).mappings()]


def fetch_assignments(session: Session, report_id: int) -> list[dict[str, Any]]:
    """The assignments of a report, newest first."""
    return [dict(row) for row in session.execute(_ASSIGNMENTS, {"report": report_id}).mappings()]
