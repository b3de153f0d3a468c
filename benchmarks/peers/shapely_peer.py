"""shapely: the tree as it stands, and the fastest that we could make of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import shapely

from benchmarks.peers import Floats, Ints, Pairs, Shapes

CORES = os.cpu_count() or 1
VERSION = f"{shapely.__version__}, GEOS {shapely.geos_version_string}"


class Tree:
    """``STRtree.query`` with a predicate: one call, every pair."""

    name = "shapely STRtree"
    version = VERSION

    def load(self, areas: Shapes) -> None:
        """Areas in a tree; the first query builds it."""
        self._tree = shapely.STRtree(areas)
        self._tree.query(shapely.Point(0, 0))

    def take(self, xy: Floats) -> None:
        """Points as geometries."""
        self._points = shapely.points(xy)

    def ask(self) -> Ints:
        """The query."""
        return self._tree.query(self._points, predicate="intersects")

    def pairs(self, answer: Ints) -> Pairs:
        """Its two rows."""
        return answer[0], answer[1]


class Tuned:
    """Candidates by box, sorted by polygon, prepared predicates on whole arrays, all cores.

    Every part of an area is a polygon of its own: smaller boxes, fewer candidates. No polygon is asked by two
    threads: a prepared one keeps state while it answers, and two askers crash the process.
    """

    name = "shapely, tuned"
    version = VERSION

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(CORES)

    def load(self, areas: Shapes) -> None:
        """Parts prepared, and warmed with a disc inside each, which builds both of their indexes."""
        self._parts, self._owner = shapely.get_parts(areas, return_index=True)
        shapely.prepare(self._parts)
        discs = shapely.buffer(shapely.point_on_surface(self._parts), 1e-9, quad_segs=1)
        shapely.covers(self._parts, discs)
        self._tree = shapely.STRtree(self._parts)
        self._tree.query(shapely.Point(0, 0))

    def take(self, xy: Floats) -> None:
        """Points as geometries for the tree, and as columns."""
        self._points = shapely.points(xy)
        self._x, self._y = np.ascontiguousarray(xy.T)

    def ask(self) -> list[Pairs]:
        """Pairs by thread."""
        return self._by_polygon(self._points, self._inside)

    def _inside(self, point: Ints, part: Ints) -> Pairs:
        inside = shapely.intersects_xy(self._parts[part], self._x[point], self._y[point])
        return point[inside], self._owner[part[inside]]

    def pairs(self, answer: list[Pairs]) -> Pairs:
        """All threads' pairs; a point on two parts of one area once."""
        both = np.unique(np.concatenate([np.stack(some) for some in answer], axis=1), axis=1)
        return both[0], both[1]

    def _by_polygon(self, asked: Shapes, work: Callable[[Ints, Ints], tuple]) -> list[tuple]:
        """``work(asked, part)`` on all pairs whose boxes meet; each thread gets polygons of its own."""
        keys = np.concatenate(
            list(self._pool.map(lambda ends: self._keys(asked, *ends), _ends(len(asked), CORES)))
        )
        keys.sort()
        bits = _bits(asked)
        part, one = keys >> bits, keys & ((1 << bits) - 1)
        cuts = np.searchsorted(part, part[_ends(len(part), CORES)[1:, 0]]) if len(part) else []
        return list(self._pool.map(work, np.split(one, cuts), np.split(part, cuts)))

    def _keys(self, asked: Shapes, begin: int, end: int) -> Ints:
        """Candidates as one number each, so that one plain sort brings them in order of their polygon."""
        one, part = self._tree.query(asked[begin:end])
        return (part << _bits(asked)) | (one + begin)


def _bits(asked: Shapes) -> int:
    return len(asked).bit_length()


def _ends(count: int, parts: int) -> Ints:
    """Begin and end of ``parts`` even parts."""
    ends = np.linspace(0, count, parts + 1).astype(np.int64)
    return np.stack([ends[:-1], ends[1:]], axis=1)
