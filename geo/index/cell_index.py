"""Indexes of areas over a grid of cells, with the answers of ``intersects`` at the speed of memory.

Two kinds of index share the grid. A *coverage* (townships: areas that share borders and do not overlap) has
one label a place; *overlapping areas* (protected zones) have any number. A cell that no border crosses has
its answer written in it; one that borders cross holds the few edges in it, and on which side of them a point
lies is computed exactly (``geo.index.kernel.orientation``). On a border, every area that touches the point
holds it.

``threads``: 1 keeps to the calling thread, 0 takes all cores.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.index.kernel.buffer import Buffer, Grid, open_mapped, save
from geo.index.kernel.coverage import border_distance, border_distance_batch, interior
from geo.index.kernel.coverage import build as coverage_build
from geo.index.kernel.coverage import query as coverage_query
from geo.index.kernel.coverage import validate as coverage_validate
from geo.index.kernel.distance import near_coverage, near_overlaps
from geo.index.kernel.edges import TWIN, Edges, edges_of, join_shared_edges
from geo.index.kernel.layout import AREAS, COVERAGE, KIND, MOST_AREAS
from geo.index.kernel.overlap import build as overlap_build
from geo.index.kernel.overlap import query as overlap_query
from geo.index.kernel.overlap.near_batch import near_overlaps_batch
from geo.index.nearness import Floats, Near, Place, search_with_room

Positions = NDArray[np.int32]
Pairs = tuple[NDArray[np.int64], Positions]
FINEST: Final = 2.0**-12  # of a fine cell's side, degrees: about 25 m
COARSEST: Final = 2.0**-3
EDGES_PER_CELL: Final = 2.0  # a cell's side in edges: half of it is 20 % faster in twice the memory
SAMPLE: Final = 200_000  # edges whose lengths are looked at to choose a side
MOST_COARSE: Final = 4_000_000  # coarse cells of an index: 16 MB
SERIAL: Final = 20_000  # points under which starting threads costs more than they save


class NotACoverage(ValueError):
    """Areas overlap, or their borders do not match; ``faults`` places were found."""

    def __init__(self, faults: int) -> None:
        super().__init__(f"{faults} places where areas overlap or their borders do not match")
        self.faults = faults


@dataclass(frozen=True, slots=True)
class _CellIndex:
    """What both kinds of index have: a buffer."""

    buffer: Buffer

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return self.buffer.nbytes

    @property
    def areas(self) -> int:
        """How many areas there are."""
        return int(self.buffer.i8[AREAS])


@dataclass(frozen=True, slots=True)
class CoverageIndex(_CellIndex):
    """Areas that do not overlap. See :func:`build_coverage`."""

    def locate(self, xy: Floats, threads: int = 0) -> Positions:
        """Position of the area of each point, (n, 2) → (n,); -1 outside, on a border the first one."""
        found = self._locate(xy, threads)
        ties = np.flatnonzero(found == coverage_query.TIE)
        if len(ties):
            points, areas = coverage_query.ties_of(*self.buffer.args, _points(xy), ties)
            first = np.r_[True, points[1:] != points[:-1]]
            found[points[first]] = areas[first]
        return found

    def pairs(self, xy: Floats, threads: int = 0) -> Pairs:
        """Every (point, area) of which ``intersects`` is true; points ascend, then areas."""
        found = self._locate(xy, threads)
        inside = np.flatnonzero(found >= 0)
        ties = np.flatnonzero(found == coverage_query.TIE)
        areas = found[inside]
        if not len(ties):
            return inside, areas
        tied, touching = coverage_query.ties_of(*self.buffer.args, _points(xy), ties)
        points = np.concatenate((inside, tied))
        order = np.argsort(points, kind="stable")
        return points[order], np.concatenate((areas, touching))[order]

    def areas_at(self, lon: float, lat: float) -> Positions:
        """The areas of ``pairs`` for one point, without the cost of arrays of points."""
        # floats, because integers would have the function compiled once more for them
        found: Positions = coverage_query.areas_at(*self.buffer.args, float(lon), float(lat))
        return found

    def near(self, place: Place, spread: tuple[float, float]) -> tuple[Near, int]:
        """Areas in the box round a place with their masses, the area that holds it first.

        ``spread``: σ and σ of outliers, metres (``geo.measure.Spread``). The second value is the area that
        holds the place, OUTSIDE, or TIE on a border, where the masses must not be used. With σ 0 there are no
        masses, but 1 for the area that holds the place. See ``near_coverage``.
        """
        args = self.buffer.args
        return search_with_room(lambda *room: near_coverage(*args, place, spread, *room))

    def border_distance(self, place: Place, area: int, limit: float) -> float:
        """Distance of a point from the border of an area that holds it, metres, at most ``limit``."""
        return float(border_distance.border_distance(*self.buffer.args, place, area, limit))

    def border_distances(
        self, xy: Floats, metres: Floats, areas: Positions, span: tuple[int, int], out: Floats
    ) -> None:
        """Write the distances of points from the borders of the areas that hold them into ``out``, metres.

        Args:
            xy, metres: (n, 2), degrees, and metres per degree there.
            areas: (n,); those from ``span[0]`` on and before ``span[1]`` are this coverage's, in order.
            out: (n,); the places of other areas are left as they are.
        """
        border_distance_batch.border_distance_batch(*self.buffer.args, xy, metres, areas, *span, out)

    def interior_areas(self, xy: Floats, metres: Floats, reach: Floats, out: Positions) -> None:
        """Write the area containing the whole disc round each point into ``out``, (n,); OUTSIDE; or CLOSE.

        ``reach``: radii, (n,), metres. ``xy``, ``metres``: see ``border_distances``.
        """
        interior.interior_area_batch(*self.buffer.args, xy, metres, reach, out)

    def _locate(self, xy: Floats, threads: int) -> Positions:
        """Position of the area of each point; OUTSIDE; or TIE."""
        points = _points(xy)
        found = np.empty(len(points), np.int32)
        serial = _is_serial(points, threads)
        locate = coverage_query.locate_serial if serial else coverage_query.locate_parallel
        locate(*self.buffer.args, points, found)
        return found


@dataclass(frozen=True, slots=True)
class OverlapIndex(_CellIndex):
    """Areas that may overlap. See :func:`build_overlaps`."""

    def pairs(self, xy: Floats, threads: int = 0) -> Pairs:
        """Every (point, area) of which ``intersects`` is true; points ascend."""
        points = _points(xy)
        serial = _is_serial(points, threads)
        pairs = overlap_query.pairs_serial if serial else overlap_query.pairs_parallel
        found, areas = pairs(*self.buffer.args, points)
        return found, areas

    def areas_at(self, lon: float, lat: float) -> Positions:
        """The areas of ``pairs`` for one point, without the cost of arrays of points."""
        found: Positions = overlap_query.areas_at(*self.buffer.args, float(lon), float(lat))
        return found

    def near(self, place: Place, accuracy: float, accuracies: Floats) -> tuple[Near, int]:
        """Areas in the box round a place with their masses; those that hold it come first.

        The second value is how many hold it. ``accuracy``, ``accuracies``: 68 % radii, metres, of the place
        and of each area's lines, (areas,). See ``near_overlaps``.
        """
        args = self.buffer.args
        return search_with_room(lambda *room: near_overlaps(*args, place, accuracy, accuracies, *room))

    def near_points(
        self, xy: Floats, metres: Floats, accuracy: Floats, accuracies: Floats, notice: Floats
    ) -> tuple[NDArray[np.int64], Positions, NDArray[np.bool_], Floats, Floats]:
        """Areas near many points: point, area, whether it holds the point, distance in metres, mass.

        Args:
            xy, metres: (n, 2), degrees, and metres per degree there.
            accuracy: (n,), 68 % radii of the points, metres.
            accuracies, notice: (areas,), 68 % radii of each area's lines, and the distance from which it
                counts as near, metres.

        Returns:
            A row for every area that holds a point, may hold it or is near; points ascend. The mass is NaN on
            a border, the area -1 where too many are near. See ``near_overlaps_batch``.
        """
        found: tuple[NDArray[np.int64], Positions, NDArray[np.bool_], Floats, Floats] = near_overlaps_batch(
            *self.buffer.args, xy, metres, accuracy, accuracies, notice
        )
        return found


Index = CoverageIndex | OverlapIndex


def _points(xy: Floats) -> Floats:
    return np.ascontiguousarray(xy, dtype=np.float64)


def _is_serial(points: Floats, threads: int) -> bool:
    return threads == 1 or len(points) < SERIAL


def build_coverage(geoms: NDArray[np.object_], size: float | None = None) -> CoverageIndex:
    """The index of Polygons and MultiPolygons, shape (m,), degrees, that share borders and do not overlap.

    ``size``: side of a fine cell, a power of two, degrees; by default chosen by the length of edges. Raises
    :class:`NotACoverage`.
    """
    edges = edges_of(geoms)
    grid = _grid(edges, len(geoms), size)
    clashes = join_shared_edges(edges, grid)
    buffer, faults = coverage_build.build(edges, grid, len(geoms))
    faults += clashes
    if faults == 0:
        faults = coverage_validate.faults(edges, buffer)
    if faults:
        raise NotACoverage(faults)
    return CoverageIndex(buffer)


def build_overlaps(geoms: NDArray[np.object_], size: float | None = None) -> OverlapIndex:
    """The index of Polygons and MultiPolygons, shape (m,), degrees, whether they overlap or not."""
    edges = edges_of(geoms)
    return OverlapIndex(overlap_build.build(edges, _grid(edges, len(geoms), size), len(geoms)))


def _grid(edges: Edges, areas: int, size: float | None) -> Grid:
    if areas > MOST_AREAS:
        raise ValueError(f"an index takes {MOST_AREAS} areas at most, not {areas}")
    return Grid.over(edges.bounds(), size or _fitting_size(edges))


def _fitting_size(edges: Edges) -> float:
    """A side at which a border cell holds a few edges, and the coarse cells are not too many."""
    sample = np.arange(0, len(edges.left) - 1, max(1, len(edges.left) // SAMPLE))
    sample = sample[edges.left[sample] != TWIN]
    lengths = np.abs(edges.coords[sample + 1] - edges.coords[sample]).sum(axis=1)
    typical = float(np.median(lengths)) * EDGES_PER_CELL if len(lengths) else COARSEST
    west, south, east, north = edges.bounds()
    coarse = np.sqrt(max(1e-12, (east - west) * (north - south)) / MOST_COARSE) / 8
    return float(np.clip(2.0 ** np.round(np.log2(max(typical, coarse))), FINEST, COARSEST))


def store(index: Index, path: Path) -> None:
    """Write an index as a file, which :func:`open_index` maps into memory."""
    save(index.buffer, path)


def open_index(path: Path) -> Index | None:
    """The index of a file; None where there is none of this layout."""
    buffer = open_mapped(path)
    return None if buffer is None else _index_of(buffer)


def index_of_words(words: NDArray[np.int64]) -> Index:
    """The index whose words these are, as ``Index.buffer.i8`` gave them; the array becomes read-only."""
    return _index_of(Buffer.of(words))


def _index_of(buffer: Buffer) -> Index:
    return CoverageIndex(buffer) if int(buffer.i8[KIND]) == COVERAGE else OverlapIndex(buffer)
