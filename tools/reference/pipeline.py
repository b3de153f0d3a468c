"""From the facts to everything that is shipped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from tools.reference import coverage, facts, grid, parcels, reserves, tianditu, townships
from tools.reference.facts import Merge, Point, Seat, Village
from tools.reference.grid import Cell
from tools.reference.parcels import Parcel, Permit
from tools.reference.reserves import Zone
from tools.reference.townships import Unit

Advance = Callable[[], None]


@dataclass(frozen=True)
class Facts:
    counties: dict[str, BaseGeometry]
    county_names: dict[str, str]
    seats: list[Seat]
    merges: list[Merge]
    villages: list[Village]
    reserves: list[facts.Reserve]

    @property
    def all_seats(self) -> dict[str, Point]:
        return townships.all_seats(self.seats, self.merges)


@dataclass(frozen=True)
class Built:
    """Everything that is shipped, before it is written."""

    counties: list[Unit]
    townships: list[Unit]
    grid: list[Cell]
    zones: list[Zone]
    villages: list[Village]
    parcels: list[Parcel]
    permits: list[Permit]


def read() -> Facts:
    """Facts and county lines; raises BuildError where some are missing or contradict each other."""
    seats, merges, villages = facts.read_seats(), facts.read_merges(), facts.read_villages()
    facts.check_facts(seats, merges, villages)
    counties = tianditu.read_counties()
    return Facts(
        counties={code: shapely.transform(area, coverage.on_grid) for code, (_, area) in counties.items()},
        county_names={code: name for code, (name, _) in counties.items()},
        seats=seats,
        merges=merges,
        villages=villages,
        reserves=facts.read_reserves(),
    )


def build(known: Facts, advance: Advance) -> Built:
    """Build all datasets; ``advance`` is called once for each of today's townships."""
    cells, grid_areas = _areas(known, advance)
    names = {seat.code: seat.name for seat in known.seats}
    samples = parcels.sample_parcels()
    return Built(
        counties=townships.county_units(known.county_names, cells),
        townships=townships.township_units(known.seats, known.merges, cells),
        grid=grid.grid_cells(grid_areas, names),
        zones=reserves.reserve_zones(known.reserves),
        villages=known.villages,
        parcels=samples,
        permits=parcels.sample_permits(samples),
    )


def _areas(known: Facts, advance: Advance) -> tuple[dict[str, BaseGeometry], dict[str, BaseGeometry]]:
    """Areas of all seats, former ones too, and of the grid cells, cut from the same faces.

    The townships are made first and alone, because the grid is laid inside them; then all lines
    are noded again together, so that a grid line that ends on a border is a vertex of that border.
    """
    drafts = townships.old_cells(known.counties, known.all_seats)
    today = _merged(drafts, known.merges)
    centres = grid.all_centres(today, advance)
    borders = (area.boundary for area in drafts.values())
    faces = coverage.faces_of([*borders, *grid.cell_lines(today, centres)])
    old = coverage.owners(faces, drafts)
    new = np.asarray([_today(code, known.merges) for code in old])
    numbers = grid.label_faces(faces, new, today, centres)
    return coverage.dissolve(faces, old), coverage.dissolve(faces, numbers)


def _merged(cells: dict[str, BaseGeometry], merges: list[Merge]) -> dict[str, BaseGeometry]:
    """Today's townships: cells of former ones joined to those of their successors."""
    together: dict[str, list[BaseGeometry]] = {}
    for code in sorted(cells):
        together.setdefault(_today(code, merges), []).append(cells[code])
    return {code: coverage.union(areas) for code, areas in sorted(together.items())}


def _today(code: str, merges: list[Merge]) -> str:
    """Code of the township that ``code`` is, or is part of, today."""
    return next((merge.successor for merge in merges if merge.code == code), str(code))
