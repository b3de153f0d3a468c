"""Road control zones (公路建筑控制区): from a road's line, or the area of its land, and its class.

Properties of a feature: code, name, class (a line class of the law's ``road_control`` widths), valid_from,
valid_to, note; ``width_m`` where a wider zone than the law's least has been drawn. A line needs
``land_half_width_m``: metres from the centre line to the outer edge of the highway land (公路用地). That edge
lies at least 1 m beyond the ditch, which is for the surveyor to see to. An area is the highway land itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import geopandas as gpd
import shapely
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from core.errors import BadInput
from core.i18n import N_
from geo.datum.conversion import CANON, to_cgcs2000_array
from geo.measure.buffer import buffer_geodesic
from law.kinds import Width, ZoneKind
from layers.readers.feature_table import (
    BadFeature,
    need_text,
    optional_text,
    read_features,
    rows_of,
    sound_area,
    stored,
    valid_range,
)
from layers.readers.units import Rows
from layers.readers.zones import check_zone_kind
from layers.registry.sources import Dataset

KIND: Final = "road_control"
LINES: Final = ("LineString", "MultiLineString")
AREAS: Final = ("Polygon", "MultiPolygon")
MOST_M: Final = 1000.0  # no highway is as wide: such a number is in another unit


def control_zone(
    line: BaseGeometry,
    line_class: str,
    land_half_width_m: float,
    widths: Iterable[Width],
    width_m: float | None = None,
) -> MultiPolygon:
    """The control zone of a road drawn as its centre line; CGCS2000 degrees in and out, widths in metres.

    The width of the class, or a wider ``width_m``, counts from the edge of the highway land. The highway land
    is part of the zone: a shop under an expressway's bridge stands on it. Ends are round, because a road
    comes in many lines, and a flat end would leave a wedge open outside the bend where two of them meet; the
    price is that the zone reaches past the last metre of a road, too, by half its breadth.
    Accuracy: ``geo.measure.buffer.buffer_geodesic``.

    Raises BadInput (field: the argument) for a class without a width, a width under the law's, and a number
    out of range.
    """
    land = _in_range("land_half_width_m", land_half_width_m)
    return buffer_geodesic(line, land + zone_width_m(line_class, widths, width_m))


def zone_of_land(
    land: BaseGeometry, line_class: str, widths: Iterable[Width], width_m: float | None = None
) -> MultiPolygon:
    """The control zone round an area that is the highway land itself; otherwise as :func:`control_zone`."""
    return buffer_geodesic(land, zone_width_m(line_class, widths, width_m))


def zone_width_m(line_class: str, widths: Iterable[Width], width_m: float | None = None) -> float:
    """Metres from the edge of the highway land: the law's least for the class, or the wider local width."""
    least = {width.line_class: width.metres for width in widths}
    if line_class not in least:
        raise BadInput(
            N_("The road class {given} has no width in the law."),
            field="line_class",
            hint=N_("Use one of: {known}."),
            given=line_class,
            known=", ".join(least),
        )
    if width_m is None:
        return least[line_class]
    if _in_range("width_m", width_m) < least[line_class]:
        raise BadInput(
            N_(
                "The width of {given} m is narrower than the {least} m of the law for the class {line_class}."
            ),
            field="width_m",
            hint=N_("Leave it out, or give a wider one."),
            given=f"{width_m:g}",
            least=f"{least[line_class]:g}",
            line_class=line_class,
        )
    return width_m


def _in_range(what: str, metres: float) -> float:
    if not 0.0 < metres <= MOST_M:
        raise BadInput(
            N_("{what} is {value}: it must be over 0 m and at most {most} m."),
            field=what,
            hint=N_("Give it in metres."),
            what=what,
            value=metres,
            most=f"{MOST_M:g}",
        )
    return metres


def read_roads(dataset: Dataset, kinds: Mapping[str, ZoneKind]) -> Rows:
    """Rows for ``zone``: the control zones of a dataset of roads."""
    rows = road_zones(dataset, read_features(dataset), kinds)
    return [{**row, "geom": stored(row["geom"])} for row in rows]


def road_zones(
    dataset: Dataset, roads: gpd.GeoDataFrame, kinds: Mapping[str, ZoneKind]
) -> Iterator[dict[str, Any]]:
    """The control zone of each road, with a shapely ``geom``; ``roads`` in CGCS2000 degrees.

    Raises :class:`BadData` with the number of the first feature that is wrong.
    """
    for number, row in rows_of(dataset, roads):
        check_zone_kind(dataset, number, KIND, None, kinds)
        yield _zone(dataset, number, row, kinds[KIND].widths)


def _zone(dataset: Dataset, number: int, row: dict[str, Any], widths: tuple[Width, ...]) -> dict[str, Any]:
    line_class = need_text(dataset, number, row, "class")
    try:
        area = _area(row, line_class, widths)
    except BadInput as fault:
        raise BadFeature(dataset, number, fault) from fault
    return {
        "code": need_text(dataset, number, row, "code"),
        "name": need_text(dataset, number, row, "name"),
        "kind": KIND,
        "grade": None,
        "level": None,
        "valid": valid_range(dataset, number, row),
        "note": optional_text(row, "note"),
        "geom": sound_area(dataset, number, area),
    }


def _area(row: dict[str, Any], line_class: str, widths: tuple[Width, ...]) -> MultiPolygon:
    road = _drawn(row["geometry"])
    land, width = _number(row, "land_half_width_m"), _number(row, "width_m")
    if road.geom_type in AREAS and land is None:
        return zone_of_land(road, line_class, widths, width)
    if road.geom_type in LINES and land is not None:
        return control_zone(road, line_class, land, widths, width)
    raise BadInput(
        N_("A road's line needs land_half_width_m; the area of its land must not have it."),
        field="land_half_width_m",
        hint=N_("Give the metres from the centre line to the outer edge of the highway land."),
    )


def _drawn(geometry: BaseGeometry | None) -> BaseGeometry:
    """A flat, sound line or area in degrees."""
    if geometry is None or geometry.is_empty or geometry.geom_type not in LINES + AREAS:
        raise BadInput(N_("A road must be drawn as a line, or as the area of its land."), field="geometry")
    if not geometry.is_valid:
        reason = shapely.is_valid_reason(geometry)
        raise BadInput(N_("The geometry is not valid: {reason}"), field="geometry", reason=reason)
    to_cgcs2000_array(shapely.get_coordinates(geometry), CANON)  # refuses metres and swapped degrees
    return shapely.force_2d(geometry)


def _number(row: dict[str, Any], field: str) -> float | None:
    """A number, or None where the column is missing or empty."""
    value = row.get(field)
    try:
        number = math.nan if value in (None, "") else float(value)
    except (TypeError, ValueError):
        raise BadInput(N_("{what} is no number: {value}"), field=field, what=field, value=value) from None
    return None if math.isnan(number) else number
