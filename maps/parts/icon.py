"""Renders the application's icon as PNG, for telephones that accept no SVG.

``static/zhijie/icon-<size>.png`` are this module's output (``python -m maps.parts.icon``); a test compares
them. The drawing is that of ``static/zhijie/icon.svg`` without round corners: telephones cut those
themselves.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw

SIZES: Final = (180, 192, 512)
FOLDER: Final = Path(__file__).parents[1] / "static" / "zhijie"
GROUND: Final = "#1f2933"
LINE: Final = "#f6f5f1"
MARK: Final = "#c8402f"
BORDER: Final = ((5.0, 17.5), (9.0, 6.5), (15.0, 10.0), (19.0, 6.0))  # in a square of 24 units
DIAMOND: Final = ((14.5, 11.0), (18.3, 14.8), (14.5, 18.6), (10.7, 14.8))
DASH: Final = (2.5, 1.6)
OVERSAMPLING: Final = 4  # Pillow draws without antialiasing: drawn larger, then shrunk
INSET: Final = 0.12  # share of the side that a round mask may cut off


def draw_icon(size: int) -> Image.Image:
    """The icon, square, ``size`` pixels a side."""
    side = size * OVERSAMPLING
    image = Image.new("RGB", (side, side), GROUND)
    draw = ImageDraw.Draw(image)

    def at(place: tuple[float, float]) -> tuple[float, float]:
        scale = side * (1 - 2 * INSET) / 24
        return side * INSET + place[0] * scale, side * INSET + place[1] * scale

    unit = side * (1 - 2 * INSET) / 24
    for start, end in _dashes():
        draw.line([at(start), at(end)], fill=LINE, width=round(1.6 * unit))
    draw.polygon([at(corner) for corner in DIAMOND], fill=MARK, outline=LINE, width=round(unit))
    return image.resize((size, size), Image.Resampling.LANCZOS)


def _dashes() -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """The border's line as dashes: start and end of each."""
    found, left, drawn = [], DASH[0], True
    for (x1, y1), (x2, y2) in zip(BORDER, BORDER[1:], strict=False):
        length, done = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5, 0.0
        while done < length:
            step = min(left, length - done)
            ends = [(x1 + (x2 - x1) * t / length, y1 + (y2 - y1) * t / length) for t in (done, done + step)]
            if drawn:
                found.append((ends[0], ends[1]))
            done, left = done + step, left - step
            if left <= 0:
                drawn = not drawn
                left = DASH[0] if drawn else DASH[1]
    return found


def main() -> None:
    """Write the PNG files."""
    for size in SIZES:
        draw_icon(size).save(FOLDER / f"icon-{size}.png", optimize=True)


if __name__ == "__main__":
    main()
