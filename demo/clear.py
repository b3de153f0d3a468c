"""Taking the demonstration away: sample reports with all that hangs on them, its accounts; nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from sqlalchemy import delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from accounts.accounts import lock
from demo.story import CAST, account_name
from reports.evidence.storage import BlobStore
from store.journal.append import append_step
from store.schema.access import Account
from store.schema.datasets import Evidence, Report


@dataclass(frozen=True, slots=True)
class Cleared:
    """What was taken away. ``locked``: accounts that something real refers to, so they stay, shut out.

    ``files``: SHA-256 of the evidence that hung on the reports; see :func:`forget_files`.
    """

    reports: int
    accounts: int
    locked: int
    files: frozenset[str]


def count_samples(session: Session) -> int:
    """How many sample reports there are."""
    return session.scalar(select(func.count()).select_from(Report).where(Report.sample)) or 0


def clear_demo(session: Session) -> Cleared:
    """Remove every sample report with its verdicts, evidence and hands, and the demonstration's accounts.

    Real reports stay, also those that the demonstration's accounts filed; so do all other accounts and the
    reference data. The journal keeps its lines and gets one more, "demo_cleared". Commit, then forget files.
    """
    files = _files(session)
    removed = session.scalars(delete(Report).where(Report.sample).returning(Report.id)).all()
    gone = [_dismiss(session, account) for account in _cast(session)]
    cleared = Cleared(len(removed), gone.count(True), gone.count(False), files)
    counts = {"reports": cleared.reports, "accounts": cleared.accounts, "accounts_locked": cleared.locked}
    append_step(session, "demo_cleared", "demo", before={**counts, "files": len(files)})
    return cleared


def forget_files(session: Session, blobs: BlobStore, files: Iterable[str]) -> int:
    """Remove the files to which no report refers any more; how many. To be called when all else is committed.

    Evidence that somebody adds meanwhile with the very bytes of a sample's keeps its file, unless it comes
    in between the question and the removal of this one file.
    """
    return sum(blobs.remove(sha256) for sha256 in sorted(files) if not _referred(session, sha256))


def _files(session: Session) -> frozenset[str]:
    """Files of evidence and small pictures that hang on sample reports."""
    rows = session.execute(
        select(Evidence.sha256, Evidence.thumbnail)
        .join(Report, Report.id == Evidence.report_id)
        .where(Report.sample)
    )
    return frozenset(name for name in chain.from_iterable(rows) if name is not None)


def _referred(session: Session, sha256: str) -> bool:
    used = or_(Evidence.sha256 == sha256, Evidence.thumbnail == sha256)
    return session.scalar(select(Evidence.id).where(used).limit(1)) is not None


def _cast(session: Session) -> list[Account]:
    names = [account_name(role) for role in CAST]
    return list(session.scalars(select(Account).where(Account.name.in_(names)).order_by(Account.id)))


def _dismiss(session: Session, account: Account) -> bool:
    """Remove an account with its postings and credentials; False where it had to be locked instead."""
    try:
        with session.begin_nested():
            session.execute(delete(Account).where(Account.id == account.id))
    except IntegrityError:
        session.expire_all()
        lock(session, account, locked=True)
        return False
    return True
