"""Colours, marks and outlines of the maps: one source for Python, the style sheet and the legend.

``static/zhijie/palette.css`` is this module's output (``python -m maps.parts.palette``); a test compares the
two. No meaning depends on colour alone: every effect also has a mark and a word, every certainty an outline.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from core.i18n import N_


@dataclass(frozen=True, slots=True)
class Effect:
    """A legal effect: its colour, the mark's shape and the word (a message id)."""

    code: str
    colour: str
    mark: str
    word: str


@dataclass(frozen=True, slots=True)
class Key:
    """A row of the legend without a colour of its own: code and word (a message id)."""

    code: str
    word: str


EFFECTS: Final = (
    Effect("prohibited", "#c8402f", "◆", N_("prohibited")),
    Effect("permit_required", "#e08a00", "▲", N_("permit required")),
    Effect("clear", "#2a8c82", "●", N_("no conflict found")),
    Effect("unknown", "#6b7280", "○", N_("unknown, to be checked")),
)

CERTAINTIES: Final = (
    Key("certain", N_("certain: solid outline")),
    Key("probable", N_("probable: dashed outline")),
    Key("disputed", N_("disputed: dotted outline")),
    Key("outside", N_("outside our area: no outline")),
)

GRADES: Final = (
    Key("core", N_("Core zone")),
    Key("buffer", N_("Buffer zone")),
    Key("experimental", N_("Experimental zone")),
)

LINES: Final = (
    Key("county", N_("County boundary")),
    Key("township", N_("Township boundary")),
    Key("grid", N_("Sample grid cell")),
)

DAY: Final[Mapping[str, str]] = {
    "ground": "#ebe9e2",
    "land": "#f6f5f1",
    "line": "#8a8f98",
    "panel": "#ffffff",
    "edge": "#d5d3cb",
    "ink": "#1f2933",
    "muted": "#525b68",
    "name": "#434b57",
    "zone": "#4c6a2e",
    "link": "#1d5f8a",
    "focus": "#0b63ce",
    "alert": "#8f2617",
    "found": "#0b63ce",
    "outline": "#1f2933",
    "hollow": "#6b7280",
    "overdue": "#7b2d8b",
    "dim": "none",
}

NIGHT: Final[Mapping[str, str]] = {
    "ground": "#14181d",
    "land": "#2a3038",
    "line": "#55606e",
    "panel": "#1c2229",
    "edge": "#3a434e",
    "ink": "#e8ebef",
    "muted": "#aab3be",
    "name": "#c3cad3",
    "zone": "#a3c281",
    "link": "#8cc4ea",
    "focus": "#7ab8ff",
    "alert": "#ffa394",
    "found": "#7ab8ff",
    "outline": "#f3f5f7",
    "hollow": "#aab3be",
    "overdue": "#cf8fe0",
    "dim": "brightness(0.7)",
}


def _block(colours: Mapping[str, str], indent: str = "  ") -> str:
    return "".join(f"{indent}--{name}: {colour};\n" for name, colour in colours.items())


def css() -> str:
    """The style sheet that defines every colour, by day and by night.

    The device's setting decides, unless the page's ``data-theme`` (day, night) is set.
    """
    effects = {effect.code.replace("_", "-"): effect.colour for effect in EFFECTS}
    # The night colours appear twice: a rule cannot be shared between a media query and a selector, and
    # light-dark() is missing in browsers that offices still use.
    day = f":root {{\n  color-scheme: light dark;\n{_block(effects)}{_block(DAY)}}}\n"
    device = ':root:not([data-theme="day"])'
    night = f"@media (prefers-color-scheme: dark) {{\n  {device} {{\n{_block(NIGHT, '    ')}  }}\n}}\n"
    chosen = f':root[data-theme="night"] {{\n  color-scheme: dark;\n{_block(NIGHT)}}}\n'
    bright = ':root[data-theme="day"] {\n  color-scheme: light;\n}\n'
    head = "/* Written by `python -m maps.parts.palette`; change maps/parts/palette.py instead. */\n"
    return "\n".join((head + day, night, chosen, bright))


if __name__ == "__main__":
    sys.stdout.write(css())
