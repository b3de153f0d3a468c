"""Areas that tile: everything is cut from one set of faces, so borders share their vertices exactly.

All lines are noded together on a grid of 1e-7 degrees (about 1 cm), then polygonised into faces.
An area is a union of faces, so a county is exactly the union of its townships, and a township of
its grid cells. 1e-7 degrees is also what the files hold, so nothing moves when they are read back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely.geometry.base import BaseGeometry

from tools.reference.facts import BuildError
from tools.reference.planes import Coordinates, Plane

Geometries = NDArray[np.object_]
Labels = NDArray[np.str_]
GRID: Final = 1e-7
PER_DEGREE: Final = 1e7


def on_grid(coordinates: Coordinates) -> Coordinates:
    """The nearest points of the grid, each the double that its seven decimals read back as."""
    return np.asarray(np.rint(coordinates * PER_DEGREE) / PER_DEGREE)


def faces_of(lines: Iterable[BaseGeometry]) -> Geometries:
    """Faces between lines (degrees), noded together on the grid."""
    noded = shapely.union_all(np.asarray(list(lines)), grid_size=GRID)
    parts = shapely.get_parts(shapely.transform(noded, on_grid))
    return np.asarray(shapely.get_parts(shapely.polygonize(parts)))


def voronoi_lines(sites: Coordinates, area: BaseGeometry, plane: Plane) -> BaseGeometry:
    """Edges of the Voronoi diagram of ``sites`` (metres), clipped to ``area`` (degrees), in degrees.

    Edges are straight in the plane and are written as straight lines in degrees, which differ by
    about 10 m in the middle of an edge of 30 km.
    """
    points = shapely.MultiPoint(sites)
    around = shapely.transform(area.envelope, plane.metres).buffer(1_000)
    edges = shapely.voronoi_polygons(points, extend_to=around, only_edges=True)
    return shapely.transform(edges, plane.degrees).intersection(area)


def nearest(sites: Coordinates, points: Coordinates) -> NDArray[np.intp]:
    """Index of the site nearest to each point, both in metres."""
    apart = points[:, None, :] - sites[None, :, :]
    return np.asarray((apart**2).sum(axis=2).argmin(axis=1))


def insides(faces: Geometries) -> Coordinates:
    """A point inside each face, in degrees."""
    return np.asarray(shapely.get_coordinates(shapely.point_on_surface(faces)))


def owners(faces: Geometries, areas: dict[str, BaseGeometry]) -> Labels:
    """Key of the area that each face lies in; raises BuildError for a face that lies in none."""
    keys = np.asarray(list(areas))
    tree = shapely.STRtree(list(areas.values()))
    found, area = tree.query(shapely.points(insides(faces)), predicate="within")
    if not np.array_equal(found, np.arange(len(faces))):
        raise BuildError("a face of the coverage lies in no area, or in two")
    return np.asarray(keys[area])


def joined(faces: Geometries, labels: Labels) -> Labels:
    """Labels of faces after stray parts were given to a neighbour, so that each area hangs together.

    A part that touches no face of its parent but those of its own label stays where it is.
    ``labels`` are codes; areas have the same parent where their codes agree but for the last 3 digits.
    """
    left, right, length = _shared_borders(faces)
    parts = _parts(labels, left, right)
    size = np.asarray(np.bincount(parts, weights=shapely.area(faces)), dtype=np.float64)
    result = labels.copy()
    for part in _strays(labels, parts, size):
        mine, other = _across(parts == part, left, right)
        allowed = [k for k in np.flatnonzero(mine) if labels[other[k]][:-3] == labels[parts == part][0][:-3]]
        if allowed:
            result[parts == part] = _longest(labels[other[allowed]], length[allowed])
    return result


def _shared_borders(faces: Geometries) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Pairs of faces with a common border of some length (degrees)."""
    left, right = shapely.STRtree(faces).query(faces, predicate="touches")
    left, right = left[left < right], right[left < right]
    length = shapely.length(shapely.intersection(faces[left], faces[right]))
    return left[length > 0], right[length > 0], length[length > 0]


def _parts(labels: Labels, left: NDArray[np.intp], right: NDArray[np.intp]) -> NDArray[np.int32]:
    """Number of the connected part that each face belongs to."""
    same = labels[left] == labels[right]
    edges = (np.ones(int(same.sum())), (left[same], right[same]))
    graph = coo_array(edges, shape=(len(labels), len(labels)))
    return np.asarray(connected_components(graph, directed=False)[1])


def _strays(labels: Labels, parts: NDArray[np.int32], size: Coordinates) -> list[int]:
    """Parts of each label but its largest."""
    strays: list[int] = []
    for label in np.unique(labels):
        mine = np.unique(parts[labels == label])
        strays += [int(part) for part in mine if part != mine[size[mine].argmax()]]
    return strays


def _across(
    inside: NDArray[np.bool_], left: NDArray[np.intp], right: NDArray[np.intp]
) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Borders with one side inside, and the face on their other side."""
    return inside[left] ^ inside[right], np.where(inside[left], right, left)


def _longest(labels: Labels, length: NDArray[np.float64]) -> str:
    names, index = np.unique(labels, return_inverse=True)
    return str(names[np.bincount(index, weights=length).argmax()])


def union(areas: Iterable[BaseGeometry]) -> BaseGeometry:
    """Union of areas of the coverage: exact, all vertices kept, outer rings anticlockwise."""
    merged = shapely.normalize(shapely.coverage_union_all(list(areas)))
    return shapely.orient_polygons(merged)


def dissolve(faces: Geometries, labels: Labels) -> dict[str, BaseGeometry]:
    """Label → union of its faces."""
    return {str(label): union(faces[labels == label]) for label in np.unique(labels)}
