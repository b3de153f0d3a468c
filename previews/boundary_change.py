"""Previews a boundary change: which units change, and which open reports get another lead unit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session

from core.errors import BadInput
from core.i18n import N_
from facts import PlaceFacts, facts_of_days
from geo import Location, contains, stem
from layers.loading import Versions, fetch_source_refs
from previews.past_reports import PastReport, count_reports, stream_reports
from store.queries import UnitChange, UnitSide, fetch_unit_changes, reports_near
from store.schema import CLOSED_STATES, Report, Unit
from verdict import Certainty, Limits, UnitShare, check_day, decide

ROLES: Final = ("units", "villages")  # of datasets whose versions decide a lead unit
Progress = Callable[[Iterable[PastReport], int], Iterable[PastReport]]


def without_progress(reports: Iterable[PastReport], _total: int) -> Iterable[PastReport]:
    """A progress indicator that shows nothing."""
    return reports


@dataclass(frozen=True, slots=True)
class LeadOnSide:
    """The lead unit of a place on one side of the change; ``unit`` is None outside of all units."""

    unit: UnitShare | None
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class LeadChange:
    """An open report whose lead unit differs between the two sides."""

    report: int
    category: str
    before: LeadOnSide
    after: LeadOnSide


@dataclass(frozen=True, slots=True)
class UnitPreview:
    """The effects of a boundary change.

    ``judged``: open reports near changed ground, the only ones that can move.
    """

    before: dt.date
    after: dt.date
    units: tuple[UnitChange, ...]
    judged: int
    moves: tuple[LeadChange, ...]


def unit_side(session: Session, day: dt.date, versions: Versions) -> UnitSide:
    """The units valid on a day in these dataset versions."""
    refs = (ref for ref in fetch_source_refs(session, versions) if ref.role in ROLES)
    return UnitSide(day, {ref.id: versions[ref.id] for ref in refs})


def preview_units(
    session: Session,
    sides: tuple[UnitSide, UnitSide],
    limits: Limits,
    unit: str | None = None,
    progress: Progress = without_progress,
) -> UnitPreview:
    """Compare two sides: all units, or one ``unit`` and those below it.

    Only open reports near changed ground are judged: the cost grows with the change, not with the number of
    reports. Raises :class:`BadInput` for a day that the boundaries do not cover, and for an unknown unit.
    """
    for side, field in zip(sides, ("from", "to"), strict=True):
        _check_side_day(session, side, field)
    _check_unit(session, sides, unit)
    changes = fetch_unit_changes(session, *sides)
    # Where no line was redrawn, renamed units cannot change anybody's lead: no query at all.
    touched = and_(Report.status.not_in(CLOSED_STATES), _near_changed(session, sides, changes.redrawn))
    count = count_reports(session, touched) if changes.redrawn else 0
    reports = progress(stream_reports(session, touched), count) if count else ()
    moves = _lead_changes(session, sides, limits, reports)
    return UnitPreview(
        before=sides[0].day,
        after=sides[1].day,
        units=tuple(change for change in changes.units if _unit_change_concerns(unit, change)),
        judged=count,
        moves=tuple(move for move in moves if _lead_change_concerns(unit, move)),
    )


def _check_side_day(session: Session, side: UnitSide, field: str) -> None:
    """Raise :class:`BadInput` for a day that the boundaries do not cover, as a verdict does."""
    refs = fetch_source_refs(session, side.datasets)
    try:
        check_day(refs, side.day)
    except BadInput as fault:
        fault.field = field  # the user gave two days: say which
        raise


def _check_unit(session: Session, sides: tuple[UnitSide, UnitSide], unit: str | None) -> None:
    versions = [number for side in sides for number in side.datasets]
    under = Unit.code.startswith(stem(unit or ""), autoescape=True)
    if not session.scalar(select(exists().where(Unit.source_id.in_(versions), under))):
        raise BadInput(
            N_("There is no unit {unit}."),
            field="unit",
            hint=N_("Give the code of a county or township, such as 140522."),
            unit=unit,
        )


def _near_changed(
    session: Session, sides: tuple[UnitSide, UnitSide], redrawn: tuple[int, ...]
) -> ColumnElement[bool]:
    """The condition that a report lies within reach of a redrawn unit, lines' accuracy included."""
    versions = {number for side in sides for number in side.datasets}
    coarsest = max((ref.accuracy_m for ref in fetch_source_refs(session, versions)), default=0.0)
    return reports_near(redrawn, coarsest)


def _lead_changes(
    session: Session, sides: tuple[UnitSide, UnitSide], limits: Limits, reports: Iterable[PastReport]
) -> Iterator[LeadChange]:
    """The reports whose lead unit differs between the sides."""
    for report in reports:
        facts = _facts_of_sides(session, report.location, sides)
        decided = (decide(report.location, side, limits.shares)[0] for side in facts)
        before, after = (LeadOnSide(found.lead, found.certainty) for found in decided)
        if _code(before) != _code(after):
            yield LeadChange(report.id, report.case.category, before, after)


def _facts_of_sides(
    session: Session, location: Location, sides: tuple[UnitSide, UnitSide]
) -> list[PlaceFacts]:
    """The facts of a place on both sides, by one query where the dataset versions are the same."""
    before, after = sides
    if before.datasets == after.datasets:
        return facts_of_days(session, location, (before.day, after.day), before.datasets)
    return [facts_of_days(session, location, (side.day,), side.datasets)[0] for side in sides]


def _code(lead: LeadOnSide) -> str | None:
    """The code of a lead unit, None outside of all units. Only codes are compared: a new name is no move."""
    return lead.unit.code if lead.unit else None


def _unit_change_concerns(unit: str | None, change: UnitChange) -> bool:
    """Whether a unit's change touches ``unit`` or one below it."""
    codes = (change.code, *(part.code for part in (*change.gained, *change.lost)))
    return unit is None or any(code is not None and contains(unit, code) for code in codes)


def _lead_change_concerns(unit: str | None, move: LeadChange) -> bool:
    """Whether a report moves into or out of ``unit`` or one below it."""
    codes = (_code(move.before), _code(move.after))
    return unit is None or any(code is not None and contains(unit, code) for code in codes)
