"""The outcome of a check: which conflicts decide it, how probable it is, and the reason it is given.

An effect is decided on all its zones together: it applies where the probability that at least one zone so
strict holds the place is not disputed, however the zones share it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from verdict.model import (
    Certainty,
    Conflict,
    EffectShare,
    Jurisdiction,
    MissingKind,
    Outcome,
    Relation,
    StrictEffect,
)
from verdict.thresholds import Thresholds

# the limits of the probability that one of some conflicts' zones holds the place
AnyOf = Callable[[Sequence[Conflict]], tuple[float, float]]
STRICT: Final[tuple[StrictEffect, ...]] = ("prohibited", "permit_required")  # strictest first
MAX_OUTSIDE_SHARE: Final = 0.005  # with more than this outside the known units, a place is not called clear
# Outcome and reason by the first question that is answered yes, in the order of asking. What is doubtful is
# asked before "clear", so that what is not known is never called clear.
OUTCOMES: Final[tuple[tuple[Outcome, str], ...]] = (
    ("prohibited", "conflict"),  # a zone that prohibits surely applies
    ("permit_required", "conflict"),  # a zone that asks for a permit surely applies
    ("unknown", "possible"),  # such a zone may apply
    ("unknown", "law"),  # a zone is met whose rule for the matter is not known
    ("unknown", "outside"),  # part of the place lies outside the known units
    ("unknown", "missing"),  # kinds of zones with a rule for the matter have no data here
    ("clear", "clear"),  # nothing is left, and no permit was needed for that
    ("clear", "permit"),  # what applied is lifted by a permit
)


def is_sure(relation: Relation, certainty: Certainty) -> bool:
    """Whether a conflict decides by itself: the place is in the zone more likely than not, by a clear margin.

    ``screening.decide.zone_table`` asks the same of arrays.
    """
    return relation != "near" and certainty != "disputed"


def is_lifted(conflict: Conflict) -> bool:
    """Whether a permit covers the whole place, so that the conflict has no effect."""
    return conflict.permit is not None and conflict.permit.status == "inside"


def deciding_conflicts(conflicts: Sequence[Conflict], effect: str) -> list[Conflict]:
    """The conflicts that make the outcome ``effect``; none where it is not one of ``STRICT``.

    Those that are sure by themselves; where none is, all that decide together.
    """
    met = [c for c in conflicts if c.effect == effect and c.relation != "near" and not is_lifted(c)]
    sure = [c for c in met if is_sure(c.relation, c.certainty)]
    return (sure or met) if effect in STRICT else []


def decide_effect(met: Sequence[Conflict], any_of: AnyOf, limits: Thresholds) -> EffectShare | None:
    """The strictest effect that surely applies, with its probability; None where none does.

    ``met``: the conflicts that no permit lifts, without those that are only near.
    """
    for n, effect in enumerate(STRICT):
        # a place in one or the other of a prohibiting zone and one that asks for a permit needs one at least
        strict = [c for c in met if c.effect in STRICT[: n + 1]]
        if any(c.effect == effect for c in strict):
            at_least, at_most = any_of(strict)
            if not limits.is_disputed(at_least):
                return EffectShare(effect, at_least, at_most)
    return None


def sure_kinds(conflicts: Sequence[Conflict], any_of: AnyOf, limits: Thresholds) -> list[str]:
    """The kinds of zones that surely hold the place, in one zone or another of the kind; sorted."""
    met = [c for c in conflicts if c.relation != "near"]
    by_kind = {kind: [c for c in met if c.zone.kind == kind] for kind in {c.zone.kind for c in met}}
    return sorted(kind for kind, group in by_kind.items() if not limits.is_disputed(any_of(group)[0]))


def decide_outcome(
    conflicts: Sequence[Conflict],
    missing: Sequence[MissingKind],
    jurisdiction: Jurisdiction,
    effect: EffectShare | None,
) -> tuple[Outcome, str]:
    """(outcome, reason): the strictest effect that surely applies, else the first doubt, else clear."""
    unlifted = [c for c in conflicts if not is_lifted(c)]
    met = [c for c in unlifted if c.relation != "near"]
    sure = effect.effect if effect else None
    answers = (
        sure == "prohibited",
        sure == "permit_required",
        any(c.effect in STRICT for c in met),
        not all(c.law_known for c in met),
        inside_share(jurisdiction) < 1 - MAX_OUTSIDE_SHARE,
        bool(missing),
        len(unlifted) == len(conflicts),
        True,
    )
    return OUTCOMES[answers.index(True)]


def inside_share(jurisdiction: Jurisdiction) -> float:
    """The share of the place that lies in known units, [0, 1]."""
    lead = jurisdiction.lead
    return 0.0 if lead is None else lead.share + sum(unit.share for unit in jurisdiction.others)
