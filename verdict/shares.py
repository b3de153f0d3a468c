"""Shares of a place among units: by probability for a point, by area for a footprint.

A unit's *weight* comes from the lines of its own layer. Its *share* comes from joining the levels from the
top: the share of its parent, divided among the parent's children in proportion to their weights. A township
layer with an error of kilometres therefore cannot move a place across a county border that is known to a
few hundred metres. Where all levels share one border and one accuracy, shares equal weights.

``screening.decide.share_kernel`` computes the same for arrays.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import shapely
from scipy.special import ndtr

from facts import PermitHit, PlaceFacts, UnitHit, ZoneHit, width_m
from geo import Location, contains
from geo.measure import Plane, combine, gaussian_mass, sigma_from_r68
from geo.measure import length_m as rim_m
from store.schema import LEVELS

Weights = dict[str, dict[str, float]]  # level → code → weight
WeightedUnit = tuple[UnitHit, float]
# Relative to a parent's children: a smaller rest is no unmapped ground. A long edge is cut where it crosses a
# border, and each part is a geodesic of its own; measured, the parts of a footprint of 5 km then differ from
# the whole by 1.3e-5.
AREA_TOLERANCE: Final = 1e-3
# A strip is digitising noise only up to this share of a footprint: 7 m of a barn of 15 m are thinner than
# lines of 10 m are exact, and are no noise.
NOISE_SHARE: Final = 0.05


@dataclass(frozen=True, slots=True)
class UnitShares:
    """``shares``: code → share of the finest known units, [0, 1]; together with ``outside`` they sum to 1."""

    shares: dict[str, float]
    outside: float


def sigma_m(location: Location, facts: PlaceFacts, hit: UnitHit | ZoneHit | PermitHit) -> float:
    """Standard deviation, metres, of a place's position relative to the lines of a hit's layer.

    Both errors are taken as independent, so their 68 % radii add as the root of the sum of squares.
    """
    return sigma_from_r68(combine(location.accuracy_m, facts.source(hit.source_id).accuracy_m))


def hit_weight(location: Location, facts: PlaceFacts, hit: UnitHit | ZoneHit) -> float:
    """Share of the place in one area, as :func:`hit_weights` gives it."""
    return hit_weights(location, facts, [hit])[0]


def hit_weights(location: Location, facts: PlaceFacts, hits: Sequence[UnitHit | ZoneHit]) -> list[float]:
    """Share of the place per area, [0, 1]. Point: probability mass; footprint: area ratio."""
    if location.footprint is not None:
        area = location.area_m2 or math.inf
        return [min(1.0, hit.overlap_m2 / area) for hit in hits]
    sigmas = [sigma_m(location, facts, hit) for hit in hits]
    # one integration per standard deviation, for all areas that share it
    masses = {sigma: _masses(location, facts, hits, (sigmas, sigma)) for sigma in set(sigmas) if sigma > 0}
    return [
        masses[sigma][n] if sigma > 0 else float(hit.covers)
        for n, (hit, sigma) in enumerate(zip(hits, sigmas, strict=True))
    ]


def _masses(
    location: Location,
    facts: PlaceFacts,
    hits: Sequence[UnitHit | ZoneHit],
    deviation: tuple[Sequence[float], float],
) -> list[float]:
    """Probability mass in the hits whose standard deviation is σ; 0 for the others.

    ``deviation``: the standard deviation of every hit, and σ, metres.
    """
    sigmas, sigma = deviation
    if facts.masses is None:
        return _piece_masses(location, hits, sigmas, sigma)
    mine = [n for n in range(len(hits)) if sigmas[n] == sigma]
    found = dict(zip(mine, facts.masses([hits[n] for n in mine], sigma), strict=True))
    return [found.get(n, 0.0) for n in range(len(hits))]


def _piece_masses(
    location: Location, hits: Sequence[UnitHit | ZoneHit], sigmas: Sequence[float], sigma: float
) -> list[float]:
    """Probability mass per hit, integrated over its pieces; PostGIS sends those within reach of the point."""
    # one integration for the pieces of all hits, summed by hit afterwards
    owners = [n for n, hit in enumerate(hits) if sigmas[n] == sigma for _ in hit.pieces]
    pieces = [piece for n, hit in enumerate(hits) if sigmas[n] == sigma for piece in hit.pieces]
    if not pieces:
        return [0.0] * len(hits)
    plane = Plane(location.lon, location.lat)
    metres = shapely.transform(np.asarray(pieces, dtype=object), plane.to_metres)
    masses = gaussian_mass(list(metres), sigma)
    # pieces overlap nowhere, but each one's integral is rounded: a whole may come to 1 + 1e-16
    return [min(1.0, mass) for mass in np.bincount(owners, weights=masses, minlength=len(hits)).tolist()]


def crossing_probability(distance_m: float, sigma: float) -> float:
    """Probability that a line at a distance is truly on the other side of the place: Φ(−d/σ).

    The line is taken as straight over a few σ; its stated accuracy says nothing finer. Without any error: 0,
    or 0.5 on the line itself.
    """
    if sigma == 0.0:
        return 0.0 if distance_m > 0 else 0.5
    return float(ndtr(-distance_m / sigma))


def best_hits(facts: PlaceFacts) -> list[UnitHit]:
    """The unit hits that count: approximate lines of a unit are dropped where an official layer has it."""
    known = {(hit.level, hit.code) for hit in facts.units if facts.source(hit.source_id).official}
    return [
        hit
        for hit in facts.units
        if facts.source(hit.source_id).official or (hit.level, hit.code) not in known
    ]


def is_sliver(location: Location, facts: PlaceFacts, hit: UnitHit | ZoneHit) -> bool:
    """Whether a footprint overlaps an area only in a strip that may come from the error of the layer's lines.

    The strip is thinner than the lines are exact, and a small part of the footprint. False for a footprint
    that is itself thinner than that.
    """
    if location.footprint is None or hit.overlap_m2 == 0:
        return False
    accuracy_m = facts.source(hit.source_id).accuracy_m
    whole = width_m(location.area_m2 or 0.0, rim_m(location.footprint))
    thin = width_m(hit.overlap_m2, hit.overlap_rim_m) < accuracy_m < whole
    return thin and hit_weight(location, facts, hit) < NOISE_SHARE


def weigh_units(location: Location, facts: PlaceFacts) -> list[WeightedUnit]:
    """The units that count (:func:`best_hits`), each with its weight.

    Where official and approximate lines meet at one level, the approximate ones share the rest.
    """
    hits = best_hits(facts)
    weighed = list(zip(hits, hit_weights(location, facts, hits), strict=True))
    factors = {level: _approximate_factor(facts, weighed, level) for level in {hit.level for hit in hits}}
    return [
        (hit, weight if facts.source(hit.source_id).official else weight * factors[hit.level])
        for hit, weight in weighed
    ]


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


def unit_weights(location: Location, facts: PlaceFacts, weighed: Sequence[WeightedUnit]) -> Weights:
    """Level → code → weight. A unit in several datasets has the mean of its weights there.

    Slivers have none; their part of the footprint goes to the other units of the level in proportion.
    """
    seen: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    noise: dict[str, float] = defaultdict(float)
    for hit, weight in weighed:
        if is_sliver(location, facts, hit):
            noise[hit.level] += weight
        else:
            seen[hit.level][hit.code].append(weight)
    return {
        level: {code: sum(values) / len(values) / (1 - noise[level]) for code, values in codes.items()}
        for level, codes in seen.items()
    }


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


def parent_weights(location: Location, facts: PlaceFacts, weights: Weights) -> Weights:
    """Level → code of a parent → weight of that parent, measured as the level's own weights are.

    Compared with the sum over its children it shows how much of the parent the level does not map. A
    footprint's parents have their area ratio. A point's parents are integrated with the error of the
    level's lines; the result is empty where that is not possible, and the level is then taken as complete
    (but for :func:`unmapped_units`).
    """
    levels = [level for level in LEVELS if weights.get(level)]
    if location.footprint is not None:
        return {level: dict(weights[upper]) for upper, level in pairwise(levels)}
    return {level: _point_parent_weights(location, facts, upper, level) for upper, level in pairwise(levels)}


def _point_parent_weights(location: Location, facts: PlaceFacts, upper: str, level: str) -> dict[str, float]:
    """Weights of a level's parents by the error of the level; empty where they cannot be computed.

    That is so where the level has several errors or none, or where the parents' own error is smaller: their
    pieces were fetched within a radius of their own σ, too few for a larger one.
    """
    hits = best_hits(facts)
    sigmas = {sigma_m(location, facts, hit) for hit in hits if hit.level == level}
    sigma = max(sigmas)
    parents = [hit for hit in hits if hit.level == upper]
    if len(sigmas) > 1 or sigma == 0.0 or any(sigma_m(location, facts, hit) < sigma for hit in parents):
        return {}
    masses = _masses(location, facts, parents, ([sigma] * len(parents), sigma))
    return {hit.code: mass for hit, mass in zip(parents, masses, strict=True)}


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
