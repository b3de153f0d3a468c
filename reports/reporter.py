"""The reporter of a report: shown to few, with a reason; each access is journalled (``zhijie_reporter``)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.i18n import N_


def fetch_reporter(session: Session, report_id: int, reason: str) -> dict[str, Any] | None:
    """Name, telephone and position of the reporter; None where there is none, or the session may not see it.

    Commit either way: the journal records granted and refused accesses.
    """
    found: dict[str, Any] | None = session.scalar(select(func.zhijie_reporter(report_id, reason)))
    return found


def no_reporter(report_id: int) -> NotFound:
    """The error for a reporter that does not exist or may not be seen; the two cannot be distinguished."""
    return NotFound(N_("No reporter is visible for report {id}."), field="id", id=report_id)
