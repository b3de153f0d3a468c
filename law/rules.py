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
    """Consequences of a rule as comparable numbers. None: not known, and comparable with nothing.

    Attributes:
        punishes: an administrative penalty is possible.
        fine_min: minimum fine, in the unit of ``per``.
        fine_max: maximum fine, in the unit of ``per``; 0: no fine.
        per: what the fine is measured by. ``act``: yuan; ``m2``: yuan per square metre; the others:
            multiples of that sum.
        demolish: demolition or restoration can be ordered.
    """

    punishes: bool | None
    fine_min: float | None
    fine_max: float | None
    per: FinePer
    demolish: bool | None


UNKNOWN_SEVERITY = Severity(None, None, None, "act", None)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where and when a rule, or a documented absence of rules, applies. Empty ``grades``: all of the kind."""

    id: str
    zone_kind: str
    grades: tuple[str, ...]
    categories: frozenset[str]
    valid_from: date | None
    valid_to: date | None

    @property
    def period(self) -> Period:
        """When the row is in force."""
        return Period(self.valid_from, self.valid_to)

    def has_grade(self, grade: str) -> bool:
        """Does the row apply to this grade?"""
        return not self.grades or grade in self.grades


@dataclass(frozen=True, slots=True)
class Condition:
    """A fact that a rule depends on and that a place does not show, such as a size or a use.

    ``text`` completes "if …"; ``note`` says more, such as where a threshold is published.
    """

    code: str
    text: Text
    note: Text | None


@dataclass(frozen=True, slots=True)
class Rule(Scope):
    """What the law says about categories in a kind of zone; all ``conditions`` must be met."""

    effect: Effect
    articles: tuple[Article, ...]
    authority: Text
    consequence: Text
    severity: Severity
    verified: bool
    note: Text | None
    conditions: tuple[Condition, ...] = ()

    def is_new_law(self, day: date) -> bool:
        """Whether a law on which the rule rests came into being on a day, not as a new version."""
        return any(article.new and article.valid_from == day for article in self.articles)


@dataclass(frozen=True, slots=True)
class Absence(Scope):
    """Documented absence of rules for these categories in a zone kind, with the reason."""

    reason: Text


@dataclass(frozen=True, slots=True)
class Trial:
    """A rule with the result of trying it: whether it applies, and why."""

    rule: Rule
    applies: bool
    reason: Text


@dataclass(frozen=True, slots=True)
class RuleQuery:
    """A zone, a category and a day. ``grade``: as the law of the day reads it, by ``reading``."""

    kind: ZoneKind
    grade: str
    category: Category
    on: date
    reading: Reading | None


class SeverityRow(Row):
    """``severity`` of a rule; a field left out is not known."""

    punishes: bool | None = None
    fine_min: float | None = Field(None, ge=0)
    fine_max: float | None = Field(None, ge=0)
    per: FinePer = "act"
    demolish: bool | None = None


class ConditionRow(Row):
    """``conditions`` of a rule."""

    code: str = Field(pattern=r"^[a-z_]+$")
    text: TextRow
    note: TextRow | None = None

    def condition(self) -> Condition:
        """The row as a :class:`Condition`."""
        return Condition(self.code, self.text.text(), self.note.text() if self.note else None)


class ScopeRow(DatedRow):
    """Fields common to rules and absences."""

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
    conditions: tuple[ConditionRow, ...] = ()
    note: TextRow | None = None


class AbsenceRow(ScopeRow):
    """Row of ``absences``."""

    reason: TextRow


def parse_rule_rows(documents: Mapping[str, object]) -> tuple[list[RuleRow], list[AbsenceRow]]:
    """Parse the rows of both sections; ``rule_checks`` checks what they refer to.

    Raises:
        LawDataError: a row does not fit the schema, or an id repeats.
    """
    rules = parse_rows(RuleRow, DOCUMENT, section_rows(documents, DOCUMENT, "rules"))
    return rules, parse_rows(AbsenceRow, DOCUMENT, section_rows(documents, DOCUMENT, "absences"))


def build_rule(row: RuleRow, articles: Mapping[str, Article]) -> Rule:
    """The rule of a checked row."""
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
        conditions=tuple(condition.condition() for condition in row.conditions),
    )


def build_absence(row: AbsenceRow) -> Absence:
    """The absence of a checked row."""
    categories = frozenset(row.categories)
    dates = (row.valid_from, row.valid_to)
    return Absence(row.id, row.zone_kind, row.grades, categories, *dates, row.reason.text())


def rule_query(kind: ZoneKind, grade: str | None, category: Category, on: date) -> RuleQuery | None:
    """A query with the grade as the law of the day reads it; None where the zone's grade is not known.

    Raises:
        UnknownCode: the kind has no such grade.
    """
    own = kind.own_grade(grade)
    if own is None:
        return None
    reading = kind.reading(own, on)
    return RuleQuery(kind, reading.read_as if reading else own, category, on, reading)


def try_rule(rule: Rule, query: RuleQuery) -> Trial:
    """Try a rule of the zone's kind: whether it applies, and the reason in words."""
    mismatch = _mismatch(rule, query)
    # One set of values for every message: each takes those that it names.
    reason = bilingual(
        mismatch or N_("applies: {kind}, grade {grade}, in force on {day}"),
        kind=query.kind.name,
        grade=_grade_text(query),
        category=query.category.name,
        start=rule.valid_from,
        end=rule.valid_to,
        day=query.on,
    )
    return Trial(rule if mismatch else with_reading(rule, query), not mismatch, reason)


def applies(rule: Rule, query: RuleQuery) -> bool:
    """Does a rule of the zone's kind apply?"""
    return not _mismatch(rule, query)


def _mismatch(rule: Rule, query: RuleQuery) -> str:
    """Message id of why a rule does not apply; empty where it does."""
    if query.category.code not in rule.categories:
        return N_("does not apply: it is about other matters than {category}")
    if not rule.has_grade(query.grade):
        return N_("does not apply: it is about other grades than {grade}")
    if rule.valid_from is not None and query.on < rule.valid_from:
        return N_("does not apply: in force only from {start}, asked for {day}")
    if not rule.period.covers(query.on):
        return N_("does not apply: in force only until {end} (that day excluded), asked for {day}")
    return ""


def _grade_text(query: RuleQuery) -> Text:
    if not query.grade:
        return bilingual(N_("none"))
    name = query.kind.grade_name(query.grade, query.on)
    if query.reading is None:
        return name
    drawn = query.kind.grade_name(query.reading.grade, query.on)
    return bilingual(N_("{drawn}, read as {read}"), drawn=drawn, read=name)


def rules_not_in(rules: tuple[Rule, ...], others: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """The rules whose id is not among ``others``."""
    other_ids = {rule.id for rule in others}
    return tuple(rule for rule in rules if rule.id not in other_ids)


def with_reading(rule: Rule, query: RuleQuery) -> Rule:
    """The rule with the reading of the zone's grade added: its articles, note and verification."""
    reading = query.reading
    if reading is None:
        return rule
    note = reading.note if rule.note is None else _join_notes(rule.note, reading.note)
    articles = rule.articles + tuple(a for a in reading.articles if a not in rule.articles)
    return replace(rule, articles=articles, verified=rule.verified and reading.verified, note=note)


def _join_notes(one: Text, other: Text) -> Text:
    return Text(one.zh + other.zh, f"{one.en} {other.en}")
