"""The cell index: which areas hold a point, at the speed of memory, with the answers of ``intersects``.

Two kinds of index over the same grid. A *coverage* (townships: areas that share borders and do not overlap)
has one label a place; *overlapping areas* (protected zones) have any number. A cell that no border crosses
answers at once; one that borders cross holds the few edges in it, and the exact side of each of them decides
(``geo.index.kernel.orientation``). On a border, every area that touches the point is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.index.kernel.coverage import build as coverbuild
from geo.index.kernel.coverage import query as coverquery
from geo.index.kernel.coverage import validate as covercheck
from geo.index.kernel.edges import TWIN, Edges, edges_of, join_shared_edges
from geo.index.kernel.layout import AREAS, COVERAGE, KIND, MOST_AREAS, Buffer, Grid, open_mapped, save
from geo.index.kernel.lookup import one_in_both
from geo.index.kernel.overlap import build as overbuild
from geo.index.kernel.overlap import query as overquery

Floats = NDArray[np.float64]
Pairs = tuple[NDArray[np.int64], NDArray[np.int32]]
FINEST: Final = 2.0**-12  # of a fine cell's side, degrees: about 25 m
COARSEST: Final = 2.0**-3
EDGES_PER_CELL: Final = 2.0  # a cell's side in edges: half of it is 20 % faster in twice the memory
SAMPLE: Final = 200_000  # edges that tell how long edges are
MOST_COARSE: Final = 4_000_000
SERIAL: Final = 20_000  # points under which starting threads costs more than they save


class NotACoverage(ValueError):
    """Areas overlap, or their borders do not match; ``faults`` places were found."""

    def __init__(self, faults: int) -> None:
        super().__init__(f"{faults} places where areas overlap or their borders do not match")
        self.faults = faults


@dataclass(frozen=True, slots=True)
class CoverageIndex:
    """Areas that do not overlap. See :func:`build_coverage`."""

    buffer: Buffer

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return self.buffer.nbytes

    @property
    def areas(self) -> int:
        """How many areas there are."""
        return int(self.buffer.i8[AREAS])

    def locate(self, xy: Floats, threads: int = 0) -> NDArray[np.int32]:
        """Position of the area of each point, (n, 2) → (n,); -1 outside, on a border the first that touches.

        ``threads``: 1 keeps to the calling thread, 0 takes all cores.
        """
        found = self._raw(xy, threads)
        ties = np.flatnonzero(found == coverquery.TIE)
        if len(ties):
            points, areas = coverquery.ties_of(*self.buffer.args, _points(xy), ties)
            first = np.r_[True, points[1:] != points[:-1]]
            found[points[first]] = areas[first]
        return found

    def pairs(self, xy: Floats, threads: int = 0) -> Pairs:
        """Every (point, area) of which ``intersects`` is true; points ascend, then areas."""
        found = self._raw(xy, threads)
        inside = np.flatnonzero(found >= 0)
        ties = np.flatnonzero(found == coverquery.TIE)
        areas = found[inside]
        if not len(ties):
            return inside, areas
        tied, touching = coverquery.ties_of(*self.buffer.args, _points(xy), ties)
        points = np.concatenate((inside, tied))
        order = np.argsort(points, kind="stable")
        return points[order], np.concatenate((areas, touching))[order]

    def _raw(self, xy: Floats, threads: int) -> NDArray[np.int32]:
        points = _points(xy)
        found = np.empty(len(points), np.int32)
        locate = coverquery.locate_serial if _serial(points, threads) else coverquery.locate_parallel
        locate(*self.buffer.args, points, found)
        return found


@dataclass(frozen=True, slots=True)
class OverlapIndex:
    """Areas that may overlap. See :func:`build_overlaps`."""

    buffer: Buffer

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return self.buffer.nbytes

    @property
    def areas(self) -> int:
        """How many areas there are."""
        return int(self.buffer.i8[AREAS])

    def pairs(self, xy: Floats, threads: int = 0) -> Pairs:
        """Every (point, area) that ``intersects``; points ascend. ``threads``: see ``CoverageIndex``."""
        points = _points(xy)
        pairs = overquery.pairs_serial if _serial(points, threads) else overquery.pairs_parallel
        found, areas = pairs(*self.buffer.args, points)
        return found, areas


OneResult = tuple[tuple[int, ...], tuple[int, ...]]
Index = CoverageIndex | OverlapIndex


def _points(xy: Floats) -> Floats:
    return np.ascontiguousarray(xy, dtype=np.float64)


def _serial(points: Floats, threads: int) -> bool:
    return threads == 1 or len(points) < SERIAL


def build_coverage(geoms: NDArray[np.object_], size: float | None = None) -> CoverageIndex:
    """The index of Polygons and MultiPolygons, shape (m,), degrees, that share borders and do not overlap.

    ``size``: side of a fine cell, a power of two; by default after the number of edges. Raises
    :class:`NotACoverage`.
    """
    edges = edges_of(geoms)
    grid = _grid(edges, len(geoms), size)
    clashes = join_shared_edges(edges, grid)
    buffer, faults = coverbuild.build(edges, grid, len(geoms))
    faults += clashes
    if faults == 0:
        faults = covercheck.faults(edges, buffer)
    if faults:
        raise NotACoverage(faults)
    return CoverageIndex(buffer)


def build_overlaps(geoms: NDArray[np.object_], size: float | None = None) -> OverlapIndex:
    """The index of Polygons and MultiPolygons, shape (m,), degrees, whether they overlap or not."""
    edges = edges_of(geoms)
    return OverlapIndex(overbuild.build(edges, _grid(edges, len(geoms), size), len(geoms)))


def _grid(edges: Edges, areas: int, size: float | None) -> Grid:
    if areas > MOST_AREAS:
        raise ValueError(f"an index takes {MOST_AREAS} areas at most, not {areas}")
    return Grid.over(edges.bounds(), size or _fitting(edges))


def _fitting(edges: Edges) -> float:
    """A side at which a border cell holds a few edges, and the coarse cells are not too many."""
    some = np.arange(0, len(edges.left) - 1, max(1, len(edges.left) // SAMPLE))
    some = some[edges.left[some] != TWIN]
    steps = np.abs(edges.coords[some + 1] - edges.coords[some]).sum(axis=1)
    typical = float(np.median(steps)) * EDGES_PER_CELL if len(steps) else COARSEST
    west, south, east, north = edges.bounds()
    coarse = np.sqrt(max(1e-12, (east - west) * (north - south)) / MOST_COARSE) / 8
    return float(np.clip(2.0 ** np.round(np.log2(max(typical, coarse))), FINEST, COARSEST))


def store(index: Index, path: Path) -> None:
    """Write an index as a file, which :func:`open_index` maps into memory."""
    save(index.buffer, path)


def open_index(path: Path) -> Index | None:
    """The index of a file; None where there is none of this layout."""
    buffer = open_mapped(path)
    if buffer is None:
        return None
    return CoverageIndex(buffer) if int(buffer.i8[KIND]) == COVERAGE else OverlapIndex(buffer)


def lookup(coverage: CoverageIndex, overlaps: OverlapIndex, lon: float, lat: float) -> OneResult:
    """The areas of a coverage, and the overlapping ones, that hold one point; see their ``pairs``."""
    units, zones = one_in_both(*coverage.buffer.args, *overlaps.buffer.args, lon, lat)
    return tuple(units.tolist()), tuple(zones.tolist())
