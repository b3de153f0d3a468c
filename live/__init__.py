"""The live room: what changes while pages are open.

``hub`` feeds the event streams of one process, ``events`` gives events their form for clients,
``seal`` hides the numbers of steps in them; ``tile_cache`` holds vector tiles. Hub and cache follow the
notifications that the database sends for each journal step, so that every process sees what any process
writes. The room knows no HTTP: an endpoint joins a :class:`~live.hub.Stream` to the hub and sends what it
takes from it. Who may read which event is decided by the database.
"""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "Address",
    "Hub",
    "MAX_MISSED",
    "Message",
    "PAGE",
    "SEALED_LENGTH",
    "Seal",
    "Stream",
    "TileCache",
    "message",
    "report_message",
]

if TYPE_CHECKING:
    from live.events import Message, message, report_message
    from live.hub import MAX_MISSED, PAGE, Hub, Stream
    from live.seal import SEALED_LENGTH, Seal
    from live.tile_cache import Address, TileCache
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "live.events": ["Message", "message", "report_message"],
            "live.hub": ["Hub", "MAX_MISSED", "PAGE", "Stream"],
            "live.seal": ["SEALED_LENGTH", "Seal"],
            "live.tile_cache": ["Address", "TileCache"],
        },
    )
