"""The local competence list: loaded from a file, kept as a dataset of its own, retired on demand.

No data folder holds it, so that loading a folder neither removes nor replaces it.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import BadData
from core.i18n import N_, Lang, say
from geo.unit_codes import stem
from law.book import LawBook
from law.competence import EntryRow
from law.competence_list import competence_rows
from law.errors import DataIssue, LawDataError
from law.values import bilingual
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
from store.schema.datasets import Source

LICENCE: Final = "not stated"  # the file does not say; lists of powers are published documents
DAMAGED: Final = (OSError, ValueError, ParseError, csv.Error)
"""What the readers of tables and YAML raise for a file that is not there or is damaged."""


class InvalidCompetenceList(InvalidLaw):
    """A list that was refused: every wrong row by its number in the file."""

    def lines(self, lang: Lang) -> list[str]:
        """Every fault in words."""
        return [_issue_line(one, lang) for one in self.issues]


def _issue_line(fault: DataIssue, lang: Lang) -> str:
    told = say(lang, fault.message, **fault.values)
    if not fault.row:
        return told
    if not fault.field:
        return say(lang, N_("row {row}: {told}"), row=fault.row, told=told)
    return say(lang, N_("row {row}, {column}: {told}"), row=fault.row, column=fault.field, told=told)


@dataclass(frozen=True, slots=True)
class ListLoadResult:
    """What became of a list. ``unknown_units``: unit codes under which the store knows no township."""

    loaded: LoadResult
    entries: int
    unknown_units: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LawVersion:
    """One current dataset of the law."""

    dataset: str
    version: str
    title: dict[str, str]
    official: bool
    loaded_at: dt.datetime


def load_list(
    session: Session, path: Path, *, title: str | None = None, official: bool = True
) -> ListLoadResult:
    """Make a file's list the competence list in force, in place of the samples or of an earlier list.

    All of it or nothing, in the caller's transaction. A list that is not ``official`` is marked as a sample.
    Raises :class:`BadList` for a file or rows that are wrong, :class:`BadData` for one that cannot be read.
    """
    lock_versions(session)
    rows = read_list(path, current_book(session, local=False), official=official)
    content = {"entries": [row.model_dump(mode="json", exclude_none=True) for row in rows]}
    dataset = _describe(path, _checksum(content), title, official)
    loaded = activate_version(session, dataset, lambda: _store(session, dataset, content))
    strays = _unknown_units(session, rows)
    record_change(session, LOCAL_LIST, loaded.previous, loaded.version)
    return ListLoadResult(loaded, len(rows), strays)


def unload_list(session: Session) -> bool:
    """Go back to the shipped list; whether there was a local one. It stays in the store for replays."""
    lock_versions(session)
    before = retire_version(session, LOCAL_LIST)
    record_change(session, LOCAL_LIST, before, None)
    return before is not None


def fetch_law_versions(session: Session) -> list[LawVersion]:
    """The current datasets of the law, by name."""
    columns = (Source.dataset, Source.version, Source.title, Source.official, Source.loaded_at)
    rows = session.execute(
        select(*columns).where(Source.role == "law", Source.retired_at.is_(None)).order_by(Source.dataset)
    )
    return [LawVersion(*row) for row in rows]


def read_list(path: Path, book: LawBook, *, official: bool = True) -> list[EntryRow]:
    """The checked rows of a file, units as code prefixes, marked as samples where they are not official."""
    try:
        rows = competence_rows(path, book)
    except LawDataError as fault:
        raise InvalidCompetenceList(
            N_("Nothing was loaded, {file} is wrong: {fault}"), fault, field="file", file=path.name
        ) from fault
    except DAMAGED as fault:
        reason = fault.strerror if isinstance(fault, OSError) and fault.strerror else fault
        raise BadData(
            N_("{file} cannot be read: {fault}"), field="file", file=path.name, fault=reason
        ) from fault
    return [_as_kept(row, official) for row in rows]


def _as_kept(row: EntryRow, official: bool) -> EntryRow:
    return row.model_copy(update={"units": tuple(map(unit_prefix, row.units)), "sample": not official})


def unit_prefix(code: str) -> str:
    """The prefix that every unit under a code begins with, also of codes padded to 9 or 12 digits.

    '140500' → '1405', '140522000' → '140522', '140522201000' → '140522201'.
    """
    while len(code) in (9, 12) and code.endswith("000"):
        code = code[:-3]
    return stem(code)


def _checksum(content: dict[str, Any]) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    if "\\u0000" in text:
        raise BadData(
            N_("The text holds a character that cannot be stored."), field="file", hint=N_("Remove it.")
        )
    return hashlib.sha256(text.encode()).hexdigest()


def _describe(path: Path, checksum: str, title: str | None, official: bool) -> Dataset:
    named = bilingual(N_("Competence list ({file})"), file=path.name)
    return Dataset(
        dataset=LOCAL_LIST,
        file=path.name,
        role="law",
        title=asdict(named) if title is None else {"zh": title, "en": title},
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
