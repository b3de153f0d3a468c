"""Townships as Voronoi cells of their seats, and their history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from shapely.geometry.base import BaseGeometry

from tools.reference import coverage
from tools.reference.facts import CITY, CITY_NAME, MERGED, START, Merge, Point, Seat
from tools.reference.planes import Plane, gauss_krueger

APPROXIMATE: Final = "近似界线（县内按驻地划分的泰森多边形），非官方；起始日期为假定"
SEAT_QUALITY: Final = {"guess": "驻地位置为推测", "mean_of_communities": "驻地位置取各社区平均"}


@dataclass(frozen=True)
class Unit:
    """One row of a unit's history; ``valid_to`` is exclusive, None is open, no geometry is "not known"."""

    code: str
    name: str
    level: str
    parent: str | None
    valid_from: str
    valid_to: str | None
    note: str
    geometry: BaseGeometry | None


def plane_of(county: BaseGeometry) -> Plane:
    """The Gauss–Krüger zone that suits a county."""
    return gauss_krueger(county.centroid.x)


def old_cells(counties: dict[str, BaseGeometry], seats: dict[str, Point]) -> dict[str, BaseGeometry]:
    """Code → area of every seat there ever was, former ones too, tiling the counties."""
    lines: list[BaseGeometry] = [county.boundary for county in counties.values()]
    for code, county in counties.items():
        sites = np.asarray([at for seat, at in seats.items() if seat.startswith(code)])
        plane = plane_of(county)
        lines.append(coverage.voronoi_lines(plane.metres(sites), county, plane))
    faces = coverage.faces_of(lines)
    return coverage.dissolve(faces, coverage.joined(faces, _nearest_seats(faces, counties, seats)))


def _nearest_seats(
    faces: coverage.Geometries, counties: dict[str, BaseGeometry], seats: dict[str, Point]
) -> coverage.Labels:
    """Code of the seat of its own county that is nearest to each face."""
    inside = coverage.insides(faces)
    county_of = coverage.owners(faces, counties)
    labels = np.full(len(faces), "", dtype="<U9")
    for code, county in counties.items():
        mine = county_of == code
        codes = np.asarray([seat for seat in seats if seat.startswith(code)])
        sites = np.asarray([seats[seat] for seat in codes])
        plane = plane_of(county)
        labels[mine] = codes[coverage.nearest(plane.metres(sites), plane.metres(inside[mine]))]
    return labels


def all_seats(seats: Sequence[Seat], merges: Sequence[Merge]) -> dict[str, Point]:
    """Code → seat, of today's townships and of those former ones whose seat is known."""
    former = {merge.code: merge.at for merge in merges if merge.at is not None}
    return {seat.code: seat.at for seat in seats} | former


def county_units(names: dict[str, str], cells: dict[str, BaseGeometry]) -> list[Unit]:
    """The city and its counties, as unions of the old cells."""
    note = "天地图概化界线，非官方；起始日期为假定"
    counties = [
        Unit(code, name, "county", CITY, START, None, note, _under(code, cells))
        for code, name in names.items()
    ]
    city = Unit(CITY, CITY_NAME, "city", None, START, None, note, coverage.union(cells.values()))
    return [city, *sorted(counties, key=lambda unit: unit.code)]


def _under(code: str, cells: dict[str, BaseGeometry]) -> BaseGeometry:
    return coverage.union(cell for key, cell in cells.items() if key.startswith(code))


def township_units(
    seats: Sequence[Seat], merges: Sequence[Merge], cells: dict[str, BaseGeometry]
) -> list[Unit]:
    """All rows of all townships, former ones too, by code and day."""
    rows = [_former_unit(merge, cells) for merge in merges]
    for seat in seats:
        rows += _history(seat, [merge for merge in merges if merge.successor == seat.code], cells)
    return sorted(rows, key=lambda unit: (unit.code, unit.valid_from))


def _former_unit(merge: Merge, cells: dict[str, BaseGeometry]) -> Unit:
    into = f"{MERGED}（假定）并入{merge.successor_name}（{merge.successor}）"
    unknown = f"驻地未知，无法划界，其地面此前计入邻近驻地；{into}"
    note = unknown if merge.at is None else f"{APPROXIMATE}；{into}"
    return Unit(merge.code, merge.name, "township", merge.county, START, MERGED, note, cells.get(merge.code))


def _history(seat: Seat, absorbed: Sequence[Merge], cells: dict[str, BaseGeometry]) -> list[Unit]:
    """One row where a township kept its area, two where it took in another one's."""
    grown = [merge for merge in absorbed if merge.at is not None]
    if not grown:
        return [_unit(seat, START, None, _unseen(absorbed), cells[seat.code])]
    whole = coverage.union([cells[seat.code], *(cells[merge.code] for merge in grown)])
    names = "、".join(merge.name for merge in grown)
    return [
        _unit(seat, START, MERGED, "合并前范围", cells[seat.code]),
        _unit(seat, MERGED, None, f"{MERGED}（假定）并入{names}后的范围", whole),
    ]


def _unseen(absorbed: Sequence[Merge]) -> str:
    """What to say where a township took in one whose seat is unknown."""
    names = "、".join(merge.name for merge in absorbed)
    return f"{names}已并入，其原驻地未知，合并前后范围未区分" if absorbed else ""


def _unit(seat: Seat, start: str, end: str | None, change: str, geometry: BaseGeometry) -> Unit:
    remarks = [APPROXIMATE, SEAT_QUALITY.get(seat.quality, ""), change]
    note = "；".join(remark for remark in remarks if remark)
    return Unit(seat.code, seat.name, "township", seat.county, start, end, note, geometry)


def in_force(units: Sequence[Unit], day: str) -> dict[str, BaseGeometry]:
    """Code → area of the units with a known area on a day (ISO)."""
    return {
        unit.code: unit.geometry
        for unit in units
        if unit.geometry is not None
        and unit.valid_from <= day
        and (unit.valid_to is None or day < unit.valid_to)
    }
