"""Parts of pages: Folium elements, frames and legends, colours, the icon, the national base map."""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = ["EFFECTS", "Page"]

if TYPE_CHECKING:
    from maps.parts.elements import Page
    from maps.parts.palette import EFFECTS
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "maps.parts.elements": ["Page"],
            "maps.parts.palette": ["EFFECTS"],
        },
    )
