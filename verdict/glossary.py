"""Display texts (message ids) for the codes of a verdict, such as ``prohibited`` or ``within``."""

from __future__ import annotations

from typing import Final

from core.i18n import N_

EFFECTS: Final = {
    "prohibited": N_("Prohibited"),
    "permit_required": N_("Permit needed"),
    "clear": N_("No conflict with zones found"),
    "unknown": N_("To be checked"),
    "notice": N_("For notice"),
}
MARKS: Final = {"prohibited": "◆", "permit_required": "▲", "clear": "●", "unknown": "○"}
UNLAWFUL: Final = {
    "itself": N_("unlawful in itself, wherever it is"),
    "place": N_("depends on the zone it lies in"),
    "permit": N_("apart from zones, depends on the permits it has"),
    "listed": N_("by the law that the local list names, which is not verified"),
}
"""What makes a category unlawful, apart from zones."""

CERTAINTIES: Final = {
    "certain": N_("certain"),
    "probable": N_("probable, check on site"),
    "disputed": N_("disputed ground"),
    "outside": N_("outside"),
}
ZONE_CERTAINTIES: Final = {
    "certain": N_("certain"),
    "probable": N_("probable"),
    "disputed": N_("not sure"),
    "outside": N_("outside"),
}
"""Certainty of a relation to a zone: there a low share is doubt, not a dispute between units."""

RELATIONS: Final = {
    "within": N_("inside"),
    "overlaps": N_("overlapping"),
    "possible": N_("possibly inside"),
    "near": N_("near"),
}
MODES: Final = {
    "statutory": N_("by statute"),
    "delegated": N_("delegated"),
    "empowered": N_("empowered by the province"),
    "none": N_("no power of its own"),
}
LEVELS: Final = {
    "country": N_("country"),
    "province": N_("province"),
    "city": N_("city"),
    "county": N_("county"),
    "township": N_("township"),
    "village": N_("village"),
}
REASONS: Final = {
    "conflict": N_("the place lies in a zone with that effect."),
    "possible": N_("the place may lie in a zone; its position or the zone's border is not sure enough."),
    "law": N_("the law of that day is not known here."),
    "missing": N_("data on some kinds of zones are missing here."),
    "outside": N_("the place is outside the known units."),
    "permit": N_("a permit covers the place for this use."),
    "clear": N_("every kind of zone that matters is known here and none is met."),
}
"""Reasons of an outcome, as in ``verdict.outcome.OUTCOMES``."""

PERMITS: Final = {
    "inside": N_("covers the place"),
    "exceeds": N_("does not cover all of it"),
    "not_sure": N_("may cover the place: the position is not good enough to tell"),
    "expired": N_("not in force on that day"),
    "other_use": N_("granted for another use"),
}
BINDING: Final = {
    "same": N_("the law has not changed"),
    "old": N_("the law at the act binds"),
    "new": N_("the law of today binds"),
}
CHANGES: Final = {
    "unit": N_("Unit has changed"),
    "zone": N_("Zone has changed"),
    "law": N_("Law has changed"),
}
OFFICIAL: Final = {True: N_("official"), False: N_("approximate")}

MET: Final = {"yes": N_("yes"), "no": N_("no")}

BY_NAME: Final[dict[str, dict[str, str]]] = {
    "effect": EFFECTS,
    "certainty": CERTAINTIES,
    "sureness": ZONE_CERTAINTIES,
    "relation": RELATIONS,
    "mode": MODES,
    "level": LEVELS,
    "because": REASONS,
    "permit": PERMITS,
    "met": MET,
}
"""Tables by the name of the number of a trace step that holds such a code."""
