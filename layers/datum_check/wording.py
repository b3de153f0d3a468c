"""Texts of a datum check."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

from core.i18n import N_, Lang, say
from core.i18n.quantities import percent
from geo.datum import Suspicion, frame

Line = dict[str, str]

MARKS: Final = {"suspect": "⚠", "fits": "✓", "open": "?", "few": "?"}
AGAINST: Final = {
    "permits": N_("areas of permits"),
    "villages": N_("villages"),
    "reports": N_("earlier reports"),
    "units": N_("the area of the units"),
    "file": N_("the places in the file"),
}
DIRECTIONS: Final = (  # counter-clockwise from east, 45° each
    N_("east"),
    N_("north-east"),
    N_("north"),
    N_("north-west"),
    N_("west"),
    N_("south-west"),
    N_("south"),
    N_("south-east"),
)
DECLARE: Final = N_(
    "Declare {suspected}. But first verify the places that it was compared with: the check cannot tell which "
    "of the two is wrong."
)
UNPROJECT: Final = N_(
    "The coordinates were {suspected} before they were projected: get the original degrees "
    "and declare {suspected}."
)
ZONE: Final = N_("Declare {suspected}, unless the batch is from outside the known area.")
ECHO: Final = N_(
    "Earlier reports from the same source may have the same error: the batch would then fit them regardless."
)


def describe_suspicion(found: Suspicion, lang: Lang) -> dict[str, Any]:
    """The result in words: ``{"headline", "mark", "lines": [{"label", "text"}]}``, as for a verdict."""
    lines = [{"label": say(lang, label), "text": text} for label, text in _lines(found, lang)]
    return {
        "headline": say(lang, found.reason, **found.values),
        "mark": MARKS[found.finding],
        "lines": lines,
    }


def suspicion_as_dict(found: Suspicion) -> dict[str, Any]:
    """The numbers of a result, for JSON."""
    return {
        "finding": found.finding,
        "against": found.against,
        "paired": found.paired,
        "points": found.n,
        "compared": found.compared,
        "matched": found.matched,
        "median_m": dict(found.median_m),
        "offset_m": None if found.offset_m is None else list(found.offset_m),
        "strength": found.strength,
    }


def _lines(found: Suspicion, lang: Lang) -> Iterator[tuple[str, str]]:
    yield N_("Declared"), found.declared
    yield N_("Suspected"), found.suspected or say(lang, N_("none"))
    yield N_("Compared with"), _against(found, lang)
    counts = N_("{n} in the batch, {compared} compared, {matched} matched")
    yield N_("Points"), say(lang, counts, n=found.n, compared=found.compared, matched=found.matched)
    if found.offset_m is not None and found.finding in ("suspect", "fits"):
        yield N_("Offset"), _offset(found.offset_m, lang)
    if found.median_m:
        yield N_("Median distance"), _medians(found)
    if found.finding in ("suspect", "fits"):
        yield N_("Strength"), percent(found.strength)
    yield from _advice(found, lang)


def _against(found: Suspicion, lang: Lang) -> str:
    what = say(lang, AGAINST[found.against])
    return say(lang, N_("{what}, code by code"), what=what) if found.paired else what


def _offset(offset_m: tuple[float, float], lang: Lang) -> str:
    """Distance and one of eight directions from the points to their true places; ``offset_m``: (E, N)."""
    east, north = offset_m
    direction = DIRECTIONS[round(math.atan2(north, east) / (math.pi / 4.0)) % 8]
    metres = f"{math.hypot(east, north):,.0f}"
    return say(
        lang,
        N_("{metres} m to the {way}, from the points to where they belong"),
        metres=metres,
        way=say(lang, direction),
    )


def _medians(found: Suspicion) -> str:
    return " · ".join(f"{datum} {metres:,.0f} m" for datum, metres in found.median_m.items())


def _advice(found: Suspicion, lang: Lang) -> Iterator[tuple[str, str]]:
    if found.suspected is not None:
        text = ZONE if found.against == "units" or ":" in found.suspected else DECLARE
        projected = frame(found.declared).unproject is not None
        text = UNPROJECT if projected and text is DECLARE else text
        yield N_("What to do"), say(lang, text, suspected=found.suspected)
    elif found.finding == "fits" and found.against == "reports":
        yield N_("Caution"), say(lang, ECHO)
