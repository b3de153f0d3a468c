"""Texts of the command centre's scripts, by key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.i18n import N_
from maps.wording import public_map

# Texts of the public map that scripts of the folder shared/ use on this page, too.
SHARED: Final = (
    "retry",
    "tiles_failed",
    "reason_offline",
    "reason_slow",
    "reason_status",
    "reason_garbled",
    "verdict_loading",
    "verdict_failed",
    "description",
    "received_at",
    "report_id",
    "sample",
    "accuracy_disc",
    "official",
    "official_off",
    "approximate",
    "approximate_plain",
    "search_none",
    "search_failed",
    "search_busy",
    "search_count",
    "found",
    "found_village",
    "clear_search",
    "map",
    "layers",
    "zoom_in",
    "zoom_out",
    "close",
    "attribution",
)

OWN: Final[Mapping[str, str]] = {
    # states of the page
    "start_failed": N_("The page could not be loaded: {reason}"),
    "reload_failed": N_("Many changes were missed, and the data could not be reloaded: {reason}"),
    "tiles_missing": N_("{layer}: {count} map tiles could not be loaded."),
    "coarse_failed": N_("The counts by square could not be loaded: {reason}"),
    "coarse_withheld": N_("{count} reports are in no square: fewer than three would single out a report."),
    "signed_out": N_("The session has ended. This page is no longer updated."),
    "sign_in": N_("Sign in"),
    # the stream
    "stream_waiting": N_("Connecting"),
    "stream_live": N_("Live: changes appear immediately"),
    "stream_stale": N_("Disconnected: reconnecting"),
    "stream_out": N_("Signed out"),
    "stale_since": N_("Disconnected: data as of {at}"),
    # times
    "ago_now": N_("just now"),
    "ago_minutes": N_("{count} min ago"),
    "ago_hours": N_("{count} h ago"),
    "ago_days": N_("{count} d ago"),
    "span": N_("{since} to {until}"),
    "play": N_("Play"),
    "stop": N_("Stop"),
    # feed
    "feed_loading": N_("Loading the reports…"),
    "feed_empty": N_("No report matches. Remove a filter, or wait: new reports appear here automatically."),
    "feed_failed": N_("The reports could not be loaded: {reason}"),
    "feed_forbidden": N_(
        "Your role does not include individual reports. The map shows their number by squares of about 1 km."
    ),
    "urgent": N_("urgent"),
    "outside": N_("outside our area"),
    "clock_in_time": N_("on time"),
    "clock_last_day": N_("due today"),
    "clock_overdue": N_("overdue"),
    # figures
    "overview_failed": N_("The figures could not be loaded: {reason}"),
    "overview_forbidden": N_("Your role does not include figures of individual reports."),
    "by_effect": N_("By legal effect"),
    "by_matter": N_("By matter"),
    "by_month": N_("By month received"),
    "chart_label": N_("{title}: {rows}"),
    "chart_row": N_("{name} {count}"),
    "chart_none": N_("none"),
    # filters
    "everything": N_("All reports"),
    "everywhere": N_("Everywhere"),
    "or": N_(" or "),
    "overdue": N_("overdue"),
    "mine": N_("assigned to me"),
    "days_wrong": N_("The first day is after the last day."),
    # the case
    "case_missing": N_("Report {id} does not exist or is outside your area."),
    "open_case": N_("Open case {id}"),
    "matter": N_("Matter"),
    "unit": N_("Unit"),
    "status": N_("Status"),
    "due": N_("Due"),
    "hands": N_("Assigned to"),
    "hand_nobody": N_("Not assigned yet."),
    "hand_since": N_("from {since}"),
    "hand_until": N_("until {until}"),
    "hand_by": N_("by {by}: {reason}"),
    "assign": N_("Assign"),
    "hand_to": N_("Assign to"),
    "hand_until_day": N_("Due date (optional)"),
    "reason": N_("Reason"),
    "choose": N_("Choose…"),
    "whole_unit": N_("unit: {name}"),
    "status_change": N_("Change status"),
    "status_next": N_("New status"),
    # parcels
    "parcel": N_("Parcel number"),
    "land_class": N_("Land class"),
    "official_area": N_("Official area"),
    "measured_area": N_("Measured area"),
    "square_metres": N_("{area} m² ({mu} mu)"),
    # layers
    "layer_as_of": N_("{layer}: as of {at}"),
    # colour theme
    "theme_auto": N_("Auto"),
    "theme_day": N_("Day"),
    "theme_night": N_("Night"),
    "theme_now": N_("Light: {name}"),
}
WORDS: Final[Mapping[str, str]] = {**{key: public_map.WORDS[key] for key in SHARED}, **OWN}

LAYERS: Final[Mapping[str, str]] = {
    "areas": N_("Units and zones"),
    "parcels": N_("Parcels"),
    "reports": N_("Reports"),
}

# The word beside a mark when zoomed in, by matter. A matter that an installation adds has none.
GLYPHS: Final[Mapping[str, str]] = {
    "livestock_farm": N_("farm"),
    "rural_dwelling": N_("house"),
    "rural_building": N_("rural"),
    "urban_building": N_("urban"),
    "quarrying": N_("quarry"),
    "land_clearing": N_("clearing"),
    "dumping": N_("dump"),
    "tomb": N_("tomb"),
    "orchard_pond": N_("orchard"),
    "polluting_project": N_("effluent"),
    "roadside_building": N_("roadside"),
}
