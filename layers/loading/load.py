"""Loads a data folder into the store, in one transaction.

A dataset whose content and description are unchanged is skipped. A new version is written beside the old one,
which is retired, not deleted; the switch takes effect when the transaction commits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.errors import BadData
from core.i18n import N_
from law import LawBook
from layers.lawbook.documents import LOCAL_LIST, book_of_files, current_book
from layers.loading.placement import check_placement
from layers.readers.foreign_file import with_stated_datum
from layers.readers.grid import read_grid
from layers.readers.land_classes import LandClasses, classes_of_files
from layers.readers.parcels import read_parcels
from layers.readers.permits import read_permits
from layers.readers.roads import read_roads
from layers.readers.units import Rows, earliest_start, read_units, read_villages
from layers.readers.zones import read_zones
from layers.registry.notes import Notes
from layers.registry.sources import DRAWN_ROLES, Dataset, read_data_dir
from layers.registry.versions import (
    LoadResult,
    activate_version,
    add_version,
    lock_versions,
    record_change,
    retire_version,
)
from store.queries import insert_pieces
from store.schema import GridCell, Parcel, Permit, Source, Unit, Zone, ZoneKind

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
    """What the files of a data folder refer to: the law's zone kinds and categories, and land classes."""

    book: LawBook
    classes: LandClasses


READERS: Final[dict[str, Callable[[Dataset, ReferenceBooks, Notes], Rows]]] = {
    "units": lambda dataset, _, notes: read_units(dataset, notes),
    "villages": lambda dataset, *_: read_villages(dataset),
    "grid": lambda dataset, *_: read_grid(dataset),
    "zones": lambda dataset, known, notes: read_zones(dataset, known.book.zone_kinds, notes),
    "roads": lambda dataset, known, _: read_roads(dataset, known.book.zone_kinds),
    "permits": lambda dataset, known, _: read_permits(dataset, known.book),
    "parcels": lambda dataset, known, _: read_parcels(dataset, known.classes),
}
# The store has no roads, only their control zones.
STORED_ROLES: Final = {"roads": "zones"}


def load_folder(session: Session, data_dir: Path, progress: Progress = iter) -> list[LoadResult]:
    """Make the datasets of a folder the current ones, in the caller's transaction.

    Until it commits, other sessions see all of the old data.

    Args:
        session: of the store.
        data_dir: the data folder.
        progress: wraps the datasets to report progress.

    Returns:
        What was done with each dataset, in the order of loading.

    Raises:
        BadData: something is wrong; the store is then unchanged.
    """
    datasets = [_completed(dataset) for dataset in read_data_dir(data_dir)]
    known = ReferenceBooks(book_of_files(datasets), classes_of_files(datasets))
    session.execute(text("SET LOCAL statement_timeout = 0"))  # the limit is meant for requests
    lock_versions(session)
    with session.begin_nested():
        retired = _retire_absent(session, datasets)
        results = [_load_dataset(session, dataset, known) for dataset in progress(datasets)]
        check_placement(session, [result.dataset for result in results if result.outcome != "unchanged"])
        current_book(session)  # refuses a law that the local competence list does not fit
        # Last, since writing to the journal locks it for all other sessions until the transaction ends.
        for name, version in retired.items():
            record_change(session, name, version, None)
        for result in results:
            record_change(session, result.dataset, result.previous, result.version)
        return results


def _completed(dataset: Dataset) -> Dataset:
    """The dataset with its checksum, and with the datum that its file states if it declares none."""
    signed = dataset.signed()
    return with_stated_datum(signed) if dataset.role in DRAWN_ROLES else signed


def _load_dataset(session: Session, dataset: Dataset, known: ReferenceBooks) -> LoadResult:
    notes: Notes = []
    result = activate_version(session, dataset, partial(_write_version, session, dataset, known, notes))
    return replace(result, notes=tuple(notes))


def _retire_absent(session: Session, datasets: Iterable[Dataset]) -> dict[str, str | None]:
    """Retire what the folder no longer lists, except the local competence list.

    Returns the versions that were current, by dataset.
    """
    listed = {dataset.dataset for dataset in datasets} | {LOCAL_LIST}
    current = session.scalars(select(Source.dataset).where(Source.retired_at.is_(None))).all()
    return {dataset: retire_version(session, dataset) for dataset in current if dataset not in listed}


def _write_version(session: Session, dataset: Dataset, known: ReferenceBooks, notes: Notes) -> int:
    """Write a version with its rows; the number of rows."""
    reader = READERS.get(dataset.role)
    rows = [] if reader is None else reader(dataset, known, notes)
    has_table = dataset.role in TABLES
    content = None if has_table else {"yaml": dataset.path.read_text(encoding="utf-8")}
    begins = earliest_start(rows) if has_table else None
    source = add_version(session, dataset, content, role=_stored_role(dataset), begins=begins)
    if has_table:
        write_rows(session, dataset, source.id, rows)
    if dataset.dataset == "law/zone_kinds":
        write_kinds(session, source.id, known.book)
    return len(rows)


def write_rows(session: Session, dataset: Dataset, source_id: int, rows: Rows) -> None:
    """Write the rows of a version, and the pieces into which its areas are cut for spatial queries."""
    table = TABLES[dataset.role]
    try:
        session.execute(insert(table), [{**row, "source_id": source_id} for row in rows])
    except IntegrityError as fault:
        raise BadData(
            N_("The store refuses {dataset}: {reason}"),
            field=dataset.dataset,
            hint=N_("Two rows with the same code must not be valid on the same day."),
            dataset=dataset.dataset,
            reason=str(fault.orig).strip().splitlines()[-1],
        ) from fault
    if _stored_role(dataset) in ("units", "zones"):
        insert_pieces(session, _stored_role(dataset), source_id)


def _stored_role(dataset: Dataset) -> str:
    return STORED_ROLES.get(dataset.role, dataset.role)


def write_kinds(session: Session, source_id: int, book: LawBook) -> None:
    """Write what spatial queries need of the zone kinds: the distance within which each is near."""
    kinds: list[dict[str, Any]] = [
        {"source_id": source_id, "kind": kind.kind, "near_m": kind.near_m}
        for kind in book.zone_kinds.values()
    ]
    session.execute(insert(ZoneKind), kinds)
