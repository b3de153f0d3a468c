"""Verdicts on many places at once, as columns: the decisions of ``verdict.judge`` for arrays.

Compiled loops over the cell index divide points among units and find their conflicts with zones; the law is
looked up once per kind and grade of zone. Points that the loops cannot decide (exactly on a border, in the
area of a permit, where layers of one level compete) go through the single check ``verdict.judge``, and so do
all footprints. Both ways fill the same columns with the same values.
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
from facts import Snapshot, memory_of
from facts.memory import SnapshotCache, cache_folder, facts_in, snapshots_of
from geo import Location
from geo.measure import area_m2
from law import LawBook
from layers.lawbook import fetch_book
from screening.columns.encoded import as_table
from screening.columns.join import concat_parts
from screening.columns.rows import NOT_A_PLACE, ColumnBuilder, mark_invalid, replace_rows
from screening.decide.law_table import LawTable
from screening.decide.unit_table import Division, UnitTable, metres_per_degree
from screening.decide.zone_table import Conflicts, ZoneTable, no_conflicts
from screening.kernel import spatial_order, take_points
from screening.schema import VERDICT_SCHEMA, verdict_row, verdict_table
from store import open_session
from verdict import DEFAULT, Case, Thresholds, checked_book, judge_facts

Floats = NDArray[np.float64]
T = TypeVar("T")
R = TypeVar("R")
CHUNK: Final = 8_192  # points that a thread takes at a time: their arrays fit into its cache
STEPS_PER_DEGREE: Final = 16.0  # cells of some 6 km: fine enough to sort by, few enough to count
DEGREES: Final = (-180.0, 180.0)


@dataclass(frozen=True, slots=True)
class ScreenTask:
    """What to judge: a category on the day of the act, as seen on the day of the answer."""

    category: str
    as_of: dt.date
    asked_on: dt.date
    limits: Thresholds = DEFAULT

    @property
    def case(self) -> Case:
        """The case that ``verdict.judge`` takes."""
        return Case(self.category, self.as_of, self.asked_on, asks=False)


class Screener:
    """Judges many places for one category, day of the act and day of the answer. Threads may share it."""

    def __init__(self, then: Snapshot, now: Snapshot, book: LawBook, task: ScreenTask) -> None:
        """Build the tables of a task.

        Args:
            then: the store on the day of the act.
            now: the store on the day of the answer, whose units are competent.
            book: the law.
            task: what to judge.

        Raises:
            BadInput: for an unknown category, or a day that no boundaries cover.
        """
        checked_book(then.sources, task.as_of, task.category, lambda: book)
        self.snapshots = (then, now)
        self.book = book
        self.task = task
        zones = () if then.zones is None else tuple((row.kind, row.grade) for row in then.zones.rows)
        self.law = LawTable(book, task.case, then.sources, zones)
        self.units = UnitTable(then)
        self.units_now = self.units if now.key == then.key else UnitTable(now)
        self.zones = None if then.zones is None else ZoneTable(then.zones, self.law)
        self.builder = ColumnBuilder(then, self.units, self.units_now, self.law)

    @property
    def key(self) -> str:
        """Identifies store and task: screeners with equal keys return equal rows."""
        return "|".join((self.snapshots[0].key, self.snapshots[1].key, repr(self.task)))

    def points(self, lonlat: Floats, accuracy_m: float | Floats = 0.0, threads: int = 1) -> pa.Table:
        """Judge points.

        Args:
            lonlat: (n, 2), CGCS2000 degrees.
            accuracy_m: 68 % radius in metres, of all points or (n,).
            threads: threads to use.

        Returns:
            A table of ``VERDICT_SCHEMA``, a row for each point in their order. Where a coordinate or the
            accuracy is not finite, or the accuracy negative, only ``zj_error`` is set.
        """
        points = np.ascontiguousarray(lonlat, dtype=np.float64)
        if not len(points):
            return VERDICT_SCHEMA.empty_table()
        order = _neighbour_order(points)
        places = take_points(points, order)
        accuracy = np.full(len(places), accuracy_m, dtype=np.float64)
        accuracy = accuracy if np.ndim(accuracy_m) == 0 else accuracy[order]
        valid = np.isfinite(places).all(axis=1) & np.isfinite(accuracy) & (accuracy >= 0)
        if not valid.all():
            # The loops take finite numbers only: these rows are computed at 0°, 0° and overwritten below.
            places[~valid], accuracy[~valid] = 0.0, 0.0
        if not (self.units.complete and self.units_now.complete):
            return self._judge_singly(places, accuracy, valid, threads).take(np.argsort(order))
        spans = [slice(first, first + CHUNK) for first in range(0, len(places), CHUNK)]
        parts = _map_in_threads(lambda span: self._decide(places[span], accuracy[span]), spans, threads)
        division = concat_parts([part[0] for part in parts])
        today = concat_parts([part[1] for part in parts])
        conflicts = concat_parts([part[2] for part in parts])
        columns = self.builder.columns(places, division, today, conflicts)
        plain = division.plain & today.plain & conflicts.plain & ~self._in_permit(places)
        hard = np.flatnonzero(valid & ~plain)
        replace_rows(columns, hard, [self._row(_at_point(places[n], accuracy[n])) for n in hard.tolist()])
        mark_invalid(columns, np.flatnonzero(~valid))
        return as_table(columns, order)

    def _judge_singly(
        self, places: Floats, accuracy: Floats, valid: NDArray[np.bool_], threads: int
    ) -> pa.Table:
        """Rows of points by the single check, where units of a layer overlap and loops cannot divide."""
        numbers = np.flatnonzero(valid).tolist()
        judged = _map_in_threads(lambda n: self._row(_at_point(places[n], accuracy[n])), numbers, threads)
        rows: list[dict[str, object]] = [{"zj_error": NOT_A_PLACE}] * len(places)
        for n, row in zip(numbers, judged, strict=True):
            rows[n] = row
        return verdict_table(rows)

    def _decide(self, lonlat: Floats, accuracy: Floats) -> tuple[Division, Division, Conflicts]:
        """Jurisdictions of a chunk of points on both days, and conflicts on the day of the act.

        Both jurisdictions are one object where the units are those of one snapshot.
        """
        limits = self.task.limits
        metres = metres_per_degree(lonlat[:, 1])
        division = self.units.divide(lonlat, metres, accuracy, limits)
        today = division
        if self.units_now is not self.units:
            today = self.units_now.divide(lonlat, metres, accuracy, limits)
        if self.zones is None:
            return division, today, no_conflicts(len(lonlat))
        return division, today, self.zones.conflicts(lonlat, metres, accuracy, limits)

    def _in_permit(self, lonlat: Floats) -> NDArray[np.bool_]:
        """(n,), whether each point lies in the area of a permit."""
        inside = np.zeros(len(lonlat), dtype=np.bool_)
        permits = self.snapshots[0].permits
        if permits is not None:
            inside[permits.index.pairs(lonlat, 1)[0]] = True
        return inside

    def footprints(
        self,
        shapes: Sequence[Polygon | MultiPolygon] | NDArray[np.object_],
        accuracy_m: float | Floats = 0.0,
        threads: int = 1,
    ) -> pa.Table:
        """Judge polygons, (n,), in CGCS2000 degrees, by the single check; see :meth:`points`."""
        accuracy = np.broadcast_to(np.asarray(accuracy_m, np.float64), len(shapes)).tolist()
        pairs = list(zip(shapes, accuracy, strict=True))
        rows = _map_in_threads(lambda pair: self._row(_at_footprint(*pair)), pairs, threads)
        return verdict_table(rows)

    def _row(self, location: Location) -> dict[str, object]:
        """The row of a place by the single check."""
        then, now = self.snapshots
        facts = facts_in(then, location)
        today = facts if now.key == then.key else facts_in(now, location)
        return verdict_row(judge_facts(location, self.task.case, (facts, today), self.book, self.task.limits))


def open_screener(engine: Engine, settings: Settings, task: ScreenTask) -> Screener:
    """A screener on the datasets that are current in an engine's database.

    The store is read into memory even where the settings let PostGIS alone answer single checks: the loops
    need the index. Raises what :class:`Screener` raises.
    """
    with open_session(engine) as session:
        memory = memory_of(session)
        cache = memory.cache if memory else SnapshotCache(cache_folder(settings))
        then, now = snapshots_of(session, (task.as_of, task.asked_on), cache)
        book = fetch_book(session, [source for source in then.sources if source.role == "law"])
    return Screener(then, now, book, task)


def _neighbour_order(lonlat: Floats) -> NDArray[np.int64]:
    """An order in which consecutive points are neighbours.

    Then consecutive look-ups touch the same part of the index, which halves their time.
    """
    if not (np.abs(lonlat) <= DEGREES[1]).all():  # the sort needs finite cells; NaN compares false
        lonlat = np.clip(np.nan_to_num(lonlat), *DEGREES)
    return spatial_order(lonlat, STEPS_PER_DEGREE)


def _at_point(lonlat: Floats, accuracy_m: np.float64) -> Location:
    lon, lat = map(float, lonlat)
    return Location(lon, lat, float(accuracy_m), None, lon, lat, "cgcs2000", 0.0, None)


def _at_footprint(shape: Polygon | MultiPolygon, accuracy_m: float) -> Location:
    inside = shape.point_on_surface()
    return Location(
        inside.x, inside.y, accuracy_m, shape, inside.x, inside.y, "cgcs2000", 0.0, area_m2(shape)
    )


def _map_in_threads(work: Callable[[T], R], parts: Sequence[T], threads: int) -> list[R]:
    """``work`` of each part, in the order of the parts. Compiled loops release the interpreter's lock."""
    if threads <= 1 or len(parts) <= 1:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, parts))
