"""Texts of the public map's scripts, by key; the scripts themselves contain no sentence of any language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.i18n import N_

WORDS: Final[Mapping[str, str]] = {
    # states of the whole map
    "loading": N_("Loading the map…"),
    "failed_layer": N_("{layer} could not be loaded: {reason}"),
    "no_units": N_("There are no boundaries yet. Load the reference data first (zhijie load)."),
    "retry": N_("Try again"),
    "tiles_failed": N_("The external base map is not responding. All other layers still work."),
    # why a request failed
    "reason_offline": N_("the service cannot be reached."),
    "reason_slow": N_("the request timed out."),
    "reason_status": N_("the service returned error {status}."),
    "reason_garbled": N_("the response cannot be read."),
    # reports
    "reports_loading": N_("Loading reports…"),
    "reports_count": N_("{count} reports in this view"),
    "reports_one": N_("1 report in this view"),
    "reports_more": N_("{count} reports shown, more available"),
    "reports_none": N_("No reports in this view"),
    "reports_capped": N_("Only the first {count} reports are shown. Zoom in to see all."),
    "reports_failed": N_("Reports could not be loaded: {reason}"),
    "verdict_loading": N_("Loading the verdict…"),
    "verdict_failed": N_("The verdict could not be loaded: {reason}"),
    "mark_label": N_("Report: {category}, {effect}, {unit}"),
    "description": N_("Description"),
    "received_at": N_("Received"),
    "report_id": N_("Report number"),
    "sample": N_("Sample, not a real case"),
    "accuracy_disc": N_("The circle shows the position error: {metres} m."),
    # areas
    "zone": N_("Protected zone"),
    "cell": N_("Grid cell"),
    "worker": N_("Grid worker"),
    "team": N_("Team"),
    "code": N_("Code"),
    "official": N_("{layer}: official boundary."),
    "official_off": N_("{layer}: official, lines accurate to ±{metres} m."),
    "approximate": N_("{layer}: approximate, lines accurate to ±{metres} m."),
    "approximate_plain": N_("{layer}: approximate, not an official boundary."),
    # search
    "search_none": N_("No place named “{query}”. Try a township, county or village."),
    "search_failed": N_("The search failed: {reason}"),
    "search_busy": N_("Searching…"),
    "search_count": N_("{count} places; choose with the arrow keys and Enter."),
    "found": N_("Showing {name}."),
    "found_village": N_("{name} has no known coordinates; its township is shown."),
    "clear_search": N_("Clear the search"),
    # controls
    "map": N_("Map"),
    "layers": N_("Layers"),
    "zoom_in": N_("Zoom in"),
    "zoom_out": N_("Zoom out"),
    "close": N_("Close"),
    "attribution": N_("For internal use"),
}

LAYERS: Final[Mapping[str, str]] = {
    "reports": N_("Reports"),
    "zones": N_("Nature reserves"),
    "townships": N_("Townships"),
    "counties": N_("Counties"),
    "grid": N_("Sample grid"),
}
