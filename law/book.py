"""The law book: every document of ``data/law`` checked against the others, frozen, ready to be asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
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
    Rule,
    RuleQuery,
    Trial,
    applies,
    build_absence,
    build_rule,
    parse_rule_rows,
    rule_query,
    try_rule,
    with_reading,
)
from law.time_limits import Clock, parse_clocks
from law.values import Text, bilingual

SECTIONS: Final[dict[str, frozenset[str]]] = {
    "articles": frozenset({"laws"}),
    "zone_kinds": frozenset({"kinds"}),
    "categories": frozenset({"categories"}),
    "rules": frozenset({"rules", "absences"}),
    "competence": frozenset({"entries", "default"}),
    "clocks": frozenset({"clocks"}),
}
OLD_AND_NEW: Final = "apl/37"

State = Literal["rules", "absent", "no_data"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the book knows about a zone, a category and a day.

    "rules": rules apply. "absent": the law says nothing here, documented. "no_data": the book does not know,
    which must never be read as "allowed".
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

    A book is itself alone: what was asked of it once may be kept by it as a key.
    """

    articles: Mapping[str, Article]
    categories: Mapping[str, Category]
    zone_kinds: Mapping[str, ZoneKind]
    rules: tuple[Rule, ...]
    absences: tuple[Absence, ...]
    entries: tuple[CompetenceEntry, ...]
    default: DefaultCompetence
    clocks: Mapping[str, Clock]
    _by_kind: Mapping[str, tuple[Rule, ...]] = field(repr=False, compare=False)

    @classmethod
    def from_documents(cls, documents: Mapping[str, object]) -> LawBook:
        """Build from parsed YAML: "articles", "zone_kinds", "categories", "rules", "competence", "clocks".

        Raises:
            LawDataError: something is wrong; every fault names its document, row and field.
        """
        check_sections(documents, SECTIONS)
        articles = parse_articles(documents)
        kinds, categories = parse_kinds(documents, articles), parse_categories(documents)
        rows, absence_rows = parse_rule_rows(documents)
        entry_rows, default = parse_entry_rows(documents)
        raise_issues(rule_issues(rows, absence_rows, (kinds, categories), articles))
        raise_issues(f for row in entry_rows for f in entry_issues(row, (kinds, categories), articles))
        raise_issues(default_issues(default, articles))
        rules = tuple(build_rule(row, articles) for row in rows)
        return cls(
            articles=articles,
            categories=categories,
            zone_kinds=kinds,
            rules=rules,
            absences=tuple(build_absence(row) for row in absence_rows),
            entries=tuple(build_entry(row, articles) for row in entry_rows),
            default=build_default(default, articles),
            clocks=parse_clocks(documents, articles),
            _by_kind={kind: tuple(r for r in rules if r.zone_kind == kind) for kind in kinds},
        )

    @classmethod
    def from_folder(cls, folder: Path) -> LawBook:
        """Build from the YAML files of ``data/law``.

        Raises:
            LawDataError: as ``from_documents``, or a file cannot be read.
        """
        return cls.from_documents(read_documents(folder))

    def trials(self, kind: str, grade: str | None, category: str, on: date) -> tuple[Trial, ...]:
        """Every rule of the zone's kind with the reason why it does, or does not, apply (for the trace).

        Empty where the zone's grade is not known: then no rule can be tried (see ``coverage``).

        Raises:
            UnknownCode: the kind, the grade or the category is not in the book.
        """
        asked = self._ask(kind, grade, category, on)
        return () if asked is None else tuple(try_rule(rule, asked) for rule in self._by_kind[kind])

    def rules_for(self, kind: str, grade: str | None, category: str, on: date) -> tuple[Rule, ...]:
        """The rules in force on a day for a category in a zone, in the order of the document.

        Raises:
            UnknownCode: the kind, the grade or the category is not in the book.
        """
        asked = self._ask(kind, grade, category, on)
        if asked is None:
            return ()
        return tuple(with_reading(rule, asked) for rule in self._by_kind[kind] if applies(rule, asked))

    def coverage(self, kind: str, grade: str | None, category: str, on: date) -> Coverage:
        """Whether the book has rules, a documented absence, or nothing at all.

        Raises:
            UnknownCode: the kind, the grade or the category is not in the book.
        """
        if self.rules_for(kind, grade, category, on):
            return Coverage("rules", bilingual(N_("rules are in force")))
        asked = self._ask(kind, grade, category, on)
        if asked is None:
            return Coverage("no_data", bilingual(N_("the zone's grade is not known")))
        for absence in self.absences:
            about = absence.zone_kind == kind and category in absence.categories
            if about and absence.has_grade(asked.grade) and absence.period.covers(on):
                return Coverage("absent", absence.reason)
        nothing = N_("the law book has nothing about this zone, matter and day ({day})")
        return Coverage("no_data", bilingual(nothing, day=on))

    def relevant_kinds(self, category: str, on: date) -> frozenset[str]:
        """Zone kinds that have, or may have, a rule for a category on a day.

        A kind with a rule on some other day counts where the book has neither a rule nor a documented
        absence on this one: what is not known is not irrelevant.

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
        """Which law binds for an act on ``days[0]`` that is decided on ``days[1]``: 从旧兼从轻.

        For an act that continues, give the day on which it ended. Where the book has no data for one
        of the days, the old law binds and a person must review it.

        Raises:
            UnknownCode: the kind, the grade or the category is not in the book.
        """
        at_act, today = (self.rules_for(kind, grade, category, day) for day in days)
        basis = require_article(self.articles, OLD_AND_NEW)
        if any(self.coverage(kind, grade, category, day).state == "no_data" for day in days):
            reason = bilingual(N_("the law of one of the days is not in the law book: a person must compare"))
            return ApplicableLaw("old", at_act, reason, True, basis)
        return choose_law(at_act, today, basis)

    def changes(
        self, kind: str, grade: str | None, category: str, days: tuple[date, date]
    ) -> tuple[Change, ...]:
        """What changed for a zone and a category after the first day and up to the second, by date.

        Raises:
            UnknownCode: the kind, the grade or the category is not in the book.
        """
        first, last = days
        turns = {d for r in self._by_kind[self._kind(kind).kind] for d in (r.valid_from, r.valid_to) if d}
        found, before = [], self.rules_for(kind, grade, category, first)
        for day in sorted(d for d in turns if first < d <= last):
            now = self.rules_for(kind, grade, category, day)
            ended, began = _without(before, now), _without(now, before)
            if ended or began:
                found.append(Change(day, ended, began))
            before = now
        return tuple(found)

    def competence_for(
        self, category: str, zone_kinds: Collection[str], unit_code: str, on: date
    ) -> Competence:
        """Who decides about a category in a unit, inside zones of these kinds, on a day.

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
        """The competence entries that speak about a matter, best first; equally good ones share a group."""
        return rank_entries(self.entries, matter, {kind: rank for rank, kind in enumerate(self.zone_kinds)})

    def with_entries(self, rows: Iterable[EntryRow]) -> LawBook:
        """The same book with another competence list in place of its own.

        Raises:
            LawDataError: a row refers to something that the book does not have, or grants power unlawfully.
        """
        given = list(rows)
        names = (self.zone_kinds, self.categories)
        raise_issues(f for row in given for f in entry_issues(row, names, self.articles))
        return replace(self, entries=tuple(build_entry(row, self.articles) for row in given))

    def _zone_authorities(self, category: str, kinds: frozenset[str], on: date) -> tuple[Text, ...]:
        """The authorities that the rules of these zones name, in the rank of the kinds."""
        ordered = [kind for kind in self.zone_kinds if kind in kinds]
        rules = [r for kind in ordered for r in self._by_kind[kind]]
        return tuple(
            dict.fromkeys(r.authority for r in rules if category in r.categories and r.period.covers(on))
        )

    def _ask(self, kind: str, grade: str | None, category: str, on: date) -> RuleQuery | None:
        return rule_query(self._kind(kind), grade, self._category(category), on)

    def _kind(self, kind: str) -> ZoneKind:
        if kind not in self.zone_kinds:
            raise UnknownCode("zone kind", kind)
        return self.zone_kinds[kind]

    def _category(self, category: str) -> Category:
        if category not in self.categories:
            raise UnknownCode("category", category)
        return self.categories[category]


def _without(rules: tuple[Rule, ...], others: tuple[Rule, ...]) -> tuple[Rule, ...]:
    known = {rule.id for rule in others}
    return tuple(rule for rule in rules if rule.id not in known)


def read_documents(folder: Path) -> dict[str, object]:
    """The parsed documents of a folder that holds ``articles.yaml``, ``zone_kinds.yaml`` and so on.

    Raises:
        LawDataError: a file cannot be read.
    """
    paths = {name: folder / f"{name}.yaml" for name in SECTIONS}
    return {name: read_yaml(path) for name, path in paths.items() if path.exists()}
