"""The facts about a footprint from a snapshot: the cell index finds candidates, shapely measures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from facts.memory.snapshot import Snapshot
from facts.memory.view import View, spread_at
from facts.model import CellHit, PermitHit, UnitHit, ZoneHit
from facts.overlap import FootprintRuler, area_and_rim, measure_unit, measure_zone, surroundings
from geo import CoverageIndex, Location, OverlapIndex


class FootprintView(View):
    """An area: what it overlaps, measured on the ellipsoid."""

    def __init__(self, snapshot: Snapshot, location: Location) -> None:
        super().__init__(snapshot, location)
        self.ruler: FootprintRuler = FootprintRuler(location)
        self._meets_unit = False

    def is_inside(self, units: Iterable[UnitHit]) -> bool:
        """Whether it meets a unit; :meth:`units` must have been exhausted."""
        return self._meets_unit

    def _candidates(self, index: CoverageIndex | OverlapIndex, metres: float = 0.0) -> list[int]:
        """Positions of the areas that may lie within a distance: all in the cells of the box."""
        box = self.box(metres)
        if isinstance(index, CoverageIndex):
            found, _ = index.near(box, (0.0, 0.0))
        else:
            found, _ = index.near(box, 0.0, np.zeros(index.areas))
        return sorted(found[0].tolist())

    def _clipped(self, shape: BaseGeometry, reach_m: float) -> BaseGeometry:
        return shapely.clip_by_rect(shape, *surroundings(self.location, reach_m))

    def _edge_m(self, shape: BaseGeometry) -> float:
        return float(shapely.distance(self.flat_border(shape), self.flat))

    def units(self) -> Iterable[UnitHit]:
        for layer in self.snapshot.units:
            reach_m = spread_at(self.location, layer.source).reach_m
            for area in self._candidates(layer.index, reach_m):
                row, shape = layer.rows[area], layer.shapes[area]
                self._meets_unit = self._meets_unit or bool(shapely.intersects(shape, self.shape))
                clipped = self._clipped(shape, reach_m)
                if clipped.is_empty:
                    continue
                measured = measure_unit(self.ruler, clipped, self._edge_m(shape), reach_m)
                if measured is not None:
                    yield UnitHit(layer.source.id, row.code, row.name, row.level, ends=row.ends, **measured)

    def zones(self) -> Iterable[ZoneHit]:
        layer = self.snapshot.zones
        if layer is None:
            return
        for area in self._candidates(layer.index, self.zone_reach(layer)):
            row, shape = layer.rows[area], layer.shapes[area]
            reach_m = spread_at(self.location, self.sources[row.source_id]).reach_m
            distance = float(shapely.distance(self.plane.shapely_to_metres(shape), self.flat))
            if distance > max(reach_m, row.near_m):
                continue
            clipped = self._clipped(shape, reach_m) if distance <= reach_m else None
            yield ZoneHit(
                row.source_id,
                row.id,
                row.kind,
                row.grade,
                row.name,
                distance,
                row.near_m,
                edge_m=self._edge_m(shape),
                **measure_zone(self.ruler, clipped, distance),
            )

    def cells(self) -> Iterable[CellHit]:
        layer = self.snapshot.cells
        if layer is None:
            return []
        hits = [n for n in self._candidates(layer.index) if shapely.intersects(layer.shapes[n], self.shape)]
        hits.sort(key=lambda n: (-self.ruler.overlap(layer.shapes[n])[0], layer.rows[n].code))
        return [layer.rows[n] for n in hits]

    def permits(self) -> Iterable[PermitHit]:
        layer = self.snapshot.permits
        for n in [] if layer is None else self._candidates(layer.index):
            shape = layer.shapes[n]  # type: ignore[union-attr]
            if shapely.intersects(shape, self.shape) and not shapely.touches(shape, self.shape):
                beyond, rim = area_and_rim(shapely.difference(self.shape, shape))
                yield replace(layer.rows[n], excess_m2=beyond, excess_rim_m=rim)  # type: ignore[union-attr]
