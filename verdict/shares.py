"""How a place divides among units: by probability for a point, by area for a footprint.

The levels are joined from the top: a unit's share is its parent's, divided among the parent's children
in proportion to their own weights. A township layer with an error of kilometres thereby cannot move a
place across a county border that is known to a few hundred metres. Where all levels share one border and
one accuracy this is the plain weight of the unit.
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

from facts.model import PermitHit, PlaceFacts, UnitHit, ZoneHit, width_m
from geo.measure.geodesic import Plane
from geo.measure.geodesic import length_m as rim_m
from geo.measure.probability import combine, gaussian_mass, sigma_from_r68
from geo.place.location import Location
from geo.unit_codes import contains
from store.schema.datasets import LEVELS

Weights = dict[str, dict[str, float]]  # level → code → weight
Weighed = tuple[UnitHit, float]
# A long edge is cut where it crosses a border, and each part is a geodesic of its own: measured, the parts of
# a footprint of 5 km then differ from the whole by 1.3e-5. Less than this left over is no unmapped ground.
CURVATURE: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Division:
    """``shares``: code → share of the finest units known; with ``outside`` they sum to 1."""

    shares: dict[str, float]
    outside: float


def sigma_m(location: Location, facts: PlaceFacts, hit: UnitHit | ZoneHit | PermitHit) -> float:
    """Standard deviation, metres, of a place against a layer's lines.

    The position's error and the layer's are taken as independent: the radii join as the root of the
    sum of squares.
    """
    return sigma_from_r68(combine(location.accuracy_m, facts.source(hit.source_id).accuracy_m))


def hit_weight(location: Location, facts: PlaceFacts, hit: UnitHit | ZoneHit) -> float:
    """The part of the place in an area: probability mass for a point, share of area for a footprint."""
    return hit_weights(location, facts, [hit])[0]


def hit_weights(location: Location, facts: PlaceFacts, hits: Sequence[UnitHit | ZoneHit]) -> list[float]:
    """The same for many areas at once: one integration for all that share a standard deviation."""
    if location.footprint is not None:
        area = location.area_m2 or math.inf
        return [min(1.0, hit.overlap_m2 / area) for hit in hits]
    sigmas = [sigma_m(location, facts, hit) for hit in hits]
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
    """Mass in each hit of one standard deviation (others: 0). ``deviation``: of each hit, and that one."""
    sigmas, sigma = deviation
    if facts.masses is None:
        return _masses_of_pieces(location, hits, sigmas, sigma)
    mine = [n for n in range(len(hits)) if sigmas[n] == sigma]
    found = dict(zip(mine, facts.masses([hits[n] for n in mine], sigma), strict=True))
    return [found.get(n, 0.0) for n in range(len(hits))]


def _masses_of_pieces(
    location: Location, hits: Sequence[UnitHit | ZoneHit], sigmas: Sequence[float], sigma: float
) -> list[float]:
    owners = [n for n, hit in enumerate(hits) if sigmas[n] == sigma for _ in hit.pieces]
    pieces = [piece for n, hit in enumerate(hits) if sigmas[n] == sigma for piece in hit.pieces]
    if not pieces:
        return [0.0] * len(hits)
    plane = Plane(location.lon, location.lat)
    metres = shapely.transform(np.asarray(pieces, dtype=object), plane.to_metres)
    masses = gaussian_mass(list(metres), sigma)
    return [min(1.0, mass) for mass in np.bincount(owners, weights=masses, minlength=len(hits)).tolist()]


def crossing_probability(distance_m: float, sigma: float) -> float:
    """Probability that a line at this distance is truly on the other side of the place: Φ(−d/σ).

    The line is taken as straight over a few σ, which is what its stated accuracy can bear.
    """
    if sigma == 0.0:
        return 0.0 if distance_m > 0 else 0.5
    return float(ndtr(-distance_m / sigma))


def best_hits(facts: PlaceFacts) -> list[UnitHit]:
    """The hits to decide by: of a unit that an official layer knows, only official lines are heard."""
    known = {(hit.level, hit.code) for hit in facts.units if facts.source(hit.source_id).official}
    return [
        hit
        for hit in facts.units
        if facts.source(hit.source_id).official or (hit.level, hit.code) not in known
    ]


def is_sliver(location: Location, facts: PlaceFacts, hit: UnitHit | ZoneHit) -> bool:
    """Whether a footprint meets an area in a strip thinner than the layer's lines are accurate.

    Where the footprint itself is thinner than that, thin means nothing, and nothing is called a sliver; nor
    is the larger part of a footprint.
    """
    if location.footprint is None or hit.overlap_m2 == 0:
        return False
    accuracy_m = facts.source(hit.source_id).accuracy_m
    whole = width_m(location.area_m2 or 0.0, rim_m(location.footprint))
    thin = width_m(hit.overlap_m2, hit.overlap_rim_m) < accuracy_m < whole
    return thin and hit_weight(location, facts, hit) < 0.5


def weigh_units(location: Location, facts: PlaceFacts) -> list[Weighed]:
    """The units to decide by, each with its weight.

    Where official and rough lines meet at one level, the rough ones share what the official ones leave.
    """
    hits = best_hits(facts)
    weighed = list(zip(hits, hit_weights(location, facts, hits), strict=True))
    factors = {level: _left_by_official(facts, weighed, level) for level in {hit.level for hit in hits}}
    return [
        (hit, weight if facts.source(hit.source_id).official else weight * factors[hit.level])
        for hit, weight in weighed
    ]


def _left_by_official(facts: PlaceFacts, weighed: Sequence[Weighed], level: str) -> float:
    """By how much the weights of a level's rough lines shrink, so that all sum to one at most."""
    official, rough = 0.0, 0.0
    for hit, weight in weighed:
        if hit.level == level:
            if facts.source(hit.source_id).official:
                official += weight
            else:
                rough += weight
    if official == 0.0 or rough == 0.0:
        return 1.0
    return min(1.0, max(0.0, 1.0 - official) / rough)


def weights_of(location: Location, facts: PlaceFacts, weighed: Sequence[Weighed]) -> Weights:
    """Weight of every unit met, by level; a unit in two datasets counts with its mean.

    Slivers have none: what they take of the footprint goes to the others in proportion.
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


def disagreements(facts: PlaceFacts, weighed: Sequence[Weighed]) -> dict[str, str]:
    """Dataset → code of its best unit, where official layers of one level name different ones."""
    best: dict[str, dict[str, tuple[float, str]]] = defaultdict(dict)
    for hit, weight in weighed:
        source = facts.source(hit.source_id)
        if source.official and weight > best[hit.level].get(source.dataset, (0.0, ""))[0]:
            best[hit.level][source.dataset] = (weight, hit.code)
    named = [{dataset: code for dataset, (_, code) in found.items()} for found in best.values()]
    return next((codes for codes in named if len(set(codes.values())) > 1), {})


def gaps(facts: PlaceFacts) -> frozenset[str]:
    """Units that cover a point which none of their mapped children covers: a hole in the finer layer."""
    covering = [hit for hit in facts.units if hit.covers]
    return frozenset(hit.code for hit in covering if not any(_is_child(hit, other) for other in covering))


def _is_child(parent: UnitHit, other: UnitHit) -> bool:
    return LEVELS.index(other.level) > LEVELS.index(parent.level) and contains(parent.code, other.code)


def wholes_of(location: Location, facts: PlaceFacts, weights: Weights) -> Weights:
    """Level → what its parents weigh by the measure of that level, so that a hole in it can be seen.

    Of a footprint that is the parents' area. A point's parents are integrated anew with the error of the
    level's own lines; where the parents' lines are better, too little of them was fetched for that, and
    nothing is told: the level is then taken as whole (but for :func:`gaps`).
    """
    levels = [level for level in LEVELS if weights.get(level)]
    if location.footprint is not None:
        return {level: dict(weights[upper]) for upper, level in pairwise(levels)}
    return {level: _point_wholes(location, facts, upper, level) for upper, level in pairwise(levels)}


def _point_wholes(location: Location, facts: PlaceFacts, upper: str, level: str) -> dict[str, float]:
    hits = best_hits(facts)
    sigmas = {sigma_m(location, facts, hit) for hit in hits if hit.level == level}
    sigma = max(sigmas)
    parents = [hit for hit in hits if hit.level == upper]
    if len(sigmas) > 1 or sigma == 0.0 or any(sigma_m(location, facts, hit) < sigma for hit in parents):
        return {}
    masses = _masses(location, facts, parents, ([sigma] * len(parents), sigma))
    return {hit.code: mass for hit, mass in zip(parents, masses, strict=True)}


def divide(weights: Weights, unmapped: Collection[str] = (), wholes: Weights | None = None) -> Division:
    """Join the levels from the top down.

    A unit of which no unit above is known stands at the top with its own weight. ``unmapped``: units that
    keep their share, for their children are not known there (see :func:`gaps`). ``wholes``: see
    :func:`wholes_of`; what the children of a unit leave of its whole is the unit's own.
    """
    levels = [level for level in LEVELS if weights.get(level)]
    roots = _at_most_one(_roots(weights, levels))
    shares, settled = dict[str, float](), dict[str, float]()
    for level in levels:
        whole = (wholes or {}).get(level, {})
        shares, left = _descend(shares, weights[level], unmapped, whole)
        shares |= {code: roots[code] for code in weights[level] if code in roots}
        settled |= left
    shares |= settled
    return Division(shares, max(0.0, 1.0 - sum(shares.values())))


def _roots(weights: Weights, levels: Sequence[str]) -> dict[str, float]:
    """The units of which no unit above is known, with their weights."""
    found = dict[str, float]()
    above = list[str]()
    for level in levels:
        found |= {c: w for c, w in weights[level].items() if not any(contains(up, c) for up in above)}
        above += weights[level]
    return found


def _at_most_one(weights: Mapping[str, float]) -> dict[str, float]:
    """On a border without any error several units cover the point wholly: they share it evenly."""
    total = max(1.0, sum(weights.values()))
    return {code: weight / total for code, weight in weights.items()}


def _descend(
    shares: Mapping[str, float],
    finer: Mapping[str, float],
    unmapped: Collection[str],
    wholes: Mapping[str, float],
) -> tuple[dict[str, float], dict[str, float]]:
    """Shares at the finer level, and what stays with units whose children are not known there."""
    result, left = dict[str, float](), dict[str, float]()
    for parent, share in shares.items():
        children = {code: weight for code, weight in finer.items() if contains(parent, code)}
        total = sum(children.values())
        if total == 0 or parent in unmapped:
            left[parent] = share
            continue
        rest = wholes.get(parent, 0.0) - total
        whole = total + rest if rest > CURVATURE * total else total
        result |= {code: share * weight / whole for code, weight in children.items()}
        if whole > total:
            left[parent] = share * rest / whole
    return result, left


def ranked(shares: Mapping[str, float]) -> Iterable[tuple[str, float]]:
    """Largest share first; equal shares (to a billionth) by code, so that a border has one answer."""
    return sorted(shares.items(), key=lambda item: (-round(item[1], 9), item[0]))
