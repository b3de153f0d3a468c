"""The live room: what changes while pages are open.

``hub`` feeds the event streams of one process, ``events`` gives events the form that pages receive, and
``tile_cache`` holds vector tiles. Hub and cache follow the notifications that the database sends for each
journal step, so that every process sees what any process writes. The room knows no HTTP: an endpoint joins a
:class:`~live.hub.Stream` to the hub and sends what it takes from it. Who may read which event is decided by
the database.
"""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "Address",
    "Hub",
    "MAX_MISSED",
    "Message",
    "PAGE",
    "Stream",
    "TileCache",
    "event_as_dict",
    "message",
]

if TYPE_CHECKING:
    from live.events import event_as_dict
    from live.hub import MAX_MISSED, PAGE, Hub, Message, Stream, message
    from live.tile_cache import Address, TileCache
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "live.events": ["event_as_dict"],
            "live.hub": ["Hub", "MAX_MISSED", "Message", "PAGE", "Stream", "message"],
            "live.tile_cache": ["Address", "TileCache"],
        },
    )
