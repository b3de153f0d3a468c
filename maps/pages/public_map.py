"""The map page: a Folium map of the areas and reports, filled by scripts from the API."""

from __future__ import annotations

from typing import Final

from core.i18n import N_, Lang, say
from maps.parts import palette, tianditu
from maps.parts.elements import Island, LayerList, Module, OwnLayer, OwnMap, Page
from maps.parts.frame import frame
from maps.wording.public_map import LAYERS, WORDS, spoken

TITLE: Final = N_("Zhijie: whose ground is this, and may that stand on it?")
# Where the map opens until the counties have come and the view is fitted to them: Jincheng.
HOME: Final = (35.6, 112.75)
HOME_ZOOM: Final = 9
# Most reports that are drawn at once, and how many one request asks for.
MOST_REPORTS: Final = 5_000
PAGE_SIZE: Final = 500
HIDDEN_AT_FIRST: Final = frozenset({"grid"})


def map_page(lang: Lang, *, tianditu_key: str | None = None, data_as_of: str = "") -> str:
    """The whole HTML of the map page (see ``live_map``)."""
    return live_map(lang, tianditu_key=tianditu_key, data_as_of=data_as_of).render()


def live_map(lang: Lang, *, tianditu_key: str | None = None, data_as_of: str = "") -> Page:
    """The map page, to be rendered.

    The page holds no geometry: its scripts fetch areas and reports. ``tianditu_key`` adds the
    national base map (the only foreign host the page may then speak to); ``data_as_of`` is shown as
    given. Every value is escaped.
    """
    page = Page(lang, say(lang, TITLE), tianditu.HOSTS if tianditu_key else "")
    # Half steps fit the view better, but would blur an outside base map's tiles.
    chart = OwnMap("zhijie", HOME, HOME_ZOOM, zoom_snap=1 if tianditu_key else 0.5)
    for base in tianditu.base_layers(lang, tianditu_key) if tianditu_key else ():
        base.add_to(chart)
    names = spoken(lang, LAYERS)
    layers = {key: OwnLayer(key, name, show=key not in HIDDEN_AT_FIRST) for key, name in names.items()}
    for layer in layers.values():
        layer.add_to(chart)
    LayerList().add_to(chart)
    page.add_child(chart)
    page.html.add_child(frame(lang, data_as_of))
    page.html.add_child(Island(_island(lang, chart, names, layers)))
    page.header.add_child(Module("zhijie/map/main.js"))
    return page


def _island(
    lang: Lang, chart: OwnMap, names: dict[str, str], layers: dict[str, OwnLayer]
) -> dict[str, object]:
    """What the scripts are told: language, words, names of Folium's objects, limits."""
    return {
        "lang": lang,
        "map": chart.get_name(),
        "layers": {key: {"object": layer.get_name(), "name": names[key]} for key, layer in layers.items()},
        "layerOrder": list(layers),
        "effects": {effect.code: say(lang, effect.word) for effect in palette.EFFECTS},
        "words": spoken(lang, WORDS),
        "mostReports": MOST_REPORTS,
        "pageSize": PAGE_SIZE,
    }
