"""Columns of geometry, as they come in a file: read to coordinates and shapes, and points written as WKB.

A column of WKB points is read without building a geometry: all have one size and one header, so that the
bytes are an array of numbers (measured on one core: 150 million points a second, against 2 million by GEOS).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Shapes = NDArray[np.object_]

LITTLE_ENDIAN: Final = 1
POINT, POLYGON, MULTIPOINT, MULTIPOLYGON = 0, 3, 4, 6  # GEOS's numbers
XY: Final = np.dtype([("order", "u1"), ("kind", "<u4"), ("xy", "<f8", 2)])
XYZ: Final = np.dtype([("order", "u1"), ("kind", "<u4"), ("xy", "<f8", 2), ("z", "<f8")])
# Size of a point in bytes → how they are laid out and the type numbers (ISO and extended) that mean it.
LAYOUTS: Final = {XY.itemsize: (XY, (1,)), XYZ.itemsize: (XYZ, (1001, 2001, 0x80000001, 0x40000001))}


@dataclass(frozen=True, slots=True)
class GeometryBatch:
    """Places of n rows in the numbers of the file.

    ``xy`` (n, 2): the points; NaN where the row is none. ``shapes`` (n,): the geometries of the other rows,
    None where there is no place or a point; None altogether where no row has one. ``broken`` (n,): rows whose
    geometry cannot be read; None where there is none. ``has_z``: the points have heights.
    """

    xy: Floats
    shapes: Shapes | None = None
    broken: Bools | None = None
    has_z: bool = False

    def take(self, rows: slice) -> GeometryBatch:
        """The places of some rows."""
        shapes = None if self.shapes is None else self.shapes[rows]
        return GeometryBatch(
            self.xy[rows], shapes, None if self.broken is None else self.broken[rows], self.has_z
        )

    def scatter(self, rows: Bools) -> GeometryBatch:
        """The same places put at the true ones of more rows; the others have none."""
        n = len(rows)
        xy = np.full((n, 2), np.nan)
        xy[rows] = self.xy
        shapes = broken = None
        if self.shapes is not None:
            shapes = np.full(n, None, dtype=object)
            shapes[rows] = self.shapes
        if self.broken is not None:
            broken = np.zeros(n, dtype=np.bool_)
            broken[rows] = self.broken
        return GeometryBatch(xy, shapes, broken, self.has_z)


def decode_geometry(column: pa.Array, encoding: str) -> GeometryBatch:
    """The places of a column: ``wkb``, ``wkt``, or GeoArrow's ``point``, ``polygon``, ``multipolygon``.

    GeoArrow's coordinates may be separated (a struct) or interleaved (lists of fixed size).
    """
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if column.null_count == 0:
        return _decoded(column, encoding)
    rows = column.is_valid().to_numpy(zero_copy_only=False)
    return _decoded(column.drop_null(), encoding).scatter(rows)


def _decoded(column: pa.Array, encoding: str) -> GeometryBatch:
    """``decode`` of a column without nulls."""
    if encoding == "point":
        return GeometryBatch(_coordinates(column))
    if encoding == "polygon":
        return split_points(_polygons(column), None)
    if encoding == "multipolygon":
        return split_points(_multipolygons(column), None)
    if encoding == "wkt":
        texts = column.to_numpy(zero_copy_only=False)
        written = np.array([bool(text.strip()) for text in texts], dtype=np.bool_)
        shapes = shapely.from_wkt(keep_where(written, texts), on_invalid="ignore")
        return split_points(shapes, written & shapely.is_missing(shapes))
    points = _points(column)
    if points is not None:
        return points
    shapes = shapely.from_wkb(column.to_numpy(zero_copy_only=False), on_invalid="ignore")
    return split_points(shapes, shapely.is_missing(shapes))


def _points(column: pa.Array) -> GeometryBatch | None:
    """WKB points of one size and kind; None where they are not."""
    if pa.types.is_binary_view(column.type) or pa.types.is_fixed_size_binary(column.type):
        column = column.cast(pa.large_binary())
    n, width = len(column), np.int64 if pa.types.is_large_binary(column.type) else np.int32
    if n == 0:
        return GeometryBatch(np.empty((0, 2)))
    _, offsets, values = column.buffers()
    starts = np.frombuffer(offsets, width, n + 1, column.offset * np.dtype(width).itemsize)
    layout, kinds = LAYOUTS.get(int(starts[1] - starts[0]), (None, ()))
    if layout is None or not (np.diff(starts) == layout.itemsize).all():
        return None
    rows = np.frombuffer(values, layout, n, int(starts[0]))
    kind = rows["kind"][0]
    if kind not in kinds or not (rows["kind"] == kind).all() or not (rows["order"] == LITTLE_ENDIAN).all():
        return None
    return GeometryBatch(np.ascontiguousarray(rows["xy"]), has_z=layout is XYZ)


def split_points(shapes: Shapes, broken: Bools | None) -> GeometryBatch:
    """Points apart from the rest; a multipoint of one point is that point."""
    kinds = shapely.get_type_id(shapes)
    lone = (kinds == MULTIPOINT) & (shapely.get_num_geometries(shapes) == 1)
    if lone.any():
        shapes = np.where(lone, shapely.get_geometry(shapes, 0), shapes)
        kinds = np.where(lone, POINT, kinds)
    points = (kinds == POINT) & ~shapely.is_empty(shapes)
    xy = np.full((len(shapes), 2), np.nan)
    xy[points, 0], xy[points, 1] = shapely.get_x(shapes[points]), shapely.get_y(shapes[points])
    others = ~points & (kinds >= 0)
    rest = keep_where(others, shapes) if others.any() else None
    found = broken if broken is not None and broken.any() else None
    return GeometryBatch(xy, rest, found, has_z=bool(shapely.has_z(shapes[points]).any()))


def _coordinates(column: pa.Array) -> Floats:
    """The first two ordinates of GeoArrow coordinates without nulls, shape (n, 2)."""
    if pa.types.is_struct(column.type):
        names = [field.name for field in column.type]
        children = column.flatten()
        pair = [children[names.index(name)] for name in ("x", "y")]
        return np.column_stack([child.to_numpy(zero_copy_only=False) for child in pair]).astype(np.float64)
    size = column.type.list_size
    values = column.flatten().to_numpy(zero_copy_only=False).astype(np.float64, copy=False)
    return np.ascontiguousarray(values.reshape(-1, size)[:, :2])


def _polygons(column: pa.Array) -> Shapes:
    rings = column.flatten()
    offsets = (_offsets(rings), _offsets(column))
    shapes: Any = shapely.from_ragged_array(
        shapely.GeometryType.POLYGON, _coordinates(rings.flatten()), offsets
    )
    return np.asarray(shapes, dtype=object)


def _multipolygons(column: pa.Array) -> Shapes:
    parts = column.flatten()
    rings = parts.flatten()
    offsets = (_offsets(rings), _offsets(parts), _offsets(column))
    shapes: Any = shapely.from_ragged_array(
        shapely.GeometryType.MULTIPOLYGON, _coordinates(rings.flatten()), offsets
    )
    return np.asarray(shapes, dtype=object)


def _offsets(lists: pa.Array) -> NDArray[np.int64]:
    """Where each list begins in the flattened values, from 0."""
    offsets = lists.offsets.to_numpy(zero_copy_only=False).astype(np.int64)
    return np.asarray(offsets - offsets[0])


def encode_geometry(xy: Floats, shapes: Shapes | None) -> pa.Array:
    """WKB of points (n, 2), or of the shape where a row has one; null where it has neither."""
    if shapes is None and not np.isnan(xy).any():
        return _encoded_points(xy)
    return pa.array(shapely.to_wkb(to_shapes(xy, shapes), flavor="iso"), pa.binary())


def to_shapes(xy: Floats, shapes: Shapes | None) -> Shapes:
    """The shape of each row, else its point; None where it has neither."""
    found = keep_where(has_coordinates(xy), np.asarray(shapely.points(xy), dtype=object))
    if shapes is not None:
        there = ~shapely.is_missing(shapes)
        found[there] = shapes[there]
    return found


def has_coordinates(xy: Floats) -> Bools:
    """Rows of (n, 2) that are points on a map."""
    return np.asarray(np.isfinite(xy[:, 0]) & np.isfinite(xy[:, 1]))


def keep_where(rows: Bools, shapes: Shapes) -> Shapes:
    """The shapes of these rows, None for the others."""
    found = shapes.copy()
    found[~rows] = None
    return found


def _encoded_points(xy: Floats) -> pa.Array:
    rows = np.empty(len(xy), dtype=XY)
    rows["order"], rows["kind"], rows["xy"] = LITTLE_ENDIAN, 1, xy
    starts = np.arange(0, (len(xy) + 1) * XY.itemsize, XY.itemsize, dtype=np.int32)
    return pa.Array.from_buffers(pa.binary(), len(xy), [None, pa.py_buffer(starts), pa.py_buffer(rows)])
