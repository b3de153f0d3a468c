"""Reads a file that may become the next version of a dataset, which is recognised by its content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import shapely
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from core.errors import BadInput
from core.i18n import N_
from geo.datum import CANON, to_cgcs2000_array
from law import LawDataError, read_yaml
from layers.lawbook.competence_list import list_defaults, list_document, read_list
from layers.lawbook.documents import LOCAL_LIST, InvalidLaw, current_book
from layers.readers.foreign_file import read_features, undescribed_dataset
from layers.readers.units import Rows, read_units
from layers.readers.zones import read_zones
from layers.registry.sources import Dataset
from store.schema import Source, Unit, Zone

SECTIONS: Final = {
    "laws": "law/articles",
    "kinds": "law/zone_kinds",
    "categories": "law/categories",
    "clocks": "law/clocks",
    "rules": "law/rules",
    "absences": "law/rules",
    "authorities": "law/authorities",
    "default": "law/competence",
    "entries": LOCAL_LIST,  # without a default: a competence list, as for `zhijie law load`
}
"""Section of a law document → the dataset it belongs to, in the order of precedence."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A checked file with the name and description of the dataset that it would replace.

    It has either ``rows`` for a table of the store or, for law, ``content``.
    """

    dataset: Dataset
    rows: Rows = field(default_factory=list)
    content: dict[str, Any] | None = None


def read_candidate(session: Session, path: Path, dataset: str | None = None) -> Candidate:
    """Read changed law (.yaml), a competence list (.xlsx, .csv, .yaml), or units or zones (.geojson).

    Args:
        session: of the store, with the current datasets.
        path: of the file.
        dataset: the dataset that it replaces; by default found from the content.

    Raises:
        BadInput: the file is of no type that can be tried out, or fits no current dataset.
        BadData: its content is wrong.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise BadInput(
            N_("{file} is not of a type that can be tried out."),
            field="file",
            hint=N_("Use .yaml for rules, .xlsx or .csv for a competence list, .geojson for units or zones."),
            file=path.name,
        )
    if not path.is_file():
        raise BadInput(N_("There is no file {path}."), field="file", path=path)
    try:
        return reader(session, path, dataset)
    except OSError as fault:
        raise BadInput(
            N_("{file} cannot be read: {fault}"), field="file", file=path.name, fault=fault.strerror
        ) from fault


def _read_law(session: Session, path: Path, dataset: str | None) -> Candidate:
    try:
        document = read_yaml(path)
    except LawDataError as fault:
        raise InvalidLaw(N_("The law data are wrong: {fault}"), fault, field="file") from fault
    name = _document_dataset(document)
    if name is None:
        raise BadInput(
            N_("{file} has no section of the law data."),
            field="file",
            hint=N_("It needs one of: {known}."),
            file=path.name,
            known=", ".join(SECTIONS),
        )
    if name == LOCAL_LIST:
        return _read_list(session, path, dataset)
    _check_dataset_option(path, name, dataset)
    text = path.read_text(encoding="utf-8")
    return Candidate(_describe(session, path, name, _sha256(text)), content={"yaml": text})


def _document_dataset(document: object) -> str | None:
    """The dataset that a document belongs to, by its sections; a bare list of rows is a competence list."""
    if isinstance(document, list):
        return LOCAL_LIST
    names = document if isinstance(document, Mapping) else {}
    return next((dataset for section, dataset in SECTIONS.items() if section in names), None)


def _read_list(session: Session, path: Path, dataset: str | None) -> Candidate:
    _check_dataset_option(path, LOCAL_LIST, dataset)
    listed = read_list(path, current_book(session, local=False), list_defaults(session))
    content, checksum = list_document(listed)
    return Candidate(_describe(session, path, LOCAL_LIST, checksum), content=content)


def _check_dataset_option(path: Path, found: str, dataset: str | None) -> None:
    """Raise BadInput if the user named another dataset than the content shows."""
    if dataset not in (None, found):
        raise BadInput(
            N_("{file} is a version of {found}, not of {dataset}."),
            field="dataset",
            hint=N_("Leave out the option."),
            file=path.name,
            found=found,
            dataset=dataset,
        )


def _read_areas(session: Session, path: Path, dataset: str | None) -> Candidate:
    frame = read_features(undescribed_dataset(path, "units", []))
    table = _table_of(path, frame)
    _check_degrees(frame)
    name = _find_dataset_by_codes(session, path, frame, table) if dataset is None else dataset
    described = _describe(session, path, name, hashlib.sha256(path.read_bytes()).hexdigest())
    if table is Unit:
        _check_role(described, "units")
        return Candidate(described, read_units(_named_by_file(described), []))
    _check_role(described, "zones")
    kinds = {kind for kind in frame["kind"] if isinstance(kind, str)}
    described = described.model_copy(update={"kinds": sorted({*described.kinds, *kinds})})
    return Candidate(described, read_zones(_named_by_file(described), current_book(session).zone_kinds, []))


def _named_by_file(described: Dataset) -> Dataset:
    """The dataset under its file's name, so that errors of its features name the file."""
    return described.model_copy(update={"dataset": described.file})


def _check_degrees(frame: gpd.GeoDataFrame) -> None:
    """Raise BadInput for metres and swapped degrees; that degrees are CGCS2000 cannot be checked."""
    try:
        to_cgcs2000_array(shapely.get_coordinates(frame.geometry.array), CANON)
    except BadInput as fault:
        raise BadInput(fault.message, field="file", hint=fault.hint, **fault.values) from fault


def _table_of(path: Path, frame: gpd.GeoDataFrame) -> type[Unit | Zone]:
    """The table for the features: zones have a kind, units have a level but no kind."""
    if "geometry" in frame and "kind" in frame:
        return Zone
    if "geometry" in frame and "level" in frame:
        return Unit
    raise BadInput(
        N_("{file} contains neither units nor zones."),
        field="file",
        hint=N_("Units have the properties code, name, level; zones have code, name, kind."),
        file=path.name,
    )


def _check_role(dataset: Dataset, role: str) -> None:
    if dataset.role != role:
        raise BadInput(
            N_("{dataset} contains {role}, {file} does not."),
            field="dataset",
            hint=N_("Choose another dataset, or leave out the option."),
            dataset=dataset.dataset,
            role=dataset.role,
            file=dataset.file,
        )


def _find_dataset_by_codes(
    session: Session, path: Path, frame: gpd.GeoDataFrame, table: type[Unit | Zone]
) -> str:
    """Name of the current dataset that has most of the file's codes. Raises BadInput for none, or a tie."""
    ranked = session.execute(_select_sharing(table, frame)).all()
    best = [row.dataset for row in ranked if row.shared == ranked[0].shared]
    if len(best) == 1:
        return str(best[0])
    message = N_("Several datasets have the codes of {file}: {found}.")
    if not best:
        message = N_("No current dataset has a code of {file}.")
    raise BadInput(
        message,
        field="dataset",
        hint=N_("Use --dataset to name the one that it replaces."),
        file=path.name,
        found=", ".join(best),
    )


def _select_sharing(table: type[Unit | Zone], frame: gpd.GeoDataFrame) -> Select[str, int]:
    """Current datasets by the number of codes that they share with the file, largest first."""
    codes, levels = (_texts(frame, column) for column in ("code", "level"))
    shared = func.count(table.code.distinct()).label("shared")
    query = (
        select(Source.dataset, shared)
        .join(table, table.source_id == Source.id)
        .where(Source.retired_at.is_(None), Source.role != "villages", table.code.in_(codes))
        .group_by(Source.dataset)
        .order_by(shared.desc(), Source.dataset)
    )
    return query.where(Unit.level.in_(levels)) if table is Unit else query


def _texts(frame: gpd.GeoDataFrame, column: str) -> list[str]:
    values: Iterable[object] = frame.get(column, ())
    return sorted({value for value in values if isinstance(value, str)})


def _describe(session: Session, path: Path, name: str, sha256: str) -> Dataset:
    """A dataset of the file, with the description of the current version that it would replace."""
    current = session.scalar(select(Source).where(Source.dataset == name, Source.retired_at.is_(None)))
    if current is None and name == LOCAL_LIST:  # the first local list has no version to replace
        own = {"dataset": LOCAL_LIST, "sha256": sha256, "title": {"zh": path.name, "en": path.name}}
        return undescribed_dataset(path, "law", []).model_copy(update=own)
    if current is None:
        raise _no_such_dataset(session, name)
    return Dataset(
        dataset=name,
        file=path.name,
        role=current.role,
        title=current.title,
        origin=path.name,
        licence=current.licence,
        datum=CANON,  # of the candidate: the current version's file may be in another system
        official=current.official,
        accuracy_m=current.accuracy_m,
        reach=current.reach,
        kinds=current.kinds,
        sha256=sha256,
        folder=path.parent,
    )


def _no_such_dataset(session: Session, name: str) -> BadInput:
    known = session.scalars(
        select(Source.dataset).where(Source.retired_at.is_(None)).order_by(Source.dataset)
    )
    return BadInput(
        N_("No dataset {dataset} is current."),
        field="dataset",
        hint=N_("Use one of: {known}."),
        dataset=name,
        known=", ".join(known),
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


READERS: Final[dict[str, Callable[[Session, Path, str | None], Candidate]]] = {
    ".yaml": _read_law,
    ".yml": _read_law,
    ".xlsx": _read_list,
    ".csv": _read_list,
    ".geojson": _read_areas,
    ".json": _read_areas,
}
