"""Liveness and readiness."""

from __future__ import annotations

from fastapi import APIRouter

from api.dependencies import SessionDep
from api.schemas.reports import StateOut
from core.errors import StoreUnavailable
from core.i18n import N_
from store import ping, revisions

router = APIRouter(tags=["health"])


@router.get("/healthz")
def healthz() -> StateOut:
    """Report that the process is alive."""
    return StateOut(status="ok")


@router.get("/readyz")
def readyz(session: SessionDep) -> StateOut:
    """Report whether the database answers and has the schema of this program."""
    ping(session)
    current, newest = revisions(session)
    if current != newest:
        raise StoreUnavailable(
            N_("The database schema is {current}; the program needs {newest}."),
            hint=N_("Run `zhijie db migrate`."),
            current=current,
            newest=newest,
        )
    return StateOut(status="ready")
