"""Loads a changed dataset temporarily, beside the current ones, to compare their effects.

The candidate is written inside a savepoint that is always rolled back, under a unique name, and the current
version is left as it is. So no other session sees the candidate or waits for it, and nothing of it remains.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import BadData
from core.i18n import N_
from facts import SourceRef
from law import LawBook
from layers.lawbook.documents import fetch_book
from layers.loading.candidate import Candidate
from layers.loading.load import write_kinds, write_rows
from layers.readers.units import earliest_start
from layers.registry.versions import add_version
from store.schema import Source, Zone

ZONE_KINDS: Final = "law/zone_kinds"
Versions = Mapping[int, str]
"""Id of a dataset version → name of its dataset."""


@dataclass(frozen=True, slots=True)
class StagedVersions:
    """The current versions, and those with the candidate in place of the version that it replaces."""

    current: Versions
    changed: Versions


@contextmanager
def stage_candidate(session: Session, candidate: Candidate) -> Iterator[StagedVersions]:
    """Hold a candidate in the store for the length of the block, in which nothing must be committed.

    Raises :class:`BadData` if the candidate does not fit the other current datasets.
    """
    savepoint = session.begin_nested()
    try:
        yield _stage(session, candidate)
    finally:
        savepoint.rollback()


def _stage(session: Session, candidate: Candidate) -> StagedVersions:
    current = fetch_current_versions(session)
    name = candidate.dataset.dataset
    # A unique name: two sessions staging one dataset would wait for each other at the unique index.
    own = candidate.dataset.model_copy(update={"dataset": f"simulated/{uuid.uuid4().hex}/{name}"})
    source = add_version(session, own, candidate.content, begins=earliest_start(candidate.rows))
    if candidate.rows:
        write_rows(session, candidate.dataset, source.id, candidate.rows)
    others = {number: dataset for number, dataset in current.items() if dataset != name}
    changed = {**others, source.id: name}
    book = fetch_book(session, (ref for ref in fetch_source_refs(session, changed) if ref.role == "law"))
    if name == ZONE_KINDS:
        _check_zones(session, others, book, candidate)
        write_kinds(session, source.id, book)
    return StagedVersions(current, changed)


def _check_zones(session: Session, versions: Versions, book: LawBook, candidate: Candidate) -> None:
    """Raise BadData if the kinds lack a kind or grade that loaded zones have."""
    used = select(Zone.kind, Zone.grade).where(Zone.source_id.in_(versions)).distinct()
    for kind, grade in session.execute(used.order_by(Zone.kind, Zone.grade)):
        known = book.zone_kinds.get(kind)
        if known is None or (grade is not None and grade not in known.grades):
            raise BadData(
                N_("Zones of the kind {kind} and the grade {grade} are loaded, which {file} does not list."),
                field="file",
                hint=N_("Keep the kind and its grades as long as there are such zones."),
                kind=kind,
                grade=grade or "–",
                file=candidate.dataset.file,
            )


def fetch_current_versions(session: Session) -> dict[int, str]:
    """Id → dataset of the current versions."""
    rows = session.execute(select(Source.id, Source.dataset).where(Source.retired_at.is_(None)))
    return {row.id: row.dataset for row in rows}


def fetch_source_refs(session: Session, ids: Iterable[int]) -> tuple[SourceRef, ...]:
    """References to dataset versions, ordered by the names of their datasets."""
    columns = [getattr(Source, field.name) for field in fields(SourceRef)]
    rows = session.execute(select(*columns).where(Source.id.in_(list(ids))).order_by(Source.dataset))
    return tuple(SourceRef(**{**row._asdict(), "kinds": tuple(row.kinds)}) for row in rows)
