"""The journal as people read it: the steps about one thing, as far as the session's pass may see them."""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from store.schema.access import JournalRow

MOST: Final = 1_000


def fetch_steps(session: Session, subject: str, after: int = 0) -> list[dict[str, Any]]:
    """The steps about ``subject`` ("report/12"), oldest first, after the step ``after``; at most 1,000."""
    rows = session.scalars(
        select(JournalRow)
        .where(JournalRow.subject == subject, JournalRow.seq > after)
        .order_by(JournalRow.seq)
        .limit(MOST)
    )
    return [{**json.loads(row.body), "hash": row.hash} for row in rows]
