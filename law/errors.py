"""Faults in legal data: every one names its document, its row and its field."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from core.i18n import Lang, say


@dataclasses.dataclass(frozen=True, slots=True)
class DataIssue:
    """One wrong place. ``message`` is a message id of the catalogues, filled with ``values``."""

    document: str
    row: str
    field: str
    message: str
    values: Mapping[str, object] = dataclasses.field(default_factory=dict)

    def line(self, lang: Lang) -> str:
        """Where and what, on one line."""
        place = ", ".join(part for part in (self.document, self.row, self.field) if part)
        return f"{place}: {say(lang, self.message, **self.values)}"


def data_issue(document: str, row: str, field: str, message: str, **values: object) -> DataIssue:
    """Build a fault with the values of its message."""
    return DataIssue(document, row, field, message, values)


class LawDataError(ValueError):
    """Legal data that cannot be used. ``issues`` lists every issue; the first one is the error's own."""

    def __init__(self, *faults: DataIssue) -> None:
        super().__init__(*faults)
        self.issues = faults
        first = faults[0]
        self.document, self.row, self.field, self.message = (
            first.document,
            first.row,
            first.field,
            first.message,
        )

    def lines(self, lang: Lang) -> list[str]:
        """Every fault, one line each."""
        return [one.line(lang) for one in self.issues]

    def __str__(self) -> str:
        return "\n".join(self.lines("en"))


class CalendarGap(LawDataError):
    """A day in a year whose public holidays are not in the calendar."""


class UnknownCode(LookupError):
    """A zone kind, grade or category that the law book does not have."""

    def __init__(self, what: str, code: str) -> None:
        super().__init__(what, code)
        self.what = what
        self.code = code

    def __str__(self) -> str:
        return f"unknown {self.what}: {self.code}"


def raise_issues(faults: Iterable[DataIssue]) -> None:
    """Raise one error that carries all ``faults``; do nothing where there are none.

    Raises:
        LawDataError: there is at least one fault.
    """
    found = tuple(faults)
    if found:
        raise LawDataError(*found)
