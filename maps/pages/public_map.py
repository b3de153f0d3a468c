"""The public map: a Folium map of areas and reports, filled by scripts from the API."""

from __future__ import annotations

from typing import Final

from core.i18n import N_, Lang, say
from maps.parts import tianditu
from maps.parts.elements import Island, LayerList, Module, OwnLayer, OwnMap, Page
from maps.parts.frame import render_frame
from maps.parts.page_data import common_data
from maps.wording.public_map import LAYERS, WORDS
from maps.wording.translation import translated

TITLE: Final = N_("Zhijie: whose ground is this, and may that stand on it?")
# Jincheng: where the map opens until the counties are loaded and the view is fitted to them.
HOME: Final = (35.6, 112.75)
HOME_ZOOM: Final = 9
# Reports drawn at most, and reports a request. Each is an SVG element: more of them make panning stutter.
MAX_REPORTS: Final = 5_000
PAGE_SIZE: Final = 500
HIDDEN_AT_FIRST: Final = frozenset({"grid"})


def map_page(lang: Lang, *, tianditu_key: str | None = None, data_as_of: str = "") -> Page:
    """The public map's page; call ``render()`` on it.

    It contains no geometry: its scripts fetch areas and reports. ``tianditu_key`` adds the national base map,
    the only other host that the page may then load from. ``data_as_of`` is shown as given. Every value is
    escaped.
    """
    page = Page(lang, say(lang, TITLE), tianditu.HOSTS if tianditu_key else "")
    # Half zoom steps fit the view better, but would blur the tiles of the base map.
    chart = OwnMap("zhijie", HOME, HOME_ZOOM, zoom_snap=1 if tianditu_key else 0.5)
    for base in tianditu.base_layers(lang, tianditu_key) if tianditu_key else ():
        base.add_to(chart)
    layers = {
        key: OwnLayer(key, name, show=key not in HIDDEN_AT_FIRST)
        for key, name in translated(lang, LAYERS).items()
    }
    for layer in layers.values():
        layer.add_to(chart)
    LayerList().add_to(chart)
    page.add_child(chart)
    page.html.add_child(render_frame(lang, data_as_of))
    data = common_data(lang, chart, WORDS, layers)
    limits = {"layerOrder": list(layers), "mostReports": MAX_REPORTS, "pageSize": PAGE_SIZE}
    page.html.add_child(Island({**data, **limits}))
    page.header.add_child(Module("zhijie/map/main.js"))
    return page
