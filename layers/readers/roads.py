"""Builds road control zones (公路建筑控制区) from the line or the land of a road and its class.

Properties of a feature: code, name, class (a line class of the law's ``road_control`` widths), valid_from,
valid_to, note; ``width_m`` where the zone is wider than the law's minimum. A line needs
``land_half_width_m``: metres from the centre line to the outer edge of the highway land (公路用地), which
surveyors take at least 1 m beyond the ditch. An area is the highway land itself.
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
from geo.datum import CANON, to_cgcs2000_array
from geo.measure import buffer_geodesic
from law import Width, ZoneKind
from layers.readers.feature_table import BadFeature, Feature, iter_features, to_element
from layers.readers.foreign_file import read_features
from layers.readers.units import Rows
from layers.readers.zones import check_zone_kind
from layers.registry.sources import Dataset

KIND: Final = "road_control"
LINES: Final = ("LineString", "MultiLineString")
AREAS: Final = ("Polygon", "MultiPolygon")
MAX_WIDTH_M: Final = 1000.0  # no highway is wider: the number is in another unit


def control_zone(
    line: BaseGeometry,
    line_class: str,
    land_half_width_m: float,
    widths: Iterable[Width],
    width_m: float | None = None,
) -> MultiPolygon:
    """The control zone of a road drawn as its centre line.

    The zone includes the highway land, since a building under an expressway's bridge stands on it. Ends are
    round: a road consists of many lines, and flat ends would leave a gap on the outside of a bend between two
    of them. The price is that the zone extends past the end of the road by half its breadth. Accuracy: see
    ``geo.measure.buffer.buffer_geodesic``.

    Args:
        line: CGCS2000 degrees.
        line_class: class of the road, for the minimum width.
        land_half_width_m: from the centre line to the edge of the highway land, (0, 1000] metres.
        widths: the law's minimum widths.
        width_m: a wider width from the edge of the highway land, (0, 1000] metres; by default the minimum.

    Returns:
        The zone in CGCS2000 degrees.

    Raises:
        BadInput: the class has no width, the width is below the minimum, or a number is out of range; the
            field is the name of the argument.
    """
    land = _in_range("land_half_width_m", land_half_width_m)
    return buffer_geodesic(line, land + zone_width_m(line_class, widths, width_m))


def zone_of_land(
    land: BaseGeometry, line_class: str, widths: Iterable[Width], width_m: float | None = None
) -> MultiPolygon:
    """The control zone of a road drawn as the area of the highway land; otherwise as :func:`control_zone`."""
    return buffer_geodesic(land, zone_width_m(line_class, widths, width_m))


def zone_width_m(line_class: str, widths: Iterable[Width], width_m: float | None = None) -> float:
    """Width in metres from the edge of the highway land: the minimum of the class, or a wider ``width_m``."""
    minimum = {width.line_class: width.metres for width in widths}
    if line_class not in minimum:
        raise BadInput(
            N_("The law has no width for the road class {given}."),
            field="line_class",
            hint=N_("Use one of: {known}."),
            given=line_class,
            known=", ".join(minimum),
        )
    if width_m is None:
        return minimum[line_class]
    if _in_range("width_m", width_m) < minimum[line_class]:
        raise BadInput(
            N_("The width of {given} m is below the legal minimum of {least} m for the class {line_class}."),
            field="width_m",
            hint=N_("Leave it out, or enter a wider one."),
            given=f"{width_m:g}",
            least=f"{minimum[line_class]:g}",
            line_class=line_class,
        )
    return width_m


def _in_range(what: str, metres: float) -> float:
    if not 0.0 < metres <= MAX_WIDTH_M:
        raise BadInput(
            N_("{what} is {value}: it must be more than 0 m and at most {most} m."),
            field=what,
            hint=N_("Enter it in metres."),
            what=what,
            value=metres,
            most=f"{MAX_WIDTH_M:g}",
        )
    return metres


def read_roads(dataset: Dataset, kinds: Mapping[str, ZoneKind]) -> Rows:
    """Rows for the table ``zone``: the control zones of a dataset of roads."""
    rows = road_zones(dataset, read_features(dataset), kinds)
    return [{**row, "geom": to_element(row["geom"])} for row in rows]


def road_zones(
    dataset: Dataset, roads: gpd.GeoDataFrame, kinds: Mapping[str, ZoneKind]
) -> Iterator[dict[str, Any]]:
    """The control zone of each road as a row of ``zone``, with a shapely ``geom``.

    Args:
        dataset: the dataset of the roads.
        roads: its features, in CGCS2000 degrees.
        kinds: the law's kinds of zones.

    Raises:
        BadData: with the number of the first feature that is wrong.
    """
    for feature in iter_features(dataset, roads):
        check_zone_kind(feature, KIND, None, kinds)
        yield _zone(feature, kinds[KIND].widths)


def _zone(feature: Feature, widths: tuple[Width, ...]) -> dict[str, Any]:
    line_class = feature.text("class")
    try:
        area = _area(feature.properties, line_class, widths)
    except BadInput as fault:
        raise BadFeature(feature.dataset, feature.number, fault) from fault
    return {
        "code": feature.text("code"),
        "name": feature.text("name"),
        "kind": KIND,
        "grade": None,
        "level": None,
        "valid": feature.valid_range(),
        "note": feature.optional_text("note"),
        "geom": feature.checked_area(area),
    }


def _area(row: Mapping[str, Any], line_class: str, widths: tuple[Width, ...]) -> MultiPolygon:
    road = _checked_geometry(row["geometry"])
    land, width = _number(row, "land_half_width_m"), _number(row, "width_m")
    if road.geom_type in AREAS and land is None:
        return zone_of_land(road, line_class, widths, width)
    if road.geom_type in LINES and land is not None:
        return control_zone(road, line_class, land, widths, width)
    raise BadInput(
        N_("A road drawn as a line needs land_half_width_m; one drawn as an area must not have it."),
        field="land_half_width_m",
        hint=N_("Enter the metres from the centre line to the outer edge of the highway land."),
    )


def _checked_geometry(geometry: BaseGeometry | None) -> BaseGeometry:
    """The geometry, if it is a valid line or area in degrees, without heights."""
    if geometry is None or geometry.is_empty or geometry.geom_type not in LINES + AREAS:
        raise BadInput(N_("A road must be drawn as a line, or as the area of its land."), field="geometry")
    if not geometry.is_valid:
        reason = shapely.is_valid_reason(geometry)
        raise BadInput(N_("The geometry is not valid: {reason}"), field="geometry", reason=reason)
    to_cgcs2000_array(shapely.get_coordinates(geometry), CANON)  # refuses metres and swapped degrees
    return shapely.force_2d(geometry)


def _number(row: Mapping[str, Any], field: str) -> float | None:
    """A number, or None where the column is missing or empty."""
    value = row.get(field)
    try:
        number = math.nan if value in (None, "") else float(value)
    except (TypeError, ValueError):
        raise BadInput(N_("{what} is not a number: {value}"), field=field, what=field, value=value) from None
    return None if math.isnan(number) else number
