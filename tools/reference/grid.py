"""A sample grid: about twelve cells a township, each with a fictional worker's post, so named."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from tools.reference import coverage
from tools.reference.facts import MERGED
from tools.reference.planes import Coordinates, Plane, gauss_krueger

ISSUER: Final = "示例"
CELLS: Final = 12
FEWEST: Final = 10
MOST: Final = 14
SAMPLES: Final = 1_500
ROUNDS: Final = 40
Centres = dict[str, Coordinates]


@dataclass(frozen=True)
class Cell:
    """One cell of the sample grid; ``code`` has 15 digits, township + 000 + number."""

    code: str
    township: str
    issuer: str
    name: str
    worker: str
    team: str
    valid_from: str
    valid_to: str | None
    geometry: BaseGeometry


def cell_counts(townships: dict[str, BaseGeometry]) -> dict[str, int]:
    """Cells of each township: twelve for one of the median size, a few more or less for others."""
    areas = np.asarray([area.area for area in townships.values()])
    counts = np.rint(CELLS + np.log2(areas / np.median(areas))).clip(FEWEST, MOST)
    return {code: int(count) for code, count in zip(townships, counts, strict=True)}


def cell_centres(code: str, area: BaseGeometry, count: int, plane: Plane) -> Coordinates:
    """Centres (metres) of cells of about the same size: k-means of random points of the area.

    The generator is seeded by the township's code and the first centres are chosen far apart,
    so that the same area gives the same centres. Numbered from north to south, west to east.
    """
    points = _scatter(shapely.transform(area, plane.metres), int(code))
    centres = _far_apart(points, count)
    for _ in range(ROUNDS):
        centres = _means(points, coverage.nearest(centres, points), count)
    return centres[np.lexsort((centres[:, 0], -centres[:, 1]))]


def _scatter(area: BaseGeometry, seed: int) -> Coordinates:
    random = np.random.default_rng(seed)
    west, south, east, north = area.bounds
    inside = np.empty((0, 2))
    while len(inside) < SAMPLES:
        points = random.uniform((west, south), (east, north), (SAMPLES, 2))
        inside = np.vstack([inside, points[shapely.contains_xy(area, points[:, 0], points[:, 1])]])
    return inside[:SAMPLES]


def _far_apart(points: Coordinates, count: int) -> Coordinates:
    """Points each as far as can be from those chosen before, beginning with the first."""
    chosen = [0]
    apart = ((points - points[0]) ** 2).sum(axis=1)
    while len(chosen) < count:
        chosen.append(int(apart.argmax()))
        apart = np.minimum(apart, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
    return points[chosen]


def _means(
    points: Coordinates, labels: np.ndarray[tuple[int, ...], np.dtype[np.intp]], count: int
) -> Coordinates:
    size = np.bincount(labels, minlength=count)
    sums = [np.bincount(labels, weights=points[:, axis], minlength=count) for axis in (0, 1)]
    return np.column_stack(sums) / size[:, None]


def all_centres(townships: dict[str, BaseGeometry], advance: Callable[[], None]) -> Centres:
    """Township → centres of its cells in metres; ``advance`` is called after each township."""
    centres: Centres = {}
    for code, count in cell_counts(townships).items():
        centres[code] = cell_centres(code, townships[code], count, plane_of(townships[code]))
        advance()
    return centres


def plane_of(area: BaseGeometry) -> Plane:
    """The Gauss–Krüger zone that suits an area."""
    return gauss_krueger(area.centroid.x)


def cell_lines(townships: dict[str, BaseGeometry], centres: Centres) -> Iterable[BaseGeometry]:
    """Borders between the cells inside each township, in degrees."""
    for code, area in townships.items():
        yield coverage.voronoi_lines(centres[code], area, plane_of(area))


def label_faces(
    faces: coverage.Geometries,
    township_of: coverage.Labels,
    townships: dict[str, BaseGeometry],
    centres: Centres,
) -> coverage.Labels:
    """Cell code (15 digits) of each face."""
    inside = coverage.insides(faces)
    labels = np.full(len(faces), "", dtype="<U15")
    for code, area in townships.items():
        mine = township_of == code
        number = coverage.nearest(centres[code], plane_of(area).metres(inside[mine])) + 1
        labels[mine] = [f"{code}000{n:03d}" for n in number]
    return coverage.joined(faces, labels)


def grid_cells(areas: dict[str, BaseGeometry], names: dict[str, str]) -> list[Cell]:
    """Cells with their fictional posts, by code; ``names`` are those of the townships."""
    return [_cell(code, names[code[:9]], areas[code]) for code in sorted(areas)]


def _cell(code: str, town: str, geometry: BaseGeometry) -> Cell:
    number = int(code[-3:])
    return Cell(
        code=code,
        township=code[:9],
        issuer=ISSUER,
        name=f"{town}第{number:02d}网格（示例）",
        worker=f"示例网格员岗位 {town}-{number:02d}（虚构）",
        team=f"{town}综合行政执法队（示例）",
        valid_from=MERGED,
        valid_to=None,
        geometry=geometry,
    )
