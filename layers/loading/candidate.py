"""A file that may become the next version of a dataset: recognised by what is in it, read and checked."""

from __future__ import annotations

import hashlib
import json
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
from geo.datum.conversion import CANON, to_cgcs2000_array
from law.errors import LawDataError
from law.parsing import read_yaml
from layers.lawbook.competence_list import read_list
from layers.lawbook.documents import LOCAL_LIST, InvalidLaw, current_book
from layers.readers.feature_table import read_features
from layers.readers.foreign_file import undescribed_dataset
from layers.readers.units import Rows, read_units
from layers.readers.zones import read_zones
from layers.registry.sources import Dataset
from store.schema.datasets import Source, Unit, Zone

SECTIONS: Final = {
    "laws": "law/articles",
    "kinds": "law/zone_kinds",
    "categories": "law/categories",
    "clocks": "law/clocks",
    "rules": "law/rules",
    "absences": "law/rules",
    "default": "law/competence",
    "entries": LOCAL_LIST,  # without a default: a list of powers as `zhijie law load` takes it
}
"""Section of a law document → dataset that it is a version of; the first one met decides."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A checked file under the name and with the description of the dataset that it would replace.

    ``rows`` for its table in the store, or ``content`` where it has none.
    """

    dataset: Dataset
    rows: Rows = field(default_factory=list)
    content: dict[str, Any] | None = None


def read_candidate(session: Session, path: Path, dataset: str | None = None) -> Candidate:
    """Read a changed rule file (.yaml), competence list (.xlsx, .csv, .yaml), or units or zones (.geojson).

    ``dataset`` names what it replaces, where that shall not be found out from its content.
    Raises :class:`BadInput` or :class:`BadData` for a file that cannot be used, with its row.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise BadInput(
            N_("{file} is no kind of file that can be tried out."),
            field="file",
            hint=N_("Give rules as .yaml, a competence list as .xlsx or .csv, units or zones as .geojson."),
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
    found = _document_of(document)
    if found is None:
        raise BadInput(
            N_("{file} holds no section of the law data."),
            field="file",
            hint=N_("It needs one of: {known}."),
            file=path.name,
            known=", ".join(SECTIONS),
        )
    if found == LOCAL_LIST:
        return _read_list(session, path, dataset)
    _check_named(path, found, dataset)
    text = path.read_text(encoding="utf-8")
    return Candidate(_describe(session, path, found, _sha256(text)), content={"yaml": text})


def _document_of(document: object) -> str | None:
    """The dataset of the first section that is known; a bare list is a list of powers."""
    if isinstance(document, list):
        return LOCAL_LIST
    names = document if isinstance(document, Mapping) else {}
    return next((dataset for section, dataset in SECTIONS.items() if section in names), None)


def _read_list(session: Session, path: Path, dataset: str | None) -> Candidate:
    _check_named(path, LOCAL_LIST, dataset)
    rows = read_list(path, current_book(session, local=False))
    content = {"entries": [row.model_dump(mode="json", exclude_none=True) for row in rows]}
    checksum = _sha256(json.dumps(content, ensure_ascii=False, sort_keys=True))
    return Candidate(_describe(session, path, LOCAL_LIST, checksum), content=content)


def _check_named(path: Path, found: str, dataset: str | None) -> None:
    if dataset not in (None, found):
        raise BadInput(
            N_("{file} is a version of {found}, not of {dataset}."),
            field="dataset",
            hint=N_("Leave the option out."),
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
        return Candidate(described, read_units(_reading(described)))
    _check_role(described, "zones")
    kinds = {kind for kind in frame["kind"] if isinstance(kind, str)}
    described = described.model_copy(update={"kinds": sorted({*described.kinds, *kinds})})
    return Candidate(described, read_zones(_reading(described), current_book(session).zone_kinds))


def _reading(described: Dataset) -> Dataset:
    """The dataset under its file's name, so that a fault in a row names the file."""
    return described.model_copy(update={"dataset": described.file})


def _check_degrees(frame: gpd.GeoDataFrame) -> None:
    """Refuse metres and swapped degrees; that degrees are CGCS2000, as in a data folder, cannot be seen."""
    try:
        to_cgcs2000_array(shapely.get_coordinates(frame.geometry.array), CANON)
    except BadInput as fault:
        raise BadInput(fault.message, field="file", hint=fault.hint, **fault.values) from fault


def _table_of(path: Path, frame: gpd.GeoDataFrame) -> type[Unit | Zone]:
    """Zones say their kind, units their level and not a kind."""
    if "geometry" in frame and "kind" in frame:
        return Zone
    if "geometry" in frame and "level" in frame:
        return Unit
    raise BadInput(
        N_("{file} holds neither units nor zones."),
        field="file",
        hint=N_("Units have the properties code, name, level; zones have code, name, kind."),
        file=path.name,
    )


def _check_role(dataset: Dataset, role: str) -> None:
    if dataset.role != role:
        raise BadInput(
            N_("{dataset} holds {role}, {file} does not."),
            field="dataset",
            hint=N_("Name another dataset, or leave the option out."),
            dataset=dataset.dataset,
            role=dataset.role,
            file=dataset.file,
        )


def _find_dataset_by_codes(
    session: Session, path: Path, frame: gpd.GeoDataFrame, table: type[Unit | Zone]
) -> str:
    """The current dataset that has most of the file's codes."""
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
        hint=N_("Say with --dataset which one it replaces."),
        file=path.name,
        found=", ".join(best),
    )


def _select_sharing(table: type[Unit | Zone], frame: gpd.GeoDataFrame) -> Select[str, int]:
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
    """A file with the description of the current version that it would replace."""
    current = session.scalar(select(Source).where(Source.dataset == name, Source.retired_at.is_(None)))
    if current is None and name == LOCAL_LIST:  # the first local list stands beside the shipped one
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
        datum=current.datum,
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
