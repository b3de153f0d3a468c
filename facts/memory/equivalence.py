"""Points of which the store in memory says the same, but for where they lie and how far the border is.

Most points are of this kind: they lie wholly in their units and zones, or wholly outside, and no border is
near enough to be felt.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

from facts.memory.point import PointView
from facts.memory.view import sigma_of
from geo.index import OUTSIDE, TIE

Own = tuple[int, int, float]  # number of the layer, position of the unit, square of a distance that is enough
WHOLE: Final = 1.0


@dataclass(frozen=True, slots=True)
class FactsKey:
    """Points of one snapshot with equal ``key`` have equal facts, border distances aside.

    ``own``: the units that hold this point.
    """

    key: Hashable
    own: tuple[Own, ...]


def facts_key(view: PointView) -> FactsKey | None:
    """What a point has in common with others; None where a border is near."""
    units = _units(view)
    zones = None if units is None else _zones(view)
    if units is None or zones is None or any(True for _ in view.permits()):
        return None
    return FactsKey((units[0], zones, tuple(cell.code for cell in view.cells())), units[1])


def _units(view: PointView) -> tuple[Hashable, tuple[Own, ...]] | None:
    """The units near the point and their masses, by the error of every layer; and those that hold it.

    A unit may be weighed by the error of another level (``verdict.shares``), so each layer is asked for all.
    """
    layers = view.snapshot.units
    sigmas = [sigma_of(view.location, layer.source) for layer in layers]
    found, own = list[Hashable](), list[Own]()
    for number, layer in enumerate(layers):
        for sigma in dict.fromkeys((sigmas[number], *sigmas)):
            areas, masses, near2 = view.near(number, layer, sigma)
            unit = view.own(number)
            if unit == TIE or not ((masses == 0.0) | (masses == WHOLE)).all():
                return None
            found.append((sigma > 0, unit, areas.tobytes(), masses.tobytes()))
            if unit != OUTSIDE and sigma == sigmas[number]:
                own.append((number, unit, float(near2[0])))
    return tuple(found), tuple(own)


def _zones(view: PointView) -> Hashable | None:
    """The zones that hold the point wholly; None where another one is to be told of."""
    hits = view.zones()
    wholly = all(hit.covers and view.zone_mass(hit) == WHOLE for hit in hits)
    return tuple(sorted((hit.source_id, hit.id) for hit in hits)) if wholly else None
