"""Rules: zone kind × grade × violation category × dates → effect, articles, authority, consequence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from pydantic import Field

from core.i18n import N_
from law.articles import Article, cite
from law.kinds import Category, Reading, ZoneKind
from law.parsing import DatedRow, Row, TextRow, parse_rows, section_rows
from law.values import Effect, Period, Text, bilingual

DOCUMENT = "rules"

FinePer = Literal["act", "m2", "restoration_cost", "reclamation_fee", "project_cost"]


@dataclass(frozen=True, slots=True)
class Severity:
    """What a rule threatens, as numbers that can be compared.

    Fines are yuan for ``act`` and ``m2`` (yuan per square metre); for the others multiples of that sum.
    None is "not known", which compares with nothing; 0 is "no fine".
    """

    punishes: bool | None
    fine_min: float | None
    fine_max: float | None
    per: FinePer
    demolish: bool | None


UNKNOWN_SEVERITY = Severity(None, None, None, "act", None)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where and when a rule, or a documented absence of one, speaks. No ``grades``: all of the kind."""

    id: str
    zone_kind: str
    grades: tuple[str, ...]
    categories: frozenset[str]
    valid_from: date | None
    valid_to: date | None

    @property
    def period(self) -> Period:
        """When it is in force."""
        return Period(self.valid_from, self.valid_to)

    def has_grade(self, grade: str) -> bool:
        """Is it about this grade?"""
        return not self.grades or grade in self.grades


@dataclass(frozen=True, slots=True)
class Rule(Scope):
    """One rule."""

    effect: Effect
    articles: tuple[Article, ...]
    authority: Text
    consequence: Text
    severity: Severity
    verified: bool
    note: Text | None


@dataclass(frozen=True, slots=True)
class Absence(Scope):
    """A documented gap: the law of this zone kind says nothing about these categories, and why."""

    reason: Text


@dataclass(frozen=True, slots=True)
class Trial:
    """A rule that was tried, whether it applies, and why (or why not)."""

    rule: Rule
    applies: bool
    reason: Text


@dataclass(frozen=True, slots=True)
class RuleQuery:
    """What is asked of the rules. ``grade`` is as the law of the day reads it (see ``read_grade``)."""

    kind: ZoneKind
    grade: str
    category: Category
    on: date
    reading: Reading | None


class SeverityRow(Row):
    """Severity of a rule; what is left out is not known."""

    punishes: bool | None = None
    fine_min: float | None = Field(None, ge=0)
    fine_max: float | None = Field(None, ge=0)
    per: FinePer = "act"
    demolish: bool | None = None


class ScopeRow(DatedRow):
    """What rules and absences share."""

    id: str = Field(pattern=r"^[a-z0-9_-]+$")
    zone_kind: str
    grades: tuple[str, ...] = ()
    categories: tuple[str, ...] = Field(min_length=1)


class RuleRow(ScopeRow):
    """Row of ``rules``."""

    effect: Effect
    articles: tuple[str, ...] = Field(min_length=1)
    authority: TextRow
    consequence: TextRow
    severity: SeverityRow = SeverityRow()
    verified: bool
    note: TextRow | None = None


class AbsenceRow(ScopeRow):
    """Row of ``absences``."""

    reason: TextRow


def parse_rule_rows(documents: Mapping[str, object]) -> tuple[list[RuleRow], list[AbsenceRow]]:
    """The rows of both sections; what they refer to is checked by ``rulechecks``.

    Raises:
        LawDataError: a row does not fit or an id repeats.
    """
    rules = parse_rows(RuleRow, DOCUMENT, section_rows(documents, DOCUMENT, "rules"))
    return rules, parse_rows(AbsenceRow, DOCUMENT, section_rows(documents, DOCUMENT, "absences"))


def build_rule(row: RuleRow, articles: Mapping[str, Article]) -> Rule:
    """A checked row as a value."""
    return Rule(
        id=row.id,
        zone_kind=row.zone_kind,
        grades=row.grades,
        categories=frozenset(row.categories),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        effect=row.effect,
        articles=cite(articles, row.articles),
        authority=row.authority.text(),
        consequence=row.consequence.text(),
        severity=Severity(**row.severity.model_dump()),
        verified=row.verified,
        note=row.note.text() if row.note else None,
    )


def build_absence(row: AbsenceRow) -> Absence:
    """A checked row as a value."""
    categories = frozenset(row.categories)
    dates = (row.valid_from, row.valid_to)
    return Absence(row.id, row.zone_kind, row.grades, categories, *dates, row.reason.text())


def rule_query(kind: ZoneKind, grade: str | None, category: Category, on: date) -> RuleQuery | None:
    """The question as the law of the day reads it; None where the zone's grade is not known.

    Raises:
        UnknownCode: the kind has no such grade.
    """
    own = kind.own_grade(grade)
    if own is None:
        return None
    reading = kind.reading(own, on)
    return RuleQuery(kind, reading.read_as if reading else own, category, on, reading)


def try_rule(rule: Rule, asked: RuleQuery) -> Trial:
    """Try one rule of the zone's kind and say why it does, or does not, apply."""
    failed = _mismatch(rule, asked)
    reason = bilingual(
        failed or N_("applies: {kind}, grade {grade}, in force on {day}"),
        kind=asked.kind.name,
        grade=_grade_text(asked),
        category=asked.category.name,
        start=rule.valid_from,
        end=rule.valid_to,
        day=asked.on,
    )
    return Trial(rule if failed else with_reading(rule, asked), not failed, reason)


def applies(rule: Rule, asked: RuleQuery) -> bool:
    """Does a rule of the zone's kind apply?"""
    return not _mismatch(rule, asked)


def _mismatch(rule: Rule, asked: RuleQuery) -> str:
    """The message that says why a rule does not apply; empty where it does."""
    if asked.category.code not in rule.categories:
        return N_("does not apply: it is about other matters than {category}")
    if not rule.has_grade(asked.grade):
        return N_("does not apply: it is about other grades than {grade}")
    if rule.valid_from is not None and asked.on < rule.valid_from:
        return N_("does not apply: in force only from {start}, asked for {day}")
    if not rule.period.covers(asked.on):
        return N_("does not apply: in force only until {end} (that day excluded), asked for {day}")
    return ""


def _grade_text(asked: RuleQuery) -> Text:
    if not asked.grade:
        return bilingual(N_("none"))
    name = asked.kind.grade_name(asked.grade, asked.on)
    if asked.reading is None:
        return name
    drawn = asked.kind.grade_name(asked.reading.grade, asked.on)
    return bilingual(N_("{drawn}, read as {read}"), drawn=drawn, read=name)


def with_reading(rule: Rule, asked: RuleQuery) -> Rule:
    """The rule as it reaches a zone whose grade is read as another, with that reading's doubt and note."""
    reading = asked.reading
    if reading is None:
        return rule
    note = reading.note if rule.note is None else _join_notes(rule.note, reading.note)
    articles = rule.articles + tuple(a for a in reading.articles if a not in rule.articles)
    return replace(rule, articles=articles, verified=rule.verified and reading.verified, note=note)


def _join_notes(one: Text, other: Text) -> Text:
    return Text(one.zh + other.zh, f"{one.en} {other.en}")
