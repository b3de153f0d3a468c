"""Which law binds when it changed after the act: 从旧兼从轻, 行政处罚法 art. 37.

The law in force at the act binds, unless the law in force at the decision punishes less or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.i18n import N_
from law.articles import Article
from law.rules import UNKNOWN_SEVERITY, Rule, Severity
from law.values import SEVERITY_OF_EFFECT, Text, bilingual

Law = Literal["same", "old", "new"]
Order = Literal["lighter", "heavier", "equal", "incomparable"]


@dataclass(frozen=True, slots=True)
class ApplicableLaw:
    """Which law binds, its rules, why, and whether a person must look at it before anything is decided."""

    law: Law
    rules: tuple[Rule, ...]
    reason: Text
    review: bool
    basis: Article


def choose_law(at_act: tuple[Rule, ...], today: tuple[Rule, ...], basis: Article) -> ApplicableLaw:
    """Choose between the rules in force at the act and those in force today, for one zone and one category.

    For an act that continues, "at the act" is the day it ended (行政处罚法 art. 36). Rules in force on both
    days do not count; of the others the heaviest of each side are compared: effect, punishment, fine,
    demolition. Where they cannot be compared the old law binds and ``review`` is set; it is also set where
    a rule that decided is not verified.
    """
    old, new = _only(at_act, today), _only(today, at_act)
    if not old and not new:
        return ApplicableLaw(
            "same", at_act, bilingual(N_("the law has not changed since the act")), False, basis
        )
    if not at_act:
        reason = N_("no rule was in force at the act: what was allowed then is not punished now")
        return ApplicableLaw("old", (), bilingual(reason), _any_unverified(new), basis)
    order = "lighter" if not today else _compare(new, old)
    law: Law = "new" if order == "lighter" else "old"
    review = order == "incomparable" or _any_unverified(old + new)
    return ApplicableLaw(law, today if law == "new" else at_act, _reason(order, not today), review, basis)


def _only(rules: tuple[Rule, ...], others: tuple[Rule, ...]) -> tuple[Rule, ...]:
    known = {rule.id for rule in others}
    return tuple(rule for rule in rules if rule.id not in known)


def _any_unverified(rules: tuple[Rule, ...]) -> bool:
    return any(not rule.verified for rule in rules)


def _reason(order: Order, repealed: bool) -> Text:
    if repealed:
        return bilingual(N_("the rule was repealed: the act is no longer unlawful here, the new law binds"))
    words: dict[Order, str] = {
        "lighter": N_("the law of today is lighter: the new law binds"),
        "heavier": N_("the law of today is heavier: the law at the time of the act binds"),
        "equal": N_("the law of today is not lighter: the law at the time of the act binds"),
        "incomparable": N_(
            "old and new law cannot be compared (a penalty is not known, or of another kind): "
            "the law at the time of the act binds until a person has reviewed it"
        ),
    }
    return bilingual(words[order])


def _compare(new: tuple[Rule, ...], old: tuple[Rule, ...]) -> Order:
    """How the new law stands to the old one: lighter only if nothing is heavier and something lighter."""
    pairs = [(_effect(new), _effect(old))]
    fresh, former = combined_severity(new), combined_severity(old)
    if fresh.per != former.per and fresh.fine_max and former.fine_max:
        return "incomparable"
    pairs += zip(_measures(fresh), _measures(former), strict=True)
    if fresh.fine_max == former.fine_max:
        pairs.append((fresh.fine_min or 0, former.fine_min or 0))
    if any(one is None or other is None for one, other in pairs):
        return "incomparable"
    lighter = any(one < other for one, other in pairs if one is not None and other is not None)
    heavier = any(one > other for one, other in pairs if one is not None and other is not None)
    if lighter and heavier:
        return "incomparable"
    return "lighter" if lighter else "heavier" if heavier else "equal"


def _effect(rules: tuple[Rule, ...]) -> float | None:
    """Rank of the strictest effect; a side without rules of its own forbids nothing."""
    return max((SEVERITY_OF_EFFECT[rule.effect] for rule in rules), default=-1)


def _measures(severity: Severity) -> tuple[float | None, ...]:
    """What is compared besides the effect; the least fine counts too, but only between equal highest ones."""
    return (_number(severity.punishes), severity.fine_max, _number(severity.demolish))


def _number(flag: bool | None) -> float | None:
    return None if flag is None else float(flag)


def combined_severity(rules: tuple[Rule, ...]) -> Severity:
    """The severity of several rules together: one act is fined once, by the highest (行政处罚法 art. 29).

    Unknown where one of them is unknown, or where two fines are of different kinds.
    """
    if not rules:
        return Severity(False, 0, 0, "act", False)
    fines = [rule.severity for rule in rules if rule.severity.fine_max != 0]
    per = fines[0].per if fines else "act"
    if any(one.per != per for one in fines):
        return UNKNOWN_SEVERITY
    every = [rule.severity for rule in rules]
    top = _most([one.fine_max for one in every])
    low = max((one.fine_min or 0 for one in every if one.fine_max == top), default=0)
    return Severity(_any([s.punishes for s in every]), low, top, per, _any([s.demolish for s in every]))


def _most(values: list[float | None]) -> float | None:
    return None if None in values else max(v for v in values if v is not None)


def _any(flags: list[bool | None]) -> bool | None:
    return None if None in flags else any(flags)
