"""A batch of coordinates, compared with what the store knows: was it taken in the datum that is declared?"""

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
from geo.datum.detection import Suspicion, compare_with_known, convert_batch
from geo.datum.offset_fit import Floats
from geo.datum.wrong_zone import find_wrong_zone
from store.queries.features import Box
from store.queries.reference_points import (
    Places,
    fetch_ground,
    fetch_places,
    select_permits,
    select_reports,
    select_villages,
)

MAX_POINTS: Final = 20_000
# In order of trust: permits are surveyed; earlier reports may have come through the same faulty channel.
KINDS: Final = ("permits", "villages", "reports")
MARGIN_DEG: Final = 0.05  # more than the reach of a comparison, 3.5 km, as far north as 50°
SAME_SPOT_DEG: Final = 5e-6  # about half a metre
Codes = Sequence[str | None]


def check_batch(session: Session, points: Floats, declared: str, channel: str | None = None) -> Suspicion:
    """Compare a batch, given in the declared datum (n, 2), with what the store knows about its place.

    Raises BadInput (field ``points`` or ``points.N``, N counted from 0), TooLarge, DatumRefused.
    """
    check_size(len(points))
    degrees = convert_batch(points, declared, lambda row: f"points.{row}")
    return check_degrees(session, degrees, declared, channel)


def check_size(n: int) -> None:
    """Refuse an empty batch and one that is too large."""
    if n == 0:
        raise BadInput(N_("The batch holds no point."), field="points", hint=N_("Give at least one point."))
    if n > MAX_POINTS:
        raise TooLarge(
            N_("The batch has {n} points, {most} are taken."),
            field="points",
            hint=N_("Send it in parts, or a sample of it."),
            n=n,
            most=MAX_POINTS,
        )


def check_degrees(
    session: Session, points: Floats, declared: str, channel: str | None = None, codes: Codes = ()
) -> Suspicion:
    """The same for points already converted from the declared datum, with their codes where they have any.

    First the zone, then each kind of known places in order of trust, until one can tell.
    """
    stray = find_wrong_zone(points, fetch_ground(session, today()), declared)
    if stray is not None:
        return replace(stray, against="units")
    told: list[Suspicion] = []
    for kind in KINDS:
        known = fetch_known_places(session, channel, [kind], comparison_box(points))
        apart = without_resubmissions(known, points) if kind == "reports" else known
        told.append(replace(compare_with(points, apart, declared, codes), against=kind))
        if told[-1].finding in ("suspect", "fits"):
            return told[-1]
    return max(told, key=lambda found: found.compared)


def check_against_file(points: Floats, known: Places, declared: str, codes: Codes = ()) -> Suspicion:
    """Compare a batch (degrees, as converted) with a file of known places, without the store.

    Of the known ground the hull of the known places is all that there is, for eastings in the wrong zone.
    """
    hull = shapely.convex_hull(shapely.geometrycollections(known.shapes))
    stray = find_wrong_zone(points, [shapely.buffer(hull, MARGIN_DEG)], declared)
    return replace(stray or compare_with(points, known, declared, codes), against="file")


def fetch_known_places(session: Session, channel: str | None, kinds: Collection[str], within: Box) -> Places:
    """What the store knows in a box: areas of permits and villages, and the real reports of a channel.

    ``channel`` None: the reports of every channel.
    """
    queries = {
        "permits": select_permits(within),
        "villages": select_villages(within, today()),
        "reports": select_reports(within, channel),
    }
    found = [fetch_places(session, queries[kind]) for kind in KINDS if kind in kinds]
    return Places(
        [s for places in found for s in places.shapes], [c for places in found for c in places.codes]
    )


def comparison_box(points: Floats) -> Box:
    """The box about a batch in which known places can matter, degrees."""
    (west, south), (east, north) = points.min(axis=0) - MARGIN_DEG, points.max(axis=0) + MARGIN_DEG
    return float(west), float(south), float(east), float(north)


def compare_with(points: Floats, known: Places, declared: str, codes: Codes = ()) -> Suspicion:
    """``geo.datum.detection`` on places of the store or of a file; paired by code where both carry it."""
    shapes = known.shapes or np.zeros((0, 2))
    return compare_with_known(points, shapes, declared, match_codes(codes, known.codes))


def match_codes(codes: Iterable[str | None], known: Sequence[str | None]) -> NDArray[np.intp]:
    """Rows (of the batch, of the known places) with the same code; a code of two known places is no one's."""
    count = Counter(known)
    rows = {code: row for row, code in enumerate(known) if code and count[code] == 1}
    pairs = [(row, rows[code]) for row, code in enumerate(codes) if code in rows]
    return np.array(pairs, dtype=np.intp).reshape(-1, 2)


def without_resubmissions(known: Places, points: Floats) -> Places:
    """Known places without the points on the very spot of a point of the batch.

    An earlier report with the same coordinates is the same report sent again: it agrees under any datum.
    """
    tree = shapely.STRtree([Point(x, y) for x, y in points.tolist()])
    spots = np.array([s if isinstance(s, Point) else None for s in known.shapes], dtype=object)
    same = set(tree.query(spots, predicate="dwithin", distance=SAME_SPOT_DEG)[0].tolist())
    keep = [row for row in range(len(known.shapes)) if row not in same]
    return Places([known.shapes[row] for row in keep], [known.codes[row] for row in keep])
