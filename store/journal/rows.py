"""Verification of what the journal speaks of: rows are compared with the digests that its steps hold.

``zhijie_journal`` puts the digests of a subject's rows into each step (``zhijie_rows`` in
``migrations/sql/0008_row_digests.sql``). The last step about a subject says what its rows are now; two steps
in succession say which of them changed what: so a change is found even after a later step has recorded it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from core.i18n import N_, Lang, say
from store.access import ROLE_RIGHTS
from store.journal.chain import CHUNK_ROWS
from store.schema.access import RoleRight

SQL: Final = Path(__file__).parent / "sql"
ALL: Final = frozenset({"*"})

# Which parts of its subject a step changes; every other change was made by nobody who may.
CHANGES: Final[Mapping[str, frozenset[str]]] = {
    "evidence": frozenset({"evidence"}),
    "status": frozenset({"state"}),
    "overdue": frozenset({"state"}),
    "hand": frozenset({"state", "assignment"}),
    "sample": frozenset({"report", "state", "assignment"}),  # the demonstration dates its reports back
    "report_removed": ALL,
    "posting_made": frozenset({"posting"}),
    "postings_ended": frozenset({"posting"}),
    "sign_in": frozenset({"session", "attempts"}),
    "sign_in_refused": frozenset({"attempts"}),
    "password_refused": frozenset({"attempts"}),
    "sign_out": frozenset({"session"}),
    "password": frozenset({"password", "attempts", "session"}),
    "password_set": frozenset({"password", "attempts", "session"}),
    "account_locked": frozenset({"lock", "attempts", "session"}),
    "account_unlocked": frozenset({"lock", "attempts"}),
    "account_removed": ALL,
    "key_made": frozenset({"key"}),
    "key_dropped": frozenset({"key"}),
    "data": frozenset({"version"}),
    "public_view": frozenset({"settings"}),
}
PARTS: Final[Mapping[str, str]] = {
    "report": N_("the report"),
    "state": N_("its state"),
    "verdict": N_("its verdict"),
    "evidence": N_("its evidence"),
    "reporter": N_("its reporter"),
    "assignment": N_("its assignments"),
    "account": N_("the account"),
    "password": N_("its password"),
    "attempts": N_("its failed attempts"),
    "lock": N_("its lock"),
    "posting": N_("its postings"),
    "session": N_("its sessions"),
    "key": N_("its keys"),
    "version": N_("its versions"),
    "settings": N_("its settings"),
}


@dataclass(frozen=True, slots=True)
class RowFault:
    """What contradicts the journal: a subject such as "report/12", its part, and a message id with values."""

    subject: str
    part: str | None
    message: str
    values: Mapping[str, object] = field(default_factory=dict)

    def say(self, lang: Lang) -> str:
        """Return what is wrong as a sentence."""
        part = "" if self.part is None else say(lang, PARTS.get(self.part, self.part))
        return say(lang, self.message, **(dict(self.values) | {"subject": self.subject, "part": part}))


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A subject whose last step holds no digests yet, because it is older than they are."""

    subject: str


def verify_rows(session: Session) -> Iterator[RowFault | Uncovered]:
    """Yield every row that differs from the journal, and every subject that the journal does not cover yet.

    The journal itself is taken as it is: verify it first. Each of the queries sees one snapshot.
    """
    session.execute(text("SET LOCAL statement_timeout = 0"))
    for row in _rows(session, "last_steps"):
        yield from _compare_with_now(row)
    for row in _rows(session, "changes"):
        yield from _unexplained(row)
    yield from _rights(session)


def _rows(session: Session, query: str) -> Iterator[Row[Any]]:
    statement = text((SQL / f"{query}.sql").read_text(encoding="utf-8"))
    yield from session.execute(statement, execution_options={"yield_per": CHUNK_ROWS})


def _compare_with_now(row: Row[Any]) -> Iterator[RowFault | Uncovered]:
    """Compare a subject's rows with its last step; the query leaves out those that agree."""
    if row.seq is None:
        yield RowFault(row.subject, None, N_("{subject} has no row in the journal."))
    elif row.present and not row.covered:
        yield Uncovered(row.subject)
    elif not row.present:
        yield RowFault(
            row.subject, None, N_("{subject} is missing; row {seq} is about it."), {"seq": row.seq}
        )
    else:
        for part in _differing(row.recorded, row.present):
            yield _difference(row, part)


def _difference(row: Row[Any], part: str) -> RowFault:
    """The fault of one part: how many rows it has, where that differs, else that it was edited."""
    was, now = (_count((digests or {}).get(part)) for digests in (row.recorded, row.present))
    values = {"seq": row.seq, "was": was, "now": now}
    if was != now:
        message = N_("{subject}: {part}: {now} rows; row {seq} of the journal recorded {was}.")
        return RowFault(row.subject, part, message, values)
    return RowFault(
        row.subject, part, N_("{subject}: {part}: not what row {seq} of the journal recorded."), values
    )


def _unexplained(row: Row[Any]) -> Iterator[RowFault]:
    """The parts that changed between two steps although the second does not change them."""
    explained = CHANGES.get(row.action, frozenset())
    if explained is ALL:
        return
    for part in _differing(row.before, row.recorded):
        if part not in explained:
            message = N_(
                "{subject}: {part}: changed between rows {before} and {seq} of the journal by no step."
            )
            yield RowFault(row.subject, part, message, {"before": row.seq_before, "seq": row.seq})


def _rights(session: Session) -> Iterator[RowFault]:
    """The rights of roles that differ from the program's own table."""
    wanted = {(role, right) for role, rights in ROLE_RIGHTS.items() for right in rights}
    stored = {(row.role, row.right) for row in session.execute(select(RoleRight.role, RoleRight.right))}
    for role, right in sorted(stored - wanted):
        values = {"role": role, "right": right}
        yield RowFault("role_right", None, N_("The role {role} was given the right {right}."), values)
    for role, right in sorted(wanted - stored):
        values = {"role": role, "right": right}
        yield RowFault("role_right", None, N_("The role {role} lacks the right {right}."), values)


def _differing(one: Mapping[str, str] | None, other: Mapping[str, str] | None) -> list[str]:
    first, second = one or {}, other or {}
    return sorted(part for part in {*first, *second} if first.get(part) != second.get(part))


def _count(seal: str | None) -> int:
    """The number of rows in a digest, such as "3:0f…"."""
    return int((seal or "0").partition(":")[0])
