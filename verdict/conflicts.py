"""Which zones a place meets, and what the law says of each."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Final

from facts.model import PlaceFacts, ZoneHit, width_m
from geo.place.location import Location
from law.book import LawBook
from verdict.applicable_law import STRICTEST_FIRST, LawFound, Matter, find_law, zone_names
from verdict.model import Certainty, Conflict, PermitState, Relation, Step, ZoneRef, metres, share_of
from verdict.permits import Sought, best_permit
from verdict.shares import crossing_probability, hit_weight, is_sliver, sigma_m
from verdict.thresholds import Thresholds
from verdict.trace import step

WHOLE: Final = 1 - 1e-9  # a footprint this far inside is within: the rest is rounding of its area
RELATIONS: Final[tuple[Relation, ...]] = ("within", "overlaps", "possible", "near")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every zone alike."""

    location: Location
    facts: PlaceFacts
    book: LawBook
    category: str
    as_of: dt.date
    asked_on: dt.date
    limits: Thresholds


@dataclass(frozen=True, slots=True)
class Meeting:
    """How a place meets a zone."""

    hit: ZoneHit
    zone: ZoneRef
    relation: Relation
    share: float
    certainty: Certainty


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
    strictness = len(STRICTEST_FIRST) if conflict.effect is None else STRICTEST_FIRST.index(conflict.effect)
    return RELATIONS.index(conflict.relation), strictness, -conflict.share, conflict.zone.id


def _weigh(question: Question, hit: ZoneHit, found: Found) -> None:
    meeting = meet(question, hit)
    found.steps.extend(_met_steps(question, hit, meeting))
    if meeting is None:
        return
    matter = Matter(hit.kind, hit.grade, question.category, question.as_of, question.asked_on)
    law = find_law(question.book, matter)
    sought = Sought(hit.kind, question.category, question.as_of, question.limits.certain)
    permit, tried = best_permit(question.location, question.facts, sought)
    found.steps.extend((*law.steps, *tried))
    found.conflicts.append(_conflict(question, meeting, law, permit))


def meet(question: Question, hit: ZoneHit) -> Meeting | None:
    """How the place meets a zone; None where it is too far to be told of."""
    overlaps = _overlaps(question, hit)
    share = _share(question, hit, overlaps=overlaps)
    relation = _relation(question, hit, share, overlaps=overlaps)
    if relation is None:
        return None
    certainty = _certainty(question, hit, relation, _overlap_chance(question, hit) if overlaps else share)
    return Meeting(hit, zone_ref(question, hit), relation, share, certainty)


def _overlaps(question: Question, hit: ZoneHit) -> bool:
    """Whether a footprint truly overlaps: a sliver is taken as touching."""
    return hit.overlap_m2 > 0 and not is_sliver(question.location, question.facts, hit)


def _share(question: Question, hit: ZoneHit, *, overlaps: bool) -> float:
    """Mass of a point, part of a footprint's area; of a footprint outside, how likely the line is wrong."""
    if question.location.footprint is not None and not overlaps:
        sigma = sigma_m(question.location, question.facts, hit)
        return share_of(crossing_probability(hit.distance_m, sigma))
    return share_of(hit_weight(question.location, question.facts, hit))


def _relation(question: Question, hit: ZoneHit, share: float, *, overlaps: bool) -> Relation | None:
    if overlaps:
        return "within" if share >= WHOLE else "overlaps"
    if hit.covers:
        return "within"
    sigma = sigma_m(question.location, question.facts, hit)
    if sigma > 0 and share >= question.limits.possible:
        return "possible"
    return "near" if hit.distance_m <= hit.near_m else None


def _certainty(question: Question, hit: ZoneHit, relation: Relation, chance: float) -> Certainty:
    if relation == "near":
        return "outside"
    official = question.facts.source(hit.source_id).official
    return question.limits.certainty(chance, sure=official)


def _overlap_chance(question: Question, hit: ZoneHit) -> float:
    """How likely a footprint truly overlaps: its outline and the zone's line may both be wrong.

    What would have to be crossed is the way to the zone's border, or half the width of a part that lies
    across it: 1 − Φ(−d/σ).
    """
    depth = max(hit.edge_m, width_m(hit.overlap_m2, hit.overlap_rim_m) / 2)
    return 1 - crossing_probability(depth, sigma_m(question.location, question.facts, hit))


def _met_steps(question: Question, hit: ZoneHit, meeting: Meeting | None) -> list[Step]:
    zone = zone_ref(question, hit)
    about = {"name": zone.name, "grade": zone.grade_name, "id": zone.id}
    steps = []
    if is_sliver(question.location, question.facts, hit):
        width = metres(width_m(hit.overlap_m2, hit.overlap_rim_m))
        steps.append(step("zone.sliver", area_m2=metres(hit.overlap_m2), width_m=width, **about))
    distances = {"distance_m": metres(hit.distance_m), "near_m": hit.near_m}
    if meeting is None:
        return [*steps, step("zone.too_far", **about, **distances)]
    met = {"relation": meeting.relation, "share": meeting.share, "sureness": meeting.certainty}
    return [*steps, step("zone.met", **about, **distances, **met)]


def _conflict(question: Question, meeting: Meeting, law: LawFound, permit: PermitState | None) -> Conflict:
    footprint = question.location.footprint is not None
    said = law.binding_law
    near = meeting.relation == "near" and said.effect is not None
    return Conflict(
        zone=meeting.zone,
        relation=meeting.relation,
        overlap_m2=metres(meeting.hit.overlap_m2) if footprint else None,
        share=meeting.share,
        distance_m=metres(meeting.hit.distance_m),
        certainty=meeting.certainty,
        effect="notice" if near else said.effect,
        basis=said.basis,
        authority=said.authority,
        consequence=said.consequence,
        law_known=law.known,
        at_act=law.at_act,
        today=law.today,
        binding=law.binding,
        permit=permit,
    )


def zone_ref(question: Question, hit: ZoneHit) -> ZoneRef:
    """The zone in names that can be shown, as the law of the day calls its grade."""
    kind, grade = zone_names(question.book, hit.kind, hit.grade, question.as_of)
    return ZoneRef(hit.id, hit.kind, kind, hit.grade, grade, hit.name)
