"""Shares of a place among units: by probability for a point, by expected area for a footprint.

A unit's *weight* comes from the lines of its own layer. Its *share* comes from joining the levels from the
top: the share of its parent, divided among the parent's children in proportion to their weights. A township
layer with an error of kilometres therefore cannot move a place across a county border that is known to a
few hundred metres. Where all levels share one border and one accuracy, shares equal weights.

``screening.decide.share_kernel`` computes the same for arrays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import shapely

from facts import PermitHit, PlaceFacts, UnitHit, ZoneHit
from geo import Location, contains
from geo.measure import Fractions, Plane, Spread, mean, position_mass, remainder, spread_of
from geo.measure import lead_probability as leading_probability
from store.schema import LEVELS

Weights = dict[str, dict[str, float]]  # level → code → weight
WeightedUnit = tuple[UnitHit, float]
# Relative to a parent's children: a smaller rest is no unmapped ground. Lines of two levels that should be
# one differ by rounding, and curve differently between vertices.
AREA_TOLERANCE: Final = 1e-3


@dataclass(frozen=True, slots=True)
class UnitShares:
    """``shares``: code → share of the finest known units, [0, 1]; together with ``outside`` they sum to 1."""

    shares: dict[str, float]
    outside: float


@dataclass(frozen=True, slots=True)
class WeighedUnits:
    """The units that count, each with its weight; and those left out for finer official ones."""

    counted: list[WeightedUnit]
    ignored: list[UnitHit]


def spread_to(location: Location, facts: PlaceFacts, hit: UnitHit | ZoneHit | PermitHit) -> Spread:
    """The error of a place relative to the lines of a hit's layer; both are taken as independent."""
    return spread_of(location.accuracy_m, facts.source(hit.source_id).accuracy_m)


def hit_weights(location: Location, facts: PlaceFacts, hits: Sequence[UnitHit | ZoneHit]) -> list[float]:
    """Share of the place per area, [0, 1], by the error of each area's lines.

    Point: probability mass. Footprint (units only): expected share of its area.
    """
    spreads = [spread_to(location, facts, hit) for hit in hits]
    found = dict[int, float]()
    # one integration per spread, for all areas that share it
    for spread in set(spreads):
        mine = [n for n, other in enumerate(spreads) if other == spread]
        weights = weights_for(location, facts, [hits[n] for n in mine], spread)
        found |= dict(zip(mine, weights, strict=True))
    return [found[n] for n in range(len(hits))]


def weights_for(
    location: Location, facts: PlaceFacts, hits: Sequence[UnitHit | ZoneHit], spread: Spread
) -> list[float]:
    """Share of the place per area, [0, 1], for one spread; at most that of the area's own lines."""
    if facts.ruler is not None:
        ruler = facts.ruler
        return [ruler.fractions(hit, spread).expected() for hit in hits if isinstance(hit, UnitHit)]
    if spread.sigma_m == 0.0:
        return [float(hit.covers) for hit in hits]
    if facts.masses is not None:
        return facts.masses(hits, spread)
    return _piece_masses(location, hits, spread)


def _piece_masses(location: Location, hits: Sequence[UnitHit | ZoneHit], spread: Spread) -> list[float]:
    """Probability mass per hit, integrated over its pieces; PostGIS sends those within reach of the point."""
    # one integration for the pieces of all hits, summed by hit afterwards
    owners = [n for n, hit in enumerate(hits) for _ in hit.pieces]
    pieces = [piece for hit in hits for piece in hit.pieces]
    if not pieces:
        return [0.0] * len(hits)
    plane = Plane(location.lon, location.lat)
    metres = shapely.transform(np.asarray(pieces, dtype=object), plane.to_metres)
    masses = position_mass(list(metres), spread)
    # pieces overlap nowhere, but each one's integral is rounded: a whole may come to 1 + 1e-16
    return [min(1.0, mass) for mass in np.bincount(owners, weights=masses, minlength=len(hits)).tolist()]


def best_hits(facts: PlaceFacts) -> list[UnitHit]:
    """The unit hits that count: approximate lines of a unit are dropped where an official layer has it."""
    known = {(hit.level, hit.code) for hit in facts.units if facts.source(hit.source_id).official}
    return [
        hit
        for hit in facts.units
        if facts.source(hit.source_id).official or (hit.level, hit.code) not in known
    ]


def weigh_units(location: Location, facts: PlaceFacts, certain: float) -> WeighedUnits:
    """The units that count (:func:`best_hits`), each with its weight.

    Where official and approximate lines meet at one level, the approximate ones share the rest. Approximate
    lines of a level above one whose official lines hold ``certain`` of the place are left out: they are
    coarser, and may not cast doubt on what is known better.
    """
    hits = best_hits(facts)
    weighed = list(zip(hits, hit_weights(location, facts, hits), strict=True))
    levels = _coarser_levels(facts, weighed, certain)
    kept = [(hit, weight) for hit, weight in weighed if not _is_coarse(facts, hit, levels)]
    factors = {level: _approximate_factor(facts, kept, level) for level in {hit.level for hit, _ in kept}}
    return WeighedUnits(
        [
            (hit, weight if facts.source(hit.source_id).official else weight * factors[hit.level])
            for hit, weight in kept
        ],
        [hit for hit in hits if _is_coarse(facts, hit, levels)],
    )


def _is_coarse(facts: PlaceFacts, hit: UnitHit, levels: Collection[str]) -> bool:
    return hit.level in levels and not facts.source(hit.source_id).official


def _coarser_levels(facts: PlaceFacts, weighed: Sequence[WeightedUnit], certain: float) -> Collection[str]:
    """The levels above the finest one of which an official layer holds at least ``certain`` of the place."""
    held: dict[tuple[int, str], float] = defaultdict(float)
    for hit, weight in weighed:
        if facts.source(hit.source_id).official:
            held[hit.source_id, hit.level] += weight
    known = [LEVELS.index(level) for (_, level), weight in held.items() if weight >= certain]
    return LEVELS[: max(known, default=0)]


def _approximate_factor(facts: PlaceFacts, weighed: Sequence[WeightedUnit], level: str) -> float:
    """Factor, [0, 1], for the weights of a level's approximate lines, so that all sum to 1 at most."""
    official, approximate = 0.0, 0.0
    for hit, weight in weighed:
        if hit.level == level:
            if facts.source(hit.source_id).official:
                official += weight
            else:
                approximate += weight
    if official == 0.0 or approximate == 0.0:
        return 1.0
    return min(1.0, max(0.0, 1.0 - official) / approximate)


def unit_weights(weighed: Sequence[WeightedUnit]) -> Weights:
    """Level → code → weight. A unit in several datasets has the mean of its weights there."""
    seen: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for hit, weight in weighed:
        seen[hit.level][hit.code].append(weight)
    return {
        level: {code: sum(values) / len(values) for code, values in codes.items()}
        for level, codes in seen.items()
    }


def lead_probability(
    location: Location, facts: PlaceFacts, weighed: Sequence[WeightedUnit], lead: tuple[str, str]
) -> float | None:
    """Probability that a unit holds the largest part of a footprint; None for a point.

    ``lead``: its level and code. Of a unit whose children fill only a part of it, what is left counts.
    """
    if facts.ruler is None:
        return None
    level, code = lead
    units = _unit_fractions(location, facts, [hit for hit, _ in weighed if hit.level == level])
    finer = [hit for hit, _ in weighed if hit.level != level and _is_below(code, hit)]
    nearest = min((LEVELS.index(hit.level) for hit in finer), default=None)
    children = _unit_fractions(location, facts, [hit for hit in finer if LEVELS.index(hit.level) == nearest])
    own = units.pop(code)
    own = remainder(own, [*children.values()]) if children else own
    return leading_probability(own, [*units.values(), *children.values()])


def _unit_fractions(location: Location, facts: PlaceFacts, hits: Sequence[UnitHit]) -> dict[str, Fractions]:
    """What each unit holds of the displaced footprint, by code; the mean of several layers' lines."""
    found: dict[str, list[Fractions]] = defaultdict(list)
    for hit in hits:
        if facts.ruler is not None:
            found[hit.code].append(facts.ruler.fractions(hit, spread_to(location, facts, hit)))
    return {code: mean(several) for code, several in found.items()}


def _is_below(code: str, hit: UnitHit) -> bool:
    return hit.code != code and contains(code, hit.code)


def disagreements(facts: PlaceFacts, weighed: Sequence[WeightedUnit]) -> dict[str, str]:
    """Dataset → code of its heaviest unit, at the first level where official layers differ; else empty."""
    best: dict[str, dict[str, tuple[float, str]]] = defaultdict(dict)
    for hit, weight in weighed:
        source = facts.source(hit.source_id)
        # strictly greater: of equal weights the first one stays, and hits are in an order of codes
        if source.official and weight > best[hit.level].get(source.dataset, (0.0, ""))[0]:
            best[hit.level][source.dataset] = (weight, hit.code)
    named = [{dataset: code for dataset, (_, code) in found.items()} for found in best.values()]
    return next((codes for codes in named if len(set(codes.values())) > 1), {})


def unmapped_units(facts: PlaceFacts) -> frozenset[str]:
    """Codes of units that cover a point though none of their children does: a hole in the finer layer."""
    covering = [hit for hit in facts.units if hit.covers]
    return frozenset(hit.code for hit in covering if not any(_is_child(hit, other) for other in covering))


def _is_child(parent: UnitHit, other: UnitHit) -> bool:
    return LEVELS.index(other.level) > LEVELS.index(parent.level) and contains(parent.code, other.code)


def parent_weights(
    location: Location, facts: PlaceFacts, weighed: Sequence[WeightedUnit], weights: Weights
) -> Weights:
    """Level → code of a parent → weight of that parent, with the error of the level's own lines.

    Compared with the sum over its children it shows how much of the parent the level does not map. Empty
    where it cannot be computed; the level is then taken as complete (but for :func:`unmapped_units`).
    """
    hits = [hit for hit, _ in weighed]
    levels = [level for level in LEVELS if weights.get(level)]
    return {level: _parents_of(location, facts, hits, (upper, level)) for upper, level in pairwise(levels)}


def _parents_of(
    location: Location, facts: PlaceFacts, hits: Sequence[UnitHit], levels: tuple[str, str]
) -> dict[str, float]:
    """Weights of the units of the upper level by the error of the lower one; empty where there is none.

    That is so where the level has several errors, where a point has none at all, or where the parents' own
    error is smaller: what was fetched of them lies within its reach, too little for a larger one.
    """
    upper, level = levels
    spreads = {spread_to(location, facts, hit) for hit in hits if hit.level == level}
    spread = max(spreads)
    parents = [hit for hit in hits if hit.level == upper]
    exact = spread.sigma_m == 0.0 and location.footprint is None
    if len(spreads) > 1 or exact or any(spread_to(location, facts, hit) < spread for hit in parents):
        return {}
    found = weights_for(location, facts, parents, spread)
    return {hit.code: weight for hit, weight in zip(parents, found, strict=True)}


def join_levels(
    weights: Weights, unmapped: Collection[str] = (), parents: Weights | None = None
) -> UnitShares:
    """Shares of the finest known units, from the weights of all levels, joined from the top down.

    A unit without any known unit above it starts with its own weight. ``unmapped``: units that keep their
    share undivided (:func:`unmapped_units`). ``parents``: see :func:`parent_weights`; a parent keeps the
    part of its share that its children do not fill.
    """
    levels = [level for level in LEVELS if weights.get(level)]
    roots = _scale_to_one(_roots(weights, levels))
    shares, kept = dict[str, float](), dict[str, float]()
    for level in levels:
        level_parents = (parents or {}).get(level, {})
        shares, left = _share_among_children(shares, weights[level], unmapped, level_parents)
        # units that begin at this level join here, so that finer levels divide them too
        shares |= {code: roots[code] for code in weights[level] if code in roots}
        kept |= left
    shares |= kept
    return UnitShares(shares, max(0.0, 1.0 - sum(shares.values())))


def _roots(weights: Weights, levels: Sequence[str]) -> dict[str, float]:
    """Code → weight of the units without any known unit above them."""
    found = dict[str, float]()
    above = list[str]()
    for level in levels:
        found |= {c: w for c, w in weights[level].items() if not any(contains(up, c) for up in above)}
        above += weights[level]
    return found


def _scale_to_one(weights: Mapping[str, float]) -> dict[str, float]:
    """The weights, divided by their sum where it exceeds 1.

    It does so on a border without any error: several units then cover the point with weight 1 each.
    """
    total = max(1.0, sum(weights.values()))
    return {code: weight / total for code, weight in weights.items()}


def _share_among_children(
    shares: Mapping[str, float],
    finer: Mapping[str, float],
    unmapped: Collection[str],
    parents: Mapping[str, float],
) -> tuple[dict[str, float], dict[str, float]]:
    """Shares of the units of the finer level, and shares that stay with a unit above."""
    result, left = dict[str, float](), dict[str, float]()
    for parent, share in shares.items():
        children = {code: weight for code, weight in finer.items() if contains(parent, code)}
        total = sum(children.values())
        # no child has any weight, or the point is in a hole of the finer layer: nothing to divide among
        if total == 0 or parent in unmapped:
            left[parent] = share
            continue
        # children that fill less than their parent leave it the rest; children that fill more, since their
        # lines differ from the parent's, divide the parent's share all the same
        rest = parents.get(parent, 0.0) - total
        whole = total + rest if rest > AREA_TOLERANCE * total else total
        result |= {code: share * weight / whole for code, weight in children.items()}
        if whole > total:
            left[parent] = share * rest / whole
    return result, left


def rank_shares(shares: Mapping[str, float]) -> Iterable[tuple[str, float]]:
    """(code, share), largest share first; ties by code."""
    # to a billionth: on a border the two halves differ in their last bits, which are rounding and must not
    # choose the lead
    return sorted(shares.items(), key=lambda item: (-round(item[1], 9), item[0]))
