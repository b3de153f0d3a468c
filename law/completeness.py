"""Completeness of the law book: matters without an authority or with several, and zones without rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from law.book import LawBook
from law.competence import CompetenceEntry, Matter

Kind = Literal["gap", "overlap"]


@dataclass(frozen=True, slots=True)
class CompetenceFinding:
    """A gap (no authority) or overlap (several) in the competence list, with the units it concerns.

    ``zone_kind`` None: ground outside all zones. ``entries``: ids of the entries that overlap.
    """

    kind: Kind
    category: str
    zone_kind: str | None
    units: tuple[str, ...]
    entries: tuple[str, ...]


def check_competence(book: LawBook, unit_codes: Iterable[str], on: date) -> list[CompetenceFinding]:
    """Gaps and overlaps of competence over every category × zone kind × unit on a day.

    Findings that differ only in the unit are merged. A zone kind counts for a category only if it has, or may
    have, a rule about it. Entries overlap if they are equally specific and name different authorities.
    """
    found: dict[tuple[Kind, str, str | None, tuple[CompetenceEntry, ...]], list[str]] = defaultdict(list)
    for unit in sorted(set(unit_codes)):
        for category, zone_kind in _cells(book, on):
            kinds = frozenset() if zone_kind is None else frozenset({zone_kind})
            groups = book.ranked_entries(Matter(category, kinds, unit, on))
            if not groups:
                found["gap", category, zone_kind, ()].append(unit)
            elif len({entry.authority for entry in groups[0]}) > 1:
                found["overlap", category, zone_kind, tuple(groups[0])].append(unit)
    return [
        CompetenceFinding(kind, category, zone_kind, tuple(units), tuple(e.id for e in entries))
        for (kind, category, zone_kind, entries), units in found.items()
    ]


def _cells(book: LawBook, on: date) -> Iterator[tuple[str, str | None]]:
    for category in book.categories:
        relevant = book.relevant_kinds(category, on)
        yield category, None
        yield from ((category, kind) for kind in book.zone_kinds if kind in relevant)


@dataclass(frozen=True, slots=True)
class RuleGap:
    """A zone kind, grade and category without a rule or a documented absence of rules."""

    zone_kind: str
    grade: str | None
    category: str


def find_rule_gaps(book: LawBook, on: date) -> list[RuleGap]:
    """Every zone kind × grade (as zones are drawn) × category that the book does not cover on a day."""
    return [
        RuleGap(kind.kind, grade, category)
        for kind in book.zone_kinds.values()
        for grade in (kind.grades or (None,))
        for category in book.categories
        if book.coverage(kind.kind, grade, category, on).state == "no_data"
    ]
