"""Errors in legal data. Every issue names its document, row and field."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from core.i18n import Lang, say


@dataclasses.dataclass(frozen=True, slots=True)
class DataIssue:
    """Something wrong in one place of a document. ``message``: a message id, to be filled with ``values``."""

    document: str
    row: str
    field: str
    message: str
    values: Mapping[str, object] = dataclasses.field(default_factory=dict)

    def line(self, lang: Lang) -> str:
        """The place and what is wrong, on one line."""
        place = ", ".join(part for part in (self.document, self.row, self.field) if part)
        return f"{place}: {say(lang, self.message, **self.values)}"


def data_issue(document: str, row: str, field: str, message: str, **values: object) -> DataIssue:
    """A :class:`DataIssue` with the values of its message as keywords."""
    return DataIssue(document, row, field, message, values)


class LawDataError(ValueError):
    """Legal data that cannot be used. ``issues`` lists every issue; the attributes are those of the first."""

    def __init__(self, *issues: DataIssue) -> None:
        super().__init__(*issues)
        self.issues = issues
        first = issues[0]
        self.document, self.row, self.field, self.message = (
            first.document,
            first.row,
            first.field,
            first.message,
        )

    def lines(self, lang: Lang) -> list[str]:
        """Every issue, one line each."""
        return [issue.line(lang) for issue in self.issues]

    def __str__(self) -> str:
        return "\n".join(self.lines("en"))


class CalendarGap(LawDataError):
    """The calendar lacks the public holidays of a year that is needed."""


class UnknownCode(LookupError):
    """A zone kind, grade or category that is not in the law book."""

    def __init__(self, what: str, code: str) -> None:
        super().__init__(what, code)
        self.what = what
        self.code = code

    def __str__(self) -> str:
        return f"unknown {self.what}: {self.code}"


def raise_issues(issues: Iterable[DataIssue]) -> None:
    """Raise one error with all ``issues``, if there are any.

    Raises:
        LawDataError: there is at least one issue.
    """
    collected = tuple(issues)
    if collected:
        raise LawDataError(*collected)
