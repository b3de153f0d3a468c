"""Who has a report: give it to somebody, move it on, and whom one may give it to."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy.orm import Session

from api.dependencies import LangDep, SessionDep, needs
from api.schemas.live import AssignmentIn, PeopleOut, ProgressOut, TransitionIn
from core.i18n import Lang
from reports.workflow.assignment import Assignment, assign, fetch_assignable_people, transition
from reports.workflow.progress import report_progress

router = APIRouter(prefix="/api", tags=["reports"])
Id = Annotated[int, Path(ge=1, le=2**62, examples=[1])]
_doors = {409: {"description": "Somebody else was quicker"}}


@router.post("/reports/{id}/hand", dependencies=[needs("assign")])
def hand(id: Id, body: AssignmentIn, session: SessionDep, lang: LangDep) -> ProgressOut:
    """Give a report to a unit, a person or both. Who had it before has it no more; the journal keeps why."""
    assign(session, id, Assignment(body.unit, body.account, body.until, body.reason))
    return _told(session, id, lang)


@router.post("/reports/{id}/status", dependencies=[needs("assign", "file")], responses=_doors)  # type: ignore[arg-type]
def status(id: Id, body: TransitionIn, session: SessionDep, lang: LangDep) -> ProgressOut:
    """Move a report to another state: who may give it, or who has it in hand."""
    transition(session, id, body.status, body.reason)
    return _told(session, id, lang)


@router.get("/people", dependencies=[needs("assign")])
def people_(
    session: SessionDep,
    unit: Annotated[str, Query(description="The unit of the report", pattern="^[0-9]{2,15}$")],
) -> PeopleOut:
    """Whom one may give a report of a unit to."""
    return PeopleOut.model_validate({"people": fetch_assignable_people(session, unit)})


def _told(session: Session, report_id: int, lang: Lang) -> ProgressOut:
    return ProgressOut.model_validate(report_progress(session, report_id, lang))
