"""The national base map 天地图 (Tianditu), used where a key is configured.

Its tiles are CGCS2000 in Web Mercator without an offset, so our layers match without conversion.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

import folium

from core.i18n import N_, Lang, say
from maps.parts.elements import OwnLayer

HOSTS: Final = "https://*.tianditu.gov.cn"
_TILES: Final = (
    "https://t{{s}}.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0"
    "&LAYER={layer}&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles"
    "&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={key}"
)
_BASES: Final = (
    ("streets", N_("Tianditu map"), ("vec", "cva")),
    ("imagery", N_("Tianditu imagery"), ("img", "cia")),
)
PLAIN: Final = N_("Plain background")


def tile_url(layer: str, key: str) -> str:
    """Leaflet's URL template of one WMTS layer (vec, cva, img, cia); the key is percent-encoded."""
    return _TILES.format(layer=layer, key=quote(key, safe=""))


def base_layers(lang: Lang, key: str) -> list[OwnLayer]:
    """The base maps to choose from; the plain background comes first and is shown."""
    plain = OwnLayer("plain", say(lang, PLAIN), overlay=False)
    return [plain, *(_base(lang, key, code, title, layers) for code, title, layers in _BASES)]


def _base(lang: Lang, key: str, code: str, title: str, layers: tuple[str, ...]) -> OwnLayer:
    group = OwnLayer(code, say(lang, title), show=False, overlay=False)
    for layer in layers:  # the ground, then its labels
        tiles = tile_url(layer, key)
        folium.TileLayer(tiles, attr="天地图", subdomains="01234567", max_zoom=18).add_to(group)
    return group
