"""The journal as people read it: the steps about one subject that the transaction's credential may see."""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from store.schema.access import JournalRow

PAGE_STEPS: Final = 1_000


def fetch_steps(session: Session, subject: str, after: int = 0) -> list[dict[str, Any]]:
    """Return a page of the steps about a subject, oldest first, at most ``PAGE_STEPS``.

    Args:
        subject: Such as "report/12".
        after: Number of the last step of the page before; 0 for the first page.
    """
    rows = session.scalars(
        select(JournalRow)
        .where(JournalRow.subject == subject, JournalRow.seq > after)
        .order_by(JournalRow.seq)
        .limit(PAGE_STEPS)
    )
    return [{**json.loads(row.body), "hash": row.hash} for row in rows]
