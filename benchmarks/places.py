"""What is asked of the world: zones, points, exact ties, footprints; every set from its own seed."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely

from benchmarks.borders import Floats, Shapes

SEED: Final = 11
WAVES: Final = 59  # of a zone's outline
NEAR_DEG: Final = (0.002, 0.02)  # spread of points beside borders, half of them each
SIDES_M: Final = (20.0, 200.0)  # of a footprint
SOUTH: Final = 18.0  # uniform points lie north of it: beyond are specks of land in a wide sea


def generator(name: str) -> np.random.Generator:
    """A random generator of this name's own: one set does not depend on what was made before it."""
    return np.random.default_rng([SEED, *name.encode()])


def zones(townships: Shapes, count: int) -> Shapes:
    """Overlapping zones of 200 to 5,000 vertices: star-shaped, wavy and rough, scattered near borders."""
    random = generator("zones")
    xy = shapely.get_coordinates(townships)
    middles = xy[random.integers(0, len(xy), count)] + random.normal(0, 0.15, (count, 2))
    radii = np.clip(np.exp(random.normal(np.log(0.06), 0.7, count)), 0.004, 0.5)
    corners = np.exp(random.uniform(np.log(200), np.log(5000), count)).astype(int)
    rings = [_outline(random, *row) for row in zip(middles, radii, corners.tolist(), strict=True)]
    return np.array([shapely.Polygon(ring) for ring in rings], dtype=object)


def _outline(random: np.random.Generator, middle: Floats, radius: float, corners: int) -> Floats:
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    wave = np.arange(1, WAVES + 1)
    height = random.normal(0, 1, WAVES) / wave**1.3 * 0.35
    phase = random.uniform(0, 2 * np.pi, WAVES)
    waves = height @ np.cos(np.outer(wave, turn) + phase[:, None])
    reach = radius * np.exp(np.clip(waves, -1.2, 1.0)) * (1 + random.normal(0, 0.004, corners))
    east = reach * np.cos(turn) / np.cos(np.radians(middle[1]))
    return middle + np.column_stack([east, reach * np.sin(turn)])


def uniform_points(name: str, townships: Shapes, count: int) -> Floats:
    """Points (count, 2) spread evenly over the box of the land, land or not."""
    if not count:
        return np.empty((0, 2))
    west, south, east, north = shapely.total_bounds(townships)
    return generator(name).uniform((west, max(south, SOUTH)), (east, north), (count, 2))


def border_points(name: str, townships: Shapes, count: int, spread: tuple[float, ...] = NEAR_DEG) -> Floats:
    """Points (count, 2) strewn beside borders, normally with one of the spreads in degrees."""
    random = generator(name)
    a, b = _edges(townships)
    edge = random.integers(0, max(1, len(a)), count)
    part = random.random((count, 1))
    on_border = a[edge] * (1 - part) + b[edge] * part
    return on_border + random.normal(0, 1, (count, 2)) * random.choice(spread, (count, 1))


def ties(name: str, areas: Shapes, count: int) -> Floats:
    """Vertices and middles of edges (count, 2); two fifths of them on borders that only one area has."""
    random = generator(name)
    a, b = _edges(areas)
    outer = np.flatnonzero(_single(a, b))
    edge = random.integers(0, len(a), count)
    if len(outer):
        edge = np.where(np.arange(count) % 5 < 2, outer[random.integers(0, len(outer), count)], edge)
    middle = random.random((count, 1)) < 0.5
    places = np.where(middle, (a[edge] + b[edge]) / 2, a[edge])
    return places[random.permutation(count)]


def footprints(name: str, points: Floats) -> Shapes:
    """A turned rectangle of 20 to 200 m a side around every point."""
    random = generator(name)
    sides = random.uniform(*SIDES_M, (len(points), 1, 2))
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2 * sides
    turn = random.uniform(0, np.pi, (len(points), 1))
    east = corners[..., 0] * np.cos(turn) - corners[..., 1] * np.sin(turn)
    north = corners[..., 0] * np.sin(turn) + corners[..., 1] * np.cos(turn)
    scale = 111_320 * np.cos(np.radians(points[:, 1:]))
    return shapely.polygons(np.stack([points[:, :1] + east / scale, points[:, 1:] + north / 110_574], -1))


def _edges(areas: Shapes) -> tuple[Floats, Floats]:
    """Begin and end of every edge of every ring."""
    rings = shapely.get_rings(areas)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    first = np.flatnonzero(ring[1:] == ring[:-1])
    return xy[first], xy[first + 1]


def _single(a: Floats, b: Floats) -> np.ndarray:
    """Whether an edge belongs to one area only."""
    _, place = np.unique(np.vstack([a, b]).view(np.complex128).ravel(), return_inverse=True)
    p, q = place[: len(a)], place[len(a) :]
    _, edge, count = np.unique(
        np.minimum(p, q) * (place.max() + 1) + np.maximum(p, q), return_inverse=True, return_counts=True
    )
    return count[edge] == 1
