"""The place of a report: a point with its accuracy, or a footprint, in CGCS2000 and as it was given."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import shapely
from shapely import MultiPolygon, Polygon

from core.errors import BadGeometry, BadInput
from core.i18n import N_
from geo.datum.conversion import from_cgcs2000, shift_m, to_cgcs2000, to_cgcs2000_array
from geo.datum.reference_systems import CANON, frame
from geo.measure.geodesic import area_m2
from geo.place import footprint as fp

MAX_ACCURACY_M: Final = 50_000.0
MAX_VERTICES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Location:
    """A place in CGCS2000 degrees, and as it was given.

    ``lon``, ``lat``: the point, or a point inside the footprint. ``accuracy_m``: radius of the circle that
    contains the true position with 68 % probability, metres. ``footprint``: CGCS2000 degrees, outer rings
    counter-clockwise. ``given_x``, ``given_y``: the point in ``datum``. ``shift_m``: see
    :func:`geo.datum.conversion.shift_m`. ``area_m2``: ellipsoidal area of the footprint. ``assumed_from``:
    the channel whose default ``accuracy_m`` is; None where an accuracy was stated. ``fits``: the datum of
    another zone in which a place outside all units would be in one; see ``verdict.judgement``.
    """

    lon: float
    lat: float
    accuracy_m: float
    footprint: Polygon | MultiPolygon | None
    given_x: float
    given_y: float
    datum: str
    shift_m: float
    area_m2: float | None
    assumed_from: str | None = None
    fits: str | None = None

    @classmethod
    def from_point(
        cls,
        x: float,
        y: float,
        datum: str = CANON,
        accuracy_m: float = 0.0,
        *,
        max_accuracy_m: float = MAX_ACCURACY_M,
    ) -> Location:
        """A location from a point in ``datum``, x (longitude, easting) first.

        Raises DatumRefused or BadInput, fields ``datum``, ``lon``, ``lat``, ``accuracy_m``.
        """
        accuracy_m = _checked_accuracy(accuracy_m, max_accuracy_m)
        lon, lat = to_cgcs2000(x, y, datum)
        shift = shift_m(x, y, datum)
        return cls(lon, lat, accuracy_m, None, float(x), float(y), frame(datum).name, shift, None)

    @classmethod
    def from_footprint(
        cls,
        geojson: Mapping[str, object],
        datum: str = CANON,
        *,
        max_vertices: int = MAX_VERTICES,
        accuracy_m: float = 0.0,
        max_accuracy_m: float = MAX_ACCURACY_M,
    ) -> Location:
        """A location from a GeoJSON polygon with vertices in ``datum``; its point is one inside the polygon.

        Raises BadGeometry or TooLarge (field ``footprint``), DatumRefused, BadInput.
        """
        accuracy_m = _checked_accuracy(accuracy_m, max_accuracy_m)
        name = frame(datum).name
        fp.check_crs(geojson, datum)
        shape = _converted(fp.parse_rings(geojson, max_vertices), datum)
        inside = shapely.point_on_surface(shape)
        x, y = from_cgcs2000(inside.x, inside.y, datum)
        shift = shift_m(x, y, datum)
        return cls(inside.x, inside.y, accuracy_m, shape, x, y, name, shift, area_m2(shape))

    def as_dict(self) -> dict[str, object]:
        """The verdict's ``location`` member: degrees to 8 decimals (1 mm), metres and m² to 2.

        Metres of a projected ``given`` keep 3 decimals, as surveys state them.
        """
        digits = 3 if frame(self.datum).unproject else 8
        given = {"x": round(self.given_x, digits), "y": round(self.given_y, digits), "datum": self.datum}
        return {
            "lon": round(self.lon, 8),
            "lat": round(self.lat, 8),
            "datum": CANON,
            "accuracy_m": round(self.accuracy_m, 2),
            "accuracy_given": self.assumed_from is None,
            "assumed_from": self.assumed_from,
            "given": given,
            "fits": self.fits,
            "shift_m": round(self.shift_m, 2),
            "area_m2": None if self.area_m2 is None else round(self.area_m2, 2),
        }


def _checked_accuracy(accuracy_m: float, most: float) -> float:
    if not math.isfinite(accuracy_m) or not 0.0 <= accuracy_m <= most:
        raise BadInput(
            N_("The accuracy of {value} m is not between 0 and {most} m."),
            field="accuracy_m",
            hint=N_("Give the accuracy in metres, as the device reports it."),
            value=f"{accuracy_m:g}",
            most=f"{most:g}",
        )
    return float(accuracy_m)


def _converted(rings: fp.Rings, datum: str) -> fp.Shape:
    """The footprint in CGCS2000 degrees, validated. Errors of single vertices get the field ``footprint``."""
    try:
        converted = [[to_cgcs2000_array(ring, datum) for ring in polygon] for polygon in rings]
    except BadInput as error:
        if error.field not in ("lon", "lat"):
            raise
        raise BadGeometry(error.message, field=fp.FIELD, hint=error.hint, **error.values) from None
    shape = fp.build_shape(converted)
    fp.check_shape(shape, fp.build_shape(rings))
    return shape
