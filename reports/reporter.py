"""Who reported: shown to few, with a reason, and every look is in the journal (``zhijie_reporter``)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.i18n import N_


def fetch_reporter(session: Session, report_id: int, reason: str) -> dict[str, Any] | None:
    """Name, telephone and place of who reported, as far as the session's pass may see them; else None.

    To be committed either way: the journal tells of the look, and of the look that was refused.
    """
    found: dict[str, Any] | None = session.scalar(select(func.zhijie_reporter(report_id, reason)))
    return found


def no_reporter(report_id: int) -> NotFound:
    """What is said where there is none, or none for these eyes: the two are not told apart."""
    return NotFound(N_("Nothing is shown about who filed report {id}."), field="id", id=report_id)
