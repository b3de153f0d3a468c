"""The local competence list: loaded from a file as a dataset of its own, and retired on request.

It is not part of a data folder: loading a folder neither removes nor replaces it.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import BadData
from core.i18n import N_, Lang, say
from geo import stem
from law import (
    CompetenceList,
    DataIssue,
    EntryRow,
    LawBook,
    LawDataError,
    ListDefaults,
    bilingual,
    read_competence_list,
)
from layers.lawbook.check import fetch_townships
from layers.lawbook.documents import LOCAL_LIST, InvalidLaw, current_book
from layers.registry.sources import Dataset
from layers.registry.versions import (
    LoadResult,
    activate_version,
    add_version,
    lock_versions,
    record_change,
    retire_version,
)
from store.schema import Source, Unit

LICENCE: Final = "not stated"  # the file does not say; lists of powers are published documents
READ_ERRORS: Final = (OSError, ValueError, ParseError, csv.Error)
"""Errors of the readers of tables and YAML for a file that is missing or damaged."""


class InvalidCompetenceList(InvalidLaw):
    """A refused list; its issues name rows by their numbers in the file."""

    def lines(self, lang: Lang) -> list[str]:
        """Every issue in words."""
        return [_issue_line(issue, lang) for issue in self.issues]


def _issue_line(issue: DataIssue, lang: Lang) -> str:
    text = say(lang, issue.message, **issue.values)
    if not issue.row:
        return text
    if not issue.field:
        return say(lang, N_("row {row}: {told}"), row=issue.row, told=text)
    return say(lang, N_("row {row}, {column}: {told}"), row=issue.row, column=issue.field, told=text)


@dataclass(frozen=True, slots=True)
class ListLoadResult:
    """Result of loading a list.

    ``unknown_units``: unit codes under which the store has no township. ``listed``: the list as read.
    """

    loaded: LoadResult
    entries: int
    unknown_units: tuple[str, ...]
    listed: CompetenceList


@dataclass(frozen=True, slots=True)
class LawVersion:
    """The current version of a dataset of the law."""

    dataset: str
    version: str
    title: dict[str, str]
    official: bool
    loaded_at: dt.datetime


def load_list(
    session: Session,
    path: Path,
    *,
    title: str | None = None,
    official: bool = True,
    unit: str | None = None,
) -> ListLoadResult:
    """Load a competence list, in place of an earlier one, in the caller's transaction.

    Statutory powers stay: the list decides only what it names.

    Args:
        session: of the store.
        path: .xlsx, .csv or .yaml.
        title: name of the list; by default made from the file's name.
        official: issued by an authority; otherwise its entries are marked as samples.
        unit: code of the unit that the list is for, where neither a column nor the title of the list says so.

    Raises:
        InvalidCompetenceList: the file or some of its rows are wrong.
        BadData: the file cannot be read.
    """
    lock_versions(session)
    known = list_defaults(session, unit)
    listed = read_list(path, current_book(session, local=False), known, official=official)
    content, checksum = list_document(listed)
    dataset = _describe(path, checksum, title, official)
    loaded = activate_version(session, dataset, lambda: _store(session, dataset, content))
    unknown = _unknown_units(session, listed.rows)
    record_change(session, LOCAL_LIST, loaded.previous, loaded.version)
    return ListLoadResult(loaded, len(listed.rows), unknown, listed)


def unload_list(session: Session) -> bool:
    """Return to the shipped list; False if no local one was loaded. It stays in the store for replays."""
    lock_versions(session)
    before = retire_version(session, LOCAL_LIST)
    record_change(session, LOCAL_LIST, before, None)
    return before is not None


def fetch_law_versions(session: Session) -> list[LawVersion]:
    """The current datasets of the law, ordered by name."""
    columns = (Source.dataset, Source.version, Source.title, Source.official, Source.loaded_at)
    rows = session.execute(
        select(*columns).where(Source.role == "law", Source.retired_at.is_(None)).order_by(Source.dataset)
    )
    return [LawVersion(*row) for row in rows]


def list_defaults(session: Session, unit: str | None = None) -> ListDefaults:
    """What a list may leave out: the unit that it is for, and the codes of the units that it names.

    Only units under ``unit`` are known by name, and only those whose name is not that of another.
    """
    query = (
        select(Unit.name, func.min(Unit.code))
        .join(Source, Source.id == Unit.source_id)
        .where(Source.retired_at.is_(None), Unit.level.in_(("county", "township")))
        .where(Unit.code.startswith(stem(unit or ""), autoescape=True))
        .group_by(Unit.name)
        .having(func.count(Unit.code.distinct()) == 1)
    )
    codes = {name: str(code) for name, code in session.execute(query)}
    return ListDefaults(() if unit is None else (unit,), codes)


def read_list(
    path: Path, book: LawBook, defaults: ListDefaults | None = None, *, official: bool = True
) -> CompetenceList:
    """The checked list of a file, with units as code prefixes, marked as a sample unless ``official``.

    Raises as ``load_list``.
    """
    try:
        listed = read_competence_list(path, book, defaults)
    except LawDataError as fault:
        raise InvalidCompetenceList(
            N_("Nothing was loaded, {file} is wrong: {fault}"), fault, field="file", file=path.name
        ) from fault
    except READ_ERRORS as fault:
        reason = fault.strerror if isinstance(fault, OSError) and fault.strerror else fault
        raise BadData(
            N_("{file} cannot be read: {fault}"), field="file", file=path.name, fault=reason
        ) from fault
    rows = (
        row.model_copy(update={"units": tuple(map(unit_prefix, row.units)), "sample": not official})
        for row in listed.rows
    )
    return replace(listed, rows=tuple(rows))


def unit_prefix(code: str) -> str:
    """The prefix shared by all units under a code, also for codes padded with zeros to 9 or 12 digits.

    '140500' → '1405', '140522000' → '140522', '140522201000' → '140522201'.
    """
    while len(code) in (9, 12) and code.endswith("000"):
        code = code[:-3]
    return stem(code)


def list_document(listed: CompetenceList) -> tuple[dict[str, Any], str]:
    """The document of a list as stored, and its SHA-256. Raises BadData for text that cannot be stored."""
    entries = [row.model_dump(mode="json", exclude_none=True) for row in listed.rows]
    content: dict[str, Any] = {"entries": entries, **listed.additions}
    # Sorted, so that the same list has the same checksum, however its file orders the fields.
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    # PostgreSQL's jsonb has no NUL character.
    if "\\u0000" in text:
        raise BadData(
            N_("The text contains a character that cannot be stored."), field="file", hint=N_("Remove it.")
        )
    return content, hashlib.sha256(text.encode()).hexdigest()


def _describe(path: Path, checksum: str, title: str | None, official: bool) -> Dataset:
    default_title = bilingual(N_("Competence list ({file})"), file=path.name)
    return Dataset(
        dataset=LOCAL_LIST,
        file=path.name,
        role="law",
        title=asdict(default_title) if title is None else {"zh": title, "en": title},
        origin=path.name,
        licence=LICENCE,
        datum="CGCS2000",
        official=official,
        sha256=checksum,
        folder=path.parent,
    )


def _store(session: Session, dataset: Dataset, content: dict[str, Any]) -> int:
    add_version(session, dataset, content)
    return len(content["entries"])


def _unknown_units(session: Session, rows: Iterable[EntryRow]) -> tuple[str, ...]:
    known = fetch_townships(session)
    prefixes = sorted({unit for row in rows for unit in row.units})
    return tuple(p for p in prefixes if known and not any(code.startswith(p) for code in known))
