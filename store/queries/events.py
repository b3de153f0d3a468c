"""Events for live streams: steps of the journal, and which of the connected credentials may see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, LargeBinary, Text, bindparam, func, select, text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Event:
    """A step about a report.

    Attributes:
        report: Its present attributes.
        by_reach: The credentials whose reach covers the report, as indices into the list that was passed.
        by_own: The credentials that may see it only because their account filed or holds it.
    """

    seq: int
    at: str
    action: str
    report: dict[str, Any]
    by_reach: tuple[int, ...]
    by_own: tuple[int, ...]


_EVENTS = text("SELECT * FROM zhijie_heard(:after, :most, :tokens)").bindparams(
    bindparam("tokens", type_=ARRAY(Text))
)
_READABLE_STEMS = text("SELECT * FROM zhijie_standing(:hashes)").bindparams(
    bindparam("hashes", type_=ARRAY(LargeBinary))
)


def fetch_events(session: Session, after: int, most: int, tokens: Sequence[str]) -> list[Event]:
    """Return the events that at least one credential may see, among the next ``most`` steps of the journal.

    One query for all streams: the database evaluates each step once for all credentials.

    Args:
        after: Number of the last step already handled.
        tokens: Of the credentials.
    """
    rows = session.execute(_EVENTS, {"after": after, "most": most, "tokens": list(tokens)})
    return [
        Event(
            row.seq,
            row.at,
            row.action,
            row.told,
            tuple(n - 1 for n in row.by_reach),
            tuple(n - 1 for n in row.by_own),
        )
        for row in rows
    ]


def fetch_head(session: Session) -> int:
    """Return the number of the journal's last step; 0 for an empty journal."""
    return int(session.scalar(select(func.zhijie_head())) or 0)


def fetch_stream_key(session: Session) -> bytes:
    """Return the installation's key for the numbers of steps that clients see, 32 bytes."""
    return bytes(session.scalars(select(func.zhijie_stream_key())).one())


def fetch_readable_stems(session: Session, hashes: Sequence[bytes]) -> dict[bytes, tuple[str, ...]]:
    """Return the stems of unit codes that each still valid credential may read; others are left out.

    Args:
        hashes: SHA-256 of the tokens.
    """
    rows = session.execute(_READABLE_STEMS, {"hashes": list(hashes)})
    return {bytes(row.token_hash): tuple(sorted(row.stems)) for row in rows}


def mark_overdue(session: Session) -> int:
    """Mark reports whose due date has passed as overdue, and return their number, at most 500 per call."""
    return int(session.scalar(select(func.zhijie_mark_overdue())) or 0)
