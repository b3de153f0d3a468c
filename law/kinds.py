"""Violation categories, and kinds of zones with their grades and widths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pydantic import Field

from core.i18n import N_
from law.articles import Article, citation_issues, cite
from law.errors import DataIssue, UnknownCode, data_issue, raise_issues
from law.parsing import DatedRow, Row, TextRow, parse_rows, period_issues, section_rows
from law.values import Period, Text

CATEGORIES = "categories"
KINDS = "zone_kinds"

_FROM_NOW_ON = Period(date.max, None)
"""Widths have no dates of their own: their articles must be in force without a known end."""


Unlawful = Literal["itself", "place", "permit", "listed"]


@dataclass(frozen=True, slots=True)
class Category:
    """A violation category.

    Attributes:
        unlawful: what makes it unlawful: ``itself``, wherever it happens; ``place``, the zone it lies in;
            ``permit``, that a permit is lacking, in any place; ``listed``, the law that the local competence
            list names, which was not compared with the statute.
        basis: articles on that, beside the rules of zones; of every version in the book.
        note: what has to be checked apart from zones.
    """

    code: str
    name: Text
    unlawful: Unlawful = "place"
    basis: tuple[Article, ...] = ()
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class GradeName:
    """Name of a grade during a period."""

    grade: str
    name: Text
    period: Period


@dataclass(frozen=True, slots=True)
class Reading:
    """Equivalent of a grade while the law lacks it: in ``period``, ``grade`` is read as ``read_as``."""

    grade: str
    read_as: str
    period: Period
    articles: tuple[Article, ...]
    verified: bool
    note: Text


@dataclass(frozen=True, slots=True)
class Width:
    """Minimum width of a control zone along a class of line, metres from the edge of the line's land."""

    line_class: str
    name: Text
    metres: float


@dataclass(frozen=True, slots=True)
class ZoneKind:
    """A kind of protected or controlled zone.

    Attributes:
        near_m: distance in metres within which a place outside the zone gets a notice. A setting, not law.
        ungraded: grade of a zone that states none; None where it is not known.
        readings: equivalents of grades that the law of some period lacks.
        widths: minimum widths, for zones along lines.
        width_basis: articles that the widths rest on.
    """

    kind: str
    name: Text
    near_m: float
    grade_names: tuple[GradeName, ...]
    ungraded: str | None
    readings: tuple[Reading, ...]
    widths: tuple[Width, ...]
    width_basis: tuple[Article, ...]

    @property
    def grades(self) -> dict[str, Text]:
        """Name of each grade: the first of its names, under which it was drawn."""
        return {named.grade: named.name for named in reversed(self.grade_names)}

    def grade_name(self, grade: str, on: date) -> Text:
        """Name of a grade on a day; its first name where the law of the day has no such grade.

        Raises:
            UnknownCode: the kind has no such grade.
        """
        for named in self.grade_names:
            if named.grade == grade and named.period.covers(on):
                return named.name
        if grade not in self.grades:
            raise UnknownCode("grade", f"{self.kind}/{grade}")
        return self.grades[grade]

    def own_grade(self, grade: str | None) -> str | None:
        """The grade that applies to a zone of this kind: "" for a kind without grades, None if not known.

        Raises:
            UnknownCode: the kind has no such grade.
        """
        if grade and grade not in self.grades:
            raise UnknownCode("grade", f"{self.kind}/{grade}")
        if not self.grade_names:
            return ""
        return grade or self.ungraded

    def reading(self, grade: str, on: date) -> Reading | None:
        """The equivalent of a grade on a day; None where the law of the day has the grade itself."""
        return next((r for r in self.readings if r.grade == grade and r.period.covers(on)), None)


class CategoryRow(Row):
    """Row of ``categories``."""

    code: str = Field(pattern=r"^[a-z_]+$")
    name: TextRow
    unlawful: Unlawful = "place"
    basis: tuple[str, ...] = ()
    note: TextRow | None = None


class GradeRow(DatedRow):
    """Row of ``grades``: a name of a grade."""

    grade: str = Field(pattern=r"^[a-z0-9_]+$")
    name: TextRow


class ReadingRow(DatedRow):
    """Row of ``readings``: the equivalent of a grade that the law of a period lacks."""

    grade: str
    read_as: str
    articles: tuple[str, ...] = ()
    verified: bool
    note: TextRow


class WidthRow(Row):
    """Row of ``widths``: the width for a class of line."""

    line_class: str
    name: TextRow
    metres: float = Field(gt=0)


class KindRow(Row):
    """Row of ``zone_kinds``."""

    kind: str = Field(pattern=r"^[a-z_]+$")
    name: TextRow
    near_m: float = Field(ge=0)
    grades: tuple[GradeRow, ...] = ()
    ungraded: str | None = None
    readings: tuple[ReadingRow, ...] = ()
    widths: tuple[WidthRow, ...] = ()
    width_basis: tuple[str, ...] = ()


def parse_categories(documents: Mapping[str, object], articles: Mapping[str, Article]) -> dict[str, Category]:
    """Parse all categories, by code.

    Raises:
        LawDataError: a row does not fit the schema or cites an unknown article, or a code repeats.
    """
    rows = parse_rows(CategoryRow, CATEGORIES, section_rows(documents, CATEGORIES, "categories"), key="code")
    raise_issues(
        data_issue(CATEGORIES, row.code, "basis", N_("unknown article: {article}"), article=article)
        for row in rows
        for article in row.basis
        if article not in articles
    )
    return {
        row.code: Category(
            code=row.code,
            name=row.name.text(),
            unlawful=row.unlawful,
            basis=cite(articles, row.basis),
            note=row.note.text() if row.note else None,
        )
        for row in rows
    }


def parse_kinds(documents: Mapping[str, object], articles: Mapping[str, Article]) -> dict[str, ZoneKind]:
    """Parse all zone kinds, by code, in the order of the document, which is their rank (see ``competence``).

    Raises:
        LawDataError: a row does not fit the schema, names an unknown grade or article, or has reversed dates.
    """
    rows = parse_rows(KindRow, KINDS, section_rows(documents, KINDS, "kinds"), key="kind")
    raise_issues(f for row in rows for f in _kind_issues(row, articles))
    return {row.kind: _kind(row, articles) for row in rows}


def _kind_issues(row: KindRow, articles: Mapping[str, Article]) -> list[DataIssue]:
    own = {grade.grade for grade in row.grades}
    named = [row.ungraded] if row.ungraded else []
    named += [g for reading in row.readings for g in (reading.grade, reading.read_as)]
    unknown = [grade for grade in named if grade not in own]
    issues = [data_issue(KINDS, row.kind, "grades", N_("unknown grade: {grade}"), grade=g) for g in unknown]
    for dated in (*row.grades, *row.readings):
        issues += period_issues(KINDS, row.kind, dated.period)
    for reading in row.readings:
        issues += citation_issues(articles, KINDS, row.kind, (reading.articles, reading.period))
    return issues + citation_issues(articles, KINDS, row.kind, (row.width_basis, _FROM_NOW_ON))


def _kind(row: KindRow, articles: Mapping[str, Article]) -> ZoneKind:
    return ZoneKind(
        kind=row.kind,
        name=row.name.text(),
        near_m=row.near_m,
        grade_names=tuple(GradeName(g.grade, g.name.text(), g.period) for g in row.grades),
        ungraded=row.ungraded,
        readings=tuple(_reading(r, articles) for r in row.readings),
        widths=tuple(Width(w.line_class, w.name.text(), w.metres) for w in row.widths),
        width_basis=cite(articles, row.width_basis),
    )


def _reading(row: ReadingRow, articles: Mapping[str, Article]) -> Reading:
    cited = cite(articles, row.articles)
    return Reading(row.grade, row.read_as, row.period, cited, row.verified, row.note.text())
