"""What must hold of the built data, and what a person should know of its shapes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from tools.reference import coverage, parcels
from tools.reference.facts import MERGED, START, BuildError
from tools.reference.pipeline import Built
from tools.reference.planes import area_m2
from tools.reference.townships import in_force

DAYS: Final = (START, "2020-12-31", MERGED)
SLIVER_M2: Final = 10_000


def verify(built: Built) -> None:
    """Raise BuildError unless every level is a valid coverage that tiles the level above."""
    counties = in_force([unit for unit in built.counties if unit.level == "county"], START)
    city = in_force([unit for unit in built.counties if unit.level == "city"], START)
    _tiles(counties, city, 4, "counties")
    for day in DAYS:
        _tiles(in_force(built.townships, day), counties, 6, f"townships of {day}")
    _tiles(_grid(built), in_force(built.townships, MERGED), 9, "grid cells")
    if broken := [zone.code for zone in built.zones if not zone.geometry.is_valid]:
        raise BuildError(f"invalid zones: {', '.join(broken)}")
    parcels.check(built.parcels, built.permits)


def _grid(built: Built) -> dict[str, BaseGeometry]:
    return {cell.code: cell.geometry for cell in built.grid}


def _tiles(parts: dict[str, BaseGeometry], wholes: dict[str, BaseGeometry], digits: int, what: str) -> None:
    """Parts whose codes begin with the ``digits`` first of a whole's must union to it, vertex for vertex."""
    areas = np.asarray(list(parts.values()))
    if not shapely.coverage_is_valid(areas) or not shapely.is_valid(areas).all():
        raise BuildError(f"{what}: no valid coverage")
    for code, whole in wholes.items():
        mine = [area for key, area in parts.items() if key.startswith(code[:digits])]
        if not mine or not coverage.union(mine).equals_exact(whole):
            raise BuildError(f"{what}: they do not tile {code}")


def remarks(built: Built) -> Iterator[str]:
    """Areas in several parts and areas under a hectare, in words."""
    areas = [(unit.code, unit.name, unit.geometry) for unit in built.townships]
    areas += [(cell.code, cell.name, cell.geometry) for cell in built.grid]
    for code, name, area in areas:
        if area is None:
            yield f"{code} {name}: no area known"
            continue
        if (parts := len(shapely.get_parts(area))) > 1:
            yield f"{code} {name}: in {parts} parts"
        if (size := area_m2(area)) < SLIVER_M2:
            yield f"{code} {name}: only {size:.0f} m²"
