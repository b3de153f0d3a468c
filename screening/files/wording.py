"""What a screening found, in words: the rows of its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from core.i18n import N_, Lang, say
from screening.files.summary import EFFECTS, Summary
from verdict.glossary import EFFECTS as WORDS

Rows = list[tuple[str, ...]]
MOST_ROWS: Final = 20
EFFECT_HEADS: Final = (N_("Effect"), N_("Rows"), N_("Share"))
UNIT_HEADS: Final = (N_("Unit"), N_("Name"), N_("Rows"), *(WORDS[effect] for effect in EFFECTS))
ZONE_HEADS: Final = (N_("Zone"), N_("Name"), N_("Kind"), N_("Inside"), N_("Possibly inside"))


def tell_count(summary: Summary, lang: Lang) -> str:
    """How many rows were judged and how many could not be."""
    if summary.errors:
        text = N_("{rows} rows: {judged} judged, {errors} could not be (zj_error says why).")
        judged = f"{summary.rows - summary.errors:,}"
        return say(lang, text, rows=f"{summary.rows:,}", judged=judged, errors=f"{summary.errors:,}")
    return say(lang, N_("{rows} rows, all judged."), rows=f"{summary.rows:,}")


def tell_errors(summary: Summary, lang: Lang) -> list[str]:
    """The first rows that could not be judged, counted from 1, with the reasons."""
    text = N_("Row {row}: {why}")
    return [say(lang, text, row=f"{row + 1:,}", why=why) for row, why in summary.first_errors]


def tell_effects(summary: Summary, lang: Lang) -> Rows:
    """Rows and share of each effect, the strictest first."""
    judged = max(summary.rows - summary.errors, 1)
    found = [(effect, summary.effects[effect]) for effect in EFFECTS if summary.effects[effect]]
    return [(say(lang, WORDS[effect]), f"{n:,}", f"{n / judged:.1%}") for effect, n in found]


def tell_units(summary: Summary) -> Rows:
    """Rows of the units by effect, the fullest first."""
    return [
        (code, name, f"{sum(effects.values()):,}", *(f"{effects.get(effect, 0):,}" for effect in EFFECTS))
        for code, name, effects in summary.by_unit()
    ]


def tell_zones(summary: Summary, kinds: Mapping[str, str]) -> Rows:
    """Rows inside and possibly inside each zone that is met; ``kinds``: names of the kinds of zones."""
    return [
        (zone, name, kinds.get(kind, kind), f"{inside:,}", f"{possible:,}")
        for zone, name, kind, inside, possible in summary.by_zone()
    ]


def shortened(rows: Sequence[tuple[str, ...]], lang: Lang) -> tuple[Sequence[tuple[str, ...]], str]:
    """As many rows as a person reads, and what is said of the others."""
    left = len(rows) - MOST_ROWS
    if left <= 0:
        return rows, ""
    return rows[:MOST_ROWS], say(lang, N_("… and {left} more; all of them: --json."), left=f"{left:,}")
