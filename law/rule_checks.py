"""Consistency checks of a set of rules: known codes, articles in force, no contradictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from core.i18n import N_
from law.articles import Article, citation_issues
from law.errors import DataIssue, data_issue
from law.kinds import Category, ZoneKind
from law.parsing import period_issues
from law.rules import DOCUMENT, AbsenceRow, RuleRow, ScopeRow

KnownCodes = tuple[Mapping[str, ZoneKind], Mapping[str, Category]]


def rule_issues(
    rules: list[RuleRow], absences: list[AbsenceRow], names: KnownCodes, articles: Mapping[str, Article]
) -> Iterator[DataIssue]:
    """Every issue of the rows: of each by itself, and of pairs that contradict each other."""
    for row in (*rules, *absences):
        yield from _scope_issues(row, names)
    for rule in rules:
        yield from citation_issues(articles, DOCUMENT, rule.id, (rule.articles, rule.period))
        yield from _unverified_articles(rule, articles)
        yield from _fine_issues(rule)
    for first, second in combinations(rules, 2):
        yield from _conflict_issues(first, second)
    for rule in rules:
        for absence in absences:
            if _overlap(rule, absence):
                message = N_("documents an absence where rule {rule} applies")
                yield data_issue(DOCUMENT, absence.id, "categories", message, rule=rule.id)


def _scope_issues(row: ScopeRow, names: KnownCodes) -> Iterator[DataIssue]:
    kinds, categories = names
    yield from period_issues(DOCUMENT, row.id, row.period)
    for code in row.categories:
        if code not in categories:
            yield data_issue(
                DOCUMENT, row.id, "categories", N_("unknown category: {category}"), category=code
            )
    kind = kinds.get(row.zone_kind)
    if kind is None:
        yield data_issue(DOCUMENT, row.id, "zone_kind", N_("unknown zone kind: {kind}"), kind=row.zone_kind)
        return
    for grade in row.grades:
        if grade not in kind.grades:
            yield data_issue(DOCUMENT, row.id, "grades", N_("unknown grade: {grade}"), grade=grade)


def _unverified_articles(rule: RuleRow, articles: Mapping[str, Article]) -> Iterator[DataIssue]:
    for i in rule.articles if rule.verified else ():
        if i in articles and not articles[i].verified:
            message = N_("is marked verified, but article {article} is not")
            yield data_issue(DOCUMENT, rule.id, "verified", message, article=i)


def _fine_issues(rule: RuleRow) -> Iterator[DataIssue]:
    low, high = rule.severity.fine_min, rule.severity.fine_max
    if low is not None and high is not None and low > high:
        yield data_issue(DOCUMENT, rule.id, "severity", N_("the minimum fine exceeds the maximum"))


def _conflict_issues(one: RuleRow, other: RuleRow) -> Iterator[DataIssue]:
    if not _overlap(one, other):
        return
    if one.effect != other.effect:
        message = N_("contradicts rule {rule}: same zone, matter and days, different effect")
        yield data_issue(DOCUMENT, other.id, "effect", message, rule=one.id)
    elif set(one.articles) == set(other.articles):
        message = N_("repeats rule {rule}: same zone, matter, days and articles")
        yield data_issue(DOCUMENT, other.id, "articles", message, rule=one.id)


def _overlap(one: ScopeRow, other: ScopeRow) -> bool:
    """Whether both rows apply to some zone, grade, category and day. Empty ``grades``: all grades."""
    return (
        one.zone_kind == other.zone_kind
        and not set(one.categories).isdisjoint(other.categories)
        and (not one.grades or not other.grades or not set(one.grades).isdisjoint(other.grades))
        and one.period.overlaps(other.period)
    )
