"""The command centre: a Folium map under live layers that scripts draw from the server's vector tiles.

The page contains no report and no geometry, so its size does not depend on the number of reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from core.i18n import N_, Lang, say
from maps.pages.public_map import HOME, HOME_ZOOM
from maps.parts import tianditu
from maps.parts.command_frame import render_command_frame
from maps.parts.elements import STATIC, Island, LayerList, Module, OwnMap, Page, Raw
from maps.parts.page_data import common_data
from maps.wording.command_centre import GLYPHS, LAYERS, WORDS
from maps.wording.translation import translated

TITLE: Final = N_("Zhijie: command centre")
# Modules of other folders that the page's scripts import. They are preloaded: a browser finds an import only
# when it has read the importing file, so a chain of ten modules would cost ten round trips.
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
BoundingBox = tuple[float, float, float, float]  # west, south, east, north in degrees
_FOLDER: Final = Path(__file__).parents[1] / "static" / "zhijie"


@dataclass(frozen=True, slots=True)
class LayerAccuracy:
    """The accuracy of a dataset: its name in the page's language, whether it is official, its error in
    metres.
    """

    layer: str
    official: bool
    accuracy_m: float


class CommandMap(OwnMap):
    """A map with the command centre's style sheet after the common ones."""

    default_css = [*OwnMap.default_css, ("command_css", f"{STATIC}/zhijie/command.css")]


def command_page(
    lang: Lang,
    roles: Mapping[str, str],
    sources: Iterable[LayerAccuracy] = (),
    home: BoundingBox | None = None,
    *,
    tianditu_key: str | None = None,
) -> Page:
    """The command centre's page; call ``render()`` on it.

    ``roles``: code → message id. ``sources``: accuracies of the datasets, for the legend. ``home``: where the
    map opens. ``tianditu_key`` adds the national base map.
    """
    page = Page(lang, say(lang, TITLE), tianditu.HOSTS if tianditu_key else "")
    chart = CommandMap("zhijie", HOME, HOME_ZOOM)
    for base in tianditu.base_layers(lang, tianditu_key) if tianditu_key else ():
        base.add_to(chart)
    if tianditu_key:
        LayerList().add_to(chart)
    page.add_child(chart)
    page.html.add_child(render_command_frame(lang))
    page.html.add_child(
        Island(
            {
                **common_data(lang, chart, WORDS),
                "layers": translated(lang, LAYERS),
                "roles": translated(lang, roles),
                "glyphs": translated(lang, GLYPHS),
                "sources": [asdict(source) for source in sources],
                "home": home,
            }
        )
    )
    for path in (*SHARED, *_own_modules()):
        page.header.add_child(Raw(f'<link rel="modulepreload" href="{STATIC}/{path}">'))
    page.header.add_child(Module("zhijie/command/main.js"))
    return page


def _own_modules() -> list[str]:
    """All modules of the command centre, sorted: the page's bytes must not depend on the file system."""
    return sorted(
        f"zhijie/{file.relative_to(_FOLDER).as_posix()}" for file in (_FOLDER / "command").rglob("*.js")
    )
