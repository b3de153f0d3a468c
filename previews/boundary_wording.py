"""A boundary change told to a person, or as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any, Final

from core.i18n import N_, Lang, say
from core.i18n.quantities import area, percent
from law.book import LawBook
from previews.boundary_change import LeadChange, LeadOnSide, Preview
from store.queries.unit_changes import Kind, Part, UnitChange
from verdict.glossary import CERTAINTIES
from verdict.wording.law import listed

Row = tuple[str, ...]

KINDS: Final[dict[Kind, str]] = {
    "begins": N_("begins"),
    "ends": N_("ends"),
    "renamed": N_("renamed, was {name}"),
    "area": N_("area changes"),
}
NOBODY: Final = N_("no unit")
OUTSIDE: Final = N_("outside every unit")


def count_preview(found: Preview, lang: Lang) -> str:
    """How much changes, in one line."""
    return say(
        lang,
        N_(
            "{before} → {after}: units that change: {units}; open reports near changed ground: {judged}, "
            "of these with another lead unit: {moves}."
        ),
        before=found.before,
        after=found.after,
        units=len(found.units),
        judged=found.judged,
        moves=len(found.moves),
    )


def tell_units(found: Preview, lang: Lang) -> Iterator[Row]:
    """Rows of unit, what happens, area before and after, ground got from, ground given to."""
    for unit in found.units:
        yield (
            named(unit.code, unit.now.name),
            listed(lang, (_kind(unit, kind, lang) for kind in unit.kinds)),
            _areas(unit, lang),
            _parts(unit.gained, lang),
            _parts(unit.lost, lang),
        )


def named(code: str, name: str) -> str:
    """A unit as people read it: its name, then its code."""
    return f"{name} {code}"


def _kind(unit: UnitChange, kind: Kind, lang: Lang) -> str:
    return say(lang, KINDS[kind], name=unit.before.name if unit.before else "")


def _areas(unit: UnitChange, lang: Lang) -> str:
    states = (state.area_m2 if state else None for state in (unit.before, unit.after))
    return " → ".join("–" if m2 is None else area(m2, lang) for m2 in states)


def _parts(parts: Iterable[Part], lang: Lang) -> str:
    told = (
        f"{named(part.code, part.name or '') if part.code else say(lang, NOBODY)} {area(part.area_m2, lang)}"
        for part in parts
    )
    return listed(lang, told)


def tell_moves(moves: Iterable[LeadChange], book: LawBook, lang: Lang) -> Iterator[Row]:
    """Rows of report, matter, from whom, to whom, certainty before and after."""
    for move in moves:
        sides = (move.before, move.after)
        yield (
            str(move.report),
            matter(book, move.category, lang),
            *(_holder(side, lang) for side in sides),
            _arrow(say(lang, CERTAINTIES[side.certainty]) for side in sides),
        )


def matter(book: LawBook, category: str, lang: Lang) -> str:
    """A category's name; its code where the law does not have it any more."""
    known = book.categories.get(category)
    return known.name.say(lang) if known else category


def _holder(holder: LeadOnSide, lang: Lang) -> str:
    if holder.unit is None:
        return say(lang, OUTSIDE)
    return f"{named(holder.unit.code, holder.unit.name)} {percent(holder.unit.share)}"


def _arrow(texts: Iterable[str]) -> str:
    """Before and after; once where they are the same."""
    return " → ".join(dict.fromkeys(texts))


def preview_as_dict(found: Preview) -> dict[str, Any]:
    """A preview as JSON holds it."""
    return {
        "from": found.before.isoformat(),
        "to": found.after.isoformat(),
        "units": [_unit_as_dict(unit) for unit in found.units],
        "reports": {
            "near": found.judged,
            "moves": [_move_as_dict(move) for move in found.moves],
        },
    }


def _unit_as_dict(unit: UnitChange) -> dict[str, Any]:
    told = {**asdict(unit), "changes": unit.kinds, "gained_m2": unit.gained_m2, "lost_m2": unit.lost_m2}
    for side in ("before", "after"):
        for day in ("begins", "ends"):
            if told[side] and told[side][day]:
                told[side][day] = told[side][day].isoformat()
    return told


def _move_as_dict(move: LeadChange) -> dict[str, Any]:
    sides = {name: asdict(side) for name, side in (("from", move.before), ("to", move.after))}
    return {"report": move.report, "category": move.category, **sides}
