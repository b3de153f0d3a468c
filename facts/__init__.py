"""The facts room: everything known about a place on a day, as one :class:`~facts.model.PlaceFacts`.

``lookup.facts_of_days`` is the way in. Two engines answer with equal facts. PostGIS (``postgis``, ``sql``)
is the reference, and has past dataset versions, too. Snapshots of the current versions in memory
(``memory``) are far faster. Facts are measurements: nothing here decides.
"""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "CellHit",
    "Memory",
    "PermitHit",
    "PlaceFacts",
    "Snapshot",
    "SnapshotSource",
    "SourceRef",
    "UnitHit",
    "ZoneHit",
    "facts_of_days",
    "fetch_facts",
    "memory_of",
    "set_memory",
    "use_memory",
    "width_m",
]

if TYPE_CHECKING:
    from facts.lookup import (
        Memory,
        SnapshotSource,
        facts_of_days,
        fetch_facts,
        memory_of,
        set_memory,
        use_memory,
    )
    from facts.memory.snapshot import Snapshot
    from facts.model import CellHit, PermitHit, PlaceFacts, SourceRef, UnitHit, ZoneHit, width_m
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "facts.lookup": [
                "Memory",
                "SnapshotSource",
                "facts_of_days",
                "fetch_facts",
                "memory_of",
                "set_memory",
                "use_memory",
            ],
            "facts.memory.snapshot": ["Snapshot"],
            "facts.model": [
                "CellHit",
                "PermitHit",
                "PlaceFacts",
                "SourceRef",
                "UnitHit",
                "ZoneHit",
                "width_m",
            ],
        },
    )
