"""From parsed YAML to checked rows: one place where a shape error becomes a named fault."""

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
    """A row of a document: no field beyond the schema is let in."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TextRow(Row):
    """A bilingual text; neither language may be empty."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def text(self) -> Text:
        """As a value."""
        return Text(self.zh, self.en)


class DatedRow(Row):
    """A row that is in force from ``valid_from`` (inclusive) to ``valid_to`` (exclusive)."""

    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def period(self) -> Period:
        """Both dates as one value."""
        return Period(self.valid_from, self.valid_to)


def build_texts(rows: tuple[TextRow, ...]) -> tuple[Text, ...]:
    """Rows of text as values."""
    return tuple(row.text() for row in rows)


def section_rows(documents: Mapping[str, object], document: str, name: str) -> list[object]:
    """The list ``name`` of a document; an absent list is empty.

    Raises:
        LawDataError: the document is no mapping, or the section is no list.
    """
    whole = documents.get(document, {})
    if not isinstance(whole, Mapping):
        raise LawDataError(data_issue(document, "", "", N_("must be a mapping of sections")))
    rows = whole.get(name, [])
    if not isinstance(rows, list):
        raise LawDataError(data_issue(document, "", name, N_("must be a list of rows")))
    return rows


def check_sections(documents: Mapping[str, object], known: Mapping[str, frozenset[str]]) -> None:
    """Refuse documents and sections that nobody would read: a misspelt name must not pass as "empty".

    Raises:
        LawDataError: a name is not known.
    """
    for document, whole in documents.items():
        if document not in known:
            raise LawDataError(data_issue(document, "", "", N_("is not a document of the law book")))
        names = whole.keys() if isinstance(whole, Mapping) else ()
        for name in sorted(set(map(str, names)) - known[document]):
            raise LawDataError(data_issue(document, "", name, N_("is not a section of this document")))


def parse_rows(model: type[R], document: str, rows: list[object], key: str = "id") -> list[R]:
    """Check every row against ``model``; rows are named by their ``key``, else by their position from 1.

    Raises:
        LawDataError: with a fault for each wrong field of each wrong row, and for each repeated key.
    """
    parsed: list[R] = []
    faults: list[DataIssue] = []
    seen: set[str] = set()
    for position, raw in enumerate(rows, start=1):
        name = _row_name(raw, key, position)
        if name in seen:
            faults.append(data_issue(document, name, key, N_("is used by two rows")))
        seen.add(name)
        try:
            parsed.append(model.model_validate(raw))
        except ValidationError as error:
            faults += schema_issues(error, document, name)
    if faults:
        raise LawDataError(*faults)
    return parsed


def _row_name(raw: object, key: str, position: int) -> str:
    named = raw.get(key) if isinstance(raw, Mapping) else None
    return str(named) if named else f"#{position}"


def schema_issues(error: ValidationError, document: str, row: str) -> list[DataIssue]:
    """The schema faults of one row, a fault a field."""
    return [
        data_issue(
            document,
            row,
            ".".join(map(str, one["loc"])),
            N_("does not fit the schema: {detail}"),
            detail=one["msg"],
        )
        for one in error.errors()
    ]


def period_issues(document: str, row: str, period: Period) -> list[DataIssue]:
    """A fault where a period ends before it starts."""
    if not period.reversed:
        return []
    message = N_("ends before it starts: {period}")
    return [data_issue(document, row, "valid_to", message, period=period.words())]


class _UniqueKeys(yaml.SafeLoader):
    """A safe loader that refuses a key given twice; plain YAML would silently keep the last."""

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[object, object]:
        keys = [self.construct_object(k, deep=True) for k, _ in node.value if k.tag != _MERGE]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key given twice: {key}", node.start_mark
                )
        return dict(super().construct_mapping(node, deep=deep))


_MERGE = "tag:yaml.org,2002:merge"


def read_yaml(path: Path) -> object:
    """Parse a YAML file (safe loader).

    Raises:
        LawDataError: the file is no YAML, or repeats a key; the place is in the message.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        detail = " ".join(str(error).split())
        raise LawDataError(
            data_issue(path.name, "", "", N_("cannot be read: {detail}"), detail=detail)
        ) from error
