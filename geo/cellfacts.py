"""The facts about a place from the store in memory: the same values that ``geo.queries`` asks of PostGIS.

The cell index finds what lies at and round the place, and integrates a point's probability; shapely measures
footprints, and whatever lies exactly on a border.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.cells import CoverageIndex, Index, OverlapIndex
from geo.codes import ancestor_codes
from geo.facts import CellHit, PermitHit, PlaceFacts, SourceRef, UnitHit, ZoneHit, settled
from geo.kernel.border import border_distance
from geo.kernel.coverquery import TIE
from geo.kernel.gaps import gaps2
from geo.kernel.near import FULL, near_coverage, near_overlaps
from geo.location import Location
from geo.mass import R68, REACH, combine, gaussian_mass, sigma_from_r68
from geo.measure import Plane, area_m2, length_m
from geo.snapshot import Snapshot, UnitLayer, ZoneLayer

ROOM: Final = 64  # areas near one place to begin with
ON_BORDER_M: Final = 1e-6  # nearer than this to a border, the whole geometry decides
FARTHEST_M: Final = 1e9  # no border is so far
POLYGON: Final = 3
Floats = NDArray[np.float64]
Near = tuple[NDArray[np.int32], Floats, Floats]  # areas, their masses, squares of border distances


def facts_in(snapshot: Snapshot, location: Location) -> PlaceFacts:
    """What the store in memory says of a place, on the days that the snapshot tells of."""
    view = PointView(snapshot, location) if location.footprint is None else _Footprint(snapshot, location)
    standing = {s.id: (s.official, s.dataset, s.version) for s in snapshot.sources}
    near = list(view.units())
    every = sorted((*near, *_elsewhere(snapshot, near)), key=lambda hit: (hit.code, hit.source_id))
    units = settled(standing, every)
    return PlaceFacts(
        sources=snapshot.sources,
        units=units,
        zones=settled(standing, sorted(view.zones(), key=lambda hit: (hit.id, hit.source_id))),
        cells=settled(standing, view.cells()),
        permits=settled(standing, view.permits()),
        outside_m=None if view.is_inside(near) else nearest_unit_m(snapshot, location),
        masses=view.masses,
    )


def _elsewhere(snapshot: Snapshot, near: Sequence[UnitHit]) -> Iterable[UnitHit]:
    """Units above those near the place, and other lines of these, that are not near it themselves."""
    told = {(hit.source_id, hit.code) for hit in near}
    codes = {code for hit in near for code in (hit.code, *ancestor_codes(hit.code))}
    for layer in snapshot.units:
        for code in codes:
            row = layer.find(code)
            if row is not None and (layer.source.id, code) not in told:
                yield UnitHit(layer.source.id, row.code, row.name, row.level, None, row.ends)


def sigma_of(location: Location, source: SourceRef) -> float:
    """σ of a place against a layer's lines, metres: both errors together."""
    return sigma_from_r68(combine(location.accuracy_m, source.accuracy_m))


class _View:
    """What both kinds of places share."""

    masses: Callable[[Sequence[UnitHit | ZoneHit], float], list[float]] | None = None

    def __init__(self, snapshot: Snapshot, location: Location) -> None:
        self.snapshot = snapshot
        self.location = location
        self.plane = Plane(location.lon, location.lat)
        self.sources = {source.id: source for source in snapshot.sources}

    @cached_property
    def shape(self) -> BaseGeometry:
        """The place in degrees."""
        return self.location.footprint or shapely.Point(self.location.lon, self.location.lat)

    @cached_property
    def flat(self) -> BaseGeometry:
        """The same in metres from its middle."""
        return self.plane.shapely_to_metres(self.shape)

    def box(self, metres: float) -> tuple[float, float, float, float, float, float]:
        """The box round the place, grown by a length, as the compiled calls take it."""
        plane, x, y = self.plane, self.location.lon, self.location.lat
        if self.location.footprint is None:
            return x, y, plane.kx, plane.ky, metres / plane.kx, metres / plane.ky
        west, south, east, north = self.shape.bounds
        x, y = (west + east) / 2, (south + north) / 2
        rx, ry = (east - west) / 2 + metres / plane.kx, (north - south) / 2 + metres / plane.ky
        return x, y, plane.kx, plane.ky, rx, ry

    def flat_border(self, shape: BaseGeometry) -> BaseGeometry:
        """The border of an area in metres from the place."""
        return self.plane.shapely_to_metres(shapely.boundary(shape))

    def zone_reach(self, layer: ZoneLayer) -> float:
        """How far a zone may be that must be told of, metres."""
        sigmas = [sigma_of(self.location, s) for s in self.snapshot.sources if s.role == "zones"]
        return max(REACH * max(sigmas, default=0.0), layer.farthest_m)


class PointView(_View):
    """A point, with or without an accuracy."""

    def __init__(self, snapshot: Snapshot, location: Location) -> None:
        super().__init__(snapshot, location)
        self.masses = self._masses
        self._found: dict[tuple[int, float], Near] = {}
        self._own: dict[int, int] = {}

    def is_inside(self, units: Iterable[UnitHit]) -> bool:
        return any(hit.covers for hit in units)

    def units(self) -> Iterable[UnitHit]:
        for number, layer in enumerate(self.snapshot.units):
            areas, _, near2 = self._near(number, layer, sigma_of(self.location, layer.source))
            holding = self._holding(number, layer)
            for area, square in zip(areas.tolist(), near2.tolist(), strict=True):
                yield self._unit(layer, area, square, covers=area in holding)

    def _unit(self, layer: UnitLayer, area: int, square: float, *, covers: bool) -> UnitHit:
        row = layer.rows[area]
        edge = self.edge_m(layer, area, square) if covers else None
        return UnitHit(layer.source.id, row.code, row.name, row.level, edge, row.ends, covers)

    def _holding(self, number: int, layer: UnitLayer) -> list[int]:
        """Units that hold the point, or have it on their border."""
        own = self._own.get(number, TIE)
        return self._at(layer.index) if own == TIE else [own]

    def edge_m(self, layer: UnitLayer, area: int, square: float) -> float:
        """Distance of the point from the border of a unit that holds it, metres.

        ``square``: of a distance that it has at most, m²; inf where none is known.
        """
        if isinstance(layer.index, OverlapIndex):
            return float(shapely.distance(self.flat_border(layer.shapes[area]), self.flat))
        limit = math.sqrt(square) if square < math.inf else FARTHEST_M
        return float(border_distance(*layer.index.buffer.args, self.box(0.0), area, limit))

    def _near(self, number: int, layer: UnitLayer, sigma: float) -> Near:
        """Units in reach of the point with their mass for this σ; asked once."""
        if (number, sigma) not in self._found:
            found, self._own[number] = self.search(layer, sigma)
            self._found[number, sigma] = (
                found if self._own[number] != TIE else self._exact(layer, sigma, found)
            )
        return self._found[number, sigma]

    def search(self, layer: UnitLayer, sigma: float) -> tuple[Near, int]:
        """The same from the index, and the unit that holds the point; OUTSIDE; or TIE: shapely must say."""
        box = self.box(REACH * sigma)
        if isinstance(layer.index, CoverageIndex):
            found, own = _with_room(lambda *room: near_coverage(*layer.index.buffer.args, box, sigma, *room))
            return found, TIE if _on_border(found) else own
        lines = np.full(len(layer.rows), sigma * R68)
        found, _ = _with_room(lambda *room: near_overlaps(*layer.index.buffer.args, box, 0.0, lines, *room))
        return found, TIE

    def _exact(self, layer: UnitLayer, sigma: float, found: Near) -> Near:
        if isinstance(layer.index, OverlapIndex) and not _on_border(found):
            return found
        areas = np.union1d(found[0], np.asarray(self._at(layer.index), dtype=np.int32))
        shapes = [layer.shapes[area] for area in areas.tolist()]
        squares = [float(shapely.distance(self.flat_border(shape), self.flat)) ** 2 for shape in shapes]
        return areas, self._integrate(shapes, sigma), np.asarray(squares)

    def _integrate(self, shapes: Sequence[BaseGeometry], sigma: float) -> Floats:
        """Masses from the geometries themselves."""
        x, y, _, _, rx, ry = self.box(REACH * sigma + 1.0)
        parts = shapely.clip_by_rect(np.asarray(shapes, dtype=object), x - rx, y - ry, x + rx, y + ry)
        return gaussian_mass([self.plane.shapely_to_metres(part) for part in parts], sigma)

    def _masses(self, hits: Sequence[UnitHit | ZoneHit], sigma: float) -> list[float]:
        """Mass in each hit for one σ: of the layer that it comes from, which is searched with that σ."""
        return [
            self._unit_mass(hit, sigma) if isinstance(hit, UnitHit) else self._zone_mass(hit) for hit in hits
        ]

    def _unit_mass(self, hit: UnitHit, sigma: float) -> float:
        for number, layer in enumerate(self.snapshot.units):
            if layer.source.id == hit.source_id and layer.level == hit.level:
                areas, masses, _ = self._near(number, layer, sigma)
                found = np.flatnonzero(areas == layer.position(hit.code))
                return min(1.0, max(0.0, float(masses[found[0]]))) if len(found) else 0.0
        raise LookupError(hit.code)

    def zones(self) -> Iterable[ZoneHit]:
        layer = self.snapshot.zones
        self._zone_masses: dict[tuple[int, str], float] = {}
        if layer is None:
            return
        box, accuracies = self.box(self.zone_reach(layer)), layer.accuracies
        (areas, masses, near2), inside = _with_room(
            lambda *room: near_overlaps(
                *layer.index.buffer.args, box, self.location.accuracy_m, accuracies, *room
            )
        )
        for n, area in enumerate(areas.tolist()):
            row = layer.rows[area]
            distance = 0.0 if n < inside else math.sqrt(near2[n])
            sigma = sigma_of(self.location, self.sources[row.source_id])
            if distance > max(REACH * sigma, row.near_m):
                continue
            mass = float(masses[n])
            if near2[n] < ON_BORDER_M**2:
                mass = float(self._integrate([layer.shapes[area]], sigma)[0])
            self._zone_masses[row.source_id, row.id] = min(1.0, max(0.0, mass))
            yield ZoneHit(
                row.source_id, row.id, row.kind, row.grade, row.name, distance, row.near_m, covers=n < inside
            )

    def _zone_mass(self, hit: ZoneHit) -> float:
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
        return list(map(int, index.pairs(np.array([[self.location.lon, self.location.lat]]), 1)[1]))


class _Footprint(_View):
    """An area: what it overlaps, measured on the ellipsoid."""

    def is_inside(self, units: Iterable[UnitHit]) -> bool:
        return any(True for _ in units)

    def _candidates(self, index: CoverageIndex | OverlapIndex, metres: float = 0.0) -> list[int]:
        """Areas that may be within a distance: all in the cells of the box."""
        box = self.box(metres)
        if isinstance(index, CoverageIndex):
            found, _ = _with_room(lambda *room: near_coverage(*index.buffer.args, box, 0.0, *room))
            return sorted(found[0].tolist())
        nothing = np.zeros(index.areas)
        found, _ = _with_room(lambda *room: near_overlaps(*index.buffer.args, box, 0.0, nothing, *room))
        return sorted(found[0].tolist())

    def _overlap(self, shape: BaseGeometry) -> tuple[float, float]:
        """Area and perimeter of what the footprint shares with an area, m² and m."""
        return _measured(shapely.intersection(shape, self.shape))

    def _edge_m(self, shape: BaseGeometry) -> float:
        return float(shapely.distance(self.flat_border(shape), self.flat))

    def units(self) -> Iterable[UnitHit]:
        for layer in self.snapshot.units:
            for area in self._candidates(layer.index):
                shape = layer.shapes[area]
                if not shapely.intersects(shape, self.shape):
                    continue
                row = layer.rows[area]
                overlap, rim = self._overlap(shape)
                yield UnitHit(
                    layer.source.id,
                    row.code,
                    row.name,
                    row.level,
                    self._edge_m(shape),
                    row.ends,
                    overlap_m2=overlap,
                    overlap_rim_m=rim,
                )

    def zones(self) -> Iterable[ZoneHit]:
        layer = self.snapshot.zones
        if layer is None:
            return
        for area in self._candidates(layer.index, self.zone_reach(layer)):
            row, shape = layer.rows[area], layer.shapes[area]
            sigma = sigma_of(self.location, self.sources[row.source_id])
            distance = float(shapely.distance(self.plane.shapely_to_metres(shape), self.flat))
            if distance > max(REACH * sigma, row.near_m):
                continue
            overlap, rim = self._overlap(shape) if distance == 0.0 else (0.0, 0.0)
            yield ZoneHit(
                row.source_id,
                row.id,
                row.kind,
                row.grade,
                row.name,
                distance,
                row.near_m,
                overlap_m2=overlap,
                overlap_rim_m=rim,
                edge_m=self._edge_m(shape),
            )

    def cells(self) -> Iterable[CellHit]:
        layer = self.snapshot.cells
        if layer is None:
            return []
        met = [n for n in self._candidates(layer.index) if shapely.intersects(layer.shapes[n], self.shape)]
        met.sort(key=lambda n: (-self._overlap(layer.shapes[n])[0], layer.rows[n].code))
        return [layer.rows[n] for n in met]

    def permits(self) -> Iterable[PermitHit]:
        layer = self.snapshot.permits
        for n in [] if layer is None else self._candidates(layer.index):
            shape = layer.shapes[n]  # type: ignore[union-attr]
            if shapely.intersects(shape, self.shape) and not shapely.touches(shape, self.shape):
                beyond, rim = _measured(shapely.difference(self.shape, shape))
                yield replace(layer.rows[n], excess_m2=beyond, excess_rim_m=rim)  # type: ignore[union-attr]


def _measured(shape: BaseGeometry) -> tuple[float, float]:
    """Area and perimeter of the polygons in a geometry, m² and m on the ellipsoid."""
    parts = shapely.get_parts(shape)
    areas = [part for part in parts if shapely.get_type_id(part) == POLYGON]
    return math.fsum(map(area_m2, areas)), math.fsum(map(length_m, areas))


def _on_border(found: Near) -> bool:
    """Whether the point lies on the border of something that was found."""
    return bool((found[2] < ON_BORDER_M**2).any())


def _with_room(ask: Callable[..., tuple[int, int]]) -> tuple[Near, int]:
    """Ask a compiled search, with more room as long as it needs it: what it found, and its second number."""
    size = ROOM
    while True:
        ids, mass, near2 = np.empty(size, np.int32), np.empty(size), np.empty(size)
        count, second = ask(ids, mass, near2)
        if count != FULL:
            return (ids[:count], mass[:count], near2[:count]), second
        size *= 4


def nearest_unit_m(snapshot: Snapshot, location: Location) -> float | None:
    """Distance of a place outside from the nearest unit, metres; None where there are none."""
    ask = _point_gap_m if location.footprint is None else _footprint_gap_m
    return min((ask(layer, location) for layer in snapshot.units), default=None)


def _point_gap_m(layer: UnitLayer, location: Location) -> float:
    """The same of a point and a layer, by the boxes of the units and then their shapes."""
    plane = Plane(location.lon, location.lat)
    place = shapely.Point(0.0, 0.0)
    squares = np.empty(len(layer.rows))
    nearest = gaps2(layer.bounds(), (plane.lon0, plane.lat0, plane.kx, plane.ky), squares)

    def distance(n: int) -> float:
        return float(shapely.distance(plane.shapely_to_metres(layer.shapes[n]), place))

    best = distance(nearest)
    others = np.flatnonzero(squares <= best**2)
    for n in others[np.argsort(squares[others])].tolist():
        if squares[n] >= best**2:
            break
        best = min(best, distance(n))
    return best


def _footprint_gap_m(layer: UnitLayer, location: Location) -> float:
    """The same of a footprint: from every unit, the nearest boxes first."""
    plane = Plane(location.lon, location.lat)
    place = plane.shapely_to_metres(cast(BaseGeometry, location.footprint))
    best = math.inf
    boxes = (layer.bounds() - np.tile([plane.lon0, plane.lat0], 2)) * np.tile([plane.kx, plane.ky], 2)
    west, south, east, north = place.bounds
    gaps = np.hypot(
        np.maximum(0.0, np.maximum(boxes[:, 0] - east, west - boxes[:, 2])),
        np.maximum(0.0, np.maximum(boxes[:, 1] - north, south - boxes[:, 3])),
    )
    for n in np.argsort(gaps, kind="stable").tolist():
        if gaps[n] >= best:
            break
        best = min(best, float(shapely.distance(plane.shapely_to_metres(layer.shapes[n]), place)))
    return best
