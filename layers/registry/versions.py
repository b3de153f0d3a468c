"""Versions of datasets in the store: at most one of each dataset is current, and old ones are never deleted.

All changes of current versions are made here, under one lock, in the caller's transaction, and notified.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from layers.registry.notes import Note
from layers.registry.sources import Dataset
from store import append_step
from store.schema import SOURCE_CHANNEL, Source

Outcome = Literal["loaded", "restored", "unchanged"]


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What was done with a dataset.

    ``rows``: rows written. ``previous``: the version that was current. ``notes``: what reading changed.
    """

    dataset: str
    version: str
    outcome: Outcome
    rows: int
    previous: str | None = None
    notes: tuple[Note, ...] = ()


def lock_versions(session: Session) -> None:
    """Acquire the lock on current versions, which is released when the transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('zhijie load'))"))


def activate_version(session: Session, dataset: Dataset, write: Callable[[], int]) -> LoadResult:
    """Make the version of a dataset current, and retire the one before.

    Args:
        session: with the lock of ``lock_versions``.
        dataset: in its new version.
        write: stores the version and its rows, and returns their number; called only if the store lacks the
            version.
    """
    present = session.scalar(
        select(Source).where(Source.dataset == dataset.dataset, Source.version == dataset.version)
    )
    if present is not None and present.retired_at is None:
        return LoadResult(dataset.dataset, dataset.version, "unchanged", 0, dataset.version)
    previous = retire_version(session, dataset.dataset)
    if present is not None:
        present.retired_at = None
        session.flush()
        return LoadResult(dataset.dataset, dataset.version, "restored", 0, previous)
    return LoadResult(dataset.dataset, dataset.version, "loaded", write(), previous)


def retire_version(session: Session, dataset: str) -> str | None:
    """Retire the current version of a dataset, and return it. It stays in the store for replays."""
    retired = session.scalars(
        update(Source)
        .where(Source.dataset == dataset, Source.retired_at.is_(None))
        .values(retired_at=func.clock_timestamp())
        .returning(Source.version)
    ).one_or_none()
    # Delivered at commit: whoever caches the dataset then drops it.
    session.execute(select(func.pg_notify(SOURCE_CHANNEL, dataset)))
    return retired


def record_change(session: Session, dataset: str, before: str | None, after: str | None) -> None:
    """Record a change of the current version in the journal, since law and borders decide about people.

    Call it last: the journal is locked for all other sessions until the transaction ends.

    Args:
        session: with the lock of ``lock_versions``.
        dataset: name of the dataset.
        before: version that was current; None: none.
        after: version that is current now; None: none.
    """
    if before != after:
        was, now = (None if version is None else {"version": version} for version in (before, after))
        append_step(session, "data", f"dataset/{dataset}", before=was, after=now)


def add_version(
    session: Session,
    dataset: Dataset,
    content: dict[str, Any] | None,
    *,
    role: str | None = None,
    begins: dt.date | None = None,
) -> Source:
    """Write the ``source`` row of a version.

    Args:
        session: of the store.
        dataset: its description.
        content: its document, if it has no rows in a table.
        role: its role in the store, if other than that of the file.
        begins: the first day on which a row is in force.
    """
    description = dataset.model_dump(include={"dataset", "title", "origin", "licence", "datum", "official"})
    source = Source(
        **description,
        role=role or dataset.role,
        version=dataset.version,
        checksum=dataset.sha256,
        accuracy_m=dataset.accuracy_m,
        reach=dataset.reach,
        kinds=dataset.kinds,
        begins=begins,
        note=dataset.note,
        content=content,
    )
    session.add(source)
    session.flush()
    return source
