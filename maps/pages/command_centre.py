"""The command centre: a Folium map under live layers that scripts draw from the server's vector tiles.

The page holds no report and no geometry; however many reports there are, it is the same page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.i18n import N_, Lang, say
from maps.pages.public_map import HOME, HOME_ZOOM
from maps.parts import palette, tianditu
from maps.parts.command_frame import command_frame
from maps.parts.elements import STATIC, Island, LayerList, Module, OwnMap, Page, Raw
from maps.wording.command_centre import GLYPHS, LAYERS, WORDS
from maps.wording.public_map import spoken
from store.access import ROLES
from store.queries.features import Box

TITLE: Final = N_("Zhijie: command centre")
# Modules of other folders that the page's scripts import: fetched at once, not one after the other is read.
SHARED: Final = (
    "zhijie/shared/card.js",
    "zhijie/shared/combobox.js",
    "zhijie/shared/controls.js",
    "zhijie/shared/dom.js",
    "zhijie/shared/http.js",
    "zhijie/shared/labels.js",
    "zhijie/shared/marks.js",
    "zhijie/shared/notices.js",
    "zhijie/shared/page.js",
    "vendor/@mapbox/point-geometry/index.js",
    "vendor/@mapbox/vector-tile/index.js",
    "vendor/pbf/index.js",
)
_FOLDER: Final = Path(__file__).parents[1] / "static" / "zhijie"


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
    return sorted(
        f"zhijie/{file.relative_to(_FOLDER).as_posix()}" for file in (_FOLDER / "command").rglob("*.js")
    )


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
