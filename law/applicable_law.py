"""Choice of law when it changed after the act (从旧兼从轻, 行政处罚法 art. 37).

The law in force at the act applies, unless the law in force at the decision is lighter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.i18n import N_
from law.articles import Article
from law.rules import UNKNOWN_SEVERITY, Rule, Severity, rules_not_in
from law.values import SEVERITY_OF_EFFECT, Text, bilingual

Law = Literal["same", "old", "new"]
Order = Literal["lighter", "heavier", "equal", "incomparable"]


@dataclass(frozen=True, slots=True)
class ApplicableLaw:
    """The law that applies, its rules and the reason. ``review``: a person must check before a decision."""

    law: Law
    rules: tuple[Rule, ...]
    reason: Text
    review: bool
    basis: Article


def choose_law(at_act: tuple[Rule, ...], today: tuple[Rule, ...], basis: Article) -> ApplicableLaw:
    """Choose between the rules at the act and the rules of today, for one zone and one category.

    Rules in force on both days are ignored. Of the rest, the combined severity of each side is compared:
    effect, punishment, fine, demolition.

    Args:
        at_act: rules in force on the day of the act; for a continuing act, the day it ended
            (行政处罚法 art. 36).
        today: rules in force on the day of the decision.
        basis: the article that the choice rests on.

    Returns:
        The law that applies. Where the two cannot be compared it is the old law, with ``review`` set;
        ``review`` is also set where a rule that was compared is not verified.
    """
    old, new = rules_not_in(at_act, today), rules_not_in(today, at_act)
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
    """Severity of the new law relative to the old: lighter means lighter in one measure, heavier in none."""
    pairs = [(_effect(new), _effect(old))]
    new_severity, old_severity = combined_severity(new), combined_severity(old)
    # Yuan per square metre and multiples of a fee have no common scale: neither fine is the lower one.
    if new_severity.per != old_severity.per and new_severity.fine_max and old_severity.fine_max:
        return "incomparable"
    pairs += zip(_measures(new_severity), _measures(old_severity), strict=True)
    # The minimum fine is compared only between equal maxima: a lower maximum alone makes a law lighter.
    if new_severity.fine_max == old_severity.fine_max:
        pairs.append((new_severity.fine_min or 0, old_severity.fine_min or 0))
    known = [(now, then) for now, then in pairs if now is not None and then is not None]
    if len(known) < len(pairs):
        return "incomparable"
    lighter = any(now < then for now, then in known)
    heavier = any(now > then for now, then in known)
    if lighter and heavier:
        return "incomparable"
    return "lighter" if lighter else "heavier" if heavier else "equal"


def _effect(rules: tuple[Rule, ...]) -> float | None:
    """Rank of the strictest effect; -1, below every effect, where there is no rule."""
    return max((SEVERITY_OF_EFFECT[rule.effect] for rule in rules), default=-1)


def _measures(severity: Severity) -> tuple[float | None, ...]:
    """Punishment, maximum fine and demolition as numbers; None where not known."""
    return (severity.punishes, severity.fine_max, severity.demolish)


def combined_severity(rules: tuple[Rule, ...]) -> Severity:
    """Severity of several rules together: one act is fined once, by the highest fine (行政处罚法 art. 29).

    A measure is None where one of the rules leaves it open; the whole severity is unknown where fines are of
    different kinds (``per``).
    """
    if not rules:
        return Severity(False, 0, 0, "act", False)
    fines = [rule.severity for rule in rules if rule.severity.fine_max != 0]
    per = fines[0].per if fines else "act"
    if any(fine.per != per for fine in fines):
        return UNKNOWN_SEVERITY
    severities = [rule.severity for rule in rules]
    maxima = [severity.fine_max for severity in severities]
    highest = None if None in maxima else max(fine for fine in maxima if fine is not None)
    lowest = max((s.fine_min or 0 for s in severities if s.fine_max == highest), default=0)
    punishes = _any([s.punishes for s in severities])
    return Severity(punishes, lowest, highest, per, _any([s.demolish for s in severities]))


def _any(flags: list[bool | None]) -> bool | None:
    """``any`` of the flags; None where one is not known."""
    return None if None in flags else any(flags)
