"""Measures how well points agree with known places when they are moved by an offset.

Known places may be so dense that any point is near one, so the distance to the nearest is no measure.
Instead, the displacements from a point to all known places within REACH_M are used, as a likelihood. The
model: a share π of the points belongs to known places, scattered around them as a Gaussian with σ metres
along each axis; the others lie anywhere. For a point x, moved by s, the likelihood ratio to a point that lies
anywhere is

    1 − π + π · Σⱼ exp(−d²/2σ²) / Z / λ        d = |aⱼ − x − s| − ρⱼ, not under 0

with aⱼ the known places, ρⱼ the radius of the disc that replaces a place's area (0 for a point), Z = πρ² +
√2·π^1.5·ρσ + 2πσ² the normaliser, and λ the density of known places around the point: under chance (a Poisson
background of that density) the mean ratio is 1. The logarithms are summed over the points; σ and π are
integrated over a grid. Where both sides carry codes, each point has one partner, and λ is one per disc of
radius REACH_M.

Points within CROWD_M of each other share one vote: ten reports of one farm are evidence of one offset, not
ten times. The result is deterministic. All lengths are metres in a local plane.
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

REACH_M: Final = 3_500.0  # BD-09's 1,380 m, three wide scatters, and room for the control offsets
CROWD_M: Final = 500.0
MAX_PAIRS: Final = 100_000
SCATTERS_M: Final = (20.0, 40.0, 80.0, 150.0, 300.0, 550.0)
SHARES: Final = np.array((0.10, 0.25, 0.40, 0.60, 0.80, 0.95))
TAIL: Final = 4.0  # σ; beyond it a Gaussian in the plane has a mass of exp(−8) = 0.03 %
REACH_M2: Final = math.pi * REACH_M**2


@dataclass(frozen=True, slots=True)
class Pairing:
    """k points and the known places within their reach, as p pairs.

    ``rows`` (k,): row of each point in its batch. ``gaps`` (p, 2): vector from point to known place, metres.
    ``owner`` (p,): position of the pair's point in ``rows``. ``radius`` (p,): of the known place, metres.
    ``density`` (k,): known places per m² around a point. ``weight`` (k,): a point's share of a vote, (0, 1].
    """

    rows: Rows
    gaps: Floats
    owner: Rows
    radius: Floats
    density: Floats
    weight: Floats


@dataclass(frozen=True, slots=True)
class Fit:
    """The fit of an offset: its evidence (natural logarithm, against chance), and the best scatter and share.

    ``scatter_m``: σ along each axis, metres. ``share``: of the points that belong to known places, [0, 1].
    """

    evidence: float
    scatter_m: float
    share: float


def pair_nearby(points: Floats, known: Floats, radius: Floats) -> Pairing:
    """Pair every point (n, 2) with every known place (m, 2) within REACH_M; points without one are left out.

    ``radius`` (m,): of the known places. If there were more than MAX_PAIRS pairs, an evenly spread part of
    the points is used.
    """
    tree = cKDTree(known)
    near = np.asarray(tree.query_ball_point(points, REACH_M, return_length=True))
    rows = thinned(np.flatnonzero(near), math.ceil(int(near.sum()) / MAX_PAIRS))
    counts = near[rows]
    lists = tree.query_ball_point(points[rows], REACH_M, return_sorted=True)
    places = np.array([place for nearby in lists for place in nearby], dtype=np.intp)
    owner = np.repeat(np.arange(len(rows)), counts)
    return _pairing(points, rows, owner, known[places], radius[places], counts / REACH_M2)


def pair_by_code(points: Floats, partners: Floats, radius: Floats) -> Pairing:
    """Pair each point with its partner, both (n, 2); one out of reach has a wrong code and is left out."""
    rows = np.flatnonzero(np.hypot(*(partners - points).T) <= REACH_M)
    density = np.full(len(rows), 1.0 / REACH_M2)
    return _pairing(points, rows, np.arange(len(rows)), partners[rows], radius[rows], density)


def fit_offset(pairing: Pairing, move: Floats) -> Fit:
    """The evidence that the points, moved by ``move``, agree with the known places.

    ``move``: metres east and north, for all points, (2,), or for each pair, (p, 2).
    """
    distance = distances_m(pairing, move)
    table = np.array([_logs(pairing, distance, scatter) for scatter in SCATTERS_M])
    best, share = np.unravel_index(int(table.argmax()), table.shape)
    top = float(table.max())  # subtracted before the exponential, which would overflow otherwise
    evidence = top + math.log(float(np.exp(table - top).mean()))
    return Fit(evidence, SCATTERS_M[best], float(SHARES[share]))


def match_probabilities(pairing: Pairing, move: Floats, best: Fit) -> Floats:
    """For each pair the probability that its point belongs to its known place, for a fitted offset, (p,)."""
    kernel = _kernel(pairing, distances_m(pairing, move), best.scatter_m) * best.share
    total = np.bincount(pairing.owner, kernel, len(pairing.rows)) + 1.0 - best.share
    return np.asarray(kernel / total[pairing.owner])


def thinned(rows: Rows, step: int) -> Rows:
    """Every ``step``-th row; all rows for a step below 2."""
    return rows[:: max(step, 1)]


def control_offsets(moves: Sequence[Floats], clear_m: float = 300.0, reach_m: float = 2_400.0) -> Floats:
    """Offsets that no datum predicts, (k, 2), metres: their evidence shows what chance achieves.

    A hexagonal grid of 300 m up to ``reach_m``, and the predicted offsets ``moves`` rotated in steps of 15°;
    all at least ``clear_m`` from every predicted one.
    """
    angles = np.radians(np.arange(15.0, 360.0, 15.0))
    rotated = [np.column_stack(_rotated(move, angles)) for move in moves if np.hypot(*move) > clear_m]
    offsets = np.vstack([_hexagons(300.0, reach_m), *rotated])
    gaps = np.hypot(*(offsets[:, None, :] - np.array(moves)[None, :, :]).transpose(2, 0, 1))
    return np.asarray(offsets[gaps.min(axis=1) >= clear_m])


def _pairing(  # noqa: PLR0913 - the parts of one value
    points: Floats, rows: Rows, owner: Rows, known: Floats, radius: Floats, density: Floats
) -> Pairing:
    used = points[rows]
    crowd = cKDTree(used).query_ball_point(used, CROWD_M, return_length=True) if len(rows) else np.zeros(0)
    return Pairing(
        rows, known - used[owner], owner, radius, density, 1.0 / np.asarray(crowd, dtype=np.float64)
    )


def distances_m(pairing: Pairing, move: Floats) -> Floats:
    """Distance of each pair's moved point from its known place's disc, metres, (p,); 0 inside."""
    return np.asarray(np.maximum(np.hypot(*(pairing.gaps - move).T) - pairing.radius, 0.0))


def _kernel(pairing: Pairing, distance: Floats, scatter_m: float) -> Floats:
    """Likelihood ratio of each pair, (p,): its point belongs to the known place, against lying anywhere."""
    kernel = np.zeros(len(distance))
    near = np.flatnonzero(distance < TAIL * scatter_m)
    rho = pairing.radius[near]
    size = math.pi * rho**2 + math.sqrt(2.0) * math.pi**1.5 * rho * scatter_m + 2.0 * math.pi * scatter_m**2
    gauss = np.exp(distance[near] ** 2 / (-2.0 * scatter_m**2))
    kernel[near] = gauss / size / pairing.density[pairing.owner[near]]
    return kernel


def _logs(pairing: Pairing, distance: Floats, scatter_m: float) -> Floats:
    """Logarithm of the likelihood ratio of all points, for each share of SHARES."""
    ratio = np.bincount(pairing.owner, _kernel(pairing, distance, scatter_m), len(pairing.rows))
    return np.asarray(pairing.weight @ np.log1p(np.outer(ratio - 1.0, SHARES)))


def _rotated(move: Floats, angles: Floats) -> tuple[Floats, Floats]:
    cos, sin = np.cos(angles), np.sin(angles)
    return move[0] * cos - move[1] * sin, move[0] * sin + move[1] * cos


def _hexagons(step_m: float, reach_m: float) -> Floats:
    """The nodes of a hexagonal grid within a disc around the origin, (k, 2), metres."""
    span = np.arange(-math.ceil(1.2 * reach_m / step_m), math.ceil(1.2 * reach_m / step_m) + 1)
    column, row = (axis.ravel() for axis in np.meshgrid(span, span))
    nodes = step_m * np.column_stack((column + 0.5 * (row % 2), row * math.sqrt(0.75)))
    return np.asarray(nodes[np.hypot(*nodes.T) <= reach_m])
