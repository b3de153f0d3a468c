"""Verification of the journal: every row is read in order and its hash computed again, in constant memory.

The chain alone cannot show that the owner of the database has rewritten the journal from some row up to the
head. A head that was published before the rewriting shows it: see the argument ``heads`` and
``docs/journal.md``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import BigInteger, Row, Text, literal, null, select, text, type_coerce, union_all
from sqlalchemy.orm import Session

from core.i18n import N_, Lang, say
from store.journal.chain import CHUNK_ROWS, GENESIS_HASH, Head, body_digest, broken_at, row_hash
from store.schema.access import JournalHead, JournalRow

_COPIED_COLUMNS: Final = ("action", "subject", "unit")  # generated from the body by the database

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """The first wrong row, and what is wrong with it: a message id with its values."""

    seq: int
    message: str
    values: Mapping[str, object] = field(default_factory=dict)

    def say(self, lang: Lang) -> str:
        """Return what is wrong as a sentence."""
        return say(lang, self.message, **(dict(self.values) | {"seq": self.seq}))


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """Result of a verification; with a fault, the other fields cover the rows before it.

    Attributes:
        rows: Number of rows.
        first_at: Time of the first row, ISO 8601, UTC; None for an empty journal.
        last_at: Time of the last row.
        head: The last row.
        fault: None if the journal is intact.
    """

    rows: int
    first_at: str | None
    last_at: str | None
    head: Head
    fault: Fault | None


def verify_journal(
    session: Session, heads: Iterable[Head] = (), progress: Progress | None = None
) -> VerificationResult:
    """Read the whole journal and return the first row that is edited, missing, moved or inserted.

    Rows may be appended meanwhile: one statement reads rows and head, so both are of the same snapshot.

    Args:
        heads: Heads published earlier; each must still be in the chain.
        progress: Called with the number of rows read since its last call.
    """
    verifier = _ChainVerifier(sorted(heads, key=lambda head: head.seq))
    session.execute(text("SET LOCAL statement_timeout = 0"))  # a long journal outlasts a request's limit
    stream = _stream(session)
    fault = verifier.run(stream, progress or (lambda _: None))
    stream.close()
    last = verifier.last
    return VerificationResult(last.seq, verifier.first_at, verifier.last_at, Head(last.seq, last.hash), fault)


def verified_head(session: Session) -> Head:
    """Verify the journal and return its head.

    Raises:
        BadData: A row is wrong.
    """
    result = verify_journal(session)
    if result.fault is not None:
        raise broken_at(result.fault.seq)
    return result.head


def _stream(session: Session) -> Generator[Row[Any]]:
    """Yield all rows by rising number and after them, with ``seq`` None, the head."""
    no_text = type_coerce(null(), Text)
    rows = select(
        JournalRow.seq,
        JournalRow.body,
        JournalRow.prev,
        JournalRow.hash,
        JournalRow.action,
        JournalRow.subject,
        JournalRow.unit,
        literal(None, BigInteger).label("head"),
    )
    head = select(
        literal(None, BigInteger),
        no_text,
        no_text,
        JournalHead.hash,
        no_text,
        no_text,
        no_text,
        JournalHead.seq,
    )
    query: Any = union_all(rows, head).order_by("seq")  # PostgreSQL sorts NULL last
    yield from session.execute(query, execution_options={"yield_per": CHUNK_ROWS})


@dataclass(frozen=True, slots=True)
class _Position:
    """A row found right: what the next row must continue."""

    seq: int
    hash: str
    prev: str


class _ChainVerifier:
    """State of the walk along the chain: the last right row and the published heads still to come."""

    def __init__(self, heads: list[Head]) -> None:
        self.last = _Position(0, GENESIS_HASH, "")
        self.first_at: str | None = None
        self.last_at: str | None = None
        self._heads = heads
        self._confirmed = 0  # the newest row that a published head confirms

    def run(self, stream: Iterator[Row[Any]], progress: Progress) -> Fault | None:
        """Walk to the first fault, or to the end of the journal."""
        fault = self._check_published()
        while fault is None and (row := next(stream, None)) is not None:
            if row.seq is None:
                return self._check_end(row, stream)
            fault = self._step(row, stream)
            if row.seq % CHUNK_ROWS == 0:
                progress(CHUNK_ROWS)
        return fault or Fault(self.last.seq, N_("The journal no longer has a head; its last row is {seq}."))

    def _step(self, row: Row[Any], stream: Iterator[Row[Any]]) -> Fault | None:
        """Check one row and, if it is right, advance to it."""
        fault = _check_number(row.seq, self.last.seq + 1)
        if fault is not None:
            return fault
        content = _parse(row.body)
        fault = (
            self._check_link(row, content, stream)
            or _check_content(row, content)
            or self._check_time(row.seq, content)
        )
        if fault is not None:
            return fault
        self.last = _Position(row.seq, row.hash, row.prev)
        self.last_at = str(content.get("at"))
        self.first_at = self.first_at or self.last_at
        return self._check_published()

    def _check_link(
        self, row: Row[Any], content: Mapping[str, Any], stream: Iterator[Row[Any]]
    ) -> Fault | None:
        """Check that the row has the hash of its body and continues the row before."""
        if row.hash != row_hash(row.prev or "", body_digest(row.body or "")):
            return Fault(row.seq, N_("Row {seq} was edited: its hash does not match its text."))
        if row.prev == self.last.hash:
            return None
        # A broken link alone does not tell which of the two rows is wrong: the row after them does.
        if self.last.seq and self._is_confirmed(row, content, next(stream, None)):
            return Fault(
                self.last.seq,
                N_("Row {seq} was edited or inserted: the next row does not continue it."),
            )
        return Fault(row.seq, N_("Row {seq} does not continue row {before}."), {"before": self.last.seq})

    def _check_time(self, seq: int, content: Mapping[str, Any]) -> Fault | None:
        """Check that the row is not older than the row before."""
        at = str(content.get("at"))
        if self.last_at is None or at >= self.last_at:  # of one form, so that texts compare like times
            return None
        text = N_("Row {seq} is dated {at}, before the row that it continues ({before}).")
        return Fault(seq, text, {"at": at, "before": self.last_at})

    def _is_confirmed(self, row: Row[Any], content: Mapping[str, Any], following: Row[Any] | None) -> bool:
        """Whether a row that does not continue the one before is right, so that the one before is wrong.

        It is if the row after it continues it, and its body has its own number or, where the row before was
        inserted and the rest renumbered, the number before.
        """
        named = None if following is None else following.hash if following.seq is None else following.prev
        return named == row.hash and content.get("seq") in {self.last.seq, row.seq}

    def _check_published(self) -> Fault | None:
        """Compare the row just reached with the heads published for it."""
        while self._heads and self._heads[0].seq == self.last.seq:
            published = self._heads.pop(0)
            if published.hash != self.last.hash:
                return Fault(
                    self.last.seq,
                    N_("The journal was rewritten after row {kept}: row {seq} is not the one published."),
                    {"kept": self._confirmed},
                )
            self._confirmed = published.seq
        return None

    def _check_end(self, head: Row[Any], stream: Iterator[Row[Any]]) -> Fault | None:
        """Compare the last row with the head, and with published heads that were never reached."""
        seq, last = head.head, self.last.seq
        if next(stream, None) is not None:
            return Fault(last, N_("The journal has more than one head; its last row is {seq}."))
        if last > seq:
            return Fault(
                seq + 1, N_("Row {seq} was inserted after the head, which is row {head}."), {"head": seq}
            )
        if last < seq:
            return Fault(last + 1, N_("Row {seq} is missing: the head is row {head}."), {"head": seq})
        if head.hash != self.last.hash:
            return Fault(seq, N_("Row {seq} does not match the head."))
        if self._heads:
            return Fault(
                last + 1,
                N_("Row {seq} is missing: a head was published for row {head}."),
                {"head": self._heads[0].seq},
            )
        return None


def _check_number(seq: int, expected: int) -> Fault | None:
    if seq > expected:
        return Fault(expected, N_("Row {seq} is missing."))
    if seq < 1:
        return Fault(seq, N_("Row {seq} was inserted: the first row is row 1."))
    if seq < expected:
        return Fault(seq, N_("Row {seq} appears twice."))
    return None


def _check_content(row: Row[Any], content: Mapping[str, Any]) -> Fault | None:
    """Check that number and generated columns of a row are those in its body."""
    # by type too: in Python, True and 1.0 equal 1
    if type(content.get("seq")) is not int or content["seq"] != row.seq:
        return Fault(
            row.seq, N_("Row {seq} has the number {said} in its text."), {"said": content.get("seq")}
        )
    for name in _COPIED_COLUMNS:
        if content.get(name) != getattr(row, name):
            return Fault(
                row.seq, N_("Row {seq} was edited: {column} does not match its text."), {"column": name}
            )
    return None


def _parse(body: str | None) -> Mapping[str, Any]:
    """Return the JSON object in a body; empty if it holds none. Never raises: a body may be forged."""
    try:
        content = json.loads(body or "")
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
