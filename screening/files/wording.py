"""The result of a screening in words: a line of counts, errors, and the rows of its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from core.i18n import N_, Lang, say
from screening.files.places import PlaceOptions
from screening.files.summary import EFFECTS, Summary
from verdict import EFFECTS as EFFECT_NAMES
from verdict import channel_name

Rows = list[tuple[str, ...]]
MAX_ROWS: Final = 20
EFFECT_HEADINGS: Final = (N_("Effect"), N_("Rows"), N_("Share"))
UNIT_HEADINGS: Final = (N_("Unit"), N_("Name"), N_("Rows"), *(EFFECT_NAMES[effect] for effect in EFFECTS))
ZONE_HEADINGS: Final = (N_("Zone"), N_("Name"), N_("Kind"), N_("Inside"), N_("Possibly inside"))


def count_line(summary: Summary, lang: Lang) -> str:
    """The number of rows judged, and of those that could not be."""
    if summary.errors:
        text = N_("{rows} rows: {judged} judged, {errors} could not be judged (see zj_error).")
        judged = f"{summary.rows - summary.errors:,}"
        return say(lang, text, rows=f"{summary.rows:,}", judged=judged, errors=f"{summary.errors:,}")
    return say(lang, N_("{rows} rows, all judged."), rows=f"{summary.rows:,}")


def assumed_line(summary: Summary, options: PlaceOptions, lang: Lang) -> str:
    """How many rows got the default accuracy of the channel, and which that is; empty where none did."""
    if not summary.assumed:
        return ""
    text = N_(
        "{rows} rows give no position error: the default of the channel “{channel}”, {m} m, "
        "is taken for them."
    )
    name = channel_name(options.channel)[lang]
    return say(lang, text, rows=f"{summary.assumed:,}", channel=name, m=f"{options.default_m():g}")


def error_lines(summary: Summary, lang: Lang) -> list[str]:
    """Number, counted from 1, and reason of the first rows that could not be judged."""
    text = N_("Row {row}: {why}")
    return [say(lang, text, row=f"{row + 1:,}", why=why) for row, why in summary.first_errors]


def effect_rows(summary: Summary, lang: Lang) -> Rows:
    """Rows of (effect, number of rows, share of the judged rows), the strictest effect first."""
    judged = max(summary.rows - summary.errors, 1)
    counts = [(effect, summary.effects[effect]) for effect in EFFECTS if summary.effects[effect]]
    return [(say(lang, EFFECT_NAMES[effect]), f"{n:,}", f"{n / judged:.1%}") for effect, n in counts]


def unit_rows(summary: Summary) -> Rows:
    """Rows of (code, name, number of rows, then by effect), the unit with the most rows first."""
    return [
        (code, name, f"{sum(effects.values()):,}", *(f"{effects.get(effect, 0):,}" for effect in EFFECTS))
        for code, name, effects in summary.by_unit()
    ]


def zone_rows(summary: Summary, kinds: Mapping[str, str]) -> Rows:
    """Rows of (id, name, kind, number of rows inside, possibly inside). ``kinds``: code → name."""
    return [
        (zone, name, kinds.get(kind, kind), f"{inside:,}", f"{possible:,}")
        for zone, name, kind, inside, possible in summary.by_zone()
    ]


def limit_rows(rows: Sequence[tuple[str, ...]], lang: Lang) -> tuple[Sequence[tuple[str, ...]], str]:
    """The first ``MAX_ROWS`` rows, and a note on how many are left out; empty where none is."""
    left = len(rows) - MAX_ROWS
    if left <= 0:
        return rows, ""
    return rows[:MAX_ROWS], say(lang, N_("… and {left} more; print all with --json."), left=f"{left:,}")
