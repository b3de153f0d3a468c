"""Nature reserves as nested ellipses: the published area, centre and box proportions, nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from tools.reference.coverage import on_grid
from tools.reference.facts import START, BuildError, Reserve
from tools.reference.planes import GEOD, Plane, area_m2, equidistant

CODES: Final = {
    "崦山省级自然保护区": "yanshan",
    "阳城蟒河猕猴国家级自然保护区": "manghe",
    "历山国家级自然保护区": "lishan",
    "泽州猕猴省级自然保护区": "zezhou-macaque",
    "陵川南方红豆杉省级自然保护区": "lingchuan-yew",
}
GRADES: Final = ("core", "buffer", "experimental")
VERTICES: Final = 180
HECTARE_M2: Final = 10_000
SIZING_ROUNDS: Final = 4


@dataclass(frozen=True)
class Zone:
    """One zone of a reserve; the zones of a reserve do not overlap."""

    code: str
    name: str
    kind: str
    grade: str
    level: str
    valid_from: str
    valid_to: str | None
    note: str
    geometry: shapely.Polygon


def reserve_zones(reserves: list[Reserve]) -> list[Zone]:
    """Core, buffer and experimental zone of each reserve."""
    return [zone for reserve in reserves for zone in _zones(reserve)]


def _zones(reserve: Reserve) -> list[Zone]:
    core, middle, outer = ellipses(reserve)
    shapes = (core, _ring(middle, core), _ring(outer, middle))
    return [
        Zone(
            code=f"{_code(reserve)}/{grade}",
            name=reserve.name,
            kind="nature_reserve",
            grade=grade,
            level=reserve.level,
            valid_from=START,
            valid_to=None,
            note=_note(reserve),
            geometry=shapely.orient_polygons(shape),
        )
        for grade, shape in zip(GRADES, shapes, strict=True)
    ]


def _code(reserve: Reserve) -> str:
    try:
        return CODES[reserve.name]
    except KeyError:
        raise BuildError(f"{reserve.name} has no code: add it to CODES in reserves.py") from None


def ellipses(reserve: Reserve) -> tuple[shapely.Polygon, shapely.Polygon, shapely.Polygon]:
    """Core, core + buffer, and the whole reserve, in degrees.

    The published zone areas do not always sum to the published total: they are scaled to it.
    """
    shares = np.cumsum(reserve.zones_ha) / sum(reserve.zones_ha)
    areas = [float(share) * reserve.area_ha * HECTARE_M2 for share in shares]
    core, middle, outer = (_ellipse(reserve, area) for area in areas)
    return core, middle, outer


def _ellipse(reserve: Reserve, area: float) -> shapely.Polygon:
    """Axis-aligned ellipse of an ellipsoidal area (m²), as a polygon of 180 vertices."""
    plane = equidistant(*reserve.centre)
    aspect = _aspect(reserve)
    height = np.sqrt(area / np.pi / aspect)
    polygon = _polygon(plane, height * aspect, height)
    for _ in range(SIZING_ROUNDS):
        height *= np.sqrt(area / area_m2(polygon))
        polygon = _polygon(plane, height * aspect, height)
    return shapely.transform(polygon, on_grid)


def _polygon(plane: Plane, a: float, b: float) -> shapely.Polygon:
    turn = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
    return shapely.Polygon(plane.degrees(np.column_stack([a * np.cos(turn), b * np.sin(turn)])))


def _aspect(reserve: Reserve) -> float:
    """Width over height of the published box in metres; 1 where there is none."""
    if reserve.box is None:
        return 1.0
    west, south, east, north = reserve.box
    lon, lat = (west + east) / 2, (south + north) / 2
    _, _, (width, height) = GEOD.inv([west, lon], [lat, south], [east, lon], [lat, north])
    return float(width / height)


def _ring(outer: shapely.Polygon, inner: shapely.Polygon) -> shapely.Polygon:
    return shapely.Polygon(outer.exterior.coords, [inner.exterior.coords])


def _note(reserve: Reserve) -> str:
    shape = "外接框比例" if reserve.box else "圆（未见公布外接框）"
    return (
        f"近似椭圆，非官方界线：按公布的中心、面积与{shape}绘制，"
        "功能区面积按比例折算到总面积；起始日期为假定；部分数据未核实"
    )
