"""The whole matrix: matters nobody decides (gaps), two decide (overlaps), or no rule covers (holes)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from core.i18n import N_
from law.book import LawBook
from law.competence import CompetenceEntry, Matter
from law.values import Text, bilingual, join_texts

Kind = Literal["gap", "overlap"]


@dataclass(frozen=True, slots=True)
class CompetenceFinding:
    """One gap or overlap, with every unit where it is found.

    ``zone_kind`` None is ground outside every zone. ``entries`` are the ids of the entries that collide.
    """

    kind: Kind
    category: str
    zone_kind: str | None
    units: tuple[str, ...]
    entries: tuple[str, ...]
    words: Text


def check_competence(book: LawBook, unit_codes: Iterable[str], on: date) -> list[CompetenceFinding]:
    """Check every matter × zone kind × unit on a day; equal findings of several units are one.

    A zone kind counts for a matter only where it has a rule about it. Two entries overlap where they are
    equally specific and name different authorities.
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
    return [_finding(book, key, units) for key, units in found.items()]


def _cells(book: LawBook, on: date) -> Iterator[tuple[str, str | None]]:
    for category in book.categories:
        relevant = book.relevant_kinds(category, on)
        yield category, None
        yield from ((category, kind) for kind in book.zone_kinds if kind in relevant)


def _finding(
    book: LawBook, key: tuple[Kind, str, str | None, tuple[CompetenceEntry, ...]], units: list[str]
) -> CompetenceFinding:
    kind, category, zone_kind, entries = key
    place = book.zone_kinds[zone_kind].name if zone_kind else bilingual(N_("outside every zone"))
    matter = book.categories[category].name
    if kind == "gap":
        message = N_("nobody is named for {matter}, {place}, in {count} units")
        words = bilingual(message, matter=matter, place=place, count=len(units))
    else:
        message = N_("{names} decide at once about {matter}, {place}, in {count} units")
        names = join_texts(tuple(entry.authority for entry in entries))
        words = bilingual(message, names=names, matter=matter, place=place, count=len(units))
    return CompetenceFinding(kind, category, zone_kind, tuple(units), tuple(e.id for e in entries), words)


@dataclass(frozen=True, slots=True)
class RuleGap:
    """A zone and a category about which the book has neither a rule nor a documented absence on a day."""

    zone_kind: str
    grade: str | None
    category: str
    words: Text


def find_rule_gaps(book: LawBook, on: date) -> list[RuleGap]:
    """Every zone kind × grade (as it may be drawn) × category that the book does not cover on a day."""
    return [
        RuleGap(kind.kind, grade, category, coverage.reason)
        for kind in book.zone_kinds.values()
        for grade in (kind.grades or (None,))
        for category in book.categories
        if (coverage := book.coverage(kind.kind, grade, category, on)).state == "no_data"
    ]
