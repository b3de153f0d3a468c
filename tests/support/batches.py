"""Batches of coordinates about known places, made from a seed: what the datum check is measured on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon

from geo.datum.conversion import from_cgcs2000, to_cgcs2000_array
from geo.datum.detection import Suspicion, compare_with_known
from geo.measure.geodesic import Plane

Floats = NDArray[np.float64]
PLANE = Plane(112.75, 35.55)
WIDE_M = 30_000.0  # the known places fill a square of this width, the batch the inner half of it
INNER_M = 15_000.0


@dataclass(frozen=True)
class Terrain:
    """What lies where: all lengths in metres.

    ``kind``: villages on a shaken grid; "sites": one earlier report 100–1,000 m off each of these; "parcels":
    areas 50–300 m wide; "ring": the batch lies anywhere within 100–1,000 m of villages, and tells no offset.
    ``scatter_m``: σ along each axis of a matched point about its place. ``share``: of matched points.
    """

    kind: str
    spacing_m: float
    scatter_m: float = 100.0
    n: int = 30
    share: float = 0.5


def villages(rng: np.random.Generator, spacing_m: float) -> Floats:
    steps = np.arange(-WIDE_M / 2, WIDE_M / 2, spacing_m)
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    return grid + rng.uniform(-0.4, 0.4, grid.shape) * spacing_m


def about(rng: np.random.Generator, low_m: float, high_m: Floats | float, n: int) -> Floats:
    """Offsets spread evenly over rings."""
    radius = np.sqrt(rng.uniform(low_m**2, np.asarray(high_m) ** 2, n))
    angle = rng.uniform(0.0, 2 * math.pi, n)
    return np.column_stack((radius * np.cos(angle), radius * np.sin(angle)))


def anywhere(rng: np.random.Generator, n: int) -> Floats:
    return rng.uniform(-INNER_M / 2, INNER_M / 2, (n, 2))


def scene(rng: np.random.Generator, ground: Terrain) -> tuple[Floats, Floats, Floats]:
    """(batch, known places, their radii) in metres."""
    places = villages(rng, ground.spacing_m)
    radii = rng.uniform(25, 150, len(places)) if ground.kind == "parcels" else np.zeros(len(places))
    if ground.kind == "sites":
        places = places + about(rng, 100, 1000, len(places))
    count = round(ground.n * ground.share)
    inner = np.flatnonzero(np.abs(places).max(axis=1) < INNER_M / 2)
    chosen = rng.choice(inner, count, replace=count > len(inner))
    loose = about(rng, 100, 1000, count) if ground.kind == "ring" else about(rng, 0, radii[chosen], count)
    scatter = 0.0 if ground.kind == "ring" else ground.scatter_m
    matched = places[chosen] + loose + rng.normal(0, 1, (count, 2)) * scatter
    return np.vstack((matched, anywhere(rng, ground.n - count))), places, radii


def taken(metres: Floats, really: str, declared: str) -> Floats:
    """Places, given in the numbers of one datum and converted as if they were of another: degrees."""
    raw = np.array([from_cgcs2000(lon, lat, really) for lon, lat in PLANE.to_degrees(metres).tolist()])
    return to_cgcs2000_array(raw, declared)


def areas(places: Floats, radii: Floats, rng: np.random.Generator) -> list[Polygon]:
    """Rectangles of the area of these discs, up to twice as long as wide, in degrees."""
    half = radii[:, None] * math.sqrt(math.pi) / 2 * np.array([[1.0, 1.0]])
    stretch = rng.uniform(0.7, 1.4, len(radii))
    half *= np.column_stack((stretch, 1 / stretch))
    corners = np.hstack((PLANE.to_degrees(places - half), PLANE.to_degrees(places + half)))
    return [shapely.box(*corner) for corner in corners.tolist()]


def judged(rng: np.random.Generator, ground: Terrain, really: str, declared: str) -> Suspicion:
    """One batch, made and checked."""
    batch, places, radii = scene(rng, ground)
    known = areas(places, radii, rng) if radii.any() else PLANE.to_degrees(places)
    return compare_with_known(taken(batch, really, declared), known, declared)


WAYS = (
    ("gcj02", "cgcs2000"),
    ("bd09", "wgs84"),
    ("cgcs2000", "gcj02"),
    ("cgcs2000", "bd09"),
    ("bd09", "gcj02"),
)


def misses(seed: int, ground: Terrain, trials: int) -> tuple[int, int]:
    """Of batches that are wrongly declared: (not suspected, suspected to be a third datum)."""
    rng = np.random.default_rng(seed)
    ways = [WAYS[trial % len(WAYS)] for trial in range(trials)]
    found = [(judged(rng, ground, really, declared).suspected, really) for really, declared in ways]
    plain = [("cgcs2000" if really == "wgs84" else really, named) for named, really in found]
    return sum(named is None for _, named in plain), sum(named not in (None, real) for real, named in plain)


def false_alarms(seed: int, ground: Terrain, trials: int) -> int:
    """Of batches that are rightly declared: how many are suspected."""
    rng = np.random.default_rng(seed)
    right = [("cgcs2000", "gcj02", "bd09")[trial % 3] for trial in range(trials)]
    return sum(judged(rng, ground, datum, datum).suspected is not None for datum in right)


def paired(
    rng: np.random.Generator, really: str, declared: str, n: int, scatter_m: float, wrong: float = 0.2
) -> Suspicion:
    """A batch that names its places by code, a part of the codes being wrong."""
    places = villages(rng, 1500.0)
    chosen = rng.choice(len(places), n, replace=False)
    batch = places[chosen] + rng.normal(0, scatter_m, (n, 2))
    named = np.where(rng.random(n) < wrong, rng.integers(0, len(places), n), chosen)
    pairs = np.column_stack((np.arange(n), named))
    return compare_with_known(taken(batch, really, declared), PLANE.to_degrees(places), declared, pairs)
