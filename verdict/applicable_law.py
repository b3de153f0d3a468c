"""The law of a zone and a category on the days of act and answer, and which binds (从旧兼从轻)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from core.i18n import N_
from law import Article, LawBook, Rule, Text
from law import bilingual as bilingual_text
from verdict.model import Basis, Bilingual, Binding, Condition, Effect, LawOnDay, Step
from verdict.trace import step

STRICTEST_FIRST: Final[tuple[Effect, ...]] = ("prohibited", "permit_required", "notice")


@dataclass(frozen=True, slots=True)
class LawQuery:
    """Kind and grade of a zone, category, day of the act (``as_of``), day of the answer (``asked_on``)."""

    kind: str
    grade: str | None
    category: str
    as_of: dt.date
    asked_on: dt.date


@dataclass(frozen=True, slots=True)
class ApplicableLaw:
    """The binding law, and why it binds.

    ``at_act`` and ``today``: None where the law is the same on both days. ``known``: False where the law
    book has no data for the zone on the day of the act; ``known_from``: then the first day of its rules.
    """

    binding_law: LawOnDay
    at_act: LawOnDay | None
    today: LawOnDay | None
    binding: Binding
    known: bool
    known_from: dt.date | None
    steps: tuple[Step, ...]


@lru_cache(maxsize=4096)
def find_law(book: LawBook, query: LawQuery) -> ApplicableLaw:
    """The law applicable to a query. Cached: the answer does not depend on the place."""
    about = (query.kind, query.grade, query.category)
    bound = book.applicable_law(*about, (query.as_of, query.asked_on))
    differs = bound.law != "same"
    days = (query.as_of, query.asked_on)
    at_act, today = [law_of(book.rules_for(*about, day), day) for day in days] if differs else (None, None)
    binding = Binding(bound.law, bilingual(bound.reason), bound.review, basis_of(bound.basis))
    steps = [*_rule_steps(book, query)]
    if differs:
        steps.append(step("law.binds", today=query.asked_on.isoformat(), reason=binding.reason))
    return ApplicableLaw(
        binding_law=law_of(bound.rules, query.as_of if bound.law != "new" else query.asked_on),
        at_act=at_act,
        today=today,
        binding=binding,
        # of the day of the act alone: that today's law is known does not make up for it
        known=(known := book.coverage(*about, query.as_of).state != "no_data"),
        known_from=None if known else book.known_from(query.kind, query.category),
        steps=tuple(steps),
    )


def law_of(rules: Iterable[Rule], day: dt.date) -> LawOnDay:
    """Several rules merged into one law: the strictest effect, and each article and text once."""
    # by id within an effect, so that the order of loading does not show in the bytes of a verdict
    rules = sorted(rules, key=lambda rule: (STRICTEST_FIRST.index(rule.effect), rule.id))
    articles = dict.fromkeys(article for rule in rules for article in rule.articles)
    deciding = [rule for rule in rules if rule.effect == rules[0].effect]
    return LawOnDay(
        day=day.isoformat(),
        effect=rules[0].effect if rules else None,
        basis=tuple(map(basis_of, articles)),
        authority=_join_texts([rule.authority for rule in rules], "、", ", "),
        consequence=_join_texts([_consequence(rule) for rule in rules], "", " "),
        conditions=tuple(
            Condition(c.code, bilingual(c.text), bilingual(c.note) if c.note else None)
            for c in dict.fromkeys(c for rule in rules for c in rule.conditions)
        ),
        conditional=bool(deciding) and all(rule.conditions for rule in deciding),
        verified=all(rule.verified for rule in rules),
        notes=tuple(bilingual(note) for note in dict.fromkeys(r.note for r in rules if r.note is not None)),
    )


def _consequence(rule: Rule) -> Text:
    """The consequence of a rule, after its conditions: "If the farm …: order to stop …"."""
    if not rule.conditions:
        return rule.consequence
    met = Text(
        "，且".join(condition.text.zh for condition in rule.conditions),
        " and ".join(condition.text.en for condition in rule.conditions),
    )
    return bilingual_text(N_("If {conditions}: {text}"), conditions=met, text=rule.consequence)


def law_inside(book: LawBook, kind: str, category: str, day: dt.date) -> dict[str, Any] | None:
    """The law that would apply in a zone of a kind, as ``MissingKind`` has it; None where a grade decides."""
    if book.zone_kinds[kind].grade_names:
        return None
    law = law_of(book.rules_for(kind, None, category, day), day)
    if law.effect is None:
        return None
    return {
        "effect": law.effect,
        "conditions": [condition.text for condition in law.conditions] if law.conditional else [],
        "cites": _cites(law.basis),
        "authority": law.authority,
    }


def _cites(basis: Iterable[Basis]) -> list[Bilingual]:
    """Citations in short, one for each law: 《森林法》第三十七条、第三十八条."""
    laws: dict[tuple[str, str], list[Bilingual]] = {}
    for article in basis:
        laws.setdefault((article.law["zh"], article.law["en"]), []).append(article.label)
    return [
        {
            "zh": f"《{zh}》" + "、".join(label["zh"] for label in labels),
            "en": f"{en}, " + ", ".join(label["en"] for label in labels),
        }
        for (zh, en), labels in laws.items()
    ]


def zone_names(
    book: LawBook, kind: str, grade: str | None, day: dt.date
) -> tuple[Bilingual, Bilingual | None]:
    """Names of a kind of zone and of its grade; a grade's name depends on the law of the day."""
    zone = book.zone_kinds[kind]
    return bilingual(zone.name), None if grade is None else bilingual(zone.grade_name(grade, day))


def _rule_steps(book: LawBook, query: LawQuery) -> Iterator[Step]:
    key = (query.kind, query.grade, query.category, query.as_of)
    name = bilingual(book.categories[query.category].name)
    zone = zone_names(book, query.kind, query.grade, query.as_of)
    about = {"kind": zone[0], "grade": zone[1], "category": name}
    trials = book.trials(*key)
    for trial in trials:
        if trial.applies:
            yield step("rule.applied", id=trial.rule.id, effect=trial.rule.effect, **about)
        else:
            yield step("rule.passed_over", id=trial.rule.id, reason=bilingual(trial.reason))
    if not any(trial.applies for trial in trials):
        reason = bilingual(book.coverage(*key).reason)
        yield step("rule.none", as_of=query.as_of.isoformat(), reason=reason, **about)


def _join_texts(texts: list[Text], zh: str, en: str) -> Bilingual | None:
    """The distinct texts joined into one, with a separator for each language; None where there are none."""
    once = list(dict.fromkeys(texts))
    return {"zh": zh.join(t.zh for t in once), "en": en.join(t.en for t in once)} if once else None


def bilingual(text: Text) -> Bilingual:
    """A text as ``{"zh": …, "en": …}``."""
    return {"zh": text.zh, "en": text.en}


def basis_of(article: Article) -> Basis:
    """An article as a verdict cites it, with its first day in force and the first day after."""
    first, last = (day.isoformat() if day else None for day in (article.valid_from, article.valid_to))
    law, label = bilingual(article.law), bilingual(article.label)
    return Basis(law, article.article, label, (first, last), article.verified)
