"""Assignment of reports: assign one, change its state, and list who may be assigned."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy.orm import Session

from api.dependencies import LangDep, SessionDep, needs
from api.schemas.live import AssignmentIn, PeopleOut, ProgressOut, TransitionIn
from core.i18n import Lang
from reports import assign, transition
from reports.workflow import Assignment, fetch_assignable_people, report_progress

router = APIRouter(prefix="/api", tags=["reports"])
Id = Annotated[int, Path(ge=1, le=2**62, examples=[1])]
_responses = {409: {"description": "Somebody else has changed the state meanwhile"}}


@router.post("/reports/{id}/hand", dependencies=[needs("assign")])
def assign_report(id: Id, body: AssignmentIn, session: SessionDep, lang: LangDep) -> ProgressOut:
    """Assign a report to a unit, an account or both, replacing the previous assignee.

    The reason goes into the journal. Returns the report's new progress.
    """
    assign(session, id, Assignment(body.unit, body.account, body.until, body.reason))
    return _progress(session, id, lang)


@router.post("/reports/{id}/status", dependencies=[needs("assign", "file")], responses=_responses)  # type: ignore[arg-type]
def change_status(id: Id, body: TransitionIn, session: SessionDep, lang: LangDep) -> ProgressOut:
    """Change the state of a report. Needs the right to assign, or to be its assignee."""
    transition(session, id, body.status, body.reason)
    return _progress(session, id, lang)


@router.get("/people", dependencies=[needs("assign")])
def list_people(
    session: SessionDep,
    unit: Annotated[str, Query(description="Code of the report's unit", pattern="^[0-9]{2,15}$")],
) -> PeopleOut:
    """List the people who can be assigned a report of this unit."""
    return PeopleOut.model_validate({"people": fetch_assignable_people(session, unit)})


def _progress(session: Session, report_id: int, lang: Lang) -> ProgressOut:
    """The report's progress as a response body."""
    return ProgressOut.model_validate(report_progress(session, report_id, lang))
