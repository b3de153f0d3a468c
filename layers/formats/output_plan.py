"""How rows go out: the input's columns, the verdict's behind them, and a geometry whose system is true.

Geometry stays as it was given where a reference system names its numbers. GCJ-02 and BD-09 have none: there
the geometry is written in CGCS2000 (EPSG:4490) and the numbers given stand beside it, in ``given_x`` and
``given_y`` (of an area those of a point on it).
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
from geo.datum.conversion import to_cgcs2000_array
from geo.datum.reference_systems import frame
from layers.formats.geometry_columns import Floats, GeometryBatch, encode_geometry, has_coordinates, to_shapes
from layers.formats.place_columns import EXTENSION, EXTENSION_METADATA, WGS84, PlaceColumns
from layers.formats.source import SourceBatch
from store.queries.features import Box
from store.schema.datasets import SRID

GeometryForm = Literal[
    "native", "wkb", "text"
]  # geometry as it came; as WKB; as WKT, and only where it came so
GEOMETRY: Final = "geometry"
GIVEN_XY: Final = ("given_x", "given_y")
CODES: Final = {"cgcs2000": SRID, "wgs84": WGS84, "gcj02": SRID, "bd09": SRID}


@dataclass(frozen=True, slots=True)
class Layout:
    """What a file holds: its columns, the one of geometry, how that is encoded, and its reference system.

    ``geometry`` None: a table without any. ``kind``: the one kind of geometry, or Unknown. ``extra``: what
    GeoParquet's metadata said of the input's columns.
    """

    schema: pa.Schema
    geometry: str | None
    encoding: str
    kind: str
    epsg: int
    extra: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class OutputBatch:
    """Rows to be written; the kinds of their geometries and their box (None where no row has one)."""

    table: pa.Table
    kinds: frozenset[str]
    box: Box | None


@dataclass(frozen=True, slots=True)
class OutputPlan:
    """Puts rows together. ``given``: names of the columns for the numbers given, where they are needed."""

    layout: Layout
    kept: tuple[str, ...]
    form: GeometryForm
    datum: str
    shifted: bool
    remade: bool
    given: tuple[str, ...]

    def compose(self, batch: SourceBatch, true: GeometryBatch, verdict: pa.Table) -> OutputBatch:
        """The outgoing rows of a batch. ``true``: its places in CGCS2000 degrees, where they are judged."""
        shown = _with_unjudged(true, batch.places, self.datum) if self.shifted else batch.places
        columns = {name: pa.chunked_array([batch.table.column(name)]) for name in self.kept}
        if self.remade and self.layout.geometry is not None:
            columns[self.layout.geometry] = self._geometry(shown)
        for axis, name in enumerate(self.given):
            columns[name] = pa.array(_representative_points(batch.places)[:, axis], from_pandas=True)
        for name in verdict.schema.names:
            columns[name] = verdict.column(name)
        table = pa.Table.from_arrays(
            [columns[name] for name in self.layout.schema.names], schema=self.layout.schema
        )
        return OutputBatch(table, geometry_types(shown), bounding_box(shown))

    def _geometry(self, shown: GeometryBatch) -> pa.Array:
        if self.form == "text":
            return _to_wkt(shown)
        return encode_geometry(shown.xy, shown.shapes)


def plan_output(
    columns: pa.Schema, places: PlaceColumns, datum: str, verdict: pa.Schema, form: GeometryForm
) -> OutputPlan:
    """How the rows of an input go out. Columns of an earlier screening are replaced by the new ones."""
    shifted = frame(datum).kind != "plain"
    kept = [field for field in columns if field.name not in verdict.names]
    geometry, encoding, remade = _output_geometry(places, shifted, form)
    if geometry is not None and remade:
        kind = pa.string() if form == "text" else pa.binary()
        kept = _replaced(kept, pa.field(geometry, kind))
    elif geometry is not None:
        kept = [field.remove_metadata() if field.name == geometry else field for field in kept]
    wanted = shifted and geometry is not None and places.geometry is not None
    given = _unused_names(GIVEN_XY, columns.names) if wanted else ()
    fields = [*kept, *(pa.field(name, pa.float64()) for name in given), *verdict]
    layout = Layout(
        schema=_storage_schema(pa.schema(fields), geometry, encoding),
        geometry=geometry,
        encoding=encoding,
        kind=places.kind,
        epsg=CODES.get(datum) or frame(datum).code,
        extra=places.extra,
    )
    return OutputPlan(
        layout=layout,
        kept=tuple(field.name for field in kept if not (remade and field.name == geometry)),
        form=form,
        datum=datum,
        shifted=shifted,
        remade=remade,
        given=given,
    )


def _with_unjudged(true: GeometryBatch, given: GeometryBatch, datum: str) -> GeometryBatch:
    """The true places, and of rows that cannot be judged (a line, a wrong accuracy) what can be converted."""
    left = _has_place(given) & ~_has_place(true)
    if not left.any():
        return true
    found = np.full(len(left), None, dtype=object) if true.shapes is None else true.shapes.copy()
    for row in np.flatnonzero(left):
        shape = None if given.shapes is None else given.shapes[row]
        flat = shapely.Point(given.xy[row]) if shape is None else shapely.force_2d(shape)
        with suppress(BadInput):
            found[row] = shapely.transform(flat, lambda xy: to_cgcs2000_array(xy, datum))
    return GeometryBatch(true.xy, found)


def _has_place(places: GeometryBatch) -> NDArray[np.bool_]:
    drawn = has_coordinates(places.xy)
    return drawn if places.shapes is None else drawn | ~shapely.is_missing(places.shapes)


def _output_geometry(places: PlaceColumns, shifted: bool, form: GeometryForm) -> tuple[str | None, str, bool]:
    """The column of geometry that goes out, its encoding, and whether it is made anew."""
    if places.lacks_crs:
        return (None, "", False) if form == "text" else (GEOMETRY, "wkb", True)
    if form == "text":
        return places.geometry, "wkt", True
    if shifted or (form == "wkb" and places.encoding != "wkb"):
        return places.geometry, "wkb", True
    return places.geometry, places.encoding, False


def _replaced(fields: list[pa.Field], new: pa.Field) -> list[pa.Field]:
    """The fields with a new one in place of that of its name, or behind them."""
    if any(field.name == new.name for field in fields):
        return [new if field.name == new.name else field for field in fields]
    return [*fields, new]


def _unused_names(names: tuple[str, ...], taken: list[str]) -> tuple[str, ...]:
    """Names that no column has yet."""
    return tuple(next(n for n in (name, f"zj_{name}", f"zj_{name}_") if n not in taken) for name in names)


def _storage_schema(schema: pa.Schema, geometry: str | None, encoding: str) -> pa.Schema:
    """The schema without what it said of its old file; extension types are written as their storage."""
    fields = [
        field.with_type(field.type.storage_type) if isinstance(field.type, pa.BaseExtensionType) else field
        for field in schema
    ]
    return pa.schema(fields)


def geoarrow_metadata(layout: Layout) -> dict[bytes, bytes]:
    """GeoArrow's marks of the layout's column of geometry, for Arrow files."""
    system = f'{{"crs": "EPSG:{layout.epsg}", "crs_type": "authority_code"}}'
    return {EXTENSION: f"geoarrow.{layout.encoding}".encode(), EXTENSION_METADATA: system.encode()}


def geometry_types(places: GeometryBatch) -> frozenset[str]:
    """The kinds of the geometries, in GeoParquet's names."""
    kinds = set()
    if len(places.xy) and not np.isnan(places.xy[:, 0]).all():
        kinds.add("Point Z" if places.has_z else "Point")
    if places.shapes is not None:
        there = places.shapes[~shapely.is_missing(places.shapes)]
        tall = shapely.has_z(there)
        kinds |= {shape.geom_type for shape in _one_per_type(there[~tall])}
        kinds |= {f"{shape.geom_type} Z" for shape in _one_per_type(there[tall])}
    return frozenset(kinds)


def _one_per_type(shapes: np.ndarray[Any, Any]) -> Any:  # noqa: ANN401 - shapely geometries
    """One shape of each kind."""
    return shapes[np.unique(shapely.get_type_id(shapes), return_index=True)[1]]


def bounding_box(places: GeometryBatch) -> Box | None:
    """West, south, east, north of the geometries; None where there is none."""
    corners: list[tuple[float, float]] = []
    x, y = places.xy.T
    if not np.isfinite(places.xy).all():
        there = has_coordinates(places.xy)
        x, y = x[there], y[there]
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
    """One point a row in the numbers given: the point itself, or one on the area; NaN where neither."""
    if places.shapes is None:
        return places.xy
    on = shapely.point_on_surface(places.shapes)
    there = ~shapely.is_missing(on)
    xy = places.xy.copy()
    xy[there] = np.column_stack((shapely.get_x(on[there]), shapely.get_y(on[there])))
    return xy


def _to_wkt(places: GeometryBatch) -> pa.Array:
    """WKT of the places, to the last digit."""
    found = to_shapes(places.xy, places.shapes)
    return pa.array(shapely.to_wkt(found, rounding_precision=-1), pa.string())
