"""The zones round many points, and what they mean for each: relation, certainty, effect; strictest first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facts.memory.snapshot import ZoneLayer
from geo.measure.probability import R68
from screening.decide.law_table import NO_EFFECT, NOTICE, LawTable
from screening.kernel import combine_bits
from verdict.conflicts import RELATIONS
from verdict.model import SHARE_DIGITS
from verdict.outcome import STRICT
from verdict.thresholds import Thresholds

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
WITHIN, POSSIBLE, NEAR = (RELATIONS.index(name) for name in ("within", "possible", "near"))
SURE_PROHIBITED, SURE_PERMIT, MAYBE, LAW_UNKNOWN = 1, 2, 4, 8


@dataclass(frozen=True, slots=True)
class Met:
    """Conflicts of points, one an entry, strictest and surest first at each point.

    ``point``, ``zone``: numbers. ``relation``: position in ``RELATIONS``. ``flags``, ``sure_kinds``,
    ``met_kinds``, ``laws``: of each point; what its conflicts say together (bits), the kinds that surely
    count, the kinds found round it, and of each effect (prohibited, permit) the laws that surely say so.
    ``plain``: of each point; False where a border or the number of zones leaves it to the single check.
    """

    point: Ints
    zone: Ints
    relation: Ints
    flags: Ints
    sure_kinds: Ints
    met_kinds: Ints
    laws: tuple[Ints, Ints]
    plain: NDArray[np.bool_]


class ZoneTable:
    """The zones of a snapshot, with what the law says of each."""

    def __init__(self, layer: ZoneLayer, law: LawTable, official: dict[int, bool]) -> None:
        self.layer = layer
        self.law = law
        self.notice = np.asarray([row.near_m for row in layer.rows])
        self.official = np.asarray([official[row.source_id] for row in layer.rows])
        said = [law.said[n] for n in law.said_of_zone]
        self.effect = np.asarray([one.effect for one in said], dtype=np.int64)
        self.known = np.asarray([one.known for one in said])
        self.order = np.empty(len(layer.rows), dtype=np.int64)
        self.order[sorted(range(len(layer.rows)), key=lambda n: layer.rows[n].id)] = np.arange(
            len(layer.rows)
        )

    def meet(self, lonlat: Floats, metres: Floats, accuracy: Floats, limits: Thresholds) -> Met:
        """The conflicts of points, (n, 2) degrees."""
        layer = self.layer
        point, near, holds, distance, mass = layer.index.near_points(
            lonlat, metres, accuracy, layer.accuracies, self.notice
        )
        n = len(lonlat)
        plain = np.ones(n, dtype=np.bool_)
        plain[point[np.isnan(mass)]] = False
        usable = plain[point]
        point, holds, distance, mass = point[usable], holds[usable], distance[usable], mass[usable]
        zone: Ints = near[usable].astype(np.int64)
        met_kinds = combine_bits(n, point, self.law.bits_of_zone[zone])
        sigma = np.hypot(accuracy[point], layer.accuracies[zone]) / R68
        share = np.where(sigma > 0, np.round(mass, SHARE_DIGITS), holds)
        relation: Ints = np.where(
            holds,
            WITHIN,
            np.where(
                (sigma > 0) & (share >= limits.possible),
                POSSIBLE,
                np.where(distance <= self.notice[zone], NEAR, -1),
            ),
        )
        told = relation >= 0
        return self._weigh(
            n, (point[told], zone[told], relation[told], share[told]), met_kinds, plain, limits
        )

    def _weigh(
        self,
        n: int,
        entries: tuple[Ints, Ints, Ints, Floats],
        met_kinds: Ints,
        plain: NDArray[np.bool_],
        limits: Thresholds,
    ) -> Met:
        point, zone, relation, share = entries
        near = relation == NEAR
        effect = self.effect[zone]
        effect = np.where(near & (effect != NO_EFFECT), NOTICE, effect)
        sure = (relation == WITHIN) & ~limits.are_disputed(share)  # ``verdict.outcome.is_sure`` of points
        strict = effect < len(STRICT)
        flags: Ints = np.where(sure & strict, 1 << np.minimum(effect, 1), 0)
        flags |= np.where(~near & strict, MAYBE, 0) | np.where(~near & ~self.known[zone], LAW_UNKNOWN, 0)
        said = np.int64(1) << self.law.said_of_zone[zone]
        order = np.lexsort((self.order[zone], -share, effect, relation, point))
        return Met(
            point=point[order],
            zone=zone[order],
            relation=relation[order],
            flags=combine_bits(n, point, flags),
            sure_kinds=combine_bits(n, point, np.where(sure, self.law.bits_of_zone[zone], 0)),
            met_kinds=met_kinds,
            laws=(
                combine_bits(n, point, np.where(sure & (effect == 0), said, 0)),
                combine_bits(n, point, np.where(sure & (effect == 1), said, 0)),
            ),
            plain=plain,
        )


def nothing_met(n: int) -> Met:
    """Where no zone is known."""
    none, zeros = np.zeros(0, dtype=np.int64), np.zeros(n, dtype=np.int64)
    return Met(none, none, none, zeros, zeros, zeros, (zeros, zeros), np.ones(n, dtype=np.bool_))
