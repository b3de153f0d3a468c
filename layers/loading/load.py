"""Loading a data folder into the store: all of it in one transaction, or nothing.

A dataset whose content and description are unchanged is left alone. A new version is written
beside the old one and becomes current when the transaction commits; the old one is retired, not deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.errors import BadData
from core.i18n import N_
from law.book import LawBook
from layers.lawbook.documents import LOCAL_LIST, book_of_files, current_book
from layers.readers.grid import read_grid
from layers.readers.land_classes import LandClasses, classes_of_files
from layers.readers.parcels import read_parcels
from layers.readers.permits import read_permits
from layers.readers.roads import read_roads
from layers.readers.units import Rows, earliest_start, read_units, read_villages
from layers.readers.zones import read_zones
from layers.registry.sources import Dataset, read_data_dir
from layers.registry.versions import (
    LoadResult,
    activate_version,
    add_version,
    lock_versions,
    record_change,
    retire_version,
)
from store.queries.pieces import insert_pieces
from store.schema.datasets import GridCell, Permit, Source, Unit, Zone, ZoneKind
from store.schema.parcels import Parcel

Progress = Callable[[Iterable[Dataset]], Iterable[Dataset]]
TABLES: Final = {
    "units": Unit,
    "villages": Unit,
    "grid": GridCell,
    "zones": Zone,
    "roads": Zone,
    "permits": Permit,
    "parcels": Parcel,
}


@dataclass(frozen=True, slots=True)
class ReferenceBooks:
    """What a data folder tells that its other files name: kinds of zones, matters, classes of land."""

    book: LawBook
    classes: LandClasses


READERS: Final[dict[str, Callable[[Dataset, ReferenceBooks], Rows]]] = {
    "units": lambda dataset, _: read_units(dataset),
    "villages": lambda dataset, _: read_villages(dataset),
    "grid": lambda dataset, _: read_grid(dataset),
    "zones": lambda dataset, known: read_zones(dataset, known.book.zone_kinds),
    "roads": lambda dataset, known: read_roads(dataset, known.book.zone_kinds),
    "permits": lambda dataset, known: read_permits(dataset, known.book),
    "parcels": lambda dataset, known: read_parcels(dataset, known.classes),
}
STORED_ROLES: Final = {
    "roads": "zones"
}  # what a file's role is in the store: of a road, the store knows its zone


def load_folder(session: Session, data_dir: Path, progress: Progress = iter) -> list[LoadResult]:
    """Bring the store in step with a data folder.

    The caller's transaction is the swap: readers see all of the old data until it commits.
    Raises :class:`BadData`, and leaves the store as it was, where anything is wrong.
    """
    datasets = read_data_dir(data_dir)
    for dataset in datasets:
        dataset.verify()
    known = ReferenceBooks(book_of_files(datasets), classes_of_files(datasets))
    session.execute(text("SET LOCAL statement_timeout = 0"))  # a load may take its time, a request may not
    lock_versions(session)
    with session.begin_nested():
        gone = _retire_absent(session, datasets)
        loaded = [_load(session, dataset, known) for dataset in progress(datasets)]
        current_book(session)  # a law that the local competence list does not fit is refused here
        for name, version in gone.items():
            record_change(session, name, version, None)
        for one in loaded:
            record_change(session, one.dataset, one.previous, one.version)
        return loaded


def _retire_absent(session: Session, datasets: Iterable[Dataset]) -> dict[str, str | None]:
    """Let nothing stay current that the folder no longer lists, the local competence list aside.

    What was current, by dataset.
    """
    listed = {dataset.dataset for dataset in datasets} | {LOCAL_LIST}
    current = session.scalars(select(Source.dataset).where(Source.retired_at.is_(None))).all()
    return {dataset: retire_version(session, dataset) for dataset in current if dataset not in listed}


def _load(session: Session, dataset: Dataset, known: ReferenceBooks) -> LoadResult:
    return activate_version(session, dataset, lambda: _load_new(session, dataset, known))


def _load_new(session: Session, dataset: Dataset, known: ReferenceBooks) -> int:
    rows = _read(dataset, known)
    kept_in_table = dataset.role in TABLES
    content = None if kept_in_table else {"yaml": dataset.path.read_text(encoding="utf-8")}
    begins = earliest_start(rows) if kept_in_table else None
    source = add_version(session, dataset, content, role=_stored_role(dataset), begins=begins)
    if kept_in_table:
        write_rows(session, dataset, source.id, rows)
    if dataset.dataset == "law/zone_kinds":
        write_kinds(session, source.id, known.book)
    return len(rows)


def _read(dataset: Dataset, known: ReferenceBooks) -> Rows:
    reader = READERS.get(dataset.role)
    return [] if reader is None else reader(dataset, known)


def write_rows(session: Session, dataset: Dataset, source_id: int, rows: Rows) -> None:
    """Write the rows of a version, and the pieces of its areas."""
    table = TABLES[dataset.role]
    try:
        session.execute(insert(table), [{**row, "source_id": source_id} for row in rows])
    except IntegrityError as fault:
        raise BadData(
            N_("The store refuses {dataset}: {reason}"),
            field=dataset.dataset,
            hint=N_("Two rows of one code must not be valid on the same day."),
            dataset=dataset.dataset,
            reason=str(fault.orig).strip().splitlines()[-1],
        ) from fault
    if _stored_role(dataset) in ("units", "zones"):
        insert_pieces(session, _stored_role(dataset), source_id)


def _stored_role(dataset: Dataset) -> str:
    return STORED_ROLES.get(dataset.role, dataset.role)


def write_kinds(session: Session, source_id: int, book: LawBook) -> None:
    """Write what the spatial query needs to know of the kinds of zones."""
    kinds: list[dict[str, Any]] = [
        {"source_id": source_id, "kind": kind.kind, "near_m": kind.near_m}
        for kind in book.zone_kinds.values()
    ]
    session.execute(insert(ZoneKind), kinds)
