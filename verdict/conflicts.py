"""The zones that a place meets or lies near, each with its relation, share, law and permit."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Final

from facts import PlaceFacts, ZoneHit, width_m
from geo import Location
from geo.measure import Spread, crossing_probability, length_m
from law import LawBook
from verdict.applicable_law import STRICTEST_FIRST, ApplicableLaw, LawQuery, find_law, zone_names
from verdict.model import Certainty, Conflict, PermitState, Relation, Step, ZoneRef, round_metres, round_share
from verdict.permits import PermitQuery, best_permit
from verdict.shares import hit_weights, spread_to
from verdict.thresholds import Thresholds
from verdict.trace import step

# A strip is digitising noise only up to this share of a footprint: 7 m of a barn of 15 m are thinner than
# lines of 10 m are exact, and are no noise.
NOISE_SHARE: Final = 0.05
WHOLE: Final = 1 - 1e-9  # share from which a footprint counts as within: the rest is rounding of its area
RELATIONS: Final[tuple[Relation, ...]] = ("within", "overlaps", "possible", "near")


@dataclass(frozen=True, slots=True)
class ConflictQuery:
    """The inputs that are the same for every zone of a check.

    ``as_of``: day of the act. ``asked_on``: day of the answer.
    """

    location: Location
    facts: PlaceFacts
    book: LawBook
    category: str
    as_of: dt.date
    asked_on: dt.date
    limits: Thresholds


@dataclass(frozen=True, slots=True)
class ZoneRelation:
    """How a place lies to a zone.

    ``share``: see :func:`_share`, [0, 1]. ``chance``: probability that the place truly meets the zone.
    """

    hit: ZoneHit
    zone: ZoneRef
    relation: Relation
    share: float
    chance: float
    certainty: Certainty


@dataclass(slots=True)
class ZoneFindings:
    """Conflicts, most serious first; how the place lies to the zone of each; trace steps of all zones."""

    conflicts: list[Conflict] = field(default_factory=list)
    relations: list[ZoneRelation] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


def find_conflicts(query: ConflictQuery) -> ZoneFindings:
    """Conflicts with every zone at or near the place: by relation, then strictness, share and zone id."""
    found = ZoneFindings()
    pairs = list[tuple[Conflict, ZoneRelation]]()
    for hit in query.facts.zones:
        met = relate(query, hit)
        found.steps.extend(_relation_steps(query, hit, met))
        if met is None:
            continue
        law = find_law(query.book, LawQuery(hit.kind, hit.grade, query.category, query.as_of, query.asked_on))
        wanted = PermitQuery(hit.kind, query.category, query.as_of, query.limits.certain)
        permit, permit_steps = best_permit(query.location, query.facts, wanted)
        found.steps.extend((*law.steps, *permit_steps))
        pairs.append((_conflict(query, met, law, permit), met))
    if not query.facts.zones:
        found.steps.append(step("zone.none"))
    pairs.sort(key=lambda pair: _order(pair[0]))
    found.conflicts, found.relations = [c for c, _ in pairs], [relation for _, relation in pairs]
    return found


def _order(conflict: Conflict) -> tuple[int, int, float, str]:
    # the zone id last: without a tie-break the order, and so the bytes, would depend on the engine
    strictness = len(STRICTEST_FIRST) if conflict.effect is None else STRICTEST_FIRST.index(conflict.effect)
    return RELATIONS.index(conflict.relation), strictness, -conflict.share, conflict.zone.id


def relate(query: ConflictQuery, hit: ZoneHit) -> ZoneRelation | None:
    """Relation of the place to a zone; None where it neither meets the zone nor is within notice distance."""
    # a sliver counts as touching: it may come from the error of the zone's line alone
    overlaps = hit.overlap_m2 > 0 and not is_sliver(query.location, query.facts, hit)
    share = _share(query, hit, overlaps=overlaps)
    relation = _relation(query, hit, share, overlaps=overlaps)
    if relation is None:
        return None
    chance = round_share(_overlap_chance(query, hit)) if overlaps else share
    certainty = _certainty(query, hit, relation, chance)
    return ZoneRelation(hit, zone_ref(query, hit), relation, share, chance, certainty)


def is_sliver(location: Location, facts: PlaceFacts, hit: ZoneHit) -> bool:
    """Whether a footprint overlaps a zone only in a strip that may come from the error of the zone's line.

    The strip is thinner than the line is exact, and a small part of the footprint. False for a footprint
    that is itself thinner than that.
    """
    if location.footprint is None or hit.overlap_m2 == 0:
        return False
    accuracy_m = facts.source(hit.source_id).accuracy_m
    whole = width_m(location.area_m2 or 0.0, length_m(location.footprint))
    thin = width_m(hit.overlap_m2, hit.overlap_rim_m) < accuracy_m < whole
    return thin and _area_share(location, hit) < NOISE_SHARE


def _area_share(location: Location, hit: ZoneHit) -> float:
    """A footprint's part in a zone as drawn, [0, 1]."""
    return min(1.0, hit.overlap_m2 / location.area_m2) if location.area_m2 else 0.0


def _share(query: ConflictQuery, hit: ZoneHit, *, overlaps: bool) -> float:
    """Point: probability mass in the zone. Footprint: area ratio; outside: chance that it truly overlaps."""
    if query.location.footprint is None:
        return round_share(hit_weights(query.location, query.facts, [hit])[0])
    if overlaps:
        return round_share(_area_share(query.location, hit))
    return round_share(crossing_probability(hit.distance_m, spread_to(query.location, query.facts, hit)))


def _relation(query: ConflictQuery, hit: ZoneHit, share: float, *, overlaps: bool) -> Relation | None:
    if overlaps:
        return "within" if share >= WHOLE else "overlaps"
    if hit.covers:
        return "within"
    sigma_m = spread_to(query.location, query.facts, hit).sigma_m
    # without any error (σ = 0) a footprint that touches has 0.5 by convention: it is near, not possible
    if sigma_m > 0 and share >= query.limits.possible:
        return "possible"
    return "near" if hit.distance_m <= hit.near_m else None


def _certainty(query: ConflictQuery, hit: ZoneHit, relation: Relation, chance: float) -> Certainty:
    if relation == "near":
        return "outside"
    official = query.facts.source(hit.source_id).official
    return query.limits.certainty(chance, sure=official)


def _overlap_chance(query: ConflictQuery, hit: ZoneHit) -> float:
    spread = spread_to(query.location, query.facts, hit)
    return overlap_chance((hit.overlap_m2, hit.overlap_rim_m), hit.edge_m, spread)


def overlap_chance(overlap: tuple[float, float], edge_m: float, spread: Spread) -> float:
    """Probability that a footprint truly overlaps an area, for all the errors of outline and line.

    1 − Φ(−d/σ), where d is the depth of the overlap: the lines would have to be wrong by that much. Wholly
    inside that is the distance ``edge_m`` to the border; across it (0), half the mean width of the part.
    ``overlap``: the part's area and perimeter, m² and m.
    """
    return 1 - crossing_probability(max(edge_m, width_m(*overlap) / 2), spread)


def _relation_steps(query: ConflictQuery, hit: ZoneHit, met: ZoneRelation | None) -> list[Step]:
    zone = zone_ref(query, hit)
    about = {"name": zone.name, "grade": zone.grade_name, "id": zone.id}
    steps = []
    if is_sliver(query.location, query.facts, hit):
        width = round_metres(width_m(hit.overlap_m2, hit.overlap_rim_m))
        steps.append(step("zone.sliver", area_m2=round_metres(hit.overlap_m2), width_m=width, **about))
    distances = {"distance_m": round_metres(hit.distance_m), "near_m": hit.near_m}
    if met is None:
        return [*steps, step("zone.too_far", **about, **distances)]
    how = {"relation": met.relation, "share": met.share, "sureness": met.certainty}
    return [*steps, step("zone.met", **about, **distances, **how)]


def _conflict(
    query: ConflictQuery, met: ZoneRelation, law: ApplicableLaw, permit: PermitState | None
) -> Conflict:
    footprint = query.location.footprint is not None
    binding = law.binding_law
    # near is not inside: whatever the rule says inside the zone, outside it there is only a notice
    near = met.relation == "near" and binding.effect is not None
    return Conflict(
        zone=met.zone,
        relation=met.relation,
        overlap_m2=round_metres(met.hit.overlap_m2) if footprint else None,
        share=met.share,
        distance_m=round_metres(met.hit.distance_m),
        certainty=met.certainty,
        effect="notice" if near else binding.effect,
        basis=binding.basis,
        authority=binding.authority,
        consequence=binding.consequence,
        conditions=binding.conditions,
        conditional=binding.conditional,
        verified=binding.verified,
        notes=binding.notes,
        law_known=law.known,
        law_known_from=law.known_from.isoformat() if law.known_from else None,
        at_act=law.at_act,
        today=law.today,
        binding=law.binding,
        permit=permit,
    )


def zone_ref(query: ConflictQuery, hit: ZoneHit) -> ZoneRef:
    """Reference to the zone of a hit, with its grade named as the law of ``as_of`` names it."""
    kind, grade = zone_names(query.book, hit.kind, hit.grade, query.as_of)
    return ZoneRef(hit.id, hit.kind, kind, hit.grade, grade, hit.name)
