"""The law of a zone and a matter on two days, and which of them binds (从旧兼从轻)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from law.articles import Article
from law.book import LawBook
from law.rules import Rule
from law.values import Text
from verdict.model import Basis, Bilingual, Binding, Effect, LawThen, Step
from verdict.trace import step

STRICTEST_FIRST: Final[tuple[Effect, ...]] = ("prohibited", "permit_required", "notice")


@dataclass(frozen=True, slots=True)
class Matter:
    """A zone's kind and grade, a category, the day of the act and the day of the answer."""

    kind: str
    grade: str | None
    category: str
    as_of: dt.date
    asked_on: dt.date


@dataclass(frozen=True, slots=True)
class LawFound:
    """The binding law; both laws where they differ; and the steps that led there."""

    binding_law: LawThen
    at_act: LawThen | None
    today: LawThen | None
    binding: Binding
    known: bool
    steps: tuple[Step, ...]


@lru_cache(maxsize=4096)
def find_law(book: LawBook, matter: Matter) -> LawFound:
    """What the law says of a matter in a zone. Kept: it is asked anew for every place."""
    about = (matter.kind, matter.grade, matter.category)
    bound = book.binding(*about, (matter.as_of, matter.asked_on))
    differs = bound.law != "same"
    days = (matter.as_of, matter.asked_on)
    at_act, today = [law_of(book.rules_for(*about, day), day) for day in days] if differs else (None, None)
    binding = Binding(bound.law, bilingual(bound.reason), bound.review, basis_of(bound.basis))
    steps = [*_tried(book, matter)]
    if differs:
        steps.append(step("law.binds", today=matter.asked_on.isoformat(), reason=binding.reason))
    return LawFound(
        binding_law=law_of(bound.rules, matter.as_of if bound.law != "new" else matter.asked_on),
        at_act=at_act,
        today=today,
        binding=binding,
        known=book.coverage(*about, matter.as_of).state != "no_data",
        steps=tuple(steps),
    )


def law_of(rules: Iterable[Rule], day: dt.date) -> LawThen:
    """Several rules as one law: the strictest effect, every article, authority and consequence once."""
    rules = sorted(rules, key=lambda rule: (STRICTEST_FIRST.index(rule.effect), rule.id))
    articles = dict.fromkeys(article for rule in rules for article in rule.articles)
    return LawThen(
        day=day.isoformat(),
        effect=rules[0].effect if rules else None,
        basis=tuple(map(basis_of, articles)),
        authority=_together([rule.authority for rule in rules], "、", ", "),
        consequence=_together([rule.consequence for rule in rules], "", " "),
    )


def zone_names(
    book: LawBook, kind: str, grade: str | None, day: dt.date
) -> tuple[Bilingual, Bilingual | None]:
    """Names of a kind of zone, and of its grade as the law of the day calls it."""
    said = book.zone_kinds[kind]
    return bilingual(said.name), None if grade is None else bilingual(said.grade_name(grade, day))


def _tried(book: LawBook, matter: Matter) -> Iterator[Step]:
    asked = (matter.kind, matter.grade, matter.category, matter.as_of)
    name = bilingual(book.categories[matter.category].name)
    zone = zone_names(book, matter.kind, matter.grade, matter.as_of)
    about = {"kind": zone[0], "grade": zone[1], "category": name}
    trials = book.tried(*asked)
    for trial in trials:
        if trial.applies:
            yield step("rule.applied", id=trial.rule.id, effect=trial.rule.effect, **about)
        else:
            yield step("rule.passed_over", id=trial.rule.id, reason=bilingual(trial.reason))
    if not any(trial.applies for trial in trials):
        reason = bilingual(book.coverage(*asked).reason)
        yield step("rule.none", as_of=matter.as_of.isoformat(), reason=reason, **about)


def _together(texts: list[Text], zh: str, en: str) -> Bilingual | None:
    """What several rules say, each once, as one text; None where none says anything."""
    once = list(dict.fromkeys(texts))
    return {"zh": zh.join(t.zh for t in once), "en": en.join(t.en for t in once)} if once else None


def bilingual(text: Text) -> Bilingual:
    """A text of the law in its JSON form."""
    return {"zh": text.zh, "en": text.en}


def basis_of(article: Article) -> Basis:
    """An article as a verdict cites it, with the days of its force."""
    first, last = (day.isoformat() if day else None for day in (article.valid_from, article.valid_to))
    law, label = bilingual(article.law), bilingual(article.label)
    return Basis(law, article.article, label, (first, last), article.verified)
