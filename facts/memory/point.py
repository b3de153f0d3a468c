"""The facts about a point from a snapshot.

The cell index finds the areas at and around the point and integrates the point's probability over them. Where
the point lies exactly on a border, shapely does both from the whole geometries.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from facts.memory.snapshot import Snapshot, UnitLayer, ZoneLayer
from facts.memory.view import Floats, View, spread_at
from facts.model import CellHit, PermitHit, UnitHit, ZoneHit
from facts.overlap import clipped_area
from geo import CoverageIndex, Location, OverlapIndex
from geo.index import TIE, Index, Near
from geo.measure import Spread, position_mass

ON_BORDER_M: Final = 1e-6  # nearer than this to a border, the whole geometry decides
FARTHEST_M: Final = 1e9  # no border is so far


class PointView(View):
    """A point, with or without an accuracy."""

    def __init__(self, snapshot: Snapshot, location: Location) -> None:
        super().__init__(snapshot, location)
        self.masses = self._masses
        self.zone_areas = self._zone_areas
        self._found: dict[tuple[int, Spread], Near] = {}
        self._own: dict[int, int] = {}
        self._zone_hits: list[ZoneHit] | None = None
        self._zone_masses: dict[tuple[int, str], float] = {}
        self._zone_numbers: dict[tuple[int, str], int] = {}

    def is_inside(self, units: Iterable[UnitHit]) -> bool:
        return any(hit.covers for hit in units)

    def units(self) -> Iterable[UnitHit]:
        for number, layer in enumerate(self.snapshot.units):
            areas, _, near2 = self.near(number, layer, spread_at(self.location, layer.source))
            holding = self._holding(number, layer)
            for area, square in zip(areas.tolist(), near2.tolist(), strict=True):
                yield self._unit(layer, area, square, covers=area in holding)

    def _unit(self, layer: UnitLayer, area: int, square: float, *, covers: bool) -> UnitHit:
        row = layer.rows[area]
        edge = self.edge_m(layer, area, square) if covers else None
        return UnitHit(layer.source.id, row.code, row.name, row.level, edge, row.ends, covers)

    def _holding(self, number: int, layer: UnitLayer) -> list[int]:
        """Positions of the units that contain the point, or have it on their border."""
        own = self._own.get(number, TIE)
        return self._at(layer.index) if own == TIE else [own]

    def edge_m(self, layer: UnitLayer, area: int, square: float) -> float:
        """Distance of the point from the border of a unit that contains it, metres.

        ``square``: the square of an upper bound, m²; inf without one.
        """
        if isinstance(layer.index, OverlapIndex):
            return float(shapely.distance(self.flat_border(layer.shapes[area]), self.flat))
        limit = math.sqrt(square) if square < math.inf else FARTHEST_M
        return layer.index.border_distance(self.box(0.0), area, limit)

    def near(self, number: int, layer: UnitLayer, spread: Spread) -> Near:
        """Units within reach of the point with their masses, the containing one first; cached."""
        if (number, spread) not in self._found:
            found, self._own[number] = self._search(layer, spread)
            self._found[number, spread] = (
                found if self._own[number] != TIE else self._exact(layer, spread, found)
            )
        return self._found[number, spread]

    def own(self, number: int) -> int:
        """The unit that contains the point, OUTSIDE, or TIE (on a border). Call :meth:`near` first."""
        return self._own[number]

    def _search(self, layer: UnitLayer, spread: Spread) -> tuple[Near, int]:
        """The units from the index, and the one that contains the point, OUTSIDE or TIE (shapely decides)."""
        box = self.box(spread.reach_m)
        if isinstance(layer.index, CoverageIndex):
            found, own = layer.index.near(box, spread)
            return found, TIE if _on_border(found) else own
        lines = np.full(len(layer.rows), layer.source.accuracy_m)
        found, _ = layer.index.near(box, self.location.accuracy_m, lines)
        return found, TIE

    def _exact(self, layer: UnitLayer, spread: Spread, found: Near) -> Near:
        if isinstance(layer.index, OverlapIndex) and not _on_border(found):
            return found
        areas = np.union1d(found[0], np.asarray(self._at(layer.index), dtype=np.int32))
        shapes = [layer.shapes[area] for area in areas.tolist()]
        squares = [float(shapely.distance(self.flat_border(shape), self.flat)) ** 2 for shape in shapes]
        return areas, self._integrate(shapes, spread), np.asarray(squares)

    def _integrate(self, shapes: Sequence[BaseGeometry], spread: Spread) -> Floats:
        """The mass in each shape, (n,), integrated over the whole geometries."""
        parts = self._clipped(shapes, spread)
        return position_mass([self.plane.shapely_to_metres(part) for part in parts], spread)

    def _clipped(self, shapes: Sequence[BaseGeometry], spread: Spread) -> list[BaseGeometry]:
        x, y, _, _, rx, ry = self.box(spread.reach_m + 1.0)
        parts = shapely.clip_by_rect(np.asarray(shapes, dtype=object), x - rx, y - ry, x + rx, y + ry)
        return list(parts)

    def _masses(self, hits: Sequence[UnitHit | ZoneHit], spread: Spread) -> list[float]:
        """Mass in each hit for one spread, from a search of its layer with that."""
        return [
            self._unit_mass(hit, spread) if isinstance(hit, UnitHit) else self.zone_mass(hit) for hit in hits
        ]

    def _zone_areas(self, hit: ZoneHit) -> list[BaseGeometry]:
        """The polygons of one of :meth:`zones` within reach of the point."""
        layer = self.snapshot.zones
        if layer is None:
            return []
        area = self._zone_numbers[hit.source_id, hit.id]
        spread = spread_at(self.location, self.sources[hit.source_id])
        return [clipped_area(part) for part in self._clipped([layer.shapes[area]], spread)]

    def _unit_mass(self, hit: UnitHit, spread: Spread) -> float:
        for number, layer in enumerate(self.snapshot.units):
            if layer.source.id == hit.source_id and layer.level == hit.level:
                areas, masses, _ = self.near(number, layer, spread)
                found = np.flatnonzero(areas == layer.position(hit.code))
                return min(1.0, max(0.0, float(masses[found[0]]))) if len(found) else 0.0
        raise LookupError(hit.code)

    def zones(self) -> Iterable[ZoneHit]:
        """Zones that contain the point, may contain it, or are within their notice distance; cached."""
        if self._zone_hits is None:
            layer = self.snapshot.zones
            self._zone_hits = [] if layer is None else list(self._zones(layer))
        return self._zone_hits

    def _zones(self, layer: ZoneLayer) -> Iterable[ZoneHit]:
        box, accuracies = self.box(self.zone_reach(layer)), layer.accuracies
        (areas, masses, near2), inside = layer.index.near(box, self.location.accuracy_m, accuracies)
        for n, area in enumerate(areas.tolist()):
            row = layer.rows[area]
            distance = 0.0 if n < inside else math.sqrt(near2[n])
            spread = spread_at(self.location, self.sources[row.source_id])
            if distance > max(spread.reach_m, row.near_m):
                continue
            mass = float(masses[n])
            if near2[n] < ON_BORDER_M**2:
                mass = float(self._integrate([layer.shapes[area]], spread)[0])
            self._zone_numbers[row.source_id, row.id] = area
            self._zone_masses[row.source_id, row.id] = min(1.0, max(0.0, mass))
            yield ZoneHit(
                row.source_id, row.id, row.kind, row.grade, row.name, distance, row.near_m, covers=n < inside
            )

    def zone_mass(self, hit: ZoneHit) -> float:
        """Mass in one of :meth:`zones`, with the error of its own lines."""
        return self._zone_masses[hit.source_id, hit.id]

    def cells(self) -> Iterable[CellHit]:
        layer = self.snapshot.cells
        return [] if layer is None else [layer.rows[n] for n in sorted(self._at(layer.index))]

    def permits(self) -> Iterable[PermitHit]:
        layer = self.snapshot.permits
        if layer is None:
            return []
        return [
            replace(
                layer.rows[n], edge_m=float(shapely.distance(self.flat_border(layer.shapes[n]), self.flat))
            )
            for n in sorted(self._at(layer.index))
        ]

    def _at(self, index: Index) -> list[int]:
        """Positions of the areas of a layer that contain the point."""
        found: list[int] = index.areas_at(self.location.lon, self.location.lat).tolist()
        return found


def _on_border(found: Near) -> bool:
    """Whether the point lies on the border of one of the areas."""
    return bool((found[2] < ON_BORDER_M**2).any())
