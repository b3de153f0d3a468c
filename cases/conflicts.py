"""Which zones a place meets, and what the law of the day says of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

from cases.shares import crossing_probability, hit_weight, sigma_m
from cases.thresholds import Thresholds
from cases.trace import step
from cases.value import (
    Basis,
    Bilingual,
    Certainty,
    Conflict,
    Effect,
    Relation,
    Step,
    ZoneRef,
    metres,
    share_of,
)
from geo.facts import PlaceFacts, ZoneHit
from geo.location import Location
from law.articles import Article
from law.book import LawBook
from law.rules import Rule
from law.values import Text

WHOLE = 1 - 1e-9  # a footprint this far inside is within: the rest is rounding of its area
STRICTEST_FIRST: tuple[Effect, ...] = ("prohibited", "permit_required", "notice")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every zone alike."""

    location: Location
    facts: PlaceFacts
    book: LawBook
    category: str
    as_of: dt.date
    limits: Thresholds


@dataclass(slots=True)
class Found:
    """Conflicts in the order of their weight, with the steps that led there."""

    conflicts: list[Conflict] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


def find(question: Question) -> Found:
    """Every zone that the place meets, strictest and surest first."""
    found = Found()
    for hit in question.facts.zones:
        _weigh(question, hit, found)
    if not question.facts.zones:
        found.steps.append(step("zone.none"))
    found.conflicts.sort(key=_order)
    return found


def _order(conflict: Conflict) -> tuple[int, int, float, str]:
    relations: tuple[Relation, ...] = ("within", "overlaps", "possible", "near")
    strictness = len(STRICTEST_FIRST) if conflict.effect is None else STRICTEST_FIRST.index(conflict.effect)
    return relations.index(conflict.relation), strictness, -conflict.share, conflict.zone.id


def _weigh(question: Question, hit: ZoneHit, found: Found) -> None:
    share = _share(question, hit)
    relation = _relation(question, hit, share)
    zone = _zone_ref(question, hit)
    if relation is None:
        found.steps.append(
            step(
                "zone.too_far",
                name=zone.name,
                grade=zone.grade_name,
                id=zone.id,
                distance_m=metres(hit.distance_m),
                near_m=hit.near_m,
            )
        )
        return
    certainty = _certainty(question, hit, relation, share)
    found.steps.append(_met(hit, zone, relation, share, certainty))
    rules = _rules(question, hit, zone, found.steps)
    found.conflicts.append(_conflict(question, hit, zone, relation, share, certainty, rules))


def _share(question: Question, hit: ZoneHit) -> float:
    """Mass of a point, part of a footprint's area; of a footprint outside, how likely the line is wrong."""
    if question.location.footprint is not None and hit.overlap_m2 == 0:
        sigma = sigma_m(question.location, question.facts, hit)
        return share_of(crossing_probability(hit.distance_m, sigma))
    return share_of(hit_weight(question.location, question.facts, hit))


def _relation(question: Question, hit: ZoneHit, share: float) -> Relation | None:
    if hit.overlap_m2 > 0:
        return "within" if share >= WHOLE else "overlaps"
    if hit.covers:
        return "within"
    if hit.distance_m > 0 and share >= question.limits.possible:
        return "possible"
    return "near" if hit.distance_m <= hit.near_m else None


def _certainty(question: Question, hit: ZoneHit, relation: Relation, share: float) -> Certainty:
    if relation == "near":
        return "outside"
    official = question.facts.source(hit.source_id).official
    chance = 1.0 if hit.overlap_m2 > 0 else share
    return question.limits.certainty(chance, sure=official)


def _met(hit: ZoneHit, zone: ZoneRef, relation: Relation, share: float, certainty: Certainty) -> Step:
    return step(
        "zone.met",
        name=zone.name,
        grade=zone.grade_name,
        id=zone.id,
        relation=relation,
        share=share,
        distance_m=metres(hit.distance_m),
        near_m=hit.near_m,
        sureness=certainty,
    )


def _rules(question: Question, hit: ZoneHit, zone: ZoneRef, steps: list[Step]) -> list[Rule]:
    """The rules in force on the day, the strictest first; every candidate leaves a step."""
    steps.extend(_tried(question, hit, zone))
    rules = question.book.rules_for(hit.kind, hit.grade, question.category, question.as_of)
    return sorted(rules, key=lambda rule: (STRICTEST_FIRST.index(rule.effect), rule.id))


def _tried(question: Question, hit: ZoneHit, zone: ZoneRef) -> Iterator[Step]:
    asked = (hit.kind, hit.grade, question.category, question.as_of)
    matter = bilingual(question.book.categories[question.category].name)
    about = {"kind": zone.kind_name, "grade": zone.grade_name, "category": matter}
    trials = question.book.tried(*asked)
    for trial in trials:
        if trial.applies:
            yield step("rule.applied", id=trial.rule.id, effect=trial.rule.effect, **about)
        else:
            yield step("rule.passed_over", id=trial.rule.id, reason=bilingual(trial.reason))
    if not any(trial.applies for trial in trials):
        reason = bilingual(question.book.coverage(*asked).reason)
        yield step("rule.none", as_of=question.as_of.isoformat(), reason=reason, **about)


def _conflict(  # noqa: PLR0913 - one conflict has this many sides
    question: Question,
    hit: ZoneHit,
    zone: ZoneRef,
    relation: Relation,
    share: float,
    certainty: Certainty,
    rules: list[Rule],
) -> Conflict:
    footprint = question.location.footprint is not None
    articles = dict.fromkeys(article for rule in rules for article in rule.articles)
    return Conflict(
        zone=zone,
        relation=relation,
        overlap_m2=metres(hit.overlap_m2) if footprint else None,
        share=share,
        distance_m=metres(hit.distance_m),
        certainty=certainty,
        effect=None if not rules else ("notice" if relation == "near" else rules[0].effect),
        basis=tuple(map(basis_of, articles)),
        authority=_together([rule.authority for rule in rules], "、", ", "),
        consequence=_together([rule.consequence for rule in rules], "", " "),
    )


def _together(texts: list[Text], zh: str, en: str) -> Bilingual | None:
    """What several rules say, each once, as one text; None where none says anything."""
    once = list(dict.fromkeys(texts))
    return {"zh": zh.join(t.zh for t in once), "en": en.join(t.en for t in once)} if once else None


def _zone_ref(question: Question, hit: ZoneHit) -> ZoneRef:
    kind = question.book.zone_kinds[hit.kind]
    grade = None if hit.grade is None else bilingual(kind.grade_name(hit.grade, question.as_of))
    return ZoneRef(hit.id, hit.kind, bilingual(kind.name), hit.grade, grade, hit.name)


def bilingual(text: Text) -> Bilingual:
    """A text of the law in its JSON form."""
    return {"zh": text.zh, "en": text.en}


def basis_of(article: Article) -> Basis:
    """An article as a verdict cites it, with the days of its force."""
    first, last = (day.isoformat() if day else None for day in (article.valid_from, article.valid_to))
    law, label = bilingual(article.law), bilingual(article.label)
    return Basis(law, article.article, label, (first, last), article.verified)
