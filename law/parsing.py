"""Reads YAML and checks its rows against pydantic models; schema errors become :class:`DataIssue`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from yaml.nodes import MappingNode

from core.i18n import N_
from law.errors import DataIssue, LawDataError, data_issue
from law.values import Period, Text

R = TypeVar("R", bound="Row")


class Row(BaseModel):
    """A row of a document. Unknown fields are refused: a misspelt optional field would be lost silently."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TextRow(Row):
    """A bilingual text; neither language may be empty."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def text(self) -> Text:
        """The row as a :class:`Text`."""
        return Text(self.zh, self.en)


class DatedRow(Row):
    """A row that is in force from ``valid_from`` (inclusive) to ``valid_to`` (exclusive)."""

    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def period(self) -> Period:
        """Both dates as a :class:`Period`."""
        return Period(self.valid_from, self.valid_to)


def build_texts(rows: tuple[TextRow, ...]) -> tuple[Text, ...]:
    """The rows as values of type :class:`Text`."""
    return tuple(row.text() for row in rows)


def section_rows(documents: Mapping[str, object], document: str, name: str) -> list[object]:
    """The unchecked rows of a section; empty where the document or section is absent.

    Raises:
        LawDataError: the document is not a mapping, or the section is not a list.
    """
    sections = documents.get(document, {})
    if not isinstance(sections, Mapping):
        raise LawDataError(data_issue(document, "", "", N_("must be a mapping of sections")))
    rows = sections.get(name, [])
    if not isinstance(rows, list):
        raise LawDataError(data_issue(document, "", name, N_("must be a list of rows")))
    return rows


def check_sections(documents: Mapping[str, object], known: Mapping[str, frozenset[str]]) -> None:
    """Check that no document or section is unknown: a misspelt name would otherwise count as an empty one.

    Args:
        documents: parsed documents by name.
        known: names of the sections of each document.

    Raises:
        LawDataError: a document or section is not known.
    """
    for document, sections in documents.items():
        if document not in known:
            raise LawDataError(data_issue(document, "", "", N_("is not a document of the law book")))
        names = sections.keys() if isinstance(sections, Mapping) else ()
        for name in sorted(set(map(str, names)) - known[document]):
            raise LawDataError(data_issue(document, "", name, N_("is not a section of this document")))


def parse_rows(model: type[R], document: str, rows: list[object], key: str = "id") -> list[R]:
    """Validate every row against ``model``.

    Args:
        model: schema of the rows.
        document: name of the document, for issues.
        rows: unchecked rows.
        key: the field that names a row in issues; a row without it is named by its position from 1.

    Raises:
        LawDataError: with an issue for each wrong field of each row, and for each repeated key.
    """
    parsed: list[R] = []
    issues: list[DataIssue] = []
    seen: set[str] = set()
    for position, raw in enumerate(rows, start=1):
        name = _row_name(raw, key, position)
        if name in seen:
            issues.append(data_issue(document, name, key, N_("is used by two rows")))
        seen.add(name)
        try:
            parsed.append(model.model_validate(raw))
        except ValidationError as error:
            issues += schema_issues(error, document, name)
    if issues:
        raise LawDataError(*issues)
    return parsed


def _row_name(raw: object, key: str, position: int) -> str:
    named = raw.get(key) if isinstance(raw, Mapping) else None
    return str(named) if named else f"#{position}"


def schema_issues(error: ValidationError, document: str, row: str) -> list[DataIssue]:
    """Issues of a row that does not fit its schema, one for each field."""
    return [
        data_issue(
            document,
            row,
            ".".join(map(str, detail["loc"])),
            N_("does not fit the schema: {detail}"),
            detail=detail["msg"],
        )
        for detail in error.errors()
    ]


def period_issues(document: str, row: str, period: Period) -> list[DataIssue]:
    """An issue where a period ends on or before its start."""
    if not period.reversed:
        return []
    message = N_("ends before it starts: {period}")
    return [data_issue(document, row, "valid_to", message, period=period.words())]


class _UniqueKeys(yaml.SafeLoader):
    """A safe loader that refuses repeated keys, of which PyYAML silently uses the last."""

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[object, object]:
        # Merge keys (<<) may repeat a key on purpose, to override it.
        keys = [self.construct_object(k, deep=True) for k, _ in node.value if k.tag != _MERGE]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"repeated key: {key}", node.start_mark)
        return dict(super().construct_mapping(node, deep=deep))


_MERGE = "tag:yaml.org,2002:merge"


def read_yaml(path: Path) -> object:
    """Parse a YAML file (safe loader).

    Raises:
        LawDataError: the file is not YAML, or repeats a key; the message has line and column.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        detail = " ".join(str(error).split())
        raise LawDataError(
            data_issue(path.name, "", "", N_("cannot be read: {detail}"), detail=detail)
        ) from error
