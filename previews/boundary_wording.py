"""A boundary change in words, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any, Final

from core.i18n import N_, Lang, say
from core.i18n.quantities import area, percent
from law import LawBook
from previews.boundary_change import LeadChange, LeadOnSide, UnitPreview
from store.queries import Kind, Part, UnitChange
from verdict import CERTAINTIES
from verdict.wording import listed

Row = tuple[str, ...]

KINDS: Final[dict[Kind, str]] = {
    "begins": N_("begins"),
    "ends": N_("ends"),
    "renamed": N_("renamed from {name}"),
    "area": N_("area changes"),
}
NO_UNIT: Final = N_("no unit")
OUTSIDE: Final = N_("outside every unit")


def preview_summary(preview: UnitPreview, lang: Lang) -> str:
    """The counts of a boundary change, in one line."""
    return say(
        lang,
        N_(
            "{before} → {after}: changed units: {units}; open reports near changed ground: {judged}, "
            "of these with a new lead unit: {moves}."
        ),
        before=preview.before,
        after=preview.after,
        units=len(preview.units),
        judged=preview.judged,
        moves=len(preview.moves),
    )


def unit_rows(preview: UnitPreview, lang: Lang) -> Iterator[Row]:
    """Rows of (unit, kinds of change, area before and after, ground gained from, ground lost to)."""
    for unit in preview.units:
        yield (
            named(unit.code, unit.now.name),
            listed(lang, (_kind(unit, kind, lang) for kind in unit.kinds)),
            _areas(unit, lang),
            _parts(unit.gained, lang),
            _parts(unit.lost, lang),
        )


def named(code: str, name: str) -> str:
    """A unit's name and code."""
    return f"{name} {code}"


def _kind(unit: UnitChange, kind: Kind, lang: Lang) -> str:
    return say(lang, KINDS[kind], name=unit.before.name if unit.before else "")


def _areas(unit: UnitChange, lang: Lang) -> str:
    states = (state.area_m2 if state else None for state in (unit.before, unit.after))
    return " → ".join("–" if m2 is None else area(m2, lang) for m2 in states)


def _parts(parts: Iterable[Part], lang: Lang) -> str:
    parts_text = (
        f"{named(part.code, part.name or '') if part.code else say(lang, NO_UNIT)} {area(part.area_m2, lang)}"
        for part in parts
    )
    return listed(lang, parts_text)


def lead_change_rows(moves: Iterable[LeadChange], book: LawBook, lang: Lang) -> Iterator[Row]:
    """Rows of (report, matter, lead unit before, lead unit after, certainty before and after)."""
    for move in moves:
        sides = (move.before, move.after)
        yield (
            str(move.report),
            category_name(book, move.category, lang),
            *(_lead(side, lang) for side in sides),
            _arrow(say(lang, CERTAINTIES[side.certainty]) for side in sides),
        )


def category_name(book: LawBook, category: str, lang: Lang) -> str:
    """A category's name; its code where the law does not have it."""
    known = book.categories.get(category)
    return known.name.say(lang) if known else category


def _lead(lead: LeadOnSide, lang: Lang) -> str:
    if lead.unit is None:
        return say(lang, OUTSIDE)
    return f"{named(lead.unit.code, lead.unit.name)} {percent(lead.unit.share)}"


def _arrow(texts: Iterable[str]) -> str:
    """Before → after; a single text where both are equal."""
    return " → ".join(dict.fromkeys(texts))


def preview_as_dict(preview: UnitPreview) -> dict[str, Any]:
    """A preview as a JSON object."""
    return {
        "from": preview.before.isoformat(),
        "to": preview.after.isoformat(),
        "units": [_unit_as_dict(unit) for unit in preview.units],
        "reports": {
            "near": preview.judged,
            "moves": [_move_as_dict(move) for move in preview.moves],
        },
    }


def _unit_as_dict(unit: UnitChange) -> dict[str, Any]:
    values = {**asdict(unit), "changes": unit.kinds, "gained_m2": unit.gained_m2, "lost_m2": unit.lost_m2}
    for side in ("before", "after"):
        for day in ("begins", "ends"):
            if values[side] and values[side][day]:
                values[side][day] = values[side][day].isoformat()
    return values


def _move_as_dict(move: LeadChange) -> dict[str, Any]:
    sides = {name: asdict(side) for name, side in (("from", move.before), ("to", move.after))}
    return {"report": move.report, "category": move.category, **sides}
