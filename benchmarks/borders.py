"""Vertices put on shared borders, the same on both sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Shapes = NDArray[np.object_]


@dataclass(frozen=True)
class Splits:
    """New vertices (n): on which edge, how far from its beginning, where."""

    edge: Ints
    along: Floats
    xy: Floats

    @classmethod
    def joined(cls, some: list[Splits]) -> Splits:
        """All of them in one."""
        return cls(*(np.concatenate([getattr(s, name) for s in some]) for name in ("edge", "along", "xy")))

    def sorted(self) -> Splits:
        """By edge, then along it; each place once."""
        order = np.lexsort((self.xy[:, 1], self.xy[:, 0], self.along, self.edge))
        edge, along, xy = self.edge[order], self.along[order], self.xy[order]
        new = np.ones(len(edge), dtype=bool)
        new[1:] = (edge[1:] != edge[:-1]) | (xy[1:] != xy[:-1]).any(axis=1)
        return Splits(edge[new], along[new], xy[new])


class Borders:
    """The rings of polygons as edges. An edge that two polygons share is one segment, in either direction."""

    def __init__(self, geoms: Shapes) -> None:
        parts, self._owner = shapely.get_parts(geoms, return_index=True)
        self._rings, self._part = shapely.get_rings(parts, return_index=True)
        self._xy, self._ring = shapely.get_coordinates(self._rings, return_index=True)
        self._first = np.flatnonzero(self._ring[1:] == self._ring[:-1])  # vertex that begins each edge
        self._owner_of_edge = self._owner[self._part[self._ring[self._first]]]
        self._segment, self.ends, self._forward = _segments(self._xy, self._first)
        self._owners = len(geoms)

    def segments_of(self, owner: int) -> Ints:
        """Numbers of the segments of one polygon; ``ends[number]`` is x1, y1, x2, y2."""
        low, high = np.searchsorted(self._owner_of_edge, (owner, owner + 1))
        return self._segment[low:high]

    def with_vertices(self, splits: Splits) -> Shapes:
        """The polygons with new vertices on their segments."""
        splits = splits.sorted()
        begin = np.searchsorted(splits.edge, np.arange(len(self.ends) + 1))
        counts = np.diff(begin)[self._segment]
        edge = np.repeat(np.arange(len(counts)), counts)
        rank = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts)
        rank = np.where(self._forward[edge], rank, counts[edge] - 1 - rank)
        taken = begin[self._segment[edge]] + rank
        at = self._first[edge] + 1
        xy = np.insert(self._xy, at, splits.xy[taken], axis=0)
        ring = np.insert(self._ring, at, self._ring[self._first[edge]])
        parts = shapely.polygons(shapely.linearrings(xy, indices=ring), indices=self._part)
        return shapely.multipolygons(parts, indices=self._owner)


def _segments(xy: Floats, first: Ints) -> tuple[Ints, Floats, NDArray[np.bool_]]:
    """Number of each edge's segment, the segments' ends, whether the edge runs as its segment does."""
    places, place = np.unique(xy.view(np.complex128).ravel(), return_inverse=True)
    a, b = place[first], place[first + 1]
    keys, number = np.unique(np.minimum(a, b) * len(places) + np.maximum(a, b), return_inverse=True)
    ends = np.stack([places[keys // len(places)], places[keys % len(places)]], axis=1)
    return number, ends.view(np.float64).reshape(-1, 4), a < b


def crossings(lines: Floats, segments: Floats) -> tuple[Ints, Ints, Floats]:
    """Where rows (x1, y1, x2, y2) of ``lines`` meet rows of ``segments``: row, row, place; crossings only."""
    given, others = (shapely.linestrings(rows.reshape(-1, 2, 2)) for rows in (lines, segments))
    line, segment = shapely.STRtree(others).query(given, predicate="intersects")
    met = shapely.intersection(given[line], others[segment])
    point = shapely.get_type_id(met) == 0
    return line[point], segment[point], shapely.get_coordinates(met[point])


def splits_on(ends: Floats, edge: Ints, xy: Floats) -> Splits:
    """Places ``xy`` on edges as splits; those at an end of their edge are there already and left out."""
    start, stop = ends[edge, :2], ends[edge, 2:]
    new = (xy != start).any(axis=1) & (xy != stop).any(axis=1)
    along = np.hypot(*(xy - start).T)
    return Splits(edge[new], along[new], xy[new])
