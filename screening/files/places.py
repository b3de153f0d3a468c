"""Many places as given → CGCS2000, and the reason for each that cannot be judged.

Whole arrays are converted at once. A row of which the array functions are not sure goes through the door that
single inquiries go through (``Inquiry.location``): what is refused there is refused here, in the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from core.errors import BadInput
from core.i18n import N_, Lang, say
from geo.datum.conversion import to_cgcs2000_array
from layers.formats.geometry_columns import MULTIPOLYGON, POLYGON, Floats, GeometryBatch, Shapes
from verdict.inquiry import Inquiry, Limits

Rows = NDArray[np.intp]

CHUNK: Final = 4096
FEW: Final = 16
METRES_A_DEGREE: Final = 111_700.0  # no degree on the ellipsoid is longer
SURE_AREA_M2: Final = 1.0  # a hundred times what is too small; smaller ones are measured singly
NO_PLACE: Final = N_("The row has no place.")
BROKEN: Final = N_("The geometry cannot be read.")
NEITHER: Final = N_("A {kind} is neither a point nor an area.")


@dataclass(frozen=True, slots=True)
class Terms:
    """How rows are taken: their datum, the accuracy where a row says none, limits, channel and language."""

    datum: str
    limits: Limits
    accuracy_m: float = 0.0
    channel: str = "api"
    lang: Lang = "zh"


@dataclass(frozen=True, slots=True)
class Places:
    """n places in CGCS2000 degrees.

    ``lonlat`` (n, 2): the points; NaN where the row is none. ``areas`` (m,): the rows that are areas, rising;
    ``shapes`` (m,): their polygons. ``accuracy_m`` (n,): 68 % radius. ``errors``: why a row cannot be judged.
    """

    lonlat: Floats
    accuracy_m: Floats
    areas: Rows = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    shapes: Shapes = field(default_factory=lambda: np.empty(0, dtype=object))
    errors: dict[int, str] = field(default_factory=dict)

    @property
    def all_points(self) -> bool:
        """Whether every row is a point that can be judged."""
        return not self.errors and not len(self.areas)

    def points(self) -> Rows:
        """The rows that are points and can be judged."""
        return np.flatnonzero(~np.isnan(self.lonlat[:, 0]))


def placed(given: GeometryBatch, accuracy_m: Floats | None, terms: Terms) -> Places:
    """The places of rows. ``accuracy_m`` (n,): each row's own, NaN where it says none."""
    n = len(given.xy)
    stated = np.full(n, terms.accuracy_m) if accuracy_m is None else accuracy_m.copy()
    stated[np.isnan(stated)] = terms.accuracy_m
    work = _Work(terms, stated)
    lonlat = np.full((n, 2), np.nan)
    lonlat = work.points(given.xy, lonlat)
    areas, shapes = work.areas(given.shapes)
    _name_the_rest(work.errors, given, areas, terms.lang)
    radius = stated * terms.limits.r68(1.0, terms.channel)
    return Places(lonlat, radius, areas, shapes, work.errors)


def joined(parts: Sequence[Places]) -> Places:
    """The places of consecutive parts as one."""
    first = np.cumsum([0, *(len(part.lonlat) for part in parts)]).tolist()
    shifted_areas = [part.areas + start for part, start in zip(parts, first, strict=False)]
    return Places(
        np.concatenate([part.lonlat for part in parts]),
        np.concatenate([part.accuracy_m for part in parts]),
        np.concatenate(shifted_areas),
        np.concatenate([part.shapes for part in parts]),
        {
            start + row: why
            for part, start in zip(parts, first, strict=False)
            for row, why in part.errors.items()
        },
    )


@dataclass(slots=True)
class _Work:
    """The rows of one batch on their way."""

    terms: Terms
    stated: Floats
    errors: dict[int, str] = field(default_factory=dict)

    def points(self, xy: Floats, lonlat: Floats) -> Floats:
        plain = self._plausible()
        if not np.isfinite(xy).all():
            plain &= np.isfinite(xy[:, 0]) & np.isfinite(xy[:, 1])
        rows = np.flatnonzero(plain)
        if len(rows) < len(xy):
            there = ~(np.isnan(xy[:, 0]) & np.isnan(xy[:, 1]))
            self._singly(np.flatnonzero(there & ~plain), lonlat, self._point(xy))
        for start in range(0, len(rows), CHUNK):
            span = slice(start, start + CHUNK)
            if len(rows) < len(xy) or not self._convert_span(xy, span, lonlat):
                self._convert(xy, rows[span], lonlat)
        return lonlat

    def _plausible(self) -> NDArray[np.bool_]:
        """Rows whose accuracy is surely taken."""
        limits = self.terms.limits
        radius = self.stated * limits.r68(1.0, self.terms.channel)
        return np.asarray((radius >= 0.0) & (radius <= limits.max_accuracy_m * (1 - 1e-9)))

    def _convert_span(self, xy: Floats, span: slice, lonlat: Floats) -> bool:
        """Rows that follow each other, at once; whether none of them is refused."""
        try:
            lonlat[span] = to_cgcs2000_array(xy[span], self.terms.datum)
        except BadInput:
            return False
        return True

    def _convert(self, xy: Floats, rows: Rows, lonlat: Floats) -> None:
        """Rows at once; where one of them is refused, halves, and few ones singly."""
        try:
            lonlat[rows] = to_cgcs2000_array(xy[rows], self.terms.datum)
        except BadInput:
            if len(rows) <= FEW:
                self._singly(rows, lonlat, self._point(xy))
                return
            middle = len(rows) // 2
            self._convert(xy, rows[:middle], lonlat)
            self._convert(xy, rows[middle:], lonlat)

    def _point(self, xy: Floats) -> Callable[[int], tuple[float, float]]:
        def one(row: int) -> tuple[float, float]:
            x, y = xy[row].tolist()
            place = replace(self._asked(row), x=x, y=y).location(self.terms.limits)
            return place.lon, place.lat

        return one

    def _singly(self, rows: Rows, lonlat: Floats, one: Callable[[int], tuple[float, float]]) -> None:
        for row in rows.tolist():
            try:
                lonlat[row] = one(row)
            except BadInput as fault:
                self.errors[row] = fault.detail(self.terms.lang)

    def _asked(self, row: int) -> Inquiry:
        """The inquiry about a row, without its place."""
        accuracy, terms = float(self.stated[row]), self.terms
        return Inquiry("", datum=terms.datum, accuracy_m=accuracy, channel=terms.channel)

    def areas(self, shapes: Shapes | None) -> tuple[Rows, Shapes]:
        """The rows that are areas, and their polygons in CGCS2000 degrees."""
        if shapes is None:
            return np.empty(0, dtype=np.intp), np.empty(0, dtype=object)
        kinds = shapely.get_type_id(shapes)
        rows = np.flatnonzero(((kinds == POLYGON) | (kinds == MULTIPOLYGON)) & ~shapely.is_empty(shapes))
        found = np.full(len(shapes), None, dtype=object)
        for start in range(0, len(rows), CHUNK):
            self._convert_areas(shapes, rows[start : start + CHUNK], found)
        kept = rows[~shapely.is_missing(found[rows])]
        return kept, found[kept]

    def _convert_areas(self, shapes: Shapes, rows: Rows, found: Shapes) -> None:
        given = shapely.force_2d(shapes[rows])
        try:
            converted = shapely.transform(given, lambda xy: to_cgcs2000_array(xy, self.terms.datum))
        except BadInput:
            if len(rows) > FEW:
                middle = len(rows) // 2
                self._convert_areas(shapes, rows[:middle], found)
                self._convert_areas(shapes, rows[middle:], found)
                return
            self._areas_singly(shapes, rows, found)
            return
        sure = self._sound(given, converted) & self._plausible()[rows]
        found[rows[sure]] = shapely.orient_polygons(converted[sure])
        self._areas_singly(shapes, rows[~sure], found)

    def _sound(self, given: Shapes, converted: Shapes) -> NDArray[np.bool_]:
        """Areas that surely pass every check of a single footprint."""
        limits = self.terms.limits
        west, south, east, north = shapely.bounds(converted).T
        widest = np.maximum(east - west, north - south) * METRES_A_DEGREE
        square = METRES_A_DEGREE**2 * np.cos(np.radians(np.maximum(np.abs(south), np.abs(north)))) * 0.98
        return np.asarray(
            shapely.is_valid(given)
            & shapely.is_valid(converted)
            & (shapely.get_num_coordinates(given) <= limits.max_vertices)
            & (widest < limits.max_extent_m)
            & (shapely.area(converted) * square > SURE_AREA_M2)
        )

    def _areas_singly(self, shapes: Shapes, rows: Rows, found: Shapes) -> None:
        for row in rows.tolist():
            try:
                asked = replace(self._asked(row), footprint=mapping(shapes[row]))
                found[row] = asked.location(self.terms.limits).footprint
            except BadInput as fault:
                self.errors[row] = fault.detail(self.terms.lang)


def _name_the_rest(errors: dict[int, str], given: GeometryBatch, areas: Rows, lang: Lang) -> None:
    """Reasons for the rows that are neither points nor areas."""
    rest = np.isnan(given.xy[:, 0]) & np.isnan(given.xy[:, 1])
    rest[areas] = False
    for row in np.flatnonzero(rest).tolist():
        if row not in errors:
            errors[row] = _reason(given, row, lang)


def _reason(given: GeometryBatch, row: int, lang: Lang) -> str:
    if given.broken is not None and given.broken[row]:
        return say(lang, BROKEN)
    shape: BaseGeometry | None = None if given.shapes is None else given.shapes[row]
    if shape is None or shape.is_empty:
        return say(lang, NO_PLACE)
    return say(lang, NEITHER, kind=shape.geom_type)
