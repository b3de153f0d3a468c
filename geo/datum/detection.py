"""Was a batch of coordinates taken in another datum than the one that was declared?

Coordinates from web maps (GCJ-02, BD-09) that are declared as WGS84 lie some 550 m and 1,300 m off, all the
same way; coordinates that were plain and are declared as GCJ-02 lie as far off on the other side. Against
places that are known, a batch shows that one offset, whatever else its points do.

Each reading of the same numbers (as declared, GCJ-02, BD-09, plain degrees) moves every point by a known
amount; ``geo.datum.offset_fit`` weighs how well the moved points sit on what is known. A reading is held to
be the true one where its evidence

- beats chance by EVIDENCE and every other reading by MARGIN (natural logarithms: odds of 20 and 90),
- is at least that of some 230 offsets that nothing predicts (a grid over 2.4 km, and the predicted offsets
  turned about): where villages stand in rows, or reports crowd on one side of their villages, these do as
  well,
- peaks where it is predicted, within SLACK_M and 3.5 standard errors: a steady offset of 400 m is not GCJ-02
  where the points scatter by 40 m (by 120 m it cannot be told from it),
- rests on VOTES independent points (PAIRED_VOTES where both sides carry the same code).

So a batch that fits nothing known, or everything, is told to be open and is not suspected. The check
compares: it cannot tell which of the two sides is off. Where the known places themselves were taken in
GCJ-02, a correct batch is suspected, and a batch with the same fault fits.

Rates, measured on seeded batches (``tests/support/batches.py``): half of the points scattered about known
places with σ along each axis, the rest anywhere.

- Rightly declared and suspected: 21 of 22,050 batches (30 to 300 points, most of them matched by nothing,
  or lying anywhere within 1 km of villages), at worst 2 of 600 in a cell. With codes 0 of 3,600.
- Wrongly declared and not suspected, in percent (none was taken for a third datum), 300 and 100 batches
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

  Earlier reports that lie 100–1,000 m off the villages serve as well as villages; of parcels 50–300 m wide,
  1 km apart, σ 100 m, 30 points miss 3 %, elsewhere none. Where villages lie 1 km apart, points that scatter
  wider than 100 m need to be many: then the answer is "open".
- With codes, one in five of them wrong: 10 points miss 1.3 % at a σ of 150 m and 24 % at 300 m, 15 miss
  0 and 9 %, 30 miss 0 and 2.3 %.
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
    Scene,
    belonging,
    every,
    fit,
    gap_m,
    other_moves,
    paired_scene,
    scene_of,
)
from geo.datum.reference_systems import CANON, frame
from geo.measure.geodesic import Plane

Finding = Literal["suspect", "fits", "open", "few"]
Known = Floats | Sequence[BaseGeometry]

EVIDENCE: Final = 3.0
MARGIN: Final = 4.5
LEAST: Final = 10  # points near something known, below which nothing is said
VOTES: Final = 5.0
MOST_POINTS: Final = 2_000  # of a larger batch an evenly spread part is compared
PAIRED_LEAST: Final = 5
PAIRED_VOTES: Final = 4.0
SLACK_M: Final = 100.0  # known places may all be off together: Xian 1980 is about 100 m
CLIMBS: Final = 6
WIDEST_M: Final = 400.0  # radius of an area; a wider one holds a point and its shifted twin alike

SUSPECT: Final = N_(
    "Declared as {declared}, the batch looks like {suspected}: {matched} of the {compared} points compared "
    "lie off what is known by the same {metres} m."
)
FITS: Final = N_(
    "The batch fits {declared}: {matched} of the {compared} points compared lie on what is known."
)
OPEN: Final = N_(
    "Nothing can be told: no datum fits the {compared} points compared clearly better than chance and than "
    "the others."
)
FEW: Final = N_("Too few to tell: {compared} of the points can be compared, at least {least} are needed.")


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What a batch shows about the datum that was declared for it.

    ``finding``: suspect, fits, open (nothing can be told) or few. ``suspected``: datum that fits instead,
    else None. ``paired``: compared code by code. ``n``: points; ``compared``: those with something known in
    reach, of a large batch an even part; ``matched``: those of them that belong to a known place, under the
    reading found (else as declared). ``against``: what they were compared with, named by the caller.
    ``median_m``: for each reading the median distance of the compared points to the nearest known place
    (paired: to their own), metres. ``offset_m``: mean way from the matched points, as converted, to their
    known places, metres east and north. ``strength``: share of the evidence that speaks for the reading
    found (else as declared), against the other readings and chance; the model overstates it, the thresholds
    do not rest on it.
    ``reason``: message id, filled with ``values``.
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


def suspect(points: Floats, known: Known, declared: str, pairs: NDArray[np.intp] | None = None) -> Suspicion:
    """Compare a batch with known places; the module tells the method and its error rates.

    ``points`` (n, 2), n ≥ 1: longitude and latitude, as converted to CGCS2000 from the declared datum.
    ``known``: (m, 2) of the same, or points and polygons in degrees, none empty; a polygon stands as a disc
    of its area, in anonymous comparison only up to WIDEST_M. ``pairs`` (k, 2): rows of points and of known
    places that carry the same code; from PAIRED_LEAST on these alone are compared. The plane is local: fit
    for a batch within a province's width.
    """
    name = frame(declared).name
    coded = pairs if pairs is not None and len(pairs) >= PAIRED_LEAST else None
    rows = np.arange(len(points)) if coded is None else coded[:, 0]
    part = every(np.arange(len(rows)), math.ceil(len(rows) / MOST_POINTS))
    taken = points[rows[part]]
    metres = Plane(*np.median(points, axis=0).tolist()).to_metres
    moves = {reading: metres(place) - metres(taken) for reading, place in readings(taken, name).items()}
    centres, radius = _discs(known, metres)
    if coded is None:
        usable = radius <= WIDEST_M
        scene = scene_of(metres(taken), centres[usable], radius[usable])
    else:
        partner = coded[part, 1]
        scene = paired_scene(metres(taken), centres[partner], radius[partner])
    return _judge(scene, moves, name, len(points), paired=coded is not None)


def converted(points: Floats, declared: str, field_of: Callable[[int], str]) -> Floats:
    """``to_cgcs2000_array``, whose error names the row: ``field_of`` makes the field of a row (from 0)."""
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


def readings(points: Floats, declared: str) -> dict[str, Floats]:
    """Where the same numbers lie under each datum that they may have been taken in, the declared one first.

    Degrees of a projected datum count as the numbers: what is GCJ-02 may have been projected afterwards.
    """
    kind = frame(declared).kind
    given = points
    if kind != "plain":
        given = np.array([from_cgcs2000(x, y, declared) for x, y in points.tolist()]).reshape(-1, 2)
    others = [datum for datum in (CANON, "gcj02", "bd09") if frame(datum).kind != kind]
    return {declared: points} | {datum: to_cgcs2000_array(given, datum) for datum in others}


def _discs(known: Known, metres: Callable[[Floats], Floats]) -> tuple[Floats, Floats]:
    """Centres and radii (m) of discs of the same areas."""
    shapes = np.asarray(shapely.points(known) if isinstance(known, np.ndarray) else known, dtype=object)
    flat = shapely.transform(shapes, metres)
    return shapely.get_coordinates(shapely.centroid(flat)), np.sqrt(shapely.area(flat) / math.pi)


def _judge(scene: Scene, moves: Mapping[str, Floats], declared: str, n: int, *, paired: bool) -> Suspicion:
    compared, least = len(scene.rows), PAIRED_LEAST if paired else LEAST
    per_pair = {reading: move[scene.rows][scene.owner] for reading, move in moves.items()}
    fits = {reading: fit(scene, move) for reading, move in per_pair.items()} if compared else {}
    found = _decided(scene, per_pair, fits, PAIRED_VOTES if paired else VOTES) if compared >= least else None
    finding: Finding = "few" if compared < least else _finding(found, declared)
    reading = found or declared
    share = belonging(scene, per_pair[reading], fits[reading]) if compared else np.zeros(0)
    offset = _offset(scene, share)
    values = {"declared": declared, "suspected": found, "n": n, "compared": compared, "least": least}
    values |= {"matched": round(float(share.sum())), "metres": offset and round(math.hypot(*offset))}
    return Suspicion(
        finding=finding,
        declared=declared,
        suspected=found if finding == "suspect" else None,
        paired=paired,
        n=n,
        compared=compared,
        matched=round(float(share.sum())),
        median_m={name: _median(scene, move) for name, move in per_pair.items()} if compared else {},
        offset_m=offset,
        strength=_strength(fits, reading),
        reason={"suspect": SUSPECT, "fits": FITS, "open": OPEN, "few": FEW}[finding],
        values=values,
    )


def _finding(found: str | None, declared: str) -> Finding:
    if found is None:
        return "open"
    return "fits" if found == declared else "suspect"


def _decided(scene: Scene, moves: Mapping[str, Floats], fits: Mapping[str, Fit], votes: float) -> str | None:
    """The reading that is beyond the thresholds; None where there is none."""
    best, *rest = sorted(fits, key=lambda reading: -fits[reading].evidence)
    top = fits[best].evidence
    if top < EVIDENCE or top - fits[rest[0]].evidence < MARGIN:
        return None
    if _votes(scene, moves[best], fits[best]) < votes or _misses(scene, moves[best]):
        return None
    chance = other_moves([move.mean(axis=0) for move in moves.values()])
    return best if all(fit(scene, move).evidence <= top for move in chance) else None


def _votes(scene: Scene, move: Floats, found: Fit) -> float:
    return float(belonging(scene, move, found) @ scene.weight[scene.owner])


def _misses(scene: Scene, move: Floats) -> bool:
    """Whether the evidence peaks beside a reading: followed uphill from there, and beyond error and slack."""
    drift = np.zeros(2)
    for _ in range(CLIMBS):
        found = fit(scene, move + drift)
        weight = belonging(scene, move + drift, found) * scene.weight[scene.owner]
        drift = weight @ (scene.gaps - move) / weight.sum()
    error = found.scatter_m / math.sqrt(_votes(scene, move + drift, found))
    return float(np.hypot(*drift)) > SLACK_M + 3.5 * error


def _offset(scene: Scene, share: Floats) -> tuple[float, float] | None:
    """Mean of the gaps, each by the probability that it joins what belongs together."""
    weight = share * scene.weight[scene.owner]
    total = float(weight.sum())
    if total <= 0.0:
        return None
    east, north = (weight @ scene.gaps / total).tolist()
    return round(east, 1), round(north, 1)


def _median(scene: Scene, move: Floats) -> float:
    nearest = np.full(len(scene.rows), np.inf)
    np.minimum.at(nearest, scene.owner, gap_m(scene, move))
    return round(float(np.median(nearest)), 1)


def _strength(fits: Mapping[str, Fit], reading: str) -> float:
    """Share of a reading's evidence among the readings and chance (whose logarithm is 0)."""
    if not fits:
        return 0.0
    top = max(0.0, *(found.evidence for found in fits.values()))
    total = math.exp(-top) + math.fsum(math.exp(found.evidence - top) for found in fits.values())
    return round(math.exp(fits[reading].evidence - top) / total, 4)
