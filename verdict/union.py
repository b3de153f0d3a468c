"""The probability that at least one of several zones holds a place.

The parts of a reserve are zones of their own: a place on the line between two of them is surely in one or the
other. Zones whose lines share one error are joined to one area, so that the probability is exact whether they
overlap or not. Of zones with different errors nothing joint is known, and it has limits: at least the largest
of theirs, at most their sum.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from facts import PlaceFacts, ZoneHit
from geo import Location
from geo.measure import Plane, Spread, crossing_probability, position_mass
from verdict.conflicts import ZoneRelation, overlap_chance
from verdict.model import round_share
from verdict.shares import spread_to

Limits = tuple[float, float]  # at least, at most; [0, 1]


def chance_of_any(location: Location, facts: PlaceFacts, zones: Sequence[ZoneRelation]) -> Limits:
    """The limits of the probability that the place truly lies in (a footprint: meets) one of some zones."""
    groups: dict[Spread, list[ZoneRelation]] = defaultdict(list)
    for zone in zones:
        groups[spread_to(location, facts, zone.hit)].append(zone)
    chances = [_chance(location, facts, group, spread) for spread, group in groups.items()]
    return max(chances, default=0.0), round_share(min(1.0, sum(chances)))


def _chance(location: Location, facts: PlaceFacts, zones: Sequence[ZoneRelation], spread: Spread) -> float:
    """The probability for zones of one spread."""
    single = max(zone.chance for zone in zones)
    if len(zones) == 1 or spread.sigma_m == 0.0 or single == 1.0:
        return single
    return max(single, round_share(_joint(location, facts, [zone.hit for zone in zones], spread)))


def _joint(location: Location, facts: PlaceFacts, hits: Sequence[ZoneHit], spread: Spread) -> float:
    if facts.ruler is not None:
        area = _joined([piece for hit in hits for piece in hit.pieces])
        edge_m, overlap = facts.ruler.distance_m(shapely.boundary(area)), facts.ruler.overlap(area)
        return overlap_chance(overlap, edge_m, spread) if overlap[0] else crossing_probability(edge_m, spread)
    areas = [part for hit in hits for part in (facts.zone_areas(hit) if facts.zone_areas else hit.pieces)]
    flat = Plane(location.lon, location.lat).shapely_to_metres(_joined(areas))
    return float(position_mass([flat], spread)[0])


def _joined(areas: Sequence[BaseGeometry]) -> BaseGeometry:
    """The areas as one."""
    joined: BaseGeometry = shapely.union_all(np.asarray(areas, dtype=object))
    return joined
