"""How well points sit on known places once they are moved: a likelihood, not a nearest neighbour.

Known places may lie so dense that every point has one near it, wherever it is. So all displacements from a
point to the known places within REACH_M are weighed together. The model: a share π of the points belongs to
known places, scattered about them as a Gaussian with σ metres along each axis, the rest lies anywhere. A
point x, moved by s, then has, against lying anywhere, the likelihood ratio

    1 − π + π · Σⱼ exp(−d²/2σ²) / Z / λ        d = |aⱼ − x − s| − ρⱼ, not under 0

with aⱼ the known places, ρⱼ the radius of the disc that stands for a place's area (0 for a point),
Z = πρ² + √2·π^1.5·ρσ + 2πσ² its normaliser, and λ the density of known places about the point: chance (a
Poisson background of that density) has ratio 1 on the average. The logarithms add up over the points; σ and π
are integrated over a grid. Where both sides carry the same code, a point has one partner and λ is one in the
reach.

Points within CROWD_M of each other share one vote: ten reports of one farm tell of one offset, not of ten.
Nothing is random. All lengths are metres of a local plane.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

REACH_M: Final = 3_500.0  # BD-09's 1,380 m, three wide scatters, and room for the offsets of chance
CROWD_M: Final = 500.0
MOST_PAIRS: Final = 100_000
SCATTERS_M: Final = (20.0, 40.0, 80.0, 150.0, 300.0, 550.0)
SHARES: Final = np.array((0.10, 0.25, 0.40, 0.60, 0.80, 0.95))
TAIL: Final = 4.0  # σ; past it a Gaussian in the plane holds exp(−8) = 0.03 %
REACH_M2: Final = math.pi * REACH_M**2


@dataclass(frozen=True, slots=True)
class Scene:
    """Points and the known places within their reach, as pairs.

    ``rows``: the rows of the points that were kept. ``gaps`` (p, 2): from point to known place. ``owner``
    (p,): position of each pair's point in ``rows``. ``radius`` (p,): of the known place. ``density``: known
    places per m² about a point. ``weight``: a point's vote.
    """

    rows: Rows
    gaps: Floats
    owner: Rows
    radius: Floats
    density: Floats
    weight: Floats


@dataclass(frozen=True, slots=True)
class Fit:
    """Logarithm of the evidence for an offset against chance, and the scatter (m) and share that fit best."""

    evidence: float
    scatter_m: float
    share: float


def scene_of(points: Floats, known: Floats, radius: Floats) -> Scene:
    """Every point with every known place within its reach; points with none are left out.

    Where they are more than MOST_PAIRS pairs, an evenly spread part of the points is taken.
    """
    tree = cKDTree(known)
    near = np.asarray(tree.query_ball_point(points, REACH_M, return_length=True))
    rows = every(np.flatnonzero(near), math.ceil(int(near.sum()) / MOST_PAIRS))
    counts = near[rows]
    lists = tree.query_ball_point(points[rows], REACH_M, return_sorted=True)
    others = np.array([other for found in lists for other in found], dtype=np.intp)
    owner = np.repeat(np.arange(len(rows)), counts)
    return _scene(points, rows, owner, known[others], radius[others], counts / REACH_M2)


def paired_scene(points: Floats, partners: Floats, radius: Floats) -> Scene:
    """Each point with its own partner (same shapes); partners out of reach are wrong codes and left out."""
    rows = np.flatnonzero(np.hypot(*(partners - points).T) <= REACH_M)
    density = np.full(len(rows), 1.0 / REACH_M2)
    return _scene(points, rows, np.arange(len(rows)), partners[rows], radius[rows], density)


def fit(scene: Scene, move: Floats) -> Fit:
    """The evidence that the points, moved by ``move``, sit on the known places.

    ``move``: metres east and north, for all points, shape (2,), or for each pair, shape (p, 2).
    """
    distance = gap_m(scene, move)
    table = np.array([_logs(scene, distance, scatter) for scatter in SCATTERS_M])
    best, share = np.unravel_index(int(table.argmax()), table.shape)
    top = float(table.max())
    evidence = top + math.log(float(np.exp(table - top).mean()))
    return Fit(evidence, SCATTERS_M[best], float(SHARES[share]))


def belonging(scene: Scene, move: Floats, found: Fit) -> Floats:
    """For each pair the probability that its point belongs to that known place, under a fitted offset."""
    kernel = _kernel(scene, gap_m(scene, move), found.scatter_m) * found.share
    total = np.bincount(scene.owner, kernel, len(scene.rows)) + 1.0 - found.share
    return np.asarray(kernel / total[scene.owner])


def every(rows: Rows, step: int) -> Rows:
    """Each ``step``-th row; all of them for a step under 2."""
    return rows[:: max(step, 1)]


def other_moves(moves: Sequence[Floats], clear_m: float = 300.0, reach_m: float = 2_400.0) -> Floats:
    """Offsets that nothing predicts, shape (k, 2): what chance makes of them is the yardstick.

    A hexagonal grid of 300 m, and the predicted offsets turned about in steps of 15°, all at least
    ``clear_m`` from every predicted one.
    """
    angles = np.radians(np.arange(15.0, 360.0, 15.0))
    turned = [np.column_stack(_turned(move, angles)) for move in moves if np.hypot(*move) > clear_m]
    offsets = np.vstack([_hexagons(300.0, reach_m), *turned])
    gaps = np.hypot(*(offsets[:, None, :] - np.array(moves)[None, :, :]).transpose(2, 0, 1))
    return np.asarray(offsets[gaps.min(axis=1) >= clear_m])


def _scene(  # noqa: PLR0913 - the parts of one value
    points: Floats, rows: Rows, owner: Rows, known: Floats, radius: Floats, density: Floats
) -> Scene:
    kept = points[rows]
    crowd = cKDTree(kept).query_ball_point(kept, CROWD_M, return_length=True) if len(rows) else np.zeros(0)
    return Scene(rows, known - kept[owner], owner, radius, density, 1.0 / np.asarray(crowd, dtype=np.float64))


def gap_m(scene: Scene, move: Floats) -> Floats:
    """From the moved point to the rim of the known place's disc; 0 inside."""
    return np.asarray(np.maximum(np.hypot(*(scene.gaps - move).T) - scene.radius, 0.0))


def _kernel(scene: Scene, distance: Floats, scatter_m: float) -> Floats:
    """Likelihood ratio of each pair: its point belongs to that place, against lying anywhere."""
    kernel = np.zeros(len(distance))
    near = np.flatnonzero(distance < TAIL * scatter_m)
    rho = scene.radius[near]
    size = math.pi * rho**2 + math.sqrt(2.0) * math.pi**1.5 * rho * scatter_m + 2.0 * math.pi * scatter_m**2
    gauss = np.exp(distance[near] ** 2 / (-2.0 * scatter_m**2))
    kernel[near] = gauss / size / scene.density[scene.owner[near]]
    return kernel


def _logs(scene: Scene, distance: Floats, scatter_m: float) -> Floats:
    """Log likelihood of all points for each share of SHARES."""
    ratio = np.bincount(scene.owner, _kernel(scene, distance, scatter_m), len(scene.rows))
    return np.asarray(scene.weight @ np.log1p(np.outer(ratio - 1.0, SHARES)))


def _turned(move: Floats, angles: Floats) -> tuple[Floats, Floats]:
    cos, sin = np.cos(angles), np.sin(angles)
    return move[0] * cos - move[1] * sin, move[0] * sin + move[1] * cos


def _hexagons(step_m: float, reach_m: float) -> Floats:
    """The knots of a hexagonal grid within a disc about the origin."""
    span = np.arange(-math.ceil(1.2 * reach_m / step_m), math.ceil(1.2 * reach_m / step_m) + 1)
    column, row = (axis.ravel() for axis in np.meshgrid(span, span))
    knots = step_m * np.column_stack((column + 0.5 * (row % 2), row * math.sqrt(0.75)))
    return np.asarray(knots[np.hypot(*knots.T) <= reach_m])
