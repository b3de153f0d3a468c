"""Detects batches of coordinates that were taken in another datum than the declared one.

Coordinates from web maps (GCJ-02, BD-09) that are declared as WGS84 are some 550 m and 1,300 m off, all in
one direction; plain coordinates that are declared as GCJ-02 are as far off in the opposite one. Compared with
known places, such a batch shows that one offset, whatever else its points do.

Each candidate datum (the declared one, GCJ-02, BD-09, plain degrees) moves every point by a known offset;
``geo.datum.offset_fit`` measures how well the moved points agree with the known places. A candidate is
accepted if its evidence

- exceeds that of chance by EVIDENCE and that of every other candidate by MARGIN (natural logarithms: odds of
  20 and 90),
- is at least that of some 230 control offsets, which no datum predicts (a grid over 2.4 km, and the predicted
  offsets rotated): where villages lie in rows, or reports crowd on one side of their villages, many offsets
  fit well,
- peaks at the predicted offset, within SLACK_M and 3.5 standard errors: a constant offset of 400 m is not
  GCJ-02 where the points scatter by 40 m (where they scatter by 120 m, the two cannot be distinguished),
- rests on VOTES independent points (PAIRED_VOTES where both sides carry the same code).

So a batch that fits no known place, or fits them under any offset, is reported as open and not suspected. The
check is a comparison: it cannot tell which side is off. If the known places themselves were taken in GCJ-02,
a correct batch is suspected, and a batch with the same fault fits.

Error rates, measured on seeded batches (``tests/support/batches.py``): half of the points scattered
around known places with σ along each axis, the rest anywhere.

- Correctly declared and suspected: 21 of 22,050 batches (30 to 300 points, most of them without a
  known place, or anywhere within 1 km of villages), at worst 2 of 600 in a cell. With codes 0 of 3,600.
- Wrongly declared and not suspected, in percent (a third datum was never suspected), 300 and 100 batches
  a cell:

  ===============  ====  ====  ====  ====  ====
  σ, metres          30   100   150   200   300
  ===============  ====  ====  ====  ====  ====
  30 points, villages at a spacing of
  ---------------------------------------------
  1 km                0   0.3    31    75    98
  2 km                0     0   0.3   3.7    49
  3 km                0     0     0   1.0    19
  ---------------  ----  ----  ----  ----  ----
  100 points
  ---------------------------------------------
  1 km                0     0     0     6    89
  2 km                0     0     0     0     1
  3 km                0     0     0     0     3
  ===============  ====  ====  ====  ====  ====

  Earlier reports 100–1,000 m from the villages do as well as villages. With parcels 50–300 m wide, 1 km
  apart, and a σ of 100 m, 3 % are missed with 30 points, none otherwise. With villages 1 km apart, points
  that scatter by more than 100 m must be many; for few the answer is "open".
- With codes, one in five of them wrong, missed at a σ of 150 m and 300 m: with 10 points 1.3 and 24 %, with
  15 points 0 and 9 %, with 30 points 0 and 2.3 %.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from core.errors import BadInput
from core.i18n import N_
from geo.datum.conversion import from_cgcs2000, to_cgcs2000, to_cgcs2000_array
from geo.datum.offset_fit import (
    Fit,
    Floats,
    Pairing,
    control_offsets,
    distances_m,
    fit_offset,
    match_probabilities,
    pair_by_code,
    pair_nearby,
    thinned,
)
from geo.datum.reference_systems import CANON, frame
from geo.measure.geodesic import Plane

Finding = Literal["suspect", "fits", "open", "few"]
KnownPlaces = Floats | Sequence[BaseGeometry]

# Natural logarithms; with these, 21 of 22,050 correctly declared batches are suspected (see above).
EVIDENCE: Final = 3.0
MARGIN: Final = 4.5
MIN_COMPARED: Final = 10  # points near a known place; with fewer the finding is "few"
VOTES: Final = 5.0
MAX_POINTS: Final = 2_000  # of a larger batch, an evenly spread part is compared
MIN_PAIRED: Final = 5
PAIRED_VOTES: Final = 4.0
SLACK_M: Final = 100.0  # a common error of the known places: that of Xian 1980 is about 100 m
CLIMB_STEPS: Final = 6
MAX_RADIUS_M: Final = 400.0  # a larger area contains a point both with and without the offset

SUSPECT: Final = N_(
    "Declared as {declared}, the batch looks like {suspected}: {matched} of the {compared} compared points "
    "are off the known places by the same {metres} m."
)
FITS: Final = N_(
    "The batch fits {declared}: {matched} of the {compared} compared points agree with the known places."
)
OPEN: Final = N_(
    "Inconclusive: no datum fits the {compared} compared points clearly better than chance and "
    "the other datums."
)
FEW: Final = N_("Too few points: {compared} of them can be compared; at least {least} are needed.")


@dataclass(frozen=True, slots=True)
class Suspicion:
    """The result of a datum check.

    ``finding``: suspect, fits, open (inconclusive) or few (too few points). ``suspected``: the datum that
    fits instead, else None. ``paired``: whether points were compared by their codes. ``n``: number of points;
    ``compared``: of those with a known place within reach (in a large batch, of an evenly spread part);
    ``matched``: of those that belong to a known place, under the accepted datum, else under the declared one.
    ``against``: the name of the known places, set by the caller. ``median_m``: for each candidate datum the
    median distance of the compared points to the nearest known place (paired: to their own), metres.
    ``offset_m``: mean vector from the matched points, as converted, to their known places, metres east and
    north. ``strength``: share of the evidence for the accepted datum (else the declared one) among all
    candidates and chance; the model overstates it, and no threshold uses it. ``reason``: message id, to be
    filled with ``values``.
    """

    finding: Finding
    declared: str
    suspected: str | None
    paired: bool
    n: int
    compared: int
    matched: int
    median_m: Mapping[str, float]
    offset_m: tuple[float, float] | None
    strength: float
    reason: str
    values: Mapping[str, object] = field(default_factory=dict)
    against: str = ""


def compare_with_known(
    points: Floats, known: KnownPlaces, declared: str, pairs: NDArray[np.intp] | None = None
) -> Suspicion:
    """Compare a batch with known places. The module describes the method and its error rates.

    ``points`` (n, 2), n ≥ 1: longitude and latitude, as converted to CGCS2000 from the declared datum.
    ``known``: (m, 2), likewise, or points and polygons in degrees, none empty; a polygon is replaced by a
    disc of its area, and without codes used only up to MAX_RADIUS_M. ``pairs`` (k, 2): rows of points and of
    known places with equal codes; if there are at least MIN_PAIRED, only these are compared. Distances are
    measured in a local plane: the batch should not extend beyond a province.
    """
    name = frame(declared).name
    coded = pairs if pairs is not None and len(pairs) >= MIN_PAIRED else None
    rows = np.arange(len(points)) if coded is None else coded[:, 0]
    part = thinned(np.arange(len(rows)), math.ceil(len(rows) / MAX_POINTS))
    taken = points[rows[part]]
    metres = Plane(*np.median(points, axis=0).tolist()).to_metres
    # How each candidate datum moves each point, metres.
    moves = {datum: metres(place) - metres(taken) for datum, place in candidates(taken, name).items()}
    centres, radius = _discs(known, metres)
    if coded is None:
        usable = radius <= MAX_RADIUS_M
        pairing = pair_nearby(metres(taken), centres[usable], radius[usable])
    else:
        partner = coded[part, 1]
        pairing = pair_by_code(metres(taken), centres[partner], radius[partner])
    return _judge(pairing, moves, name, len(points), paired=coded is not None)


def convert_batch(points: Floats, declared: str, field_of: Callable[[int], str]) -> Floats:
    """:func:`to_cgcs2000_array` with errors that name the row: ``field_of(row)`` (from 0) is their field."""
    frame(declared)
    try:
        return to_cgcs2000_array(points, declared)
    except BadInput:
        for row, (x, y) in enumerate(points.tolist()):
            _check_row(x, y, declared, field_of(row))
        raise


def _check_row(x: float, y: float, declared: str, field: str) -> None:
    try:
        to_cgcs2000(x, y, declared)
    except BadInput as fault:
        raise BadInput(fault.message, field=field, hint=fault.hint, **fault.values) from None


def candidates(points: Floats, declared: str) -> dict[str, Floats]:
    """The places (CGCS2000 degrees) of a batch's numbers under each candidate datum, the declared one first.

    For a projected datum its degrees are taken as the numbers: GCJ-02 coordinates may have been projected
    afterwards.
    """
    kind = frame(declared).kind
    given = points
    if kind != "plain":
        given = np.array([from_cgcs2000(x, y, declared) for x, y in points.tolist()]).reshape(-1, 2)
    others = [datum for datum in (CANON, "gcj02", "bd09") if frame(datum).kind != kind]
    return {declared: points} | {datum: to_cgcs2000_array(given, datum) for datum in others}


def _discs(known: KnownPlaces, metres: Callable[[Floats], Floats]) -> tuple[Floats, Floats]:
    """Centres, (m, 2), and radii, (m,), of discs with the areas of the places; metres."""
    shapes = np.asarray(shapely.points(known) if isinstance(known, np.ndarray) else known, dtype=object)
    flat = shapely.transform(shapes, metres)
    return shapely.get_coordinates(shapely.centroid(flat)), np.sqrt(shapely.area(flat) / math.pi)


def _judge(
    pairing: Pairing, moves: Mapping[str, Floats], declared: str, n: int, *, paired: bool
) -> Suspicion:
    compared, least = len(pairing.rows), MIN_PAIRED if paired else MIN_COMPARED
    per_pair = {datum: move[pairing.rows][pairing.owner] for datum, move in moves.items()}
    fits = {datum: fit_offset(pairing, move) for datum, move in per_pair.items()} if compared else {}
    accepted = (
        _accepted(pairing, per_pair, fits, PAIRED_VOTES if paired else VOTES) if compared >= least else None
    )
    finding: Finding = "few" if compared < least else _finding(accepted, declared)
    best = accepted or declared
    share = match_probabilities(pairing, per_pair[best], fits[best]) if compared else np.zeros(0)
    offset = _offset(pairing, share)
    values = {"declared": declared, "suspected": accepted, "n": n, "compared": compared, "least": least}
    values |= {"matched": round(float(share.sum())), "metres": offset and round(math.hypot(*offset))}
    return Suspicion(
        finding=finding,
        declared=declared,
        suspected=accepted if finding == "suspect" else None,
        paired=paired,
        n=n,
        compared=compared,
        matched=round(float(share.sum())),
        median_m={name: _median(pairing, move) for name, move in per_pair.items()} if compared else {},
        offset_m=offset,
        strength=_strength(fits, best),
        reason={"suspect": SUSPECT, "fits": FITS, "open": OPEN, "few": FEW}[finding],
        values=values,
    )


def _finding(accepted: str | None, declared: str) -> Finding:
    if accepted is None:
        return "open"
    return "fits" if accepted == declared else "suspect"


def _accepted(
    pairing: Pairing, moves: Mapping[str, Floats], fits: Mapping[str, Fit], votes: float
) -> str | None:
    """The candidate datum that passes all criteria of the module; None where none does."""
    best, *rest = sorted(fits, key=lambda datum: -fits[datum].evidence)
    top = fits[best].evidence
    if top < EVIDENCE or top - fits[rest[0]].evidence < MARGIN:
        return None
    if _votes(pairing, moves[best], fits[best]) < votes or _misses(pairing, moves[best]):
        return None
    controls = control_offsets([move.mean(axis=0) for move in moves.values()])
    return best if all(fit_offset(pairing, move).evidence <= top for move in controls) else None


def _votes(pairing: Pairing, move: Floats, best: Fit) -> float:
    return float(match_probabilities(pairing, move, best) @ pairing.weight[pairing.owner])


def _misses(pairing: Pairing, move: Floats) -> bool:
    """Whether the evidence peaks elsewhere: farther from ``move`` than SLACK_M and 3.5 standard errors."""
    # Climbs to the peak: with each step the offset becomes the mean of the gaps, weighted by their matches.
    drift = np.zeros(2)
    for _ in range(CLIMB_STEPS):
        peak = fit_offset(pairing, move + drift)
        weight = match_probabilities(pairing, move + drift, peak) * pairing.weight[pairing.owner]
        drift = weight @ (pairing.gaps - move) / weight.sum()
    error = peak.scatter_m / math.sqrt(_votes(pairing, move + drift, peak))
    return float(np.hypot(*drift)) > SLACK_M + 3.5 * error


def _offset(pairing: Pairing, share: Floats) -> tuple[float, float] | None:
    """Mean of the gaps, weighted by match probability: metres east and north; None without matches."""
    weight = share * pairing.weight[pairing.owner]
    total = float(weight.sum())
    if total <= 0.0:
        return None
    east, north = (weight @ pairing.gaps / total).tolist()
    return round(east, 1), round(north, 1)


def _median(pairing: Pairing, move: Floats) -> float:
    nearest = np.full(len(pairing.rows), np.inf)
    np.minimum.at(nearest, pairing.owner, distances_m(pairing, move))
    return round(float(np.median(nearest)), 1)


def _strength(fits: Mapping[str, Fit], datum: str) -> float:
    """Share of a candidate's evidence among all candidates and chance (whose logarithm is 0), [0, 1]."""
    if not fits:
        return 0.0
    # The largest is subtracted before the exponential, which would overflow otherwise.
    top = max(0.0, *(other.evidence for other in fits.values()))
    total = math.exp(-top) + math.fsum(math.exp(other.evidence - top) for other in fits.values())
    return round(math.exp(fits[datum].evidence - top) / total, 4)
