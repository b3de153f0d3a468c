"""The common part of :class:`PointView` and :class:`FootprintView`: a place seen against a snapshot."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from facts.memory.snapshot import Snapshot, ZoneLayer
from facts.model import Areas, Masses, SourceRef
from facts.overlap import FootprintRuler
from geo import Location
from geo.index import Place
from geo.measure import Plane, Spread, spread_of

Floats = NDArray[np.float64]


def spread_at(location: Location, source: SourceRef) -> Spread:
    """The spread of a place relative to a layer's lines: both errors combined."""
    return spread_of(location.accuracy_m, source.accuracy_m)


class View:
    """A place and a snapshot, with lazily computed geometries.

    ``masses``, ``zone_areas``, ``ruler``: see :class:`facts.model.PlaceFacts`.
    """

    masses: Masses | None = None
    zone_areas: Areas | None = None
    ruler: FootprintRuler | None = None

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
        """The place in metres from its own point."""
        return self.plane.shapely_to_metres(self.shape)

    def box(self, metres: float) -> Place:
        """The bounding box of the place, extended by a length, as arguments of the compiled functions.

        (x, y, metres per degree in x and y, half width, half height); all in degrees but the third and
        fourth.
        """
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
        """Distance up to which zones may matter, metres: by their lines' error or notice distance."""
        spreads = [spread_at(self.location, s) for s in self.snapshot.sources if s.role == "zones"]
        return max(max((spread.reach_m for spread in spreads), default=0.0), layer.farthest_m)
