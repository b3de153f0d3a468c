"""Checks whether a batch of coordinates is in its declared datum, by comparison with known places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Point
from sqlalchemy.orm import Session

from core.clock import today
from core.errors import BadInput, TooLarge
from core.i18n import N_
from geo.datum import Floats, Suspicion, compare_with_known, convert_batch, find_wrong_zone
from store.queries import (
    Box,
    ReferencePlaces,
    fetch_reference_places,
    fetch_unit_areas,
    select_permit_areas,
    select_report_places,
    select_village_areas,
)

MAX_POINTS: Final = 20_000
# In order of trust: permits are surveyed, but earlier reports may have come through the same faulty channel.
KINDS: Final = ("permits", "villages", "reports")
MARGIN_DEG: Final = 0.05  # more than the range of a comparison, 3.5 km, up to latitude 50°
SAME_SPOT_DEG: Final = 5e-6  # about half a metre
Codes = Sequence[str | None]


def check_batch(session: Session, points: Floats, declared: str, channel: str | None = None) -> Suspicion:
    """Compare a batch with the places of the store.

    Args:
        session: of the store.
        points: coordinates in the declared datum, shape (n, 2).
        declared: name of the datum.
        channel: compare with earlier reports of this channel only; None: of every channel.

    Raises:
        BadInput: field ``points`` or ``points.N``, N counted from 0.
        TooLarge: more than ``MAX_POINTS``.
        DatumRefused: the datum is not supported.
    """
    check_size(len(points))
    degrees = convert_batch(points, declared, lambda row: f"points.{row}")
    return check_degrees(session, degrees, declared, channel)


def check_size(n: int) -> None:
    """Raise BadInput for an empty batch, TooLarge for more than ``MAX_POINTS``."""
    if n == 0:
        raise BadInput(N_("The batch has no points."), field="points", hint=N_("Enter at least one point."))
    if n > MAX_POINTS:
        raise TooLarge(
            N_("The batch has {n} points; the maximum is {most}."),
            field="points",
            hint=N_("Send it in parts, or a sample of it."),
            n=n,
            most=MAX_POINTS,
        )


def check_degrees(
    session: Session, points: Floats, declared: str, channel: str | None = None, codes: Codes = ()
) -> Suspicion:
    """``check_batch`` for points that are already converted from the declared datum.

    First looks for a wrong projection zone, then compares with each kind of known places, in order of trust,
    until one is conclusive; else returns the result of the comparison with the most points.

    Args:
        session: of the store.
        points: degrees, shape (n, 2).
        declared: the datum that they were converted from.
        channel: as for ``check_batch``.
        codes: codes of the points; those of known places with the same code are compared pairwise.
    """
    wrong_zone = find_wrong_zone(points, fetch_unit_areas(session, today()), declared)
    if wrong_zone is not None:
        return replace(wrong_zone, against="units")
    results: list[Suspicion] = []
    for kind in KINDS:
        known = fetch_known_places(session, channel, [kind], comparison_box(points))
        known = without_resubmissions(known, points) if kind == "reports" else known
        results.append(replace(compare_with(points, known, declared, codes), against=kind))
        if results[-1].finding in ("suspect", "fits"):
            return results[-1]
    return max(results, key=lambda result: result.compared)


def check_against_file(points: Floats, known: ReferencePlaces, declared: str, codes: Codes = ()) -> Suspicion:
    """``check_degrees`` against the places of a file instead of the store.

    To detect a wrong projection zone, the convex hull of the known places stands in for the area of the
    units.
    """
    hull = shapely.convex_hull(shapely.geometrycollections(known.shapes))
    wrong_zone = find_wrong_zone(points, [shapely.buffer(hull, MARGIN_DEG)], declared)
    return replace(wrong_zone or compare_with(points, known, declared, codes), against="file")


def fetch_known_places(
    session: Session, channel: str | None, kinds: Collection[str], within: Box
) -> ReferencePlaces:
    """Known places of the store in a box: areas of permits, villages, and real reports of a channel.

    Args:
        session: of the store.
        channel: of the reports; None: of every channel.
        kinds: which of ``KINDS`` to fetch.
        within: degrees.
    """
    queries = {
        "permits": select_permit_areas(within),
        "villages": select_village_areas(within, today()),
        "reports": select_report_places(within, channel),
    }
    batches = [fetch_reference_places(session, queries[kind]) for kind in KINDS if kind in kinds]
    return ReferencePlaces([s for b in batches for s in b.shapes], [c for b in batches for c in b.codes])


def comparison_box(points: Floats) -> Box:
    """The box, in degrees, of known places that can be compared with a batch."""
    (west, south), (east, north) = points.min(axis=0) - MARGIN_DEG, points.max(axis=0) + MARGIN_DEG
    return float(west), float(south), float(east), float(north)


def compare_with(points: Floats, known: ReferencePlaces, declared: str, codes: Codes = ()) -> Suspicion:
    """``geo.datum.detection.suspect`` on known places, in pairs where both sides have the same code."""
    shapes = known.shapes or np.zeros((0, 2))
    return compare_with_known(points, shapes, declared, match_codes(codes, known.codes))


def match_codes(codes: Iterable[str | None], known: Sequence[str | None]) -> NDArray[np.intp]:
    """Index pairs (batch, known places) of equal codes, shape (k, 2). Ambiguous known codes are ignored."""
    count = Counter(known)
    rows = {code: row for row, code in enumerate(known) if code and count[code] == 1}
    pairs = [(row, rows[code]) for row, code in enumerate(codes) if code in rows]
    return np.array(pairs, dtype=np.intp).reshape(-1, 2)


def without_resubmissions(known: ReferencePlaces, points: Floats) -> ReferencePlaces:
    """Known places without points that coincide with a point of the batch.

    Coinciding coordinates mean that the same report was sent before: it would agree in any datum.
    """
    tree = shapely.STRtree([Point(x, y) for x, y in points.tolist()])
    spots = np.array([s if isinstance(s, Point) else None for s in known.shapes], dtype=object)
    same = set(tree.query(spots, predicate="dwithin", distance=SAME_SPOT_DEG)[0].tolist())
    keep = [row for row in range(len(known.shapes)) if row not in same]
    return ReferencePlaces([known.shapes[row] for row in keep], [known.codes[row] for row in keep])
