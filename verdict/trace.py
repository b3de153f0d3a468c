"""The trace: a step for every rule that a verdict applied or passed over, with numbers and a sentence.

A step stores its Chinese sentence beside the rule's name and numbers. Other languages are rendered from the
name and the numbers when they are shown, so their messages may be reworded; the Chinese may not, because
stored verdicts hold it and a replay must give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from core.i18n import N_, Lang, say
from verdict.glossary import BY_NAME, OFFICIAL
from verdict.model import Step

MESSAGES: Final[dict[str, str]] = {
    "location.point": N_(
        "Point given in {datum} as {x}, {y}: CGCS2000 {lon}, {lat}; "
        "shift {shift_m} m, accuracy {accuracy_m} m."
    ),
    "location.footprint": N_(
        "Footprint given in {datum}: {area_m2} m² on the ellipsoid, with {lon}, {lat} inside it; "
        "shift {shift_m} m."
    ),
    "location.point_assumed": N_(
        "Point given in {datum} as {x}, {y}: CGCS2000 {lon}, {lat}; shift {shift_m} m; "
        "no accuracy given, default of the channel “{channel}”: {accuracy_m} m."
    ),
    "location.footprint_assumed": N_(
        "Footprint given in {datum}: {area_m2} m² on the ellipsoid, with {lon}, {lat} inside it; "
        "shift {shift_m} m; no accuracy given, default of the channel “{channel}”: {accuracy_m} m."
    ),
    "location.fits": N_(
        "As {declared} the place is in no known unit; as {suspected} it would be in one: an easting without "
        "a zone number is valid in every zone."
    ),
    "condition.stated": N_("Stated: {condition} – {met}."),
    "law.used": N_("{title} ({dataset} {version})."),
    "layer.used": N_("{title} ({dataset} {version}): {official}, lines within {accuracy_m} m (68 %)."),
    "unit.share": N_("{level} {name} ({code}): share {share}."),
    "unit.outside": N_("Outside all known units: share {share}."),
    "unit.decided": N_(
        "Lead {code} with {share}: {certainty} "
        "(certain from {certain_share}, disputed under {disputed_share})."
    ),
    "unit.disagree": N_("The official layers disagree: {dataset} says {code}."),
    "unit.leads": N_("{code} holds the largest part of the footprint with a probability of {share}."),
    "unit.ignored": N_("{title} is approximate and coarser than the official layer that answers: not used."),
    "unit.capped": N_("{title} is approximate, so nothing that rests on it is called certain."),
    "unit.edge": N_("Nearest border: {distance_m} m."),
    "unit.no_village": N_("Village borders are not known, so the chain has no village."),
    "grid.cell": N_("Grid cell {code}: {team}."),
    "grid.none": N_("No grid cell of the lead unit at this place."),
    "zone.met": N_(
        "{name} {grade} ({id}): {relation}; share {share}, distance {distance_m} m "
        "(reported within {near_m} m): {sureness}."
    ),
    "zone.too_far": N_("{name} {grade} ({id}) is {distance_m} m away, beyond {near_m} m: not reported."),
    "zone.none": N_("No known zone at this place or near it."),
    "rule.applied": N_("Rule {id} ({kind} {grade}, {category}): {effect}."),
    "rule.passed_over": N_("Rule {id}: {reason}"),
    "rule.none": N_("No rule for {category} in {kind} {grade} on {as_of}: {reason}"),
    "zone.sliver": N_(
        "{name} {grade} ({id}): {area_m2} m² in a strip {width_m} m wide, thinner than the layer is "
        "accurate: digitising noise, taken as touching."
    ),
    "law.binds": N_("Law at the act or law of {today}: {reason}"),
    "permit.tried": N_("Permit {number}: {permit}; {excess_m2} m² beyond it; in force {first} to {last}."),
    "kind.missing": N_("No data on {kind} here: it may or may not be in conflict."),
    "power.found": N_("Power: {mode}, {authority}."),
    "power.none": N_("No list entry gives the township the power to decide."),
    "zone.any": N_(
        "A zone with this effect, {effect}, or a stricter one holds the place "
        "with a probability of {at_least} to {at_most}."
    ),
    "outcome": N_("Outcome: {effect}, because {because}"),
}


def step(rule: str, **numbers: Any) -> Step:  # noqa: ANN401 - JSON values
    """A step of the trace. ``numbers``: JSON values; texts in both languages as ``{"zh", "en"}``."""
    return Step(rule, _render("zh", rule, numbers), numbers)


def step_text(lang: Lang, stored: Mapping[str, Any]) -> str:
    """The sentence of a stored step in a language."""
    return str(stored["words"]) if lang == "zh" else _render(lang, stored["rule"], stored["numbers"])


def _render(lang: Lang, rule: str, numbers: Mapping[str, Any]) -> str:
    values = {name: _display_value(lang, name, value) for name, value in numbers.items()}
    return say(lang, MESSAGES[rule], **values)


def _display_value(lang: Lang, name: str, value: Any) -> Any:  # noqa: ANN401 - JSON values
    """A value of a step as it is shown: codes as their display texts, bilingual texts in ``lang``."""
    if isinstance(value, dict):
        return value[lang]
    if isinstance(value, bool):
        return say(lang, OFFICIAL[value])
    if value is None:
        return ""
    return say(lang, BY_NAME[name][value]) if name in BY_NAME else value
