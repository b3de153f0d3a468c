"""Keys of points with equal facts, so that one answer can serve many points.

Most points lie wholly inside or outside units and zones, with no border near enough to matter. The facts
about two such points in the same areas differ in their positions and in the distance to the border only.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

from facts.memory.point import PointView
from facts.memory.view import spread_at
from geo.index import OUTSIDE, TIE

Own = tuple[int, int, float]  # layer, position of the unit, square of an upper bound of the border distance
WHOLE: Final = 1.0


@dataclass(frozen=True, slots=True)
class FactsKey:
    """Points of one snapshot with equal ``key`` have equal facts, border distances aside.

    ``own``: the units that contain this point.
    """

    key: Hashable
    own: tuple[Own, ...]


def facts_key(view: PointView) -> FactsKey | None:
    """The key of a point; None where a border or a permit is near."""
    units = _units(view)
    zones = None if units is None else _zones(view)
    if units is None or zones is None or any(True for _ in view.permits()):
        return None
    return FactsKey((units[0], zones, tuple(cell.code for cell in view.cells())), units[1])


def _units(view: PointView) -> tuple[Hashable, tuple[Own, ...]] | None:
    """The units near the point with their masses, for the spread of every layer; and those that contain it.

    ``verdict.shares`` may weigh a unit with the spread of another level, so each layer is searched with all
    of them.
    """
    layers = view.snapshot.units
    spreads = [spread_at(view.location, layer.source) for layer in layers]
    found, own = list[Hashable](), list[Own]()
    for number, layer in enumerate(layers):
        for spread in dict.fromkeys((spreads[number], *spreads)):
            areas, masses, near2 = view.near(number, layer, spread)
            unit = view.own(number)
            if unit == TIE or not ((masses == 0.0) | (masses == WHOLE)).all():
                return None
            found.append((spread.sigma_m > 0, unit, areas.tobytes(), masses.tobytes()))
            if unit != OUTSIDE and spread == spreads[number]:
                own.append((number, unit, float(near2[0])))
    return tuple(found), tuple(own)


def _zones(view: PointView) -> Hashable | None:
    """The zones that wholly contain the point; None where another one is within its notice distance."""
    hits = view.zones()
    wholly = all(hit.covers and view.zone_mass(hit) == WHOLE for hit in hits)
    return tuple(sorted((hit.source_id, hit.id) for hit in hits)) if wholly else None
