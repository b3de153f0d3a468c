"""Facts about a place from a snapshot in memory, equal to those of ``facts.postgis``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import cast

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from facts.memory.footprint import FootprintView
from facts.memory.point import PointView
from facts.memory.snapshot import Snapshot, UnitLayer
from facts.model import PlaceFacts, UnitHit, sort_by_authority
from geo import Location, ancestor_codes
from geo.index import box_distances2
from geo.measure import Plane


def facts_in(snapshot: Snapshot, location: Location) -> PlaceFacts:
    """The facts about a place on the days that a snapshot covers."""
    return facts_of(
        PointView(snapshot, location) if location.footprint is None else FootprintView(snapshot, location)
    )


def facts_of(view: PointView | FootprintView) -> PlaceFacts:
    """The facts about a place from its view, which may have been used already."""
    snapshot, location = view.snapshot, view.location
    authority = {s.id: (s.official, s.dataset, s.version) for s in snapshot.sources}
    near = list(view.units())
    all_units = sorted((*near, *_elsewhere(snapshot, near)), key=lambda hit: (hit.code, hit.source_id))
    units = sort_by_authority(authority, all_units)
    return PlaceFacts(
        sources=snapshot.sources,
        units=units,
        zones=sort_by_authority(authority, sorted(view.zones(), key=lambda hit: (hit.id, hit.source_id))),
        cells=sort_by_authority(authority, view.cells()),
        permits=sort_by_authority(authority, view.permits()),
        outside_m=None if view.is_inside(near) else nearest_unit_m(snapshot, location),
        masses=view.masses,
        zone_areas=view.zone_areas,
        ruler=view.ruler,
    )


def _elsewhere(snapshot: Snapshot, near: Sequence[UnitHit]) -> Iterable[UnitHit]:
    """Units above those near the place, and other lines of these, that are not near it themselves."""
    known = {(hit.source_id, hit.code) for hit in near}
    codes = {code for hit in near for code in (hit.code, *ancestor_codes(hit.code))}
    for layer in snapshot.units:
        for code in codes:
            row = layer.find(code)
            if row is not None and (layer.source.id, code) not in known:
                yield UnitHit(layer.source.id, row.code, row.name, row.level, None, row.ends)


def nearest_unit_m(snapshot: Snapshot, location: Location) -> float | None:
    """Distance of a place outside all units from the nearest one, metres; None without units."""
    measure = _point_gap_m if location.footprint is None else _footprint_gap_m
    best = math.inf
    for layer in reversed(snapshot.units):  # small units first: theirs are the shorter borders
        best = min(best, measure(layer, location, best))
    return None if best == math.inf else best


def _point_gap_m(layer: UnitLayer, location: Location, most: float) -> float:
    """Distance of a point from the nearest unit of a layer, metres, at most ``most``.

    Compares with the boxes of the units first, and with shapes only where their box is nearer than the best.
    """
    plane = Plane(location.lon, location.lat)
    place = shapely.Point(0.0, 0.0)
    squares = np.empty(len(layer.rows))
    nearest = box_distances2(layer.bounds(), (plane.lon0, plane.lat0, plane.kx, plane.ky), squares)

    def distance(n: int) -> float:
        return float(shapely.distance(plane.shapely_to_metres(layer.shapes[n]), place))

    best = min(most, distance(nearest)) if squares[nearest] < most**2 else most
    others = np.flatnonzero(squares < best**2)
    for n in others[np.argsort(squares[others])].tolist():
        if squares[n] >= best**2:
            break
        best = min(best, distance(n)) if n != nearest else best
    return best


def _footprint_gap_m(layer: UnitLayer, location: Location, most: float) -> float:
    """Distance of a footprint from the nearest unit of a layer, metres, at most ``most``."""
    plane = Plane(location.lon, location.lat)
    place = plane.shapely_to_metres(cast(BaseGeometry, location.footprint))
    best = most
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
