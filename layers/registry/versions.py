"""Versions of datasets in the store: at most one of each is current, old ones stay, who listens is told.

Every change of what is current goes through here, under one lock, in the caller's transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from layers.registry.sources import Dataset
from store.journal.append import append_step
from store.schema.datasets import CHANNEL, Source

Outcome = Literal["loaded", "restored", "unchanged"]


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What became of one dataset; ``rows`` is 0 where nothing was written. ``before``: what was current."""

    dataset: str
    version: str
    outcome: Outcome
    rows: int
    previous: str | None = None


def lock_versions(session: Session) -> None:
    """Wait until nobody else changes what is current; held until the transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('zhijie load'))"))


def activate_version(session: Session, dataset: Dataset, write: Callable[[], int]) -> LoadResult:
    """Make a version of a dataset the current one and retire the one before it.

    ``write`` stores the version with its rows and gives their number; it is called only where the store
    does not have the version yet.
    """
    present = session.scalar(
        select(Source).where(Source.dataset == dataset.dataset, Source.version == dataset.version)
    )
    if present is not None and present.retired_at is None:
        return LoadResult(dataset.dataset, dataset.version, "unchanged", 0, dataset.version)
    before = retire_version(session, dataset.dataset)
    if present is not None:
        present.retired_at = None
        session.flush()
        return LoadResult(dataset.dataset, dataset.version, "restored", 0, before)
    return LoadResult(dataset.dataset, dataset.version, "loaded", write(), before)


def retire_version(session: Session, dataset: str) -> str | None:
    """Let no version of a dataset be current; the one that was. It stays in the store for replays."""
    retired = session.scalars(
        update(Source)
        .where(Source.dataset == dataset, Source.retired_at.is_(None))
        .values(retired_at=func.clock_timestamp())
        .returning(Source.version)
    ).one_or_none()
    session.execute(select(func.pg_notify(CHANNEL, dataset)))
    return retired


def record_change(session: Session, dataset: str, before: str | None, after: str | None) -> None:
    """The journal's line: law and borders decide about people, so their changes are steps like any other.

    To be called when all else is done: nobody else can write into the journal until the transaction ends.
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

    ``content``: its document, where its rows have no table. ``role``: in the store, where that is not the
    file's. ``begins``: the first day of which its rows tell.
    """
    said = dataset.model_dump(include={"dataset", "title", "origin", "licence", "datum", "official"})
    source = Source(
        **said,
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
