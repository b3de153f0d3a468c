"""The journal's rows on one report as a bundle that a third person can check.

``tools/check_proof.py`` checks a bundle without this program; docs/journal.md says what it proves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TextIO

from sqlalchemy import Row, case, func, select, text
from sqlalchemy.orm import Session

from core.errors import BadData, NotFound
from core.i18n import N_
from store.journal.verify import CHUNK, Head, digest_of, link
from store.schema.access import JournalRow
from store.schema.datasets import Evidence, Report, StoredVerdict

FORMAT: Final = "zhijie-journal-proof/1"


@dataclass(frozen=True, slots=True)
class Proved:
    """What a bundle holds. ``unproved``: texts and files whose SHA-256 no shown row names."""

    shown: int
    rows: int
    head: Head
    unproved: tuple[str, ...]


def write_proof(
    session: Session, report_id: int, file: TextIO, progress: Callable[[int], None] | None = None
) -> Proved:
    """Write the bundle of a report as JSON.

    Rows on the report are there in full, all others from the first of them to the head as digests only.
    Raises :class:`NotFound` without a row on it and :class:`BadData` where the chain is broken.
    """
    subject = f"report/{report_id}"
    start = _start(session, report_id, subject)
    opening = {"format": FORMAT, "subject": subject, "start": [start.seq, start.hash]}
    file.write(json.dumps(opening)[:-1] + ', "chain": [')
    told: list[str] = []
    head = start
    for row in _chain(session, subject, start.seq + 1):
        head = _continued(head, row)
        file.write(("\n" if head.seq == start.seq + 1 else ",\n") + _line(row))
        if row.body is not None:
            told.append(json.dumps(json.loads(row.body).get("after")))
        if progress is not None and head.seq % CHUNK == 0:
            progress(CHUNK)
    things = [*_verdicts(session, report_id), *_evidence(session, report_id)]
    file.write("\n], " + json.dumps({"head": str(head), "things": things}, ensure_ascii=False)[1:] + "\n")
    return Proved(len(told), head.seq - start.seq, head, _unproved(things, told))


def _start(session: Session, report_id: int, subject: str) -> Head:
    """The place in the chain before the first row on a report."""
    if session.get(Report, report_id) is None:
        raise NotFound(N_("There is no report {id}."), field="id", id=report_id)
    query = select(JournalRow.seq, JournalRow.prev).where(JournalRow.subject == subject)
    first = session.execute(query.order_by(JournalRow.seq).limit(1)).first()
    if first is None:
        raise NotFound(N_("The journal has no row on {subject}."), field="subject", subject=subject)
    return Head(first.seq - 1, first.prev)


def _chain(session: Session, subject: str, first: int) -> Iterator[Row[Any]]:
    """The rows from ``first`` on: the digests of their bodies, and the bodies of those on the subject."""
    session.execute(text("SET LOCAL statement_timeout = 0"))
    digest = func.encode(func.sha256(func.convert_to(JournalRow.body, "UTF8")), "hex")
    shown = case((JournalRow.subject == subject, JournalRow.body))
    query = select(JournalRow.seq, JournalRow.hash, digest.label("digest"), shown.label("body"))
    query = query.where(JournalRow.seq >= first).order_by(JournalRow.seq)
    yield from session.execute(query, execution_options={"yield_per": CHUNK})


def _continued(head: Head, row: Row[Any]) -> Head:
    """The head after one more row. Raises :class:`BadData` where the row does not continue the chain."""
    if row.seq != head.seq + 1 or row.hash != link(head.hash, row.digest):
        raise BadData(
            N_("The journal is broken at row {seq}."),
            hint=N_("`zhijie journal verify` tells more."),
            seq=head.seq + 1,
        )
    return Head(row.seq, row.hash)


def _line(row: Row[Any]) -> str:
    shown = [] if row.body is None else [row.body]
    return json.dumps([row.seq, row.digest, *shown], ensure_ascii=False)


def _verdicts(session: Session, report_id: int) -> list[list[str]]:
    """Name, SHA-256 and text of the report's verdicts."""
    query = select(StoredVerdict.id, StoredVerdict.body).where(StoredVerdict.report_id == report_id)
    rows = session.execute(query.order_by(StoredVerdict.id))
    return [[f"verdict/{row.id}", digest_of(row.body), row.body] for row in rows]


def _evidence(session: Session, report_id: int) -> list[list[str]]:
    """Name and SHA-256 of the report's files."""
    query = select(Evidence.id, Evidence.sha256).where(Evidence.report_id == report_id)
    return [[f"evidence/{row.id}", row.sha256] for row in session.execute(query.order_by(Evidence.id))]


def _unproved(things: Sequence[Sequence[str]], told: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name, digest, *_ in things if not any(f'"{digest}"' in said for said in told))
