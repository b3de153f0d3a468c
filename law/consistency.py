"""Consistency of the answers on competence: fields that contradict each other, over every combination.

``law.completeness`` finds what is missing; here nothing is missing, but two parts of one answer cannot both
be true, such as a township that decides and is called in by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from core.i18n import N_
from law.book import LawBook
from law.competence import Competence
from law.rules import Rule
from law.values import Text

TOWNSHIP_DIGITS: Final = 9
NOBODY_ENTRY: Final = N_("nobody has power, but the answer names an entry or a deciding township")
NOBODY_RULE: Final = N_("nobody has power, but the rule of the zone lets an authority punish")
TOWNSHIP_RULE: Final = N_("the rule of the zone names the township, but another body decides")
NO_POWER_WORDS: Final = N_("the township decides, but the words on enforcement or measures deny it the power")
POWER_WORDS: Final = N_(
    "the township does not decide, but the words on enforcement or measures give it the power"
)
WHISTLES_ITSELF: Final = N_("the township is called in by itself")
NOT_CALLED: Final = N_("the authority that the rule of the zone names neither decides nor is called in")
OWN_NAME: Final = N_("the mode and the name in which the power is used contradict each other")


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Parts of an answer that contradict each other, with the units it concerns.

    ``what``: message id. ``zone_kind`` None: ground outside all zones. ``days``: those of the days checked.
    """

    what: str
    category: str
    zone_kind: str | None
    units: tuple[str, ...]
    days: tuple[date, ...]


def check_consistency(
    book: LawBook, unit_codes: Iterable[str], days: Iterable[date] | None = None
) -> list[Contradiction]:
    """Contradictions over every category × zone kind (and none) × unit × day.

    Args:
        book: the law.
        unit_codes: units; their codes tell townships from subdistricts.
        days: days to check; by default every day on which a rule or an entry begins or ends.
    """
    found: dict[tuple[str, str, str | None], dict[str, set[date]]] = defaultdict(lambda: defaultdict(set))
    units = sorted(set(unit_codes))
    for day in sorted(set(turns(book) if days is None else days)):
        for category in book.categories:
            for kind in (None, *book.zone_kinds):
                for unit in units:
                    for what in _contradictions(book, (category, kind, unit, day)):
                        found[what, category, kind][unit].add(day)
    return [
        Contradiction(*about, tuple(sorted(by_unit)), tuple(sorted(set.union(*by_unit.values()))))
        for about, by_unit in found.items()
    ]


def turns(book: LawBook) -> set[date]:
    """Every day on which a rule or an entry begins, or is no longer in force."""
    periods = [*(rule.period for rule in book.rules), *(entry.period for entry in book.entries)]
    return {day for period in periods for day in (period.start, period.end) if day is not None}


def _contradictions(book: LawBook, cell: tuple[str, str | None, str, date]) -> Iterator[str]:
    category, kind, unit, day = cell
    answer = book.competence_for(category, () if kind is None else (kind,), unit, day)
    rules = [] if kind is None else _rules(book, kind, category, day)
    yield from _power_issues(book, answer)
    yield from _rule_issues(book, answer, rules, subdistrict=is_subdistrict(unit))
    own_name = answer.in_the_name_of == answer.authority
    if (answer.mode == "delegated") == own_name:
        yield OWN_NAME


def _rules(book: LawBook, kind: str, category: str, day: date) -> list[Rule]:
    """Rules of a kind of zone, of any grade, about a category on a day."""
    return [
        rule
        for rule in book.rules
        if rule.zone_kind == kind and category in rule.categories and rule.period.covers(day)
    ]


def _power_issues(book: LawBook, answer: Competence) -> Iterator[str]:
    """Contradictions between mode, deciding body, enforcement and measures."""
    if answer.mode == "none" and (answer.by_township or answer.entries):
        yield NOBODY_ENTRY
    denied = answer.enforcement == book.default.enforcement
    measures = set(answer.township_may) & measures_of_power(book)
    if answer.by_township and (denied or answer.township_may == book.default.township_may):
        yield NO_POWER_WORDS
    if not answer.by_township and (measures or answer.enforcement in enforcement_by_townships(book)):
        yield POWER_WORDS
    if book.default.township in answer.whistle or (answer.by_township and answer.authority in answer.whistle):
        yield WHISTLES_ITSELF


def _rule_issues(
    book: LawBook, answer: Competence, rules: Iterable[Rule], *, subdistrict: bool
) -> Iterator[str]:
    """Contradictions between the answer and the rules of the zone."""
    for rule in rules:
        township = rule.authority == book.default.township
        if answer.mode == "none" and rule.severity.punishes and rule.effect != "notice":
            yield NOBODY_RULE
        elif township and not answer.by_township and not subdistrict:
            yield TOWNSHIP_RULE
        elif not township and rule.authority not in (answer.authority, *answer.whistle):
            yield NOT_CALLED


def is_subdistrict(unit: str) -> bool:
    """Whether a code is that of a subdistrict (001-099), whose office is no township government."""
    return len(unit) >= TOWNSHIP_DIGITS and unit[6] == "0"


@lru_cache(maxsize=8)
def measures_of_power(book: LawBook) -> frozenset[Text]:
    """Measures that only a deciding township may take."""
    measures = {m for e in book.entries if e.by_township for m in e.township_may}
    return frozenset(measures) - set(book.default.township_may)


@lru_cache(maxsize=8)
def enforcement_by_townships(book: LawBook) -> frozenset[Text]:
    """Words on enforcement of entries by which a township decides and no department does."""
    own = frozenset(e.enforcement for e in book.entries if e.by_township)
    return own - {e.enforcement for e in book.entries if not e.by_township}
