"""What the command centre's scripts say, by key; the scripts themselves hold no sentence of any language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.i18n import N_
from maps.wording import public_map as wording

# Of the map page's sentences, those that the shared scripts say here too.
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
    "start_failed": N_("The page could not be filled: {reason}"),
    "reload_failed": N_("Much has happened meanwhile, and the data could not be loaded anew: {reason}"),
    "tiles_missing": N_("{layer}: {count} pieces of the map could not be loaded."),
    "coarse_failed": N_("The coarse figures could not be loaded: {reason}"),
    "signed_out": N_("The session has ended. What is shown here does not change any more."),
    "sign_in": N_("Sign in"),
    # the stream
    "stream_waiting": N_("Connecting"),
    "stream_live": N_("Live: what is committed appears at once"),
    "stream_stale": N_("Not connected: trying again"),
    "stream_out": N_("Signed out"),
    "stale_since": N_("Not connected: the data are those of {at}"),
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
    "feed_empty": N_("No report fits. Take a filter away, or wait: new ones appear here by themselves."),
    "feed_failed": N_("The reports could not be loaded: {reason}"),
    "feed_forbidden": N_(
        "Your role sees no single reports. The map shows how many there are, by squares of about 1 km."
    ),
    "urgent": N_("urgent"),
    "outside": N_("outside our area"),
    "clock_in_time": N_("in time"),
    "clock_last_day": N_("last day"),
    "clock_overdue": N_("overdue"),
    # figures
    "overview_failed": N_("The figures could not be loaded: {reason}"),
    "overview_forbidden": N_("Your role sees no figures of single reports."),
    "by_effect": N_("By what the law says"),
    "by_matter": N_("By matter"),
    "by_month": N_("By month of receipt"),
    "chart_label": N_("{title}: {rows}"),
    "chart_row": N_("{name} {count}"),
    "chart_none": N_("none"),
    # filters
    "everything": N_("All reports"),
    "everywhere": N_("Everywhere"),
    "or": N_(" or "),
    "overdue": N_("overdue"),
    "mine": N_("in my hands"),
    "days_wrong": N_("The first day is after the last one."),
    # the card
    "case_missing": N_("There is no report {id}, or it lies outside your area."),
    "open_case": N_("Open case {id}"),
    "matter": N_("Matter"),
    "unit": N_("Unit"),
    "status": N_("State"),
    "due": N_("Due"),
    "hands": N_("Who has it"),
    "hand_nobody": N_("Nobody has it yet."),
    "hand_since": N_("from {since}"),
    "hand_until": N_("until {until}"),
    "hand_by": N_("by {by}: {reason}"),
    "assign": N_("Assign"),
    "hand_to": N_("To whom"),
    "hand_until_day": N_("Until (may be left open)"),
    "reason": N_("Reason"),
    "choose": N_("Choose…"),
    "whole_unit": N_("the unit: {name}"),
    "status_change": N_("Change the state"),
    "status_next": N_("New state"),
    # parcels
    "parcel": N_("Parcel number"),
    "land_class": N_("Land class"),
    "official_area": N_("Official area"),
    "measured_area": N_("Measured area"),
    "square_metres": N_("{area} m² ({mu} mu)"),
    # layers
    "layer_as_of": N_("{layer}: as of {at}"),
    # light
    "theme_auto": N_("Auto"),
    "theme_day": N_("Day"),
    "theme_night": N_("Night"),
    "theme_now": N_("Light: {name}"),
}
WORDS: Final[Mapping[str, str]] = {**{key: wording.WORDS[key] for key in SHARED}, **OWN}

LAYERS: Final[Mapping[str, str]] = {
    "areas": N_("Units and zones"),
    "parcels": N_("Parcels"),
    "reports": N_("Reports"),
}

# The word beside a mark from near by, by matter. A matter that an installation adds has none.
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
