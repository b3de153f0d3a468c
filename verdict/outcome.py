"""The outcome of a check: which conflicts decide it, and the reason it is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from verdict.model import Certainty, Conflict, Jurisdiction, MissingKind, Outcome, Relation

StrictEffect = Literal["prohibited", "permit_required"]
STRICT: Final[tuple[StrictEffect, ...]] = ("prohibited", "permit_required")  # strictest first
MEETING: Final[tuple[Relation, ...]] = ("within", "overlaps")  # relations of a place that meets a zone
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
    """Whether a conflict decides: the place meets the zone, more likely than not by a clear margin.

    A point in a zone with most of its probability outside the zone is a doubt, not a decision.
    ``screening.decide.zone_table`` asks the same of arrays.
    """
    return relation in MEETING and certainty != "disputed"


def is_lifted(conflict: Conflict) -> bool:
    """Whether a permit covers the whole place, so that the conflict has no effect."""
    return conflict.permit is not None and conflict.permit.status == "inside"


def is_deciding(conflict: Conflict, effect: str) -> bool:
    """Whether a conflict is one of those that make the outcome ``effect``, prohibited or permit_required."""
    sure = is_sure(conflict.relation, conflict.certainty)
    return effect in STRICT and conflict.effect == effect and sure and not is_lifted(conflict)


def decide_outcome(
    conflicts: Sequence[Conflict], missing: Sequence[MissingKind], jurisdiction: Jurisdiction
) -> tuple[Outcome, str]:
    """(outcome, reason): the strictest effect that surely applies, else the first doubt, else clear."""
    unlifted = [c for c in conflicts if not is_lifted(c)]
    met = [c for c in unlifted if c.relation != "near"]
    sure = {c.effect for c in unlifted if is_sure(c.relation, c.certainty)}
    answers = (
        "prohibited" in sure,
        "permit_required" in sure,
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
