"""The engine in memory: snapshots of the current dataset versions, and views of a place on them.

``snapshot`` reads layers (``queries``) and indexes them (``build_index``); ``cache`` and ``files`` keep them;
``background`` keeps a server's snapshots current. ``point`` and ``footprint`` look up a place, and ``facts``
turns that into the same :class:`~facts.model.PlaceFacts` as PostGIS returns.
"""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "GridLayer",
    "LruCache",
    "Own",
    "PermitLayer",
    "PointView",
    "SnapshotCache",
    "SnapshotService",
    "UnitLayer",
    "UnitRow",
    "ZoneLayer",
    "ZoneRow",
    "cache_folder",
    "decode_layer",
    "encode_layer",
    "facts_in",
    "facts_key",
    "facts_of",
    "make_private",
    "nearest_unit_m",
    "snapshots_of",
    "versions_key",
]

if TYPE_CHECKING:
    from facts.memory.background import SnapshotService
    from facts.memory.cache import LruCache, cache_folder
    from facts.memory.equivalence import Own, facts_key
    from facts.memory.facts import facts_in, facts_of, nearest_unit_m
    from facts.memory.files import make_private
    from facts.memory.layer_codec import decode_layer, encode_layer
    from facts.memory.point import PointView
    from facts.memory.snapshot import (
        GridLayer,
        PermitLayer,
        SnapshotCache,
        UnitLayer,
        UnitRow,
        ZoneLayer,
        ZoneRow,
        snapshots_of,
        versions_key,
    )
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "facts.memory.background": ["SnapshotService"],
            "facts.memory.cache": ["LruCache", "cache_folder"],
            "facts.memory.equivalence": ["Own", "facts_key"],
            "facts.memory.facts": ["facts_in", "facts_of", "nearest_unit_m"],
            "facts.memory.files": ["make_private"],
            "facts.memory.layer_codec": ["decode_layer", "encode_layer"],
            "facts.memory.point": ["PointView"],
            "facts.memory.snapshot": [
                "GridLayer",
                "PermitLayer",
                "SnapshotCache",
                "UnitLayer",
                "UnitRow",
                "ZoneLayer",
                "ZoneRow",
                "snapshots_of",
                "versions_key",
            ],
        },
    )
