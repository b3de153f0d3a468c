"""The hash chain of the journal: how a row is linked to the one before, and the head that is published.

The database computes the same hashes when it appends a row (``zhijie_link`` in
``migrations/sql/0003_access.sql``).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import BadData, BadInput
from core.i18n import N_
from store.schema.access import JournalHead, JournalRow

GENESIS_HASH: Final = "0" * 64  # what the first row continues
CHUNK_ROWS: Final = 2000  # rows fetched at once: bounds the memory of reading a long journal


@dataclass(frozen=True, slots=True)
class Head:
    """Number and hash of a row: published now, a later journal must still contain it."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> Head:
        """Parse SEQ:HASH.

        Raises:
            BadInput: The text has another form.
        """
        match = re.fullmatch(r"(\d{1,18}):([0-9a-f]{64})", text.strip().lower(), re.ASCII)
        if match is None:
            raise BadInput(
                N_("{text} is not a journal head."),
                field="head",
                hint=N_("Use SEQ:HASH as printed by `zhijie journal head`."),
                text=text,
            )
        return cls(int(match[1]), match[2])


def row_hash(prev: str, digest: str) -> str:
    """Return the hash of a row, as hex digits.

    Args:
        prev: Hash of the row before, as hex digits.
        digest: ``body_digest`` of the row.
    """
    return hashlib.sha256((prev + digest).encode()).hexdigest()


def body_digest(body: str) -> str:
    """Return the SHA-256 of a row's body, as hex digits."""
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()


def current_head(session: Session) -> Head:
    """Return the head as the database has it, not verified.

    Raises:
        BadData: There is not exactly one head.
    """
    heads = session.execute(select(JournalHead.seq, JournalHead.hash)).all()
    if len(heads) != 1:
        raise BadData(
            N_("The journal has {count} heads instead of one."),
            hint=N_("Run `zhijie journal verify` for details."),
            count=len(heads),
        )
    return Head(heads[0].seq, heads[0].hash)


def count_rows(session: Session) -> int:
    """Return the highest row number: the number of rows unless some are missing."""
    return session.scalar(select(func.max(JournalRow.seq))) or 0


def broken_at(seq: int) -> BadData:
    """The error for a journal whose first wrong row is ``seq``."""
    return BadData(
        N_("The journal is broken at row {seq}."),
        hint=N_("Run `zhijie journal verify` for details."),
        seq=seq,
    )
