"""Proof bundles: the journal's rows about one report in a form that a third party can check.

``tools/check_proof.py`` checks a bundle with nothing but Python; ``docs/journal.md`` says what it proves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TextIO

from sqlalchemy import Row, case, func, select, text
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.i18n import N_
from store.journal.chain import CHUNK_ROWS, Head, body_digest, broken_at, row_hash
from store.schema.access import JournalRow
from store.schema.datasets import Evidence, Report, StoredVerdict

FORMAT: Final = "zhijie-journal-proof/1"


@dataclass(frozen=True, slots=True)
class ProofSummary:
    """What a bundle contains.

    Attributes:
        shown: Rows in full.
        rows: All rows, those as digests only included.
        head: The last row.
        unproved: Names of verdicts and files whose SHA-256 no row in full contains.
    """

    shown: int
    rows: int
    head: Head
    unproved: tuple[str, ...]


def write_proof(
    session: Session, report_id: int, file: TextIO, progress: Callable[[int], None] | None = None
) -> ProofSummary:
    """Write the proof bundle of a report as JSON.

    Rows about the report are written in full; all other rows from the first of these to the head as digests,
    which reveal nothing and still let the chain be checked.

    Args:
        progress: Called with the number of rows written since its last call.

    Raises:
        NotFound: There is no such report, or no row about it.
        BadData: The chain is broken.
    """
    subject = f"report/{report_id}"
    start = _position_before(session, report_id, subject)
    opening = {"format": FORMAT, "subject": subject, "start": [start.seq, start.hash]}
    file.write(json.dumps(opening)[:-1] + ', "chain": [')
    shown_values: list[str] = []
    head = start
    # Written row by row: the chain from an old report to the head may not fit into memory.
    for row in _chain(session, subject, start.seq + 1):
        if row.seq != head.seq + 1 or row.hash != row_hash(head.hash, row.digest):
            raise broken_at(head.seq + 1)
        head = Head(row.seq, row.hash)
        file.write(("\n" if head.seq == start.seq + 1 else ",\n") + _line(row))
        if row.body is not None:
            shown_values.append(json.dumps(json.loads(row.body).get("after")))
        if progress is not None and head.seq % CHUNK_ROWS == 0:
            progress(CHUNK_ROWS)
    things = [*_verdicts(session, report_id), *_evidence(session, report_id)]
    file.write("\n], " + json.dumps({"head": str(head), "things": things}, ensure_ascii=False)[1:] + "\n")
    return ProofSummary(len(shown_values), head.seq - start.seq, head, _unproved(things, shown_values))


def _position_before(session: Session, report_id: int, subject: str) -> Head:
    """Return the row before the first row about a report, as the start of the chain."""
    if session.get(Report, report_id) is None:
        raise NotFound(N_("There is no report {id}."), field="id", id=report_id)
    query = select(JournalRow.seq, JournalRow.prev).where(JournalRow.subject == subject)
    first = session.execute(query.order_by(JournalRow.seq).limit(1)).first()
    if first is None:
        raise NotFound(N_("The journal has no row about {subject}."), field="subject", subject=subject)
    return Head(first.seq - 1, first.prev)


def _chain(session: Session, subject: str, first: int) -> Iterator[Row[Any]]:
    """Yield (seq, hash, digest, body) of the rows from ``first`` on; body is None for other subjects."""
    session.execute(text("SET LOCAL statement_timeout = 0"))
    digest = func.encode(func.sha256(func.convert_to(JournalRow.body, "UTF8")), "hex")
    shown = case((JournalRow.subject == subject, JournalRow.body))
    query = select(JournalRow.seq, JournalRow.hash, digest.label("digest"), shown.label("body"))
    query = query.where(JournalRow.seq >= first).order_by(JournalRow.seq)
    yield from session.execute(query, execution_options={"yield_per": CHUNK_ROWS})


def _line(row: Row[Any]) -> str:
    shown = [] if row.body is None else [row.body]
    return json.dumps([row.seq, row.digest, *shown], ensure_ascii=False)


def _verdicts(session: Session, report_id: int) -> list[list[str]]:
    """Return [name, SHA-256, text] of each verdict on the report."""
    query = select(StoredVerdict.id, StoredVerdict.body).where(StoredVerdict.report_id == report_id)
    rows = session.execute(query.order_by(StoredVerdict.id))
    return [[f"verdict/{row.id}", body_digest(row.body), row.body] for row in rows]


def _evidence(session: Session, report_id: int) -> list[list[str]]:
    """Return [name, SHA-256] of each file of the report."""
    query = select(Evidence.id, Evidence.sha256).where(Evidence.report_id == report_id)
    return [[f"evidence/{row.id}", row.sha256] for row in session.execute(query.order_by(Evidence.id))]


def _unproved(things: Sequence[Sequence[str]], shown_values: Sequence[str]) -> tuple[str, ...]:
    """Return the names of things whose digest is no value in a row that is shown in full."""
    return tuple(
        name for name, digest, *_ in things if not any(f'"{digest}"' in values for values in shown_values)
    )
