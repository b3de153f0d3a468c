"""Sample parcels and permits round the demonstration's site: invented, seeded, without gaps or overlaps.

A net of fields with moved corners, cut by a lane and a brook. Every corner is made once and shared, so that
neighbours have the same vertices.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from tools.reference.coverage import on_grid
from tools.reference.facts import MERGED, BuildError
from tools.reference.planes import Coordinates, Plane, area_m2, equidistant

SITE: Final = (112.395, 35.625)  # of the demonstration; illustrative
TOWNSHIP: Final = "140522201"
VILLAGE: Final = "140522201208"
SEED: Final = 20220821
COLUMNS: Final = (96, 112, 84, 104, 118, 9, 22, 20, 24, 86, 110, 94)  # widths in metres; 9: the brook
ROWS: Final = (92, 106, 88, 24, 5, 22, 118, 96, 84, 100, 112, 90)  # from south to north; 5: the lane
BROOK: Final = COLUMNS.index(9)
LANE: Final = ROWS.index(5)
NARROW_M: Final = 30  # narrower both ways are homesteads
SITE_CELL: Final = (3, 7)
MOVED: Final = 0.07  # of the narrower neighbour: how far corners are moved, standard deviation
NOISE: Final = 0.004  # of registered areas
WRONG: Final = {21: 1.38, 87: 0.71}  # registered wrongly, for the card to show
UNKNOWN: Final = (12, 60, 100)  # of which the register does not tell the area
NOTE: Final = "示例数据：虚构宗地，非登记成果"
SURVEY, PLANNING = "third_survey", "planning"
PLANNED: Final = {  # cell → class of the planning scheme; all others are of the third survey
    (6, 3): "0703",
    (8, 5): "0703",
    (10, 6): "0602",
    (9, 11): "0303",
    (10, 11): "0304",
    (11, 11): "0303",
    (11, 10): "0304",
}
FARMS: Final = ((4, 6), (9, 2))  # facility agriculture of the third survey
KINDS: Final = {  # what a parcel code says of the right, by land class; others are collective land
    **dict.fromkeys(("0702", "0703"), "JC"),
    **dict.fromkeys(("0101", "0102", "0103"), "JD"),
    **dict.fromkeys(("0301", "0305", "0307", "0303", "0304"), "JE"),
    **dict.fromkeys(("1202", "0602"), "JN"),
}
Cell = tuple[int, int]


@dataclass(frozen=True)
class Parcel:
    """An invented parcel; ``number`` has the form of a real one behind the mark 示例."""

    number: str
    name: str
    scheme: str
    land_class: str
    official_area_m2: float | None
    unit_code: str
    sample: bool
    valid_from: str
    valid_to: str | None
    note: str
    geometry: BaseGeometry


@dataclass(frozen=True)
class Permit:
    """An invented permit on whole parcels or a part of one."""

    number: str
    holder: str
    issuer: str
    uses: list[str]
    zone_kinds: list[str]
    valid_from: str
    valid_to: str | None
    note: str
    geometry: BaseGeometry


@dataclass(frozen=True)
class Wish:
    """What a permit is for, where and how long. ``part``: the share of the parcel's width that it covers."""

    cell: Cell
    kind: str
    uses: tuple[str, ...]
    zone_kinds: tuple[str, ...]
    valid_from: str
    valid_to: str | None
    part: float = 1.0


WISHES: Final = (
    Wish((6, 3), "宅基地批准书", ("rural_dwelling",), ("village_planning",), "2021-06-01", None),
    Wish((7, 3), "宅基地批准书", ("rural_dwelling",), ("village_planning",), "2019-03-01", "2021-03-01"),
    Wish((8, 5), "乡村建设规划许可", ("rural_dwelling",), ("village_planning",), "2024-05-01", "2027-05-01"),
    Wish((4, 6), "设施农业用地备案", ("livestock_farm",), ("forest_land",), "2022-10-15", "2027-10-15", 0.6),
    Wish(
        (9, 2), "设施农业用地备案", ("livestock_farm",), ("permanent_farmland",), "2017-04-01", "2022-04-01"
    ),
    Wish(
        (10, 6),
        "设施农业用地备案",
        ("livestock_farm", "orchard_pond"),
        ("river",),
        "2025-03-01",
        "2030-03-01",
    ),
    Wish((2, 9), "临时使用林地许可", ("rural_building",), ("forest_land",), "2023-04-01", "2025-04-01", 0.4),
    Wish((1, 1), "临时取土许可", ("quarrying",), ("permanent_farmland",), "2026-01-10", "2028-01-10", 0.3),
)


def sample_parcels() -> list[Parcel]:
    """The parcels, by number."""
    random = np.random.default_rng(SEED)
    shapes = _joined(_cells(random))
    classes = {cell: _class(cell, random) for cell in shapes}
    noise = random.normal(1.0, NOISE, len(shapes))
    return [
        _parcel(place, classes[cell], shape, float(noise[place - 1]))
        for place, (cell, shape) in enumerate(shapes.items(), start=1)
    ]


def sample_permits(parcels: Iterable[Parcel]) -> list[Permit]:
    """The permits, by number; each lies on one of the parcels."""
    areas = dict(zip(_order(), parcels, strict=True))
    return [_permit(place, wish, areas[wish.cell]) for place, wish in enumerate(WISHES, start=1)]


def check(parcels: list[Parcel], permits: list[Permit]) -> None:
    """Raise BuildError where parcels leave gaps or overlap, or where a permit covers the story's site."""
    areas = np.asarray([parcel.geometry for parcel in parcels])
    whole = shapely.coverage_union_all(areas)
    if not shapely.is_valid(areas).all() or not shapely.coverage_is_valid(areas):
        raise BuildError("sample parcels: they overlap or leave gaps")
    if whole.geom_type != "Polygon" or shapely.get_num_interior_rings(whole):
        raise BuildError("sample parcels: they leave holes")
    if any(permit.geometry.intersects(shapely.Point(SITE)) for permit in permits):
        raise BuildError("sample permits: one covers the site of the demonstration")


def _cells(random: np.random.Generator) -> dict[Cell, shapely.Polygon]:
    """Every cell of the net, in degrees; (column, row) from the south-west."""
    east, north = _lines(COLUMNS, SITE_CELL[0]), _lines(ROWS, SITE_CELL[1])
    plane = equidistant(*SITE)
    corners = {(i, j): np.asarray([x, y]) for i, x in enumerate(east) for j, y in enumerate(north)}
    moves = {(i, j): random.normal(0.0, MOVED, 2) for i, j in corners}
    for i, j in corners:  # both sides of the brook, and of the lane, move together
        move = moves[BROOK if i == BROOK + 1 else i, LANE if j == LANE + 1 else j]
        corners[i, j] += move * (_narrower(COLUMNS, BROOK, i), _narrower(ROWS, LANE, j))
    return {
        (i, j): shapely.transform(_quad(corners, i, j, plane), on_grid)
        for j in range(len(ROWS))
        for i in range(len(COLUMNS))
    }


def _lines(widths: tuple[int, ...], middle: int) -> Coordinates:
    """Where the lines of the net stand, metres from the middle of one strip."""
    edges = np.concatenate(([0.0], np.cumsum(widths)))
    return np.asarray(edges - (edges[middle] + edges[middle + 1]) / 2)


def _narrower(widths: tuple[int, ...], strip: int, line: int) -> float:
    """The width of the narrower strip beside a line, metres; lane and brook left out."""
    beside = [k for k in (line - 1, line) if 0 <= k < len(widths) and k != strip]
    if line in (strip, strip + 1):
        beside = [strip - 1, strip + 1]
    return float(min(widths[k] for k in beside))


def _quad(corners: dict[Cell, Coordinates], i: int, j: int, plane: Plane) -> shapely.Polygon:
    ring = np.asarray([corners[key] for key in ((i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1))])
    return shapely.Polygon(plane.degrees(ring))


def _order() -> list[Cell]:
    """The cells that are parcels, in the order of their numbers: lane, brook (two parts), fields."""
    fields = [(i, j) for j in range(len(ROWS)) for i in range(len(COLUMNS)) if i != BROOK and j != LANE]
    return [(0, LANE), (BROOK, 0), (BROOK, LANE + 1), *fields]


def _joined(cells: dict[Cell, shapely.Polygon]) -> dict[Cell, BaseGeometry]:
    """The same with lane and brook as long parcels, the lane over the brook."""
    long = {
        (0, LANE): [(i, LANE) for i in range(len(COLUMNS))],
        (BROOK, 0): [(BROOK, j) for j in range(LANE)],
        (BROOK, LANE + 1): [(BROOK, j) for j in range(LANE + 1, len(ROWS))],
    }
    parts = {cell: [cells[part] for part in long.get(cell, [cell])] for cell in _order()}
    return {cell: shapely.orient_polygons(shapely.coverage_union_all(of)) for cell, of in parts.items()}


def _class(cell: Cell, random: np.random.Generator) -> tuple[str, str]:
    """(scheme, land class) of a cell: homesteads by the lane, fields in the south, woods in the north."""
    lot = float(random.uniform())
    column, row = cell
    narrow = (COLUMNS[column] < NARROW_M, ROWS[row] < NARROW_M)
    if cell in PLANNED:
        return PLANNING, PLANNED[cell]
    if row == LANE or column == BROOK:
        return SURVEY, "1006" if row == LANE else "1101"
    if all(narrow):
        return SURVEY, "0702"
    if cell in FARMS:
        return SURVEY, "1202"
    if cell == SITE_CELL:
        return SURVEY, "0301"
    return SURVEY, _wood(lot) if row > SITE_CELL[1] - 1 else _field(lot)


def _wood(lot: float) -> str:
    return "0301" if lot < 0.65 else "0305" if lot < 0.85 else "0307"


def _field(lot: float) -> str:
    return "0103" if lot < 0.6 else "0102" if lot < 0.85 else "0101"


def _parcel(place: int, found: tuple[str, str], shape: BaseGeometry, noise: float) -> Parcel:
    scheme, land_class = found
    area = area_m2(shape) * WRONG.get(place, noise)
    return Parcel(
        number=f"示例{VILLAGE}{KINDS.get(land_class, 'JA')}{place:05d}",
        name=f"示例地块{place:03d}",
        scheme=scheme,
        land_class=land_class,
        official_area_m2=None if place in UNKNOWN else round(area, 2),
        unit_code=TOWNSHIP,
        sample=True,
        valid_from=MERGED,
        valid_to=None,
        note=NOTE,
        geometry=shape,
    )


def _permit(place: int, wish: Wish, parcel: Parcel) -> Permit:
    return Permit(
        number=f"示例-{wish.kind}-{wish.valid_from[:4]}-{place:03d}",
        holder=f"示例户{place:02d}（虚构）",
        issuer="示例机关（虚构）",
        uses=list(wish.uses),
        zone_kinds=list(wish.zone_kinds),
        valid_from=wish.valid_from,
        valid_to=wish.valid_to,
        note="示例数据：虚构许可，不具效力",
        geometry=_western(parcel.geometry, wish.part),
    )


def _western(shape: BaseGeometry, part: float) -> BaseGeometry:
    """The western part of a parcel, by its box."""
    west, south, east, north = shape.bounds
    cut = shapely.intersection(shape, shapely.box(west, south, west + (east - west) * part, north))
    return shapely.orient_polygons(shapely.transform(cut, on_grid))
