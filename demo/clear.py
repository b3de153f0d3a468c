"""Removes the demonstration: sample reports with all that refers to them, and its accounts; nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from sqlalchemy import delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from accounts import set_locked
from demo.story import CAST, account_name
from reports.evidence import BlobStore
from store import append_step
from store.schema import Account, Evidence, Report


@dataclass(frozen=True, slots=True)
class Cleared:
    """What was removed. ``locked``: accounts that real data refers to, which stay but cannot sign in.

    ``files``: SHA-256 of the evidence of the reports; see :func:`forget_files`.
    """

    reports: int
    accounts: int
    locked: int
    files: frozenset[str]


def count_samples(session: Session) -> int:
    """The number of sample reports."""
    return session.scalar(select(func.count()).select_from(Report).where(Report.sample)) or 0


def clear_demo(session: Session) -> Cleared:
    """Remove all sample reports, with everything that hangs on them, and the demonstration's accounts.

    Real reports stay, also those that the demonstration's accounts filed, and so do all other accounts and
    the reference data. The journal keeps its entries; each report and account gets a last one, and the
    whole "demo_cleared". Commit, then call :func:`forget_files`.
    """
    files = _sample_files(session)
    removed = session.execute(
        delete(Report).where(Report.sample).returning(Report.id, Report.unit_code)
    ).all()
    # One step each: the journal's verification otherwise misses the reports.
    for report in sorted(removed):
        append_step(session, "report_removed", f"report/{report.id}", unit=report.unit_code)
    deleted = [_remove_account(session, account) for account in _demo_accounts(session)]
    cleared = Cleared(len(removed), deleted.count(True), deleted.count(False), files)
    counts = {"reports": cleared.reports, "accounts": cleared.accounts, "accounts_locked": cleared.locked}
    append_step(session, "demo_cleared", "demo", before={**counts, "files": len(files)})
    return cleared


def forget_files(session: Session, blobs: BlobStore, files: Iterable[str]) -> int:
    """Remove the files that no report refers to any more, and return their number. Call it after the commit.

    Evidence that is added meanwhile with the same bytes as a sample's keeps its file, unless it arrives
    between the query and the removal of that one file.
    """
    return sum(blobs.remove(sha256) for sha256 in sorted(files) if not _is_referenced(session, sha256))


def _sample_files(session: Session) -> frozenset[str]:
    """Hashes of the evidence and thumbnails of sample reports."""
    rows = session.execute(
        select(Evidence.sha256, Evidence.thumbnail)
        .join(Report, Report.id == Evidence.report_id)
        .where(Report.sample)
    )
    return frozenset(name for name in chain.from_iterable(rows) if name is not None)


def _is_referenced(session: Session, sha256: str) -> bool:
    used = or_(Evidence.sha256 == sha256, Evidence.thumbnail == sha256)
    return session.scalar(select(Evidence.id).where(used).limit(1)) is not None


def _demo_accounts(session: Session) -> list[Account]:
    names = [account_name(role) for role in CAST]
    return list(session.scalars(select(Account).where(Account.name.in_(names)).order_by(Account.id)))


def _remove_account(session: Session, account: Account) -> bool:
    """Delete an account with its postings and credentials; False where data refers to it: it is locked."""
    subject = f"account/{account.id}"
    try:
        # A savepoint: the foreign keys of real data decide, and their refusal must not end the transaction.
        with session.begin_nested():
            session.execute(delete(Account).where(Account.id == account.id))
    except IntegrityError:
        session.expire_all()
        set_locked(session, account, locked=True)
        return False
    append_step(session, "account_removed", subject)
    return True
