"""Who has a report, and moving it on: each with a reason, each a step of the journal."""

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
from store.schema.datasets import Report, Source, Unit

MOST_REASON: Final = 500
LONGEST: Final = dt.timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Assignment:
    """To whom a report is given: a unit's code, an account, or both; ``until``: the last day; and why."""

    unit: str | None
    account: int | None
    until: dt.date | None
    reason: str


def assign(session: Session, report_id: int, giving: Assignment) -> None:
    """Give a report to somebody; who had it before has it no more.

    Raises :class:`BadInput` for values that cannot be, :class:`NotFound` for a report that the session does
    not see, :class:`Forbidden` where it may not give it.
    """
    report = _seen(session, report_id)
    _check(session, report, giving)
    values = (giving.unit, giving.account, giving.until, giving.reason.strip())
    if not session.scalar(select(func.zhijie_hand(report_id, *values))):
        raise _not_yours()
    session.expire(report)


def transition(session: Session, report_id: int, status: str, reason: str) -> None:
    """Move a report to another state; errors of :func:`assign`, :class:`Conflict` if somebody was quicker."""
    report = _seen(session, report_id)
    allowed = next_statuses(report.status)
    if status not in allowed:
        raise BadInput(
            N_("A report in the state {old} cannot become {new}."),
            field="status",
            hint=N_("Use one of: {known}."),
            old=report.status,
            new=status,
            known=", ".join(allowed),
        )
    before = report.status
    if session.scalar(select(func.zhijie_move(report_id, before, status, reason.strip()))):
        session.expire(report)
        return
    session.refresh(report)
    if report.status != before:
        raise Conflict(
            N_("Somebody else has just moved this report to {status}."),
            field="status",
            hint=N_("Load it again."),
            status=report.status,
        )
    raise _not_yours()


def _seen(session: Session, report_id: int) -> Report:
    report = session.get(Report, report_id)
    if report is None:
        raise NotFound(N_("There is no report {id}."), field="id", id=report_id)
    return report


def _not_yours() -> Forbidden:
    return Forbidden(
        N_("Your role does not allow this: {right}."),
        hint=N_("Ask the administrator for a posting that does."),
        right="assign",
    )


def _check(session: Session, report: Report, giving: Assignment) -> None:
    if giving.unit is None and giving.account is None:
        raise BadInput(
            N_("Nobody is named."), field="unit", hint=N_("Name a unit or an account that shall have it.")
        )
    if giving.unit is not None and not _is_unit(session, giving.unit):
        raise BadInput(
            N_("There is no unit {code}."),
            field="unit",
            hint=N_("Give the code of a unit of today."),
            code=giving.unit,
        )
    if giving.account is not None and giving.account not in {
        one["account"] for one in fetch_assignable_people(session, report.unit_code)
    }:
        raise BadInput(
            N_("Account {account} has no posting there."),
            field="account",
            hint=N_("Choose one of those that are offered."),
            account=giving.account,
        )
    if giving.until is not None and not today() <= giving.until <= today() + LONGEST:
        raise BadInput(
            N_("{day} is over, or too far away."),
            field="until",
            hint=N_("Give a day to come."),
            day=giving.until,
        )


def _is_unit(session: Session, code: str) -> bool:
    query = select(Unit.id).join(Source, Source.id == Unit.source_id)
    current = query.where(Unit.code == code, Source.retired_at.is_(None), Unit.valid.contains(today()))
    return session.scalar(current.limit(1)) is not None


_PEOPLE: Final = text("SELECT * FROM zhijie_people(:place)")
_HANDS: Final = text("SELECT * FROM zhijie_hands(:report)")


def fetch_assignable_people(session: Session, place: str | None) -> list[dict[str, Any]]:
    """Whom one may give a report of a unit to: account, name, role, reach; empty where one may give none."""
    return [dict(row) for row in session.execute(_PEOPLE, {"place": place}).mappings()]


def fetch_assignments(session: Session, report_id: int) -> list[dict[str, Any]]:
    """Who has and had a report, newest first."""
    return [dict(row) for row in session.execute(_HANDS, {"report": report_id}).mappings()]
