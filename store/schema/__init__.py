"""The tables as SQLAlchemy classes; ``store/migrations`` creates them, and a test compares the two."""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "Account",
    "AssignmentRow",
    "CERTAINTIES",
    "CLOSED_STATES",
    "Credential",
    "EFFECTS",
    "Evidence",
    "GridCell",
    "Installation",
    "LEVELS",
    "NUMBER_MAX_CHARS",
    "Parcel",
    "Permit",
    "Posting",
    "Report",
    "ReportPrivate",
    "SOURCE_CHANNEL",
    "SRID",
    "Source",
    "StoredVerdict",
    "Unit",
    "Zone",
    "ZoneKind",
]

if TYPE_CHECKING:
    from store.schema.access import Account, Credential, Installation, Posting
    from store.schema.datasets import (
        CERTAINTIES,
        CLOSED_STATES,
        EFFECTS,
        LEVELS,
        SOURCE_CHANNEL,
        SRID,
        Evidence,
        GridCell,
        Permit,
        Report,
        ReportPrivate,
        Source,
        StoredVerdict,
        Unit,
        Zone,
        ZoneKind,
    )
    from store.schema.parcels import NUMBER_MAX_CHARS, Parcel
    from store.schema.report_counts import AssignmentRow
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "store.schema.access": ["Account", "Credential", "Installation", "Posting"],
            "store.schema.datasets": [
                "CERTAINTIES",
                "CLOSED_STATES",
                "EFFECTS",
                "Evidence",
                "GridCell",
                "LEVELS",
                "Permit",
                "Report",
                "ReportPrivate",
                "SOURCE_CHANNEL",
                "SRID",
                "Source",
                "StoredVerdict",
                "Unit",
                "Zone",
                "ZoneKind",
            ],
            "store.schema.parcels": ["NUMBER_MAX_CHARS", "Parcel"],
            "store.schema.report_counts": ["AssignmentRow"],
        },
    )
