"""Named tiny shapes for tests, in degrees round the story's site and in metres; and asking for a refusal."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from shapely import MultiPolygon, Polygon, box

from core.errors import BadInput
from geo.datum.conversion import from_cgcs2000

Position = list[float]
Ring = list[Position]

SITE = (112.395, 35.625)
DATUMS = [
    "cgcs2000",
    "wgs84",
    "gcj02",
    "bd09",
    "EPSG:4490",
    "EPSG:4525",
    "EPSG:4546",
    "EPSG:32649",
    "EPSG:3857",
]


def ring_at(x: float, y: float, half: float) -> Ring:
    """A closed square ring, counter-clockwise."""
    return [
        [x - half, y - half],
        [x + half, y - half],
        [x + half, y + half],
        [x - half, y + half],
        [x - half, y - half],
    ]


SHED = ring_at(*SITE, 0.0005)  # about 90 m by 111 m
YARD = ring_at(*SITE, 0.0002)  # inside SHED
BARN = ring_at(SITE[0] + 0.01, SITE[1], 0.0005)  # east of SHED
BOWTIE: Ring = [[112.39, 35.62], [112.40, 35.63], [112.40, 35.62], [112.39, 35.63], [112.39, 35.62]]
TOUCHING: Ring = [
    *[[112.39, 35.62], [112.40, 35.62], [112.395, 35.625], [112.40, 35.63], [112.39, 35.63]],
    *[[112.395, 35.625], [112.39, 35.62]],
]
FLAT: Ring = [[112.39, 35.62], [112.395, 35.625], [112.40, 35.63], [112.39, 35.62]]
U_SHAPE: Ring = [  # its middle lies outside it
    *[[112.390, 35.620], [112.400, 35.620], [112.400, 35.630], [112.398, 35.630]],
    *[[112.398, 35.622], [112.392, 35.622], [112.392, 35.630], [112.390, 35.630], [112.390, 35.620]],
]


def in_datum(ring: Ring, datum: str) -> Ring:
    """A ring of CGCS2000 degrees in another datum's numbers."""
    return [list(from_cgcs2000(x, y, datum)) for x, y in ring]


def polygon(*rings: Ring) -> dict[str, object]:
    """A GeoJSON Polygon."""
    return {"type": "Polygon", "coordinates": list(rings)}


def multipolygon(*parts: list[Ring]) -> dict[str, object]:
    """A GeoJSON MultiPolygon."""
    return {"type": "MultiPolygon", "coordinates": list(parts)}


def feature(geometry: object) -> dict[str, object]:
    """A GeoJSON Feature."""
    return {"type": "Feature", "properties": {}, "geometry": geometry}


def collection(*features: object) -> dict[str, object]:
    """A GeoJSON FeatureCollection."""
    return {"type": "FeatureCollection", "features": list(features)}


def wheel(vertices: int, radius: float = 1.0, x: float = 0.0, y: float = 0.0) -> Polygon:
    """A regular polygon inscribed in a circle, metres."""
    turns = [2.0 * math.pi * i / vertices for i in range(vertices)]
    return Polygon([(x + radius * math.cos(t), y + radius * math.sin(t)) for t in turns])


HUGE = 1e6
EVERYTHING = box(-HUGE, -HUGE, HUGE, HUGE)
NORTH_HALF = box(-HUGE, 0.0, HUGE, HUGE)  # its edge runs through the origin
NORTH_EAST = box(0.0, 0.0, HUGE, HUGE)  # its corner is the origin
FRAME = Polygon(box(-3, -3, 3, 3).exterior.coords, [box(-1, -1, 1, 1).exterior.coords])
TWO_ISLANDS = MultiPolygon([box(-2, -1, -1, 1), box(1, -1, 2, 1)])
FAR_AWAY = box(1000.0, 1000.0, 1001.0, 1001.0)


def refused(call: Callable[[], object], kind: type[BadInput] = BadInput) -> BadInput:
    """The error that a call must raise."""
    with pytest.raises(kind) as caught:
        call()
    return caught.value
