"""Conflicts of many points with zones: relation, certainty and effect, as in ``verdict.conflicts``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facts.memory import ZoneLayer
from geo.measure import R68
from screening.decide.law_table import NO_EFFECT, NOTICE, LawTable
from screening.decide.zone_unions import Met, ZoneUnions
from screening.kernel import combine_bits
from verdict import RELATIONS, SHARE_DIGITS, STRICT, Thresholds

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
WITHIN, POSSIBLE, NEAR = (RELATIONS.index(name) for name in ("within", "possible", "near"))
# Bits of ``Conflicts.flags``: a certain prohibition, a certain permit requirement, a possible one of either
# kind, and a zone for which the law book has no rule.
SURE_PROHIBITED, SURE_PERMIT, POSSIBLE_STRICT, LAW_UNKNOWN = 1, 2, 4, 8


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Conflicts of n points with zones.

    By conflict, ordered by point, then from the strictest and surest to the weakest:
        ``point``, ``zone``: numbers; ``relation``: position in ``RELATIONS``.
    By point, (n,):
        ``flags``: bits of all its conflicts. ``sure_kinds``: mask of the kinds of zones with a certain
        conflict. ``kinds_around``: mask of the kinds of all zones near it. ``laws``: bits of the laws that
        certainly prohibit, and of those that certainly require a permit. ``plain``: False where the point
        must be judged by the single check (on a border, near too many zones, or in a union of several).
    """

    point: Ints
    zone: Ints
    relation: Ints
    flags: Ints
    sure_kinds: Ints
    kinds_around: Ints
    laws: tuple[Ints, Ints]
    plain: NDArray[np.bool_]


class ZoneTable:
    """The zones of a snapshot with the law for each, addressed by row number."""

    def __init__(self, layer: ZoneLayer, law: LawTable) -> None:
        self.layer = layer
        self.law = law
        self.unions = ZoneUnions(layer)
        self.near_m = np.asarray([row.near_m for row in layer.rows])
        laws = [law.laws[n] for n in law.law_of_zone]
        self.effect = np.asarray([law.effect for law in laws], dtype=np.int64)
        self.known = np.asarray([law.known for law in laws])
        # Rank of each zone by its id: the last criterion of order, as in a single verdict.
        self.rank = np.empty(len(layer.rows), dtype=np.int64)
        self.rank[sorted(range(len(layer.rows)), key=lambda n: layer.rows[n].id)] = np.arange(len(layer.rows))

    def conflicts(self, lonlat: Floats, metres: Floats, accuracy: Floats, limits: Thresholds) -> Conflicts:
        """The conflicts of points.

        Args:
            lonlat: (n, 2), CGCS2000 degrees.
            metres: (n, 2), metres per degree of longitude and latitude at each point.
            accuracy: (n,), 68 % radius in metres.
        """
        layer = self.layer
        point, near, inside, distance, mass = layer.index.near_points(
            lonlat, metres, accuracy, layer.accuracies, self.near_m
        )
        n = len(lonlat)
        plain = np.ones(n, dtype=np.bool_)
        plain[point[np.isnan(mass)]] = False
        usable = plain[point]
        point, inside, distance, mass = point[usable], inside[usable], distance[usable], mass[usable]
        zone: Ints = near[usable].astype(np.int64)
        kinds_around = combine_bits(n, point, self.law.bits_of_zone[zone])
        sigma = np.hypot(accuracy[point], layer.accuracies[zone]) / R68
        # Without any error the share is all or nothing. Shares are rounded before they are compared with a
        # threshold, as in a single verdict, or both could fall on different sides of it.
        share = np.where(sigma > 0, np.round(mass, SHARE_DIGITS), inside)
        relation: Ints = np.where(
            inside,
            WITHIN,
            np.where(
                (sigma > 0) & (share >= limits.possible),
                POSSIBLE,
                np.where(distance <= self.near_m[zone], NEAR, -1),
            ),
        )
        related = relation >= 0
        entries = (point[related], zone[related], relation[related], share[related])
        return self._weigh(n, entries, kinds_around, plain, limits)

    def _weigh(
        self,
        n: int,
        entries: tuple[Ints, Ints, Ints, Floats],
        kinds_around: Ints,
        plain: NDArray[np.bool_],
        limits: Thresholds,
    ) -> Conflicts:
        """Order the conflicts and combine those of each point."""
        point, zone, relation, share = entries
        near = relation == NEAR
        effect = self.effect[zone]
        # Near a zone nothing is prohibited: whatever the law says of its inside is a notice there.
        effect = np.where(near & (effect != NO_EFFECT), NOTICE, effect)
        sure = ~near & ~limits.are_disputed(share)  # ``verdict.outcome.is_sure`` of points
        strict = effect < len(STRICT)
        kind = self.law.kind_of_zone[zone]
        found = self.unions.together(Met(point, zone, kind, effect, np.where(near, 0.0, share), sure), limits)
        # Effects 0 and 1 (prohibited, permit required) have the bits 1 and 2, SURE_PROHIBITED and
        # SURE_PERMIT.
        flags: Ints = np.where(found.effect & strict, 1 << np.minimum(effect, 1), 0)
        flags |= np.where(~near & strict, POSSIBLE_STRICT, 0)
        flags |= np.where(~near & ~self.known[zone], LAW_UNKNOWN, 0)
        plain = plain.copy()
        plain[found.undecided] = False
        law_bit = np.int64(1) << self.law.law_of_zone[zone]
        order = np.lexsort((self.rank[zone], -share, effect, relation, point))
        return Conflicts(
            point=point[order],
            zone=zone[order],
            relation=relation[order],
            flags=combine_bits(n, point, flags),
            sure_kinds=combine_bits(n, point, np.where(found.kind, self.law.bits_of_zone[zone], 0)),
            kinds_around=kinds_around,
            laws=(
                combine_bits(n, point, np.where(found.effect & (effect == 0), law_bit, 0)),
                combine_bits(n, point, np.where(found.effect & (effect == 1), law_bit, 0)),
            ),
            plain=plain,
        )


def no_conflicts(n: int) -> Conflicts:
    """The result for n points where the store has no zones."""
    none, zeros = np.zeros(0, dtype=np.int64), np.zeros(n, dtype=np.int64)
    return Conflicts(none, none, none, zeros, zeros, zeros, (zeros, zeros), np.ones(n, dtype=np.bool_))
