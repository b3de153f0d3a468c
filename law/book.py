"""The law book: the documents of ``data/law``, checked against each other, and queries on them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final, Literal

from core.i18n import N_
from law.applicable_law import ApplicableLaw, choose_law
from law.articles import Article, parse_articles, require_article
from law.competence import (
    Competence,
    CompetenceEntry,
    DefaultCompetence,
    EntryRow,
    Matter,
    build_default,
    build_entry,
    default_issues,
    entry_issues,
    parse_authority_rows,
    parse_entry_rows,
    rank_entries,
    resolve_competence,
)
from law.errors import UnknownCode, raise_issues
from law.kinds import Category, ZoneKind, parse_categories, parse_kinds
from law.parsing import check_sections, read_yaml
from law.rule_checks import rule_issues
from law.rules import (
    Absence,
    Condition,
    Rule,
    RuleQuery,
    Trial,
    applies,
    build_absence,
    build_rule,
    parse_rule_rows,
    rule_query,
    rules_not_in,
    try_rule,
    with_reading,
)
from law.stated import Stated, conditions_of, rules_given
from law.time_limits import Clock, parse_clocks
from law.values import Text, bilingual

SECTIONS: Final[dict[str, frozenset[str]]] = {
    "articles": frozenset({"laws"}),
    "zone_kinds": frozenset({"kinds"}),
    "categories": frozenset({"categories"}),
    "rules": frozenset({"rules", "absences"}),
    "authorities": frozenset({"authorities"}),
    "competence": frozenset({"entries", "default"}),
    "clocks": frozenset({"clocks"}),
}
CHOICE_OF_LAW: Final = "apl/37"

State = Literal["rules", "absent", "no_data"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whether the book covers a zone, a category and a day.

    "rules": rules apply. "absent": documented that the law has no rule here. "no_data": the book does not
    know, which must never be read as "allowed".
    """

    state: State
    reason: Text


@dataclass(frozen=True, slots=True)
class Change:
    """Rules that ended and rules that began on one day."""

    on: date
    ended: tuple[Rule, ...]
    began: tuple[Rule, ...]


@dataclass(frozen=True, eq=False)
class LawBook:
    """Articles, zone kinds, categories, rules, competence and clocks.

    ``authorities``: statutory powers, which every list keeps. ``entries``: those and the list's.

    Immutable, and equal only to itself (``eq=False``): a book is hashable by identity, so that caches can use
    it as a key.
    """

    articles: Mapping[str, Article]
    categories: Mapping[str, Category]
    zone_kinds: Mapping[str, ZoneKind]
    rules: tuple[Rule, ...]
    absences: tuple[Absence, ...]
    authorities: tuple[CompetenceEntry, ...]
    entries: tuple[CompetenceEntry, ...]
    default: DefaultCompetence
    clocks: Mapping[str, Clock]
    _by_kind: Mapping[str, tuple[Rule, ...]] = field(repr=False, compare=False)

    @classmethod
    def from_documents(cls, documents: Mapping[str, object]) -> LawBook:
        """Build from parsed YAML: the documents named in ``SECTIONS``.

        Raises:
            LawDataError: with an issue for every wrong row, naming document, row and field.
        """
        check_sections(documents, SECTIONS)
        articles = parse_articles(documents)
        kinds, categories = parse_kinds(documents, articles), parse_categories(documents, articles)
        rows, absence_rows = parse_rule_rows(documents)
        entry_rows, default = parse_entry_rows(documents)
        authority_rows = parse_authority_rows(documents)
        raise_issues(rule_issues(rows, absence_rows, (kinds, categories), articles))
        raise_issues(
            f
            for row in (*authority_rows, *entry_rows)
            for f in entry_issues(row, (kinds, categories), articles)
        )
        raise_issues(default_issues(default, articles))
        rules = tuple(build_rule(row, articles) for row in rows)
        authorities = tuple(build_entry(row, articles, listed=False) for row in authority_rows)
        return cls(
            articles=articles,
            categories=categories,
            zone_kinds=kinds,
            rules=rules,
            absences=tuple(build_absence(row) for row in absence_rows),
            authorities=authorities,
            entries=(*authorities, *(build_entry(row, articles) for row in entry_rows)),
            default=build_default(default, articles),
            clocks=parse_clocks(documents, articles),
            _by_kind=_rules_by_kind(rules, kinds),
        )

    @classmethod
    def from_folder(cls, folder: Path) -> LawBook:
        """Build from the YAML files of ``data/law``.

        Raises:
            LawDataError: as ``from_documents``, and where a file cannot be read.
        """
        return cls.from_documents(read_documents(folder))

    def trials(self, kind: str, grade: str | None, category: str, on: date) -> tuple[Trial, ...]:
        """Try every rule of the zone's kind: whether it applies, and why (for the trace).

        Empty where the zone's grade is not known: no rule can then be tried (see ``coverage``).

        Raises:
            UnknownCode: the kind, the grade or the category is not in the book.
        """
        query = self._query(kind, grade, category, on)
        return () if query is None else tuple(try_rule(rule, query) for rule in self._by_kind[kind])

    def rules_for(self, kind: str, grade: str | None, category: str, on: date) -> tuple[Rule, ...]:
        """Rules in force on a day for a category in a zone, in the order of the document.

        Raises:
            UnknownCode: the kind, the grade or the category is not in the book.
        """
        query = self._query(kind, grade, category, on)
        if query is None:
            return ()
        return tuple(with_reading(rule, query) for rule in self._by_kind[kind] if applies(rule, query))

    def coverage(self, kind: str, grade: str | None, category: str, on: date) -> Coverage:
        """Whether the book has rules, a documented absence of rules, or nothing.

        Raises:
            UnknownCode: the kind, the grade or the category is not in the book.
        """
        if self.rules_for(kind, grade, category, on):
            return Coverage("rules", bilingual(N_("rules are in force")))
        query = self._query(kind, grade, category, on)
        if query is None:
            return Coverage("no_data", bilingual(N_("the zone's grade is not known")))
        for absence in self.absences:
            about = absence.zone_kind == kind and category in absence.categories
            if about and absence.has_grade(query.grade) and absence.period.covers(on):
                return Coverage("absent", absence.reason)
        nothing = N_("the law book has nothing about this zone, matter and day ({day})")
        return Coverage("no_data", bilingual(nothing, day=on))

    def relevant_kinds(self, category: str, on: date) -> frozenset[str]:
        """Zone kinds that have, or may have, a rule for a category on a day.

        A kind with a rule on another day counts, unless an absence of rules is documented for this day: a
        gap in the data must not hide a zone.

        Raises:
            UnknownCode: the category is not in the book.
        """
        code = self._category(category).code
        ever = {rule.zone_kind for rule in self.rules if code in rule.categories}
        now = {r.zone_kind for r in self.rules if code in r.categories and r.period.covers(on)}
        absent = {a.zone_kind for a in self.absences if code in a.categories and a.period.covers(on)}
        return frozenset(now | (ever - absent))

    def applicable_law(
        self, kind: str, grade: str | None, category: str, days: tuple[date, date]
    ) -> ApplicableLaw:
        """The law that applies to an act on ``days[0]`` decided on ``days[1]`` (从旧兼从轻).

        For a continuing act, ``days[0]`` is the day on which it ended. Where the book has no data for one of
        the days, the old law applies and a person must review it.

        Raises:
            UnknownCode: the kind, the grade or the category is not in the book.
        """
        at_act, today = (self.rules_for(kind, grade, category, day) for day in days)
        basis = require_article(self.articles, CHOICE_OF_LAW)
        if any(self.coverage(kind, grade, category, day).state == "no_data" for day in days):
            reason = bilingual(N_("the law of one of the days is not in the law book: a person must compare"))
            return ApplicableLaw("old", at_act, reason, True, basis)
        return choose_law(at_act, today, basis)

    def changes(
        self, kind: str, grade: str | None, category: str, days: tuple[date, date]
    ) -> tuple[Change, ...]:
        """Rules that began or ended for a zone and a category, after ``days[0]`` and up to ``days[1]``.

        A rule with which the book's knowledge begins is no change: what was the law before it is unknown.

        Raises:
            UnknownCode: the kind, the grade or the category is not in the book.
        """
        first, last = days
        turns = {d for r in self._by_kind[self._kind(kind).kind] for d in (r.valid_from, r.valid_to) if d}
        changes, before = [], self.rules_for(kind, grade, category, first)
        for day in sorted(d for d in turns if first < d <= last):
            now = self.rules_for(kind, grade, category, day)
            ended, began = rules_not_in(before, now), rules_not_in(now, before)
            if not ended:
                began = tuple(rule for rule in began if rule.is_new_law(day))
            if ended or began:
                changes.append(Change(day, ended, began))
            before = now
        return tuple(changes)

    def known_from(self, kind: str, category: str) -> date | None:
        """The first day of the book's rules for a category in a kind of zone; None where it has no such day.

        Raises:
            UnknownCode: the kind is not in the book.
        """
        rules = self._by_kind[self._kind(kind).kind]
        starts = [rule.valid_from for rule in rules if category in rule.categories]
        known = [start for start in starts if start is not None]
        return min(known) if known and len(known) == len(starts) else None

    def basis_of_category(self, category: str, on: date) -> tuple[Article, ...]:
        """Articles in force on a day on the category as such, beside the rules of zones.

        Raises:
            UnknownCode: the category is not in the book.
        """
        return tuple(a for a in self._category(category).basis if a.period.covers(on))

    @property
    def has_list(self) -> bool:
        """Whether the book has a competence list beside the statutory powers."""
        return any(entry.listed for entry in self.entries)

    def competence_for(
        self, category: str, zone_kinds: Collection[str], unit_code: str, on: date
    ) -> Competence:
        """The authority competent for a category in a unit, inside zones of these kinds, on a day.

        Raises:
            UnknownCode: a kind or the category is not in the book.
        """
        code = self._category(category).code
        kinds = frozenset(self._kind(kind).kind for kind in zone_kinds)
        groups = self.ranked_entries(Matter(code, kinds, unit_code, on))
        answer = resolve_competence(groups, self.default, self._zone_authorities(code, kinds, on))
        in_force = tuple(article for article in answer.basis if article.period.covers(on))
        return replace(answer, basis=in_force)

    def ranked_entries(self, matter: Matter) -> list[list[CompetenceEntry]]:
        """Competence entries that apply to a matter, in groups of equal rank, most specific first."""
        return rank_entries(self.entries, matter, {kind: rank for rank, kind in enumerate(self.zone_kinds)})

    def with_entries(self, rows: Iterable[EntryRow]) -> LawBook:
        """A copy of the book with another competence list; the statutory powers stay.

        Raises:
            LawDataError: a row refers to something that the book lacks, or grants power without its basis.
        """
        checked = list(rows)
        codes = (self.zone_kinds, self.categories)
        raise_issues(f for row in checked for f in entry_issues(row, codes, self.articles))
        listed = (build_entry(row, self.articles) for row in checked)
        return replace(self, entries=(*self.authorities, *listed))

    def given(self, stated: Stated) -> LawBook:
        """The book where some conditions of its rules are stated; equal statements give one object."""
        return _book_given(self, stated) if stated else self

    @cached_property
    def conditions(self) -> dict[str, Condition]:
        """The conditions of all rules, by code."""
        return conditions_of(self.rules)

    def _zone_authorities(self, category: str, kinds: frozenset[str], on: date) -> tuple[Text, ...]:
        """Authorities named by the rules of these zones, in the rank of the kinds, without the township."""
        ordered = [kind for kind in self.zone_kinds if kind in kinds]
        rules = [r for kind in ordered for r in self._by_kind[kind]]
        named = dict.fromkeys(r.authority for r in rules if category in r.categories and r.period.covers(on))
        return tuple(authority for authority in named if authority != self.default.township)

    def _query(self, kind: str, grade: str | None, category: str, on: date) -> RuleQuery | None:
        return rule_query(self._kind(kind), grade, self._category(category), on)

    def _kind(self, kind: str) -> ZoneKind:
        if kind not in self.zone_kinds:
            raise UnknownCode("zone kind", kind)
        return self.zone_kinds[kind]

    def _category(self, category: str) -> Category:
        if category not in self.categories:
            raise UnknownCode("category", category)
        return self.categories[category]


def _rules_by_kind(rules: Iterable[Rule], kinds: Iterable[str]) -> dict[str, tuple[Rule, ...]]:
    return {kind: tuple(rule for rule in rules if rule.zone_kind == kind) for kind in kinds}


@lru_cache(maxsize=64)
def _book_given(book: LawBook, stated: Stated) -> LawBook:
    # one object, because caches of answers are keyed by the book
    rules, absent = rules_given(book.rules, stated)
    by_kind = _rules_by_kind(rules, book.zone_kinds)
    return replace(book, rules=rules, absences=(*book.absences, *absent), _by_kind=by_kind)


def read_documents(folder: Path) -> dict[str, object]:
    """The parsed documents of a folder that holds ``articles.yaml``, ``zone_kinds.yaml`` and so on.

    Raises:
        LawDataError: a file cannot be read.
    """
    paths = {name: folder / f"{name}.yaml" for name in SECTIONS}
    return {name: read_yaml(path) for name, path in paths.items() if path.exists()}
