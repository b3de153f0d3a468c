"""Folium elements that load everything from our own server.

Folium's defaults load Leaflet, jQuery, Bootstrap and icon fonts from four other hosts, and
``MacroElement.render`` compiles the output of a macro as a template once more, so that a value with ``{{ …
}}`` in it would run on the server. The elements here do neither: links point to ``/static``, and values reach
the page through :class:`Raw`, already escaped and never compiled again.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import Final
from urllib.parse import quote

import folium
from branca.element import Element, Figure
from jinja2 import Environment
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from core.i18n import Lang

STATIC: Final = "/static"
HTML: Final = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
TAGS: Final[dict[Lang, str]] = {"zh": "zh-CN", "en": "en"}
WORKERS: Final = "; worker-src 'self'"
UNFRAMED: Final = "frame-ancestors 'none'"  # browsers obey it in a header only, not in <meta>

_PAGE: Final = HTML.from_string("""\
<!DOCTYPE html>
<html lang="{{ tag }}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<link rel="icon" href="{{ static }}/zhijie/icon.svg" type="image/svg+xml">
{{ header }}
</head>
<body>
<main>
{{ html }}
</main>
<script>{{ script }}</script>
</body>
</html>
""")


class Raw(Element):
    """Finished markup that is put into the page unchanged."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self._name = "Raw"
        self.markup = markup

    def render(self, **kwargs: object) -> str:
        """The markup."""
        return self.markup


class Page(Figure):
    """A whole page in one language whose policy forbids every other host.

    ``image_hosts``: hosts that map tiles may come from. ``workers``: allow workers. The policy contains the
    hash of the one inline script (Folium's), so that no other inline script can run, whatever a value
    contains. After ``render()``, ``policy`` is the value of the response's Content-Security-Policy header.
    """

    def __init__(self, lang: Lang, title: str, image_hosts: str = "", *, workers: bool = False) -> None:
        super().__init__(title=title)
        self.lang = lang
        self.image_hosts = image_hosts
        self.workers = workers
        self.policy = ""

    def render(self, **kwargs: object) -> str:
        """The page's HTML."""
        for child in self._children.values():
            child.render(**kwargs)
            # Under its own name a Folium map adds inline styles, which the policy forbids, and a viewport
            # without pinch zoom: both are replaced by nothing.
            self.header.add_child(Raw(""), name=child.get_name())
        script = f"\n{self.script.render(**kwargs)}\n"
        meta_policy = policy(script, self.image_hosts, workers=self.workers)
        self.policy = f"{meta_policy}; {UNFRAMED}"
        # Markup is safe here: our own links, Raw elements that were escaped when made, and Folium's script,
        # whose values went through its tojson.
        return _PAGE.render(
            tag=TAGS[self.lang],
            title=self.title,
            static=STATIC,
            policy=meta_policy,
            header=Markup(self.header.render(**kwargs)),
            html=Markup(self.html.render(**kwargs)),
            script=Markup(script),
        )


def policy(script: str, image_hosts: str, *, workers: bool = False) -> str:
    """The Content-Security-Policy: our own host, and the one inline ``script`` by its hash."""
    digest = b64encode(sha256(script.encode()).digest()).decode()
    images = f"'self' data: {image_hosts}".strip()
    return (
        f"default-src 'none'; script-src 'self' 'sha256-{digest}'; style-src 'self'; "
        f"img-src {images}; connect-src 'self'; font-src 'self'; manifest-src 'self'; "
        f"base-uri 'none'; form-action 'self'{WORKERS if workers else ''}"
    )


class OwnMap(folium.Map):
    """A Folium map with our own scripts and styles. ``key`` names its script variable (``map_<key>``)."""

    default_js = [("leaflet", f"{STATIC}/vendor/leaflet/leaflet.js")]
    default_css = [
        ("leaflet_css", f"{STATIC}/vendor/leaflet/leaflet.css"),
        ("palette_css", f"{STATIC}/zhijie/palette.css"),
        ("page_css", f"{STATIC}/zhijie/page.css"),
        ("map_css", f"{STATIC}/zhijie/map.css"),
    ]

    def __init__(self, key: str, location: tuple[float, float], zoom: int, zoom_snap: float = 1) -> None:
        super().__init__(
            location=location,
            zoom_start=zoom,
            zoom_snap=zoom_snap,
            tiles=None,
            zoom_control=False,
            attribution_control=False,
            min_zoom=7,  # the prefecture fills a telephone's screen
            max_zoom=18,
        )
        self._id = key


class OwnLayer(folium.FeatureGroup):
    """A layer that a script fills from the API; the layer control shows it under ``title``."""

    def __init__(self, key: str, title: str, *, show: bool = True, overlay: bool = True) -> None:
        super().__init__(name=title, show=show, overlay=overlay)
        self._name = "layer"
        self._id = key


class LayerList(folium.LayerControl):
    """Folium's layer control with a fixed name: its random one would change the page's bytes."""

    def __init__(self) -> None:
        super().__init__(position="topright")
        self._id = "zhijie"


class Island(Raw):
    """Data for the scripts: one JSON block that no value can break out of."""

    def __init__(self, data: dict[str, object]) -> None:
        body = htmlsafe_json_dumps(data, ensure_ascii=False, sort_keys=True)
        super().__init__(f'<script type="application/json" id="zhijie-page">{body}</script>')


class Module(Raw):
    """An ES module of ours; browsers run it when the page is parsed."""

    def __init__(self, path: str) -> None:
        super().__init__(f'<script type="module" src="{STATIC}/{quote(path)}"></script>')
