"""Conversion of many places to CGCS2000, and the reason for each row that is not a place.

Whole arrays are converted at once. Rows that an array function refuses, or of which it is not certain that
they pass, go through the checks of a single inquiry (``Inquiry.location``), so that both refuse the same
places with the same messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from core.errors import BadInput
from core.i18n import N_, Lang, say
from geo.datum import to_cgcs2000_array
from layers.formats import MULTIPOLYGON, POLYGON, Floats, GeometryBatch, Shapes
from verdict import Inquiry, Limits

RowNumbers = NDArray[np.intp]

CHUNK: Final = 4096  # rows converted at a time
SINGLE_ROWS: Final = 16  # of so few rows with a refused one among them, each is converted by itself
MAX_DEGREE_M: Final = 111_700.0  # no degree on the ellipsoid is longer
SURE_AREA_M2: Final = 1.0  # a hundred times the least area accepted; smaller ones are measured singly
NO_PLACE: Final = N_("The row has no place.")
UNREADABLE: Final = N_("The geometry cannot be read.")
NOT_POINT_OR_AREA: Final = N_("A {kind} is neither a point nor an area.")


@dataclass(frozen=True, slots=True)
class PlaceOptions:
    """How the places of rows are read.

    Attributes:
        datum: of the coordinates, such as ``gcj02`` or ``EPSG:4547``.
        limits: what a place may be, as for single inquiries.
        accuracy_m: accuracy of rows that state none, metres; None: the default of the channel.
        channel: how the places were reported; decides which radius an accuracy is (68 or 95 %).
        lang: language of the errors.
    """

    datum: str
    limits: Limits
    accuracy_m: float | None = None
    channel: str = "api"
    lang: Lang = "zh"

    def default_m(self) -> float:
        """68 % radius, metres, of rows that state no accuracy."""
        return self.limits.radius_m(self.accuracy_m, self.channel)


@dataclass(frozen=True, slots=True)
class PlaceBatch:
    """The places of n rows in CGCS2000 degrees.

    Attributes:
        lonlat: (n, 2), the points; NaN where a row is not a point.
        accuracy_m: (n,), 68 % radius in metres.
        areas: (m,), numbers of the rows that are areas, ascending.
        shapes: (m,), the polygons of these rows.
        errors: row number → why the row cannot be judged.
        assumed: how many rows got the default of the channel, as nothing states their accuracy.
    """

    lonlat: Floats
    accuracy_m: Floats
    areas: RowNumbers = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    shapes: Shapes = field(default_factory=lambda: np.empty(0, dtype=object))
    errors: dict[int, str] = field(default_factory=dict)
    assumed: int = 0

    @property
    def all_points(self) -> bool:
        """Whether every row is a point that can be judged."""
        return not self.errors and not len(self.areas)

    def points(self) -> RowNumbers:
        """The rows that are points and can be judged."""
        return np.flatnonzero(~np.isnan(self.lonlat[:, 0]))


def convert_places(geometries: GeometryBatch, accuracy_m: Floats | None, options: PlaceOptions) -> PlaceBatch:
    """Convert the places of n rows to CGCS2000.

    Args:
        geometries: in the datum of ``options``.
        accuracy_m: (n,), accuracy of each row in metres; NaN, or None for all, where a row states none.
        options: see :class:`PlaceOptions`.
    """
    stated = np.full(len(geometries.xy), np.nan) if accuracy_m is None else accuracy_m.copy()
    if options.accuracy_m is not None:
        stated[np.isnan(stated)] = options.accuracy_m
    converter = _Converter(options, stated, _radii(stated, options))
    lonlat = converter.points(geometries.xy)
    areas, shapes = converter.areas(geometries.shapes)
    _add_missing_errors(converter.errors, geometries, areas, options.lang)
    assumed = np.isnan(stated)
    assumed[list(converter.errors)] = False
    return PlaceBatch(lonlat, converter.radii, areas, shapes, converter.errors, int(assumed.sum()))


def _radii(stated: Floats, options: PlaceOptions) -> Floats:
    """(n,), 68 % radius of each row in metres: of what it states, else the default."""
    return np.where(np.isnan(stated), options.default_m(), stated * options.limits.r68(1.0, options.channel))


def concat_places(parts: Sequence[PlaceBatch]) -> PlaceBatch:
    """The places of consecutive parts as one batch; row numbers become those of the whole."""
    first = np.cumsum([0, *(len(part.lonlat) for part in parts)]).tolist()
    shifted_areas = [part.areas + start for part, start in zip(parts, first, strict=False)]
    return PlaceBatch(
        np.concatenate([part.lonlat for part in parts]),
        np.concatenate([part.accuracy_m for part in parts]),
        np.concatenate(shifted_areas),
        np.concatenate([part.shapes for part in parts]),
        {
            start + row: why
            for part, start in zip(parts, first, strict=False)
            for row, why in part.errors.items()
        },
        sum(part.assumed for part in parts),
    )


@dataclass(slots=True)
class _Converter:
    """Converts the rows of one batch.

    ``stated``: (n,), accuracy as stated, metres, NaN where nothing states one. ``radii``: (n,), 68 % radius.
    """

    options: PlaceOptions
    stated: Floats
    radii: Floats
    errors: dict[int, str] = field(default_factory=dict)

    def points(self, xy: Floats) -> Floats:
        """(n, 2), CGCS2000 degrees of the rows that are points; NaN for the others and for refused ones."""
        lonlat = np.full((len(xy), 2), np.nan)
        usable = self._has_valid_accuracy()
        if not np.isfinite(xy).all():
            usable &= np.isfinite(xy[:, 0]) & np.isfinite(xy[:, 1])
        rows = np.flatnonzero(usable)
        if len(rows) < len(xy):
            has_point = ~(np.isnan(xy[:, 0]) & np.isnan(xy[:, 1]))
            self._convert_singly(xy, np.flatnonzero(has_point & ~usable), lonlat)
        for start in range(0, len(rows), CHUNK):
            span = slice(start, start + CHUNK)
            # Where every row is usable a slice does, which copies nothing.
            if len(rows) < len(xy) or not self._convert_span(xy, span, lonlat):
                self._convert_rows(xy, rows[span], lonlat)
        return lonlat

    def _has_valid_accuracy(self) -> NDArray[np.bool_]:
        """(n,), whether the accuracy of a row surely passes; one at the limit is left to the single check."""
        most = self.options.limits.max_accuracy_m * (1 - 1e-9)
        return np.asarray((self.radii >= 0.0) & (self.radii <= most))

    def _convert_span(self, xy: Floats, span: slice, lonlat: Floats) -> bool:
        """Convert consecutive rows at once; False where one of them is refused."""
        try:
            lonlat[span] = to_cgcs2000_array(xy[span], self.options.datum)
        except BadInput:
            return False
        return True

    def _convert_rows(self, xy: Floats, rows: RowNumbers, lonlat: Floats) -> None:
        """Convert rows at once; where one of them is refused, halve them until it is found."""
        try:
            lonlat[rows] = to_cgcs2000_array(xy[rows], self.options.datum)
        except BadInput:
            if len(rows) <= SINGLE_ROWS:
                self._convert_singly(xy, rows, lonlat)
                return
            middle = len(rows) // 2
            self._convert_rows(xy, rows[:middle], lonlat)
            self._convert_rows(xy, rows[middle:], lonlat)

    def _convert_singly(self, xy: Floats, rows: RowNumbers, lonlat: Floats) -> None:
        for row in rows.tolist():
            x, y = xy[row].tolist()
            try:
                place = replace(self._inquiry(row), x=x, y=y).location(self.options.limits)
                lonlat[row] = place.lon, place.lat
            except BadInput as fault:
                self.errors[row] = fault.detail(self.options.lang)

    def _inquiry(self, row: int) -> Inquiry:
        """The single inquiry for a row, still without its place."""
        stated, options = float(self.stated[row]), self.options
        accuracy = None if np.isnan(stated) else stated
        return Inquiry("", datum=options.datum, accuracy_m=accuracy, channel=options.channel)

    def areas(self, shapes: Shapes | None) -> tuple[RowNumbers, Shapes]:
        """The rows that are areas and can be judged, and their polygons in CGCS2000 degrees."""
        if shapes is None:
            return np.empty(0, dtype=np.intp), np.empty(0, dtype=object)
        kinds = shapely.get_type_id(shapes)
        rows = np.flatnonzero(((kinds == POLYGON) | (kinds == MULTIPOLYGON)) & ~shapely.is_empty(shapes))
        converted = np.full(len(shapes), None, dtype=object)
        for start in range(0, len(rows), CHUNK):
            self._convert_areas(shapes, rows[start : start + CHUNK], converted)
        accepted = rows[~shapely.is_missing(converted[rows])]
        return accepted, converted[accepted]

    def _convert_areas(self, shapes: Shapes, rows: RowNumbers, out: Shapes) -> None:
        """Convert rows at once, as ``_convert_rows`` does for points."""
        originals = shapely.force_2d(shapes[rows])
        try:
            converted = shapely.transform(originals, lambda xy: to_cgcs2000_array(xy, self.options.datum))
        except BadInput:
            if len(rows) > SINGLE_ROWS:
                middle = len(rows) // 2
                self._convert_areas(shapes, rows[:middle], out)
                self._convert_areas(shapes, rows[middle:], out)
                return
            self._convert_areas_singly(shapes, rows, out)
            return
        valid = self._is_surely_valid(originals, converted) & self._has_valid_accuracy()[rows]
        out[rows[valid]] = shapely.orient_polygons(converted[valid])
        self._convert_areas_singly(shapes, rows[~valid], out)

    def _is_surely_valid(self, originals: Shapes, converted: Shapes) -> NDArray[np.bool_]:
        """(n,), whether an area surely passes every check of a single footprint.

        Extent and area are bounds from degrees, without geodesics: an extent that is too large rather than
            too
        small, and an area that is too small rather than too large.
        """
        limits = self.options.limits
        west, south, east, north = shapely.bounds(converted).T
        extent_m = np.maximum(east - west, north - south) * MAX_DEGREE_M
        # 0.98: a degree is up to 1 % shorter than the longest one, along both axes.
        m2_per_degree2 = MAX_DEGREE_M**2 * np.cos(np.radians(np.maximum(np.abs(south), np.abs(north)))) * 0.98
        return np.asarray(
            shapely.is_valid(originals)
            & shapely.is_valid(converted)
            & (shapely.get_num_coordinates(originals) <= limits.max_vertices)
            & (extent_m < limits.max_extent_m)
            & (shapely.area(converted) * m2_per_degree2 > SURE_AREA_M2)
        )

    def _convert_areas_singly(self, shapes: Shapes, rows: RowNumbers, out: Shapes) -> None:
        for row in rows.tolist():
            try:
                inquiry = replace(self._inquiry(row), footprint=mapping(shapes[row]))
                out[row] = inquiry.location(self.options.limits).footprint
            except BadInput as fault:
                self.errors[row] = fault.detail(self.options.lang)


def _add_missing_errors(
    errors: dict[int, str], geometries: GeometryBatch, areas: RowNumbers, lang: Lang
) -> None:
    """Add the reason for each row that is neither a point nor an area, where it has none yet."""
    rest = np.isnan(geometries.xy[:, 0]) & np.isnan(geometries.xy[:, 1])
    rest[areas] = False
    for row in np.flatnonzero(rest).tolist():
        if row not in errors:
            errors[row] = _missing_reason(geometries, row, lang)


def _missing_reason(geometries: GeometryBatch, row: int, lang: Lang) -> str:
    if geometries.broken is not None and geometries.broken[row]:
        return say(lang, UNREADABLE)
    shape: BaseGeometry | None = None if geometries.shapes is None else geometries.shapes[row]
    if shape is None or shape.is_empty:
        return say(lang, NO_PLACE)
    return say(lang, NOT_POINT_OR_AREA, kind=shape.geom_type)
