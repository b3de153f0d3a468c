"""The command centre: a Folium map under live layers that scripts draw from the server's vector tiles.

The page holds no report and no geometry; however many reports there are, it is the same page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from geo.access import ROLES
from geo.features import Box
from maps import palette, tianditu
from maps.commandframe import command_frame
from maps.commandwording import GLYPHS, LAYERS, WORDS
from maps.elements import STATIC, Island, LayerList, Module, OwnMap, Page, Raw
from maps.live import HOME, HOME_ZOOM
from maps.wording import spoken
from words import N_, Lang, say

TITLE: Final = N_("Zhijie: command centre")
# Modules of other folders that the page's scripts import: fetched at once, not one after the other is read.
SHARED: Final = (
    "zhijie/card.js",
    "zhijie/combobox.js",
    "zhijie/controls.js",
    "zhijie/dom.js",
    "zhijie/http.js",
    "zhijie/labels.js",
    "zhijie/marks.js",
    "zhijie/notices.js",
    "zhijie/page.js",
    "vendor/@mapbox/point-geometry/index.js",
    "vendor/@mapbox/vector-tile/index.js",
    "vendor/pbf/index.js",
)
_FOLDER: Final = Path(__file__).parent / "static" / "zhijie" / "command"


@dataclass(frozen=True, slots=True)
class Exactness:
    """How exact a dataset is: its name in the page's language, official or not, metres it may be off."""

    layer: str
    official: bool
    accuracy_m: float


class CommandMap(OwnMap):
    """The map with the command centre's own styles after those of every map."""

    default_css = [*OwnMap.default_css, ("command_css", f"{STATIC}/zhijie/command.css")]


def command_page(
    lang: Lang, sources: Iterable[Exactness] = (), home: Box | None = None, *, tianditu_key: str | None = None
) -> Page:
    """The command centre's page, to be rendered.

    ``sources``: what the legend says of the areas' exactness; ``home``: where the map opens (west, south,
    east, north in degrees). ``tianditu_key`` adds the national base map.
    """
    page = Page(lang, say(lang, TITLE), tianditu.HOSTS if tianditu_key else "")
    chart = CommandMap("zhijie", HOME, HOME_ZOOM)
    for base in tianditu.base_layers(lang, tianditu_key) if tianditu_key else ():
        base.add_to(chart)
    if tianditu_key:
        LayerList().add_to(chart)
    page.add_child(chart)
    page.html.add_child(command_frame(lang))
    page.html.add_child(Island(_island(lang, chart, sources) | {"home": home}))
    for path in (*SHARED, *_own_modules()):
        page.header.add_child(Raw(f'<link rel="modulepreload" href="{STATIC}/{path}">'))
    page.header.add_child(Module("zhijie/command/main.js"))
    return page


def _own_modules() -> list[str]:
    return sorted(f"zhijie/command/{file.name}" for file in _FOLDER.glob("*.js"))


def _island(lang: Lang, chart: OwnMap, sources: Iterable[Exactness]) -> dict[str, object]:
    """What the scripts are told: language, words, the map's name."""
    return {
        "lang": lang,
        "map": chart.get_name(),
        "layers": spoken(lang, LAYERS),
        "effects": {effect.code: say(lang, effect.word) for effect in palette.EFFECTS},
        "roles": spoken(lang, ROLES),
        "glyphs": spoken(lang, GLYPHS),
        "sources": [
            {"layer": one.layer, "official": one.official, "accuracy_m": one.accuracy_m} for one in sources
        ],
        "words": spoken(lang, WORDS),
    }
