"""Plans output files: the input's columns, then the verdict's, and geometry with a true reference system.

Geometry is written as it was given if an EPSG code exists for it. GCJ-02 and BD-09 have none: their geometry
is written in CGCS2000 (EPSG:4490), and the original coordinates in the columns ``given_x`` and ``given_y``
(for an area, those of a point on it).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from core.errors import BadInput
from geo.datum import frame, to_cgcs2000_array
from layers.formats.geometry_columns import Floats, GeometryBatch, encode_geometry, has_coordinates, to_shapes
from layers.formats.place_columns import EXTENSION, EXTENSION_METADATA, WGS84, PlaceColumns
from layers.formats.source import SourceBatch
from store.queries import Box
from store.schema import SRID

# As in the input; as WKB; as WKT, but only if it was WKT in the input.
GeometryForm = Literal["native", "wkb", "text"]
GEOMETRY: Final = "geometry"
GIVEN_XY: Final = ("given_x", "given_y")
CODES: Final = {"cgcs2000": SRID, "wgs84": WGS84, "gcj02": SRID, "bd09": SRID}


@dataclass(frozen=True, slots=True)
class Layout:
    """Structure of an output file.

    Attributes:
        schema: all columns.
        geometry: name of the geometry column; None: a table without geometry.
        encoding: of the geometry column, as in ``PlaceColumns``.
        kind: the geometry type, such as "Point", if all rows have the same; else "Unknown".
        epsg: reference system of the geometry.
        extra: GeoParquet's column metadata of the input.
    """

    schema: pa.Schema
    geometry: str | None
    encoding: str
    kind: str
    epsg: int
    extra: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class OutputBatch:
    """Rows to be written, their geometry types, and their bounding box (None if no row has geometry)."""

    table: pa.Table
    kinds: frozenset[str]
    box: Box | None


@dataclass(frozen=True, slots=True)
class OutputPlan:
    """Composes output rows from input rows and verdicts.

    Attributes:
        layout: structure of the output.
        input_columns: columns copied from the input.
        form: how geometry is written.
        datum: of the input.
        converts: geometry is written in CGCS2000, since no EPSG code exists for ``datum``.
        encodes_geometry: the geometry column is encoded again, not copied.
        given_xy: names of the columns for the original coordinates; empty if not needed.
    """

    layout: Layout
    input_columns: tuple[str, ...]
    form: GeometryForm
    datum: str
    converts: bool
    encodes_geometry: bool
    given_xy: tuple[str, ...]

    def compose(self, batch: SourceBatch, true: GeometryBatch, verdict: pa.Table) -> OutputBatch:
        """Output rows of a batch.

        Args:
            batch: rows of the input.
            true: their geometries in CGCS2000 degrees; missing where a row was not judged.
            verdict: the columns of the verdict.
        """
        written = _with_unjudged(true, batch.places, self.datum) if self.converts else batch.places
        columns = {name: pa.chunked_array([batch.table.column(name)]) for name in self.input_columns}
        if self.encodes_geometry and self.layout.geometry is not None:
            is_text = self.form == "text"
            geometry = _to_wkt(written) if is_text else encode_geometry(written.xy, written.shapes)
            columns[self.layout.geometry] = geometry
        for axis, name in enumerate(self.given_xy):
            columns[name] = pa.array(_representative_points(batch.places)[:, axis], from_pandas=True)
        for name in verdict.schema.names:
            columns[name] = verdict.column(name)
        table = pa.Table.from_arrays(
            [columns[name] for name in self.layout.schema.names], schema=self.layout.schema
        )
        return OutputBatch(table, geometry_types(written), bounding_box(written))


def plan_output(
    columns: pa.Schema, places: PlaceColumns, datum: str, verdict: pa.Schema, form: GeometryForm
) -> OutputPlan:
    """Plan the output of an input's rows. Columns left by an earlier screening are replaced.

    Args:
        columns: schema of the input.
        places: its place columns.
        datum: its datum.
        verdict: schema of the verdict's columns.
        form: how geometry is written.
    """
    converts = frame(datum).kind != "plain"
    kept = [field for field in columns if field.name not in verdict.names]
    geometry, encoding, encodes = _output_geometry(places, converts, form)
    if geometry is not None and encodes:
        kind = pa.string() if form == "text" else pa.binary()
        kept = _replaced(kept, pa.field(geometry, kind))
    elif geometry is not None:
        kept = [field.remove_metadata() if field.name == geometry else field for field in kept]
    # Input with loose coordinate columns has the original numbers already: they are copied with the other
    # columns.
    needs_given = converts and geometry is not None and places.geometry is not None
    given = _unused_names(GIVEN_XY, columns.names) if needs_given else ()
    fields = [*kept, *(pa.field(name, pa.float64()) for name in given), *verdict]
    layout = Layout(
        schema=_storage_schema(pa.schema(fields)),
        geometry=geometry,
        encoding=encoding,
        kind=places.kind,
        epsg=CODES.get(datum) or frame(datum).code,
        extra=places.extra,
    )
    return OutputPlan(
        layout=layout,
        input_columns=tuple(field.name for field in kept if not (encodes and field.name == geometry)),
        form=form,
        datum=datum,
        converts=converts,
        encodes_geometry=encodes,
        given_xy=given,
    )


def _with_unjudged(true: GeometryBatch, given: GeometryBatch, datum: str) -> GeometryBatch:
    """``true``, completed by the conversion of rows that were not judged (a line, a wrong accuracy).

    A row whose geometry cannot be converted stays without.
    """
    missing = _has_place(given) & ~_has_place(true)
    if not missing.any():
        return true
    shapes = np.full(len(missing), None, dtype=object) if true.shapes is None else true.shapes.copy()
    for row in np.flatnonzero(missing):
        shape = None if given.shapes is None else given.shapes[row]
        flat = shapely.Point(given.xy[row]) if shape is None else shapely.force_2d(shape)
        with suppress(BadInput):
            shapes[row] = shapely.transform(flat, lambda xy: to_cgcs2000_array(xy, datum))
    return GeometryBatch(true.xy, shapes)


def _has_place(places: GeometryBatch) -> NDArray[np.bool_]:
    drawn = has_coordinates(places.xy)
    return drawn if places.shapes is None else drawn | ~shapely.is_missing(places.shapes)


def _output_geometry(
    places: PlaceColumns, converts: bool, form: GeometryForm
) -> tuple[str | None, str, bool]:
    """Name and encoding of the output's geometry column, and whether it is encoded again."""
    if places.lacks_crs:
        return (None, "", False) if form == "text" else (GEOMETRY, "wkb", True)
    if form == "text":
        return places.geometry, "wkt", True
    if converts or (form == "wkb" and places.encoding != "wkb"):
        return places.geometry, "wkb", True
    return places.geometry, places.encoding, False


def _replaced(fields: list[pa.Field], new: pa.Field) -> list[pa.Field]:
    """The fields with the one of the same name replaced by ``new``, or with ``new`` appended."""
    if any(field.name == new.name for field in fields):
        return [new if field.name == new.name else field for field in fields]
    return [*fields, new]


def _unused_names(names: tuple[str, ...], taken: list[str]) -> tuple[str, ...]:
    """The names, with a prefix where the input has a column of that name."""
    return tuple(next(n for n in (name, f"zj_{name}", f"zj_{name}_") if n not in taken) for name in names)


def _storage_schema(schema: pa.Schema) -> pa.Schema:
    """The schema without the input's metadata, and with extension types replaced by their storage types."""
    fields = [
        field.with_type(field.type.storage_type) if isinstance(field.type, pa.BaseExtensionType) else field
        for field in schema
    ]
    return pa.schema(fields)


def geoarrow_metadata(layout: Layout) -> dict[bytes, bytes]:
    """Field metadata that marks the layout's geometry column as GeoArrow, for Arrow files."""
    crs = f'{{"crs": "EPSG:{layout.epsg}", "crs_type": "authority_code"}}'
    return {EXTENSION: f"geoarrow.{layout.encoding}".encode(), EXTENSION_METADATA: crs.encode()}


def geometry_types(places: GeometryBatch) -> frozenset[str]:
    """The geometry types that occur, by GeoParquet's names."""
    types = set()
    if len(places.xy) and not np.isnan(places.xy[:, 0]).all():
        types.add("Point Z" if places.has_z else "Point")
    if places.shapes is not None:
        shapes = places.shapes[~shapely.is_missing(places.shapes)]
        has_z = shapely.has_z(shapes)
        types |= {shape.geom_type for shape in _one_per_type(shapes[~has_z])}
        types |= {f"{shape.geom_type} Z" for shape in _one_per_type(shapes[has_z])}
    return frozenset(types)


def _one_per_type(shapes: np.ndarray[Any, Any]) -> Any:  # noqa: ANN401 - shapely geometries
    """One shape of each geometry type."""
    return shapes[np.unique(shapely.get_type_id(shapes), return_index=True)[1]]


def bounding_box(places: GeometryBatch) -> Box | None:
    """West, south, east and north of the geometries; None if there are none."""
    corners: list[tuple[float, float]] = []
    x, y = places.xy.T
    if not np.isfinite(places.xy).all():
        points = has_coordinates(places.xy)
        x, y = x[points], y[points]
    if len(x):
        corners += [(x.min(), y.min()), (x.max(), y.max())]
    if places.shapes is not None:
        bounds = shapely.total_bounds(places.shapes).tolist()
        corners += [(bounds[0], bounds[1]), (bounds[2], bounds[3])] if np.isfinite(bounds[0]) else []
    if not corners:
        return None
    (west, south), (east, north) = np.min(corners, axis=0), np.max(corners, axis=0)
    return float(west), float(south), float(east), float(north)


def _representative_points(places: GeometryBatch) -> Floats:
    """A point for each row, shape (n, 2): the point itself, or one on the area; NaN if neither."""
    if places.shapes is None:
        return places.xy
    points = shapely.point_on_surface(places.shapes)
    present = ~shapely.is_missing(points)
    xy = places.xy.copy()
    xy[present] = np.column_stack((shapely.get_x(points[present]), shapely.get_y(points[present])))
    return xy


def _to_wkt(places: GeometryBatch) -> pa.Array:
    """WKT of the geometries, with all digits."""
    shapes = to_shapes(places.xy, places.shapes)
    return pa.array(shapely.to_wkt(shapes, rounding_precision=-1), pa.string())
