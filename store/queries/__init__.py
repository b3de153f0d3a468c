"""Queries that several rooms need. ``select_…`` builds a statement, ``fetch_…`` runs one in a session."""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "AreaExtract",
    "Box",
    "County",
    "Event",
    "Kind",
    "MAX_ZOOM",
    "Misplaced",
    "Part",
    "ReferencePlaces",
    "ReportFilter",
    "Rows",
    "UnitChange",
    "UnitSide",
    "covers_point",
    "fetch_area_extract",
    "fetch_coarsest_accuracy_m",
    "fetch_county",
    "fetch_events",
    "fetch_far_from_parent",
    "fetch_far_from_reach",
    "fetch_feed",
    "fetch_grid",
    "fetch_head",
    "fetch_layer_versions",
    "fetch_loaded_at",
    "fetch_places",
    "fetch_readable_stems",
    "fetch_reference_places",
    "fetch_statistics",
    "fetch_stream_key",
    "fetch_tile",
    "fetch_unit_areas",
    "fetch_unit_changes",
    "fetch_units",
    "fetch_versions",
    "fetch_zones",
    "has_number",
    "insert_pieces",
    "mark_overdue",
    "reports_near",
    "select_neighbouring_parcels",
    "select_parcel",
    "select_parcel_permits",
    "select_parcel_reports",
    "select_permit_areas",
    "select_report_places",
    "select_village_areas",
]

if TYPE_CHECKING:
    from store.queries.area_extract import (
        AreaExtract,
        County,
        fetch_area_extract,
        fetch_coarsest_accuracy_m,
        fetch_county,
        fetch_versions,
    )
    from store.queries.events import (
        Event,
        fetch_events,
        fetch_head,
        fetch_readable_stems,
        fetch_stream_key,
        mark_overdue,
    )
    from store.queries.features import (
        Box,
        fetch_grid,
        fetch_loaded_at,
        fetch_places,
        fetch_units,
        fetch_zones,
    )
    from store.queries.feed import fetch_feed
    from store.queries.parcels import (
        covers_point,
        has_number,
        select_neighbouring_parcels,
        select_parcel,
        select_parcel_permits,
        select_parcel_reports,
    )
    from store.queries.pieces import insert_pieces
    from store.queries.placement import Misplaced, fetch_far_from_parent, fetch_far_from_reach
    from store.queries.reference_points import (
        ReferencePlaces,
        fetch_reference_places,
        fetch_unit_areas,
        select_permit_areas,
        select_report_places,
        select_village_areas,
    )
    from store.queries.report_filter import ReportFilter
    from store.queries.statistics import Rows, fetch_statistics
    from store.queries.tiles import MAX_ZOOM, fetch_layer_versions, fetch_tile
    from store.queries.unit_changes import Kind, Part, UnitChange, UnitSide, fetch_unit_changes, reports_near
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "store.queries.area_extract": [
                "AreaExtract",
                "County",
                "fetch_area_extract",
                "fetch_coarsest_accuracy_m",
                "fetch_county",
                "fetch_versions",
            ],
            "store.queries.events": [
                "Event",
                "fetch_events",
                "fetch_head",
                "fetch_readable_stems",
                "fetch_stream_key",
                "mark_overdue",
            ],
            "store.queries.features": [
                "Box",
                "fetch_grid",
                "fetch_loaded_at",
                "fetch_places",
                "fetch_units",
                "fetch_zones",
            ],
            "store.queries.feed": ["fetch_feed"],
            "store.queries.parcels": [
                "covers_point",
                "has_number",
                "select_neighbouring_parcels",
                "select_parcel",
                "select_parcel_permits",
                "select_parcel_reports",
            ],
            "store.queries.pieces": ["insert_pieces"],
            "store.queries.placement": ["Misplaced", "fetch_far_from_parent", "fetch_far_from_reach"],
            "store.queries.reference_points": [
                "ReferencePlaces",
                "fetch_reference_places",
                "fetch_unit_areas",
                "select_permit_areas",
                "select_report_places",
                "select_village_areas",
            ],
            "store.queries.report_filter": ["ReportFilter"],
            "store.queries.statistics": ["Rows", "fetch_statistics"],
            "store.queries.tiles": ["MAX_ZOOM", "fetch_layer_versions", "fetch_tile"],
            "store.queries.unit_changes": [
                "Kind",
                "Part",
                "UnitChange",
                "UnitSide",
                "fetch_unit_changes",
                "reports_near",
            ],
        },
    )
