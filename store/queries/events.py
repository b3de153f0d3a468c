"""What the journal's steps mean for whom: asked of the database with the credentials of those who listen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, LargeBinary, Text, bindparam, func, select, text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Event:
    """A step about a report. ``report``: what it is now. ``by_reach``, ``by_own``: who hears of it, as places
    (from 0) in the list of credentials that was shown: within its reach, or only as who filed or holds it.
    """

    seq: int
    at: str
    action: str
    report: dict[str, Any]
    by_reach: tuple[int, ...]
    by_own: tuple[int, ...]


_HEARD = text("SELECT * FROM zhijie_heard(:after, :most, :tokens)").bindparams(
    bindparam("tokens", type_=ARRAY(Text))
)
_STANDING = text("SELECT * FROM zhijie_standing(:hashes)").bindparams(
    bindparam("hashes", type_=ARRAY(LargeBinary))
)


def fetch_events(session: Session, after: int, most: int, tokens: Sequence[str]) -> list[Event]:
    """The events among the next ``most`` steps after a number that one of the credentials may hear of."""
    rows = session.execute(_HEARD, {"after": after, "most": most, "tokens": list(tokens)})
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
    """The number of the journal's last step."""
    return int(session.scalar(select(func.zhijie_head())) or 0)


def fetch_readable_stems(session: Session, hashes: Sequence[bytes]) -> dict[bytes, tuple[str, ...]]:
    """Of these credentials (SHA-256 of tokens), those that still open something: the stems they may read."""
    rows = session.execute(_STANDING, {"hashes": list(hashes)})
    return {bytes(row.token_hash): tuple(sorted(row.stems)) for row in rows}


def mark_overdue(session: Session) -> int:
    """Let reports whose day has passed be overdue; how many there were (at most 500 at a time)."""
    return int(session.scalar(select(func.zhijie_mark_overdue())) or 0)
