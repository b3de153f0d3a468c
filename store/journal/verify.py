"""Is the journal whole? Every row is read in order and its hash computed again, in constant memory.

What the chain alone cannot show: a journal that its database's owner has written anew from some row to the
head. That is found by a head that was published earlier and is given here (``heads``); see docs/journal.md.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Row,
    Text,
    func,
    literal,
    null,
    select,
    text,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session

from core.errors import BadData, BadInput
from core.i18n import N_, Lang, say
from store.schema.access import JournalHead, JournalRow

START: Final = "0" * 64  # what the first row continues
CHUNK: Final = 2000  # rows fetched at once
COLUMNS: Final = ("action", "subject", "unit")  # copied from the body by the database

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Head:
    """The number and the hash of a row: what is published, and what a chain must still hold later."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"

    @classmethod
    def parse(cls, said: str) -> Head:
        """Read SEQ:HASH. Raises :class:`BadInput`."""
        found = re.fullmatch(r"(\d{1,18}):([0-9a-f]{64})", said.strip().lower(), re.ASCII)
        if found is None:
            raise BadInput(
                N_("{text} is no head of a journal."),
                field="head",
                hint=N_("Write SEQ:HASH as `zhijie journal head` printed it."),
                text=said,
            )
        return cls(int(found[1]), found[2])


@dataclass(frozen=True, slots=True)
class Fault:
    """The first wrong row, and what is wrong with it: a message id with its values."""

    seq: int
    message: str
    values: Mapping[str, object] = field(default_factory=dict)

    def say(self, lang: Lang) -> str:
        """What is wrong, in words."""
        return say(lang, self.message, **(dict(self.values) | {"seq": self.seq}))


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of it. Without a fault: how many rows, from when to when (UTC), and the head."""

    rows: int
    first_at: str | None
    last_at: str | None
    head: Head
    fault: Fault | None


def link(prev: str, digest: str) -> str:
    """The hash of a row: over the hash before it and the SHA-256 of its body, both as hex digits."""
    return hashlib.sha256((prev + digest).encode()).hexdigest()


def digest_of(body: str) -> str:
    """SHA-256 of a row's body, as hex digits."""
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()


def current_head(session: Session) -> Head:
    """The head as the database has it, not verified. Raises :class:`BadData` where there is not one."""
    found = session.execute(select(JournalHead.seq, JournalHead.hash)).all()
    if len(found) != 1:
        raise BadData(
            N_("The journal has {count} heads instead of one."),
            hint=N_("`zhijie journal verify` tells more."),
            count=len(found),
        )
    return Head(found[0].seq, found[0].hash)


def count_rows(session: Session) -> int:
    """About how many rows there are: the highest number."""
    return session.scalar(select(func.max(JournalRow.seq))) or 0


def verify(session: Session, heads: Iterable[Head] = (), progress: Progress | None = None) -> Checked:
    """Read the whole journal and name the first row that is edited, missing, moved or put in.

    ``heads``: published earlier, each must still be in the chain. One statement reads rows and head, so
    rows that are appended meanwhile do no harm.
    """
    walk = _Walk(sorted(heads, key=lambda head: head.seq))
    session.execute(text("SET LOCAL statement_timeout = 0"))
    stream = _stream(session)
    fault = walk.run(stream, progress or (lambda _: None))
    stream.close()
    return Checked(walk.last.seq, walk.first_at, walk.last_at, Head(walk.last.seq, walk.last.hash), fault)


def require_whole(session: Session) -> Head:
    """The head of a journal that was verified. Raises :class:`BadData` where a row is wrong."""
    found = verify(session)
    if found.fault is not None:
        raise BadData(
            N_("The journal is broken at row {seq}."),
            hint=N_("`zhijie journal verify` tells more."),
            seq=found.fault.seq,
        )
    return found.head


def _stream(session: Session) -> Generator[Row[Any]]:
    """All rows by rising number, and behind them, without a number, the head."""
    nothing = type_coerce(null(), Text)
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
        nothing,
        nothing,
        JournalHead.hash,
        nothing,
        nothing,
        nothing,
        JournalHead.seq,
    )
    query: Any = union_all(rows, head).order_by("seq")
    yield from session.execute(query, execution_options={"yield_per": CHUNK})


@dataclass(frozen=True, slots=True)
class _Place:
    """A row that was found right: what the next must continue."""

    seq: int
    hash: str
    prev: str


class _Walk:
    """The walk along the chain: where it stands, and the published heads that are still ahead."""

    def __init__(self, heads: list[Head]) -> None:
        self.last = _Place(0, START, "")
        self.first_at: str | None = None
        self.last_at: str | None = None
        self._heads = heads
        self._kept = 0  # the newest row that a published head vouches for

    def run(self, stream: Iterator[Row[Any]], progress: Progress) -> Fault | None:
        """Walk to the first fault, or to the end."""
        fault = self._published()
        while fault is None and (row := next(stream, None)) is not None:
            if row.seq is None:
                return self._end(row, stream)
            fault = self._step(row, stream)
            if row.seq % CHUNK == 0:
                progress(CHUNK)
        return fault or Fault(self.last.seq, N_("The journal has no head any more; its last row is {seq}."))

    def _step(self, row: Row[Any], stream: Iterator[Row[Any]]) -> Fault | None:
        """Judge one row, and stand on it where it is right."""
        fault = _misplaced(row.seq, self.last.seq + 1)
        if fault is not None:
            return fault
        said = _read(row.body)
        fault = self._unlinked(row, said, stream) or _unlike_itself(row, said)
        if fault is not None:
            return fault
        self.last = _Place(row.seq, row.hash, row.prev)
        self.last_at = str(said.get("at"))
        self.first_at = self.first_at or self.last_at
        return self._published()

    def _unlinked(self, row: Row[Any], said: Mapping[str, Any], stream: Iterator[Row[Any]]) -> Fault | None:
        """Whether the row's hash is its own, and it continues the row before."""
        if row.hash != link(row.prev or "", digest_of(row.body or "")):
            return Fault(row.seq, N_("Row {seq} was edited: its hash is not that of its text."))
        if row.prev == self.last.hash:
            return None
        if self.last.seq and self._is_vouched(row, said, next(stream, None)):
            return Fault(
                self.last.seq,
                N_("Row {seq} was edited or put in: the row after it does not continue it."),
            )
        return Fault(row.seq, N_("Row {seq} does not continue row {before}."), {"before": self.last.seq})

    def _is_vouched(self, row: Row[Any], said: Mapping[str, Any], following: Row[Any] | None) -> bool:
        """Whether a row that does not continue the one before it is right, so that the other is wrong.

        What follows continues it, and it says that its place is here, or was one earlier.
        """
        named = None if following is None else following.hash if following.seq is None else following.prev
        return named == row.hash and said.get("seq") in {self.last.seq, row.seq}

    def _published(self) -> Fault | None:
        """Compare with the published heads of the row that was reached."""
        while self._heads and self._heads[0].seq == self.last.seq:
            wanted = self._heads.pop(0)
            if wanted.hash != self.last.hash:
                return Fault(
                    self.last.seq,
                    N_("The journal was written anew after row {kept}: row {seq} is not the one published."),
                    {"kept": self._kept},
                )
            self._kept = wanted.seq
        return None

    def _end(self, head: Row[Any], stream: Iterator[Row[Any]]) -> Fault | None:
        """Compare the last row with the head, and with published heads that were never reached."""
        seq, last = head.head, self.last.seq
        if next(stream, None) is not None:
            return Fault(last, N_("The journal has more than one head; its last row is {seq}."))
        if last > seq:
            return Fault(
                seq + 1, N_("Row {seq} was put in behind the head, which is row {head}."), {"head": seq}
            )
        if last < seq:
            return Fault(last + 1, N_("Row {seq} is missing: the head is row {head}."), {"head": seq})
        if head.hash != self.last.hash:
            return Fault(seq, N_("Row {seq} is not the row that the head names."))
        if self._heads:
            return Fault(
                last + 1,
                N_("Row {seq} is missing: a head was published for row {head}."),
                {"head": self._heads[0].seq},
            )
        return None


def _misplaced(seq: int, expected: int) -> Fault | None:
    if seq > expected:
        return Fault(expected, N_("Row {seq} is missing."))
    if seq < 1:
        return Fault(seq, N_("Row {seq} was put in: the first row is row 1."))
    if seq < expected:
        return Fault(seq, N_("Row {seq} is there twice."))
    return None


def _unlike_itself(row: Row[Any], said: Mapping[str, Any]) -> Fault | None:
    """Whether the row is the one that its body tells of."""
    if type(said.get("seq")) is not int or said["seq"] != row.seq:
        return Fault(row.seq, N_("Row {seq} says that it is row {said}."), {"said": said.get("seq")})
    for name in COLUMNS:
        if said.get(name) != getattr(row, name):
            return Fault(
                row.seq, N_("Row {seq} was edited: {column} is not that of its text."), {"column": name}
            )
    return None


def _read(body: str | None) -> Mapping[str, Any]:
    """The body's object; empty where it is none."""
    try:
        said = json.loads(body or "")
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
