"""Verdicts on many places at once, as columns: the decisions of ``verdict.judge`` for arrays.

Points are divided among units and weighed against zones by compiled loops over the cell index, and what the
law says is looked up by kind and grade. Whatever those cannot tell plainly (a point exactly on a border, in a
permitted area, where layers of one level compete) is judged by itself, by ``verdict.judge``, and so are
footprints. Both ways fill the same columns.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon
from sqlalchemy import Engine

from core.settings import Settings
from facts.lookup import memory_of
from facts.memory.cache import cache_folder
from facts.memory.facts import facts_in
from facts.memory.snapshot import Snapshot, SnapshotCache, snapshots_of
from geo.measure.geodesic import area_m2
from geo.place.location import Location
from law.book import LawBook
from layers.lawbook.documents import fetch_book
from screening.columns.encoded import as_table
from screening.columns.join import joined_parts
from screening.columns.rows import NO_NUMBER, RowMaker, patch, refuse
from screening.decide.law_table import LawTable
from screening.decide.unit_table import Divided, UnitTable, metres_per_degree
from screening.decide.zone_table import Met, ZoneTable, nothing_met
from screening.kernel import in_order, side_by_side
from screening.schema import VERDICT_SCHEMA, row_of, table_of
from store.engine import open_session
from verdict.judge import Case, judge_facts
from verdict.preconditions import checked_book
from verdict.thresholds import DEFAULT, Thresholds

Floats = NDArray[np.float64]
T = TypeVar("T")
R = TypeVar("R")
CHUNK: Final = 8_192  # points a thread takes at a time
STEPS_PER_DEGREE: Final = 16.0
DEGREES: Final = (-180.0, 180.0)


@dataclass(frozen=True, slots=True)
class ScreenTask:
    """What is asked of all places alike."""

    category: str
    as_of: dt.date
    asked_on: dt.date
    limits: Thresholds = DEFAULT

    @property
    def case(self) -> Case:
        """The same as a case."""
        return Case(self.category, self.as_of, self.asked_on)


class Screener:
    """Judges places of one matter, day of the act and day of the answer. Safe to share between threads."""

    def __init__(self, then: Snapshot, now: Snapshot, book: LawBook, task: ScreenTask) -> None:
        """``then``, ``now``: the store on the day of the act and of the answer.

        Raises BadInput for an unknown category, or a day that no boundaries reach.
        """
        checked_book(then.sources, task.as_of, task.category, lambda: book)
        self.snapshots = (then, now)
        self.book = book
        self.task = task
        zones = () if then.zones is None else tuple((row.kind, row.grade) for row in then.zones.rows)
        self.law = LawTable(book, task.case, then.sources, zones)
        self.units = UnitTable(then)
        self.units_now = self.units if now.key == then.key else UnitTable(now)
        official = {source.id: source.official for source in then.sources}
        self.zones = None if then.zones is None else ZoneTable(then.zones, self.law, official)
        self.rows = RowMaker(then, self.units, self.units_now, self.law)

    @property
    def key(self) -> str:
        """Names the store and the task: equal keys give equal rows."""
        return "|".join((self.snapshots[0].key, self.snapshots[1].key, repr(self.task)))

    def points(self, lonlat: Floats, accuracy_m: float | Floats = 0.0, threads: int = 1) -> pa.Table:
        """Rows of points, (n, 2) CGCS2000 degrees; ``accuracy_m``: 68 % radii, one or (n,).

        Points that are no numbers get ``zj_error``.
        """
        given = np.ascontiguousarray(lonlat, dtype=np.float64)
        if not len(given):
            return VERDICT_SCHEMA.empty_table()
        order = _side_by_side(given)
        places = in_order(given, order)
        accuracy = np.full(len(places), accuracy_m, dtype=np.float64)
        accuracy = accuracy if np.ndim(accuracy_m) == 0 else accuracy[order]
        finite = np.isfinite(places).all(axis=1) & np.isfinite(accuracy) & (accuracy >= 0)
        if not finite.all():
            places[~finite], accuracy[~finite] = 0.0, 0.0
        if not (self.units.complete and self.units_now.complete):
            return self._one_by_one(places, accuracy, finite, threads).take(np.argsort(order))
        spans = [slice(first, first + CHUNK) for first in range(0, len(places), CHUNK)]
        parts = _in_threads(lambda span: self._decide(places[span], accuracy[span]), spans, threads)
        divided = joined_parts([part[0] for part in parts])
        today = joined_parts([part[1] for part in parts])
        met = joined_parts([part[2] for part in parts])
        columns = self.rows.columns(places, divided, today, met)
        plain = divided.plain & today.plain & met.plain & ~self._permitted(places)
        rest = np.flatnonzero(finite & ~plain)
        patch(columns, rest, [self._single(_point(places[n], accuracy[n])) for n in rest.tolist()])
        refuse(columns, np.flatnonzero(~finite))
        return as_table(columns, order)

    def _one_by_one(
        self, places: Floats, accuracy: Floats, finite: NDArray[np.bool_], threads: int
    ) -> pa.Table:
        """Where units of a layer overlap, no array tells their shares."""
        whole = np.flatnonzero(finite)
        rows = _in_threads(lambda n: self._single(_point(places[n], accuracy[n])), whole.tolist(), threads)
        found: list[dict[str, object]] = [{"zj_error": NO_NUMBER}] * len(places)
        for n, row in zip(whole.tolist(), rows, strict=True):
            found[n] = row
        return table_of(found)

    def _decide(self, lonlat: Floats, accuracy: Floats) -> tuple[Divided, Divided, Met]:
        """Jurisdictions on both days, and conflicts, of a chunk of points."""
        limits = self.task.limits
        metres = metres_per_degree(lonlat[:, 1])
        divided = self.units.divide(lonlat, metres, accuracy, limits)
        today = divided
        if self.units_now is not self.units:
            today = self.units_now.divide(lonlat, metres, accuracy, limits)
        met = self.zones.meet(lonlat, metres, accuracy, limits) if self.zones else nothing_met(len(lonlat))
        return divided, today, met

    def _permitted(self, lonlat: Floats) -> NDArray[np.bool_]:
        """Which points lie in a permitted area."""
        found = np.zeros(len(lonlat), dtype=np.bool_)
        permits = self.snapshots[0].permits
        if permits is not None:
            found[permits.index.pairs(lonlat, 1)[0]] = True
        return found

    def footprints(
        self,
        shapes: Sequence[Polygon | MultiPolygon] | NDArray[np.object_],
        accuracy_m: float | Floats = 0.0,
        threads: int = 1,
    ) -> pa.Table:
        """Rows of polygons in CGCS2000 degrees, (n,)."""
        accuracy = np.broadcast_to(np.asarray(accuracy_m, np.float64), len(shapes)).tolist()
        pairs = list(zip(shapes, accuracy, strict=True))
        rows = _in_threads(lambda pair: self._single(_footprint(*pair)), pairs, threads)
        return table_of(rows)

    def _single(self, location: Location) -> dict[str, object]:
        """A row by the single check."""
        then, now = self.snapshots
        facts = facts_in(then, location)
        today = facts if now.key == then.key else facts_in(now, location)
        return row_of(judge_facts(location, self.task.case, (facts, today), self.book, self.task.limits))


def open_screener(engine: Engine, settings: Settings, task: ScreenTask) -> Screener:
    """The screener of a task on what is current now in an engine's database.

    Raises what :class:`Screener` does. Where PostGIS alone answers single checks, the store is read into
    memory all the same: a screening has no other way.
    """
    with open_session(engine) as session:
        memory = memory_of(session)
        cache = memory.cache if memory else SnapshotCache(cache_folder(settings))
        then, now = snapshots_of(session, (task.as_of, task.asked_on), cache)
        book = fetch_book(session, [source for source in then.sources if source.role == "law"])
    return Screener(then, now, book, task)


def _side_by_side(lonlat: Floats) -> NDArray[np.int64]:
    """An order in which points that follow each other are neighbours: the index is read half as slowly."""
    plain = np.clip(np.nan_to_num(lonlat), *DEGREES) if not (np.abs(lonlat) <= DEGREES[1]).all() else lonlat
    return side_by_side(plain, STEPS_PER_DEGREE)


def _point(lonlat: Floats, accuracy_m: np.float64) -> Location:
    lon, lat = map(float, lonlat)
    return Location(lon, lat, float(accuracy_m), None, lon, lat, "cgcs2000", 0.0, None)


def _footprint(shape: Polygon | MultiPolygon, accuracy_m: float) -> Location:
    inside = shape.point_on_surface()
    return Location(
        inside.x, inside.y, accuracy_m, shape, inside.x, inside.y, "cgcs2000", 0.0, area_m2(shape)
    )


def _in_threads(work: Callable[[T], R], parts: Sequence[T], threads: int) -> list[R]:
    if threads <= 1 or len(parts) <= 1:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, parts))
