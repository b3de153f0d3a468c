"""How much of each footprint each of many areas covers, from the cell index; no area is cut by GEOS."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
import shapely
from numba import get_num_threads
from numpy.typing import NDArray

from geo.index.cell_index import OverlapIndex
from geo.index.kernel.overlap.area import overlaps_of

Shapes = NDArray[np.object_]
Found = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]
Rings = tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]
CHUNK: Final = 4096  # footprints a task


def overlap_areas(
    index: OverlapIndex, geoms: Sequence[Any] | Shapes, footprints: Shapes, threads: int = 0
) -> Found:
    """Every (footprint, area) with an overlap, and its planar area in square degrees, each shape (k,).

    ``footprints``: valid Polygons and MultiPolygons, shape (m,), in the degrees of the index; None and empty
    ones have no overlaps. ``geoms``: the areas that the index was built of, not read, only counted.
    ``threads``: 1 keeps to the calling thread, 0 takes all cores. Footprints ascend, then areas.

    Borders or corners in common are no overlap, nor is what lies between two borders nearer to each other
    than the spacing of coordinates (1.4e-14° in China, two millionths of a millimetre): an overlap less
    than that spacing times the length of the area's border within the footprint's box is not told, and one
    that falls short of the footprint's area by no more is the footprint's area, as ``shapely.area`` has it.
    """
    if len(geoms) != index.areas:
        raise ValueError(f"the index is of {index.areas} areas, not of {len(geoms)}")
    footprints = np.asarray(footprints, dtype=object)
    starts = range(0, len(footprints), CHUNK)
    workers = min(len(starts), threads or get_num_threads())
    if workers <= 1:
        parts = [_overlaps(index, footprints, start) for start in starts]
    else:
        with ThreadPoolExecutor(workers) as pool:
            parts = list(pool.map(lambda start: _overlaps(index, footprints, start), starts))
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0)
    where, which, areas = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return where, which, areas


def _overlaps(index: OverlapIndex, footprints: Shapes, start: int) -> Found:
    coords, rings, holes, firsts = _rings(footprints[start : start + CHUNK])
    where, which, areas = overlaps_of(*index.buffer.args, coords, rings, holes, firsts)
    return where + start, which, areas


def _rings(footprints: Shapes) -> Rings:
    """Vertices, first vertex of each ring, which rings are holes, first ring of each footprint."""
    kind = shapely.get_type_id(footprints)
    if np.all(kind == shapely.GeometryType.POLYGON) and not shapely.get_num_interior_rings(footprints).any():
        coords = shapely.get_coordinates(footprints)  # ten times faster than asking for the rings
        sizes = shapely.get_num_coordinates(footprints)
        rings = np.arange(len(footprints) + 1)
        return coords, _offsets(sizes), np.zeros(len(footprints), np.bool_), rings
    parts, owner = shapely.get_parts(footprints, return_index=True)
    ringed, part = shapely.get_rings(parts, return_index=True)
    per_part = np.bincount(part, minlength=len(parts))
    holes = np.ones(len(ringed), np.bool_)
    holes[_offsets(per_part)[:-1][per_part > 0]] = False
    per_footprint = np.bincount(owner[part], minlength=len(footprints))
    sizes = shapely.get_num_coordinates(ringed)
    return shapely.get_coordinates(ringed), _offsets(sizes), holes, _offsets(per_footprint)


def _offsets(sizes: NDArray[Any]) -> NDArray[np.int64]:
    offsets = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=offsets[1:])
    return offsets
