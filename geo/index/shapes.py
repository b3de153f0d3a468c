"""The areas of a layer as WKB, in memory or in a mapped file, decoded one by one when they are needed."""

from __future__ import annotations

import threading
from functools import lru_cache, partial
from typing import Final

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

MAX_DECODED: Final = 256  # areas of a layer that are cached in decoded form
Floats = NDArray[np.float64]
Geometries = NDArray[np.object_]


class Shapes:
    """The areas of a layer by position: Polygons and MultiPolygons, CGCS2000 degrees.

    Threads may share it, and then share the geometries that it returns: do not prepare them, for a prepared
    geometry keeps state while it answers.
    """

    def __init__(self, wkb: pa.ChunkedArray, bounds: Floats) -> None:
        self.bounds = bounds
        """West, south, east, north of each area, (n, 4), degrees; read-only."""
        bounds.flags.writeable = False
        self.wkb = wkb
        self._one = lru_cache(MAX_DECODED)(partial(_decoded, wkb))  # no reference to self: nothing to collect
        self._every: Geometries | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.wkb)

    def __getitem__(self, position: int) -> BaseGeometry:
        """The area at a position; IndexError beyond the last."""
        if self._every is not None:
            area: BaseGeometry = self._every[position]
            return area
        return self._one(position)

    def all(self) -> Geometries:
        """All areas, (n,), decoded at the first call and cached; read-only."""
        with self._lock:
            if self._every is None:
                every = np.concatenate([decode(chunk) for chunk in self.wkb.chunks])
                every.flags.writeable = False
                self._every = every
            return self._every


def decode(wkb: pa.Array) -> Geometries:
    """The geometries of an array of WKB."""
    return np.asarray(shapely.from_wkb(wkb.to_pylist()), dtype=object)  # to_numpy would import pandas


def _decoded(wkb: pa.ChunkedArray, position: int) -> BaseGeometry:
    area: BaseGeometry = shapely.from_wkb(wkb[position].as_py())
    return area
