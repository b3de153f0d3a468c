"""A picture of a screening: a map of the effects in true aspect, and their counts."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from core.errors import BadInput
from core.i18n import N_, Lang, say
from layers.formats import Floats
from maps.parts import EFFECTS as PALETTE
from screening.files import EFFECTS, ScreeningResult

STYLES: Final = {effect.code: effect for effect in PALETTE}
MARKERS: Final = {"prohibited": "D", "permit_required": "^", "clear": "o", "unknown": "o"}
CHINESE_FONTS: Final = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans SC",
    "Source Han Sans SC",
    "SimHei",
)
SIZE_INCHES: Final = (11.0, 6.2)  # at DPI 1760 × 992 pixels: a slide
DPI: Final = 160
CROWDED_POINTS: Final = 20_000  # points; from this number on they are drawn smaller and lighter


def draw(path: Path, found: ScreeningResult, title: str, lang: Lang) -> None:
    """Write a PNG of the sampled points and the counts. Raises BadInput (field ``plot``).

    Words are English where no font with Chinese is installed.
    """
    font = chinese_font()
    if font is None:
        lang, title = "en", title.encode("ascii", "replace").decode()
    figure = Figure(figsize=SIZE_INCHES, dpi=DPI, layout="constrained", facecolor="white")
    chart, bars = figure.subplots(1, 2, width_ratios=(3, 1))
    style = {} if font is None else {"fontfamily": font}
    _map(chart, found, lang, style)
    _bars(bars, found, lang, style)
    figure.suptitle(title, **style)
    part = path.with_name(f".{path.stem}.part.png")
    try:
        figure.savefig(part, format="png")
        part.replace(path)
    except OSError as fault:
        part.unlink(missing_ok=True)
        raise BadInput(
            N_("{path} cannot be written: {fault}"), field="plot", path=path, fault=fault.strerror
        ) from fault


def chinese_font() -> str | None:
    """The name of an installed font with Chinese glyphs, None where there is none."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return next((font for font in CHINESE_FONTS if font in installed), None)


def _map(chart: Axes, found: ScreeningResult, lang: Lang, style: dict[str, Any]) -> None:
    lonlat, effects = found.sample.points()
    crowded = len(lonlat) > CROWDED_POINTS
    for number in (3, 2, 1, 0):  # the strictest on top
        code = EFFECTS[number]
        rows = effects == number
        if not rows.any():
            continue
        lon, lat = lonlat[rows].T
        chart.scatter(
            lon,
            lat,
            s=1.5 if crowded else 14,
            c=STYLES[code].colour,
            marker="s" if crowded else MARKERS[code],
            alpha=0.5 if crowded else 0.8,
            linewidths=0,
            rasterized=True,
        )
    _set_aspect(chart, lonlat)
    chart.set_xlabel(say(lang, N_("Longitude (CGCS2000)")), **style)
    chart.set_ylabel(say(lang, N_("Latitude (CGCS2000)")), **style)
    drawn, rows_all = len(lonlat), found.summary.rows - found.summary.errors
    if drawn < rows_all:
        caption = say(lang, N_("{drawn} of {rows} places drawn"), drawn=f"{drawn:,}", rows=f"{rows_all:,}")
        chart.set_title(caption, fontsize=9, color="#525b68", **style)


def _set_aspect(chart: Axes, lonlat: Floats) -> None:
    """Set the aspect so that a metre is as long in both directions; plain numbers on the axes."""
    # A degree of longitude is cos(latitude) of one of latitude; at the poles that is no aspect any more.
    middle = float(np.mean(chart.get_ylim())) if len(lonlat) else 0.0
    chart.set_aspect(1.0 / max(math.cos(math.radians(middle)), 0.01), adjustable="datalim")
    chart.ticklabel_format(useOffset=False, style="plain")
    chart.grid(color="#e5e3db", linewidth=0.6)
    chart.set_axisbelow(True)


def _bars(chart: Axes, found: ScreeningResult, lang: Lang, style: dict[str, Any]) -> None:
    counts = [found.summary.effects[effect] for effect in EFFECTS]
    names = [say(lang, STYLES[effect].word) for effect in EFFECTS]
    places = np.arange(len(EFFECTS))
    drawn = chart.barh(places, counts, color=[STYLES[effect].colour for effect in EFFECTS])
    chart.bar_label(drawn, [f"{count:,}" for count in counts], padding=3, fontsize=8)
    chart.set_yticks(places, names, **style)
    chart.invert_yaxis()
    chart.margins(x=0.25)
    chart.xaxis.set_major_formatter(EngFormatter(sep=""))
    chart.set_xlabel(say(lang, N_("Rows")), **style)
    for side in ("top", "right"):
        chart.spines[side].set_visible(False)
