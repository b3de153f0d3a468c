"""Zones that are sure together, though none is by itself: ``verdict.union`` for arrays.

The probability of a union is the sum of the shares where the zones have one error and do not overlap, as the
parts of a reserve. What that does not decide is left to the single check.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from facts.memory import ZoneLayer
from verdict import STRICT, Thresholds

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
SUM_ROUNDING: Final = 1e-4  # of a sum of shares, each rounded to millionths
APART: Final = "F********"  # the interiors of two areas do not meet (DE-9IM)


@dataclass(frozen=True, slots=True)
class Met:
    """Conflicts by point, zone, kind of zone and effect; ``share``: 0 where only near; ``sure`` by itself."""

    point: Ints
    zone: Ints
    kind: Ints
    effect: Ints
    share: Floats
    sure: Bools

    def where(self, rows: Bools) -> Met:
        """Some of the conflicts."""
        whole = (self.point[rows], self.zone[rows], self.kind[rows], self.effect[rows])
        return Met(*whole, self.share[rows], self.sure[rows])


@dataclass(frozen=True, slots=True)
class Together:
    """By conflict, whether it is sure of its effect and of its kind, by itself or with others.

    ``undecided``: points that the single check must judge.
    """

    effect: Bools
    kind: Bools
    undecided: Ints


class ZoneUnions:
    """The zones of a layer, and which of them overlap; found out when it is first wanted."""

    def __init__(self, layer: ZoneLayer) -> None:
        self._layer = layer
        self._apart: dict[tuple[int, int], bool] = {}

    def together(self, met: Met, limits: Thresholds) -> Together:
        """Which conflicts are sure together with others of their point."""
        doubtful = np.zeros(int(met.point.max(initial=-1)) + 1, dtype=np.bool_)
        doubtful[met.point[(met.share > 0) & ~met.sure]] = True
        rows = doubtful[met.point]  # few: only a doubtful zone can be part of such a union
        some, numbers = met.where(rows), np.flatnonzero(rows)
        effect, kind, undecided = met.sure.copy(), met.sure.copy(), set[int]()
        for of_effect, group in _groups(some, limits):
            if not self._is_held(some, group, limits):
                undecided.add(int(some.point[group[0]]))
            elif of_effect is None:
                kind[numbers[group]] = True
            else:  # of a place in one or the other, only the weaker effect is sure
                effect[numbers[group[some.effect[group] == of_effect]]] = True
        return Together(effect, kind, np.asarray(sorted(undecided), dtype=np.int64))

    def _is_held(self, met: Met, group: Ints, limits: Thresholds) -> bool:
        """Whether the union of some conflicts' zones surely holds their point; False where not known."""
        is_exact = self._are_apart(np.unique(met.zone[group]).tolist())
        return is_exact and bool(met.share[group].sum() >= limits.disputed + SUM_ROUNDING)

    def _are_apart(self, zones: list[int]) -> bool:
        """Whether zones have one error and do not overlap."""
        accuracies = self._layer.accuracies[zones]
        return bool((accuracies == accuracies[0]).all()) and all(
            self._pair_is_apart(pair) for pair in combinations(zones, 2)
        )

    def _pair_is_apart(self, pair: tuple[int, int]) -> bool:
        if pair not in self._apart:
            one, other = (self._layer.shapes[n] for n in pair)
            self._apart[pair] = bool(shapely.relate_pattern(one, other, APART))
        return self._apart[pair]


def _groups(met: Met, limits: Thresholds) -> Iterator[tuple[int | None, Ints]]:
    """The open groups: of an effect or a stricter one, and (None) of a kind of zone."""
    for effect in range(len(STRICT)):
        strict = np.where(met.effect <= effect, 0, -1)
        yield from ((effect, group) for group in _open_groups(met, strict, limits))
    yield from ((None, group) for group in _open_groups(met, met.kind, limits))


def _open_groups(met: Met, group: Ints, limits: Thresholds) -> Iterator[Ints]:
    """The conflicts of each group of a point that may be sure together, while none of them is by itself.

    ``group``: by conflict, a small number; negative: in none.
    """
    if not len(met.point):
        return
    key = np.where(group >= 0, met.point * (int(group.max()) + 1) + group, -1)
    keys, inverse = np.unique(key, return_inverse=True)
    sums = np.bincount(inverse, weights=met.share, minlength=len(keys))
    single = np.bincount(inverse, weights=met.sure, minlength=len(keys)) > 0
    for n in np.flatnonzero((keys >= 0) & ~single & (sums >= limits.disputed - SUM_ROUNDING)).tolist():
        yield np.flatnonzero(inverse == n)
