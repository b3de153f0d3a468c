"""Loading a data folder into the store: all of it in one transaction, or nothing.

A dataset whose content and description are unchanged is left alone. A new version is written
beside the old one and becomes current when the transaction commits; the old one is retired, not deleted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geo.errors import BadData
from geo.queries import insert_pieces
from geo.tables import GridCell, Source, Unit, Zone, ZoneKind
from law.book import LawBook
from layers.grid import read_grid
from layers.lawbook import book_of_files
from layers.registry import Dataset, read_all
from layers.units import Rows, earliest, read_units, read_villages
from layers.zones import read_zones
from words import N_

Outcome = Literal["loaded", "restored", "unchanged"]
Progress = Callable[[Iterable[Dataset]], Iterable[Dataset]]
TABLES: Final = {"units": Unit, "villages": Unit, "grid": GridCell, "zones": Zone}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of one dataset."""

    dataset: str
    version: str
    outcome: Outcome
    rows: int


def load_folder(session: Session, data_dir: Path, progress: Progress = iter) -> list[Loaded]:
    """Bring the store in step with a data folder.

    The caller's transaction is the swap: readers see all of the old data until it commits.
    Raises :class:`BadData`, and leaves the store as it was, where anything is wrong.
    """
    datasets = read_all(data_dir)
    for dataset in datasets:
        dataset.verify()
    book = book_of_files(datasets)
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('zhijie load'))"))
    with session.begin_nested():
        return [_load(session, dataset, book) for dataset in progress(datasets)]


def _load(session: Session, dataset: Dataset, book: LawBook) -> Loaded:
    present = session.scalar(
        select(Source).where(Source.dataset == dataset.dataset, Source.version == dataset.version)
    )
    if present is not None and present.retired_at is None:
        return Loaded(dataset.dataset, dataset.version, "unchanged", 0)
    _retire(session, dataset.dataset)
    if present is not None:
        present.retired_at = None
        session.flush()
        return _done(session, dataset, "restored", 0)
    return _done(session, dataset, "loaded", _load_new(session, dataset, book))


def _done(session: Session, dataset: Dataset, outcome: Outcome, rows: int) -> Loaded:
    session.execute(select(func.pg_notify("zhijie_source", dataset.dataset)))
    return Loaded(dataset.dataset, dataset.version, outcome, rows)


def _retire(session: Session, dataset: str) -> None:
    session.execute(
        update(Source)
        .where(Source.dataset == dataset, Source.retired_at.is_(None))
        .values(retired_at=func.clock_timestamp())
    )


def _load_new(session: Session, dataset: Dataset, book: LawBook) -> int:
    rows = _read(dataset, book)
    source = _source(dataset, earliest(rows) if dataset.role in TABLES else None)
    session.add(source)
    session.flush()
    if dataset.role in TABLES:
        _insert(session, dataset, source.id, rows)
    if dataset.dataset == "law/zone_kinds":
        _insert_kinds(session, source.id, book)
    return len(rows)


def _read(dataset: Dataset, book: LawBook) -> Rows:
    match dataset.role:
        case "units":
            return read_units(dataset)
        case "villages":
            return read_villages(dataset)
        case "grid":
            return read_grid(dataset)
        case "zones":
            return read_zones(dataset, book.zone_kinds)
        case _:
            return []


def _source(dataset: Dataset, begins: dt.date | None) -> Source:
    said = dataset.model_dump(include={"dataset", "role", "title", "origin", "licence", "datum", "official"})
    content = None if dataset.role in TABLES else {"yaml": dataset.path.read_text(encoding="utf-8")}
    return Source(
        **said,
        version=dataset.version,
        checksum=dataset.sha256,
        accuracy_m=dataset.accuracy_m,
        reach=dataset.reach,
        kinds=dataset.kinds,
        begins=begins,
        note=dataset.note,
        content=content,
    )


def _insert(session: Session, dataset: Dataset, source_id: int, rows: Rows) -> None:
    table = TABLES[dataset.role]
    try:
        session.execute(insert(table), [{**row, "source_id": source_id} for row in rows])
    except IntegrityError as fault:
        raise BadData(
            N_("The store refuses {dataset}: {reason}"),
            field=dataset.dataset,
            mend=N_("Two rows of one code must not be valid on the same day."),
            dataset=dataset.dataset,
            reason=str(fault.orig).strip().splitlines()[-1],
        ) from fault
    if dataset.role in ("units", "zones"):
        insert_pieces(session, dataset.role, source_id)


def _insert_kinds(session: Session, source_id: int, book: LawBook) -> None:
    kinds: list[dict[str, Any]] = [
        {"source_id": source_id, "kind": kind.kind, "near_m": kind.near_m}
        for kind in book.zone_kinds.values()
    ]
    session.execute(insert(ZoneKind), kinds)
