"""What the map page's scripts say, by key; the scripts themselves hold no sentence of any language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.i18n import N_, Lang, say

WORDS: Final[Mapping[str, str]] = {
    # states of the whole map
    "loading": N_("Loading the map…"),
    "failed_layer": N_("{layer} could not be loaded: {reason}"),
    "no_units": N_("There are no boundaries yet. Load the reference data first (zhijie load)."),
    "retry": N_("Try again"),
    "tiles_failed": N_("The outside base map does not answer. Our own layers stay usable."),
    # why a request failed
    "reason_offline": N_("the service cannot be reached."),
    "reason_slow": N_("no answer came in time."),
    "reason_status": N_("the service answered with error {status}."),
    "reason_garbled": N_("the answer cannot be read."),
    # reports
    "reports_loading": N_("Loading reports…"),
    "reports_count": N_("{count} reports in this view"),
    "reports_one": N_("1 report in this view"),
    "reports_more": N_("{count} reports drawn, there are more"),
    "reports_none": N_("No reports in this view"),
    "reports_capped": N_("Only the first {count} reports are drawn: zoom in to see all."),
    "reports_failed": N_("Reports could not be loaded: {reason}"),
    "verdict_loading": N_("Loading the verdict…"),
    "verdict_failed": N_("The verdict could not be loaded: {reason}"),
    "mark_label": N_("Report: {category}, {effect}, {unit}"),
    "description": N_("Reported"),
    "received_at": N_("Received"),
    "report_id": N_("Report number"),
    "sample": N_("Sample, not a real case"),
    "accuracy_disc": N_("The circle shows the position's error: {metres} m."),
    # areas
    "zone": N_("Protected zone"),
    "cell": N_("Grid cell"),
    "worker": N_("Grid worker"),
    "team": N_("Team"),
    "code": N_("Code"),
    "official": N_("{layer}: official boundary."),
    "official_off": N_("{layer}: official, lines may be ±{metres} m off."),
    "approximate": N_("{layer}: approximate, lines may be ±{metres} m off."),
    "approximate_plain": N_("{layer}: approximate, not an official boundary."),
    # search
    "search_none": N_("No place is called “{query}”. Try a township, a county or a village."),
    "search_failed": N_("The search did not work: {reason}"),
    "search_busy": N_("Searching…"),
    "search_count": N_("{count} places; choose with the arrow keys and Enter."),
    "found": N_("Showing {name}."),
    "found_village": N_("{name} has no coordinates of its own: its township is shown."),
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


def spoken(lang: Lang, table: Mapping[str, str]) -> dict[str, str]:
    """The same table in a language; ``{named}`` places stay for the scripts to fill."""
    return {key: say(lang, message) for key, message in table.items()}
