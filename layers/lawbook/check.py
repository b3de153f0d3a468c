"""Checks the current law of the store for completeness, over all its townships."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import BadInput
from core.i18n import N_
from geo import stem
from law import (
    CompetenceFinding,
    Contradiction,
    LawBook,
    RuleGap,
    check_competence,
    check_consistency,
    find_rule_gaps,
)
from layers.lawbook.documents import current_book
from store.schema import Source, Unit


@dataclass(frozen=True, slots=True)
class LawCheck:
    """Result of a check. ``units``: code → name of the townships that were checked."""

    book: LawBook
    on: dt.date
    units: Mapping[str, str]
    findings: tuple[CompetenceFinding, ...]
    rule_gaps: tuple[RuleGap, ...]
    contradictions: tuple[Contradiction, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not (self.findings or self.rule_gaps or self.contradictions)


def check_current_law(session: Session, on: dt.date, unit: str | None = None) -> LawCheck:
    """Check the current law on a day, in every township or in those of one unit.

    Raises :class:`BadInput` if no township is known there.
    """
    book = current_book(session)
    units = fetch_townships(session, on, unit or "")
    if not units:
        raise _no_township(on, unit)
    return LawCheck(
        book,
        on,
        units,
        tuple(check_competence(book, units, on)),
        tuple(find_rule_gaps(book, on)),
        tuple(check_consistency(book, units, [on])),
    )


def _no_township(on: dt.date, unit: str | None) -> BadInput:
    if unit is None:
        message, hint = N_("No township is known on {day}."), N_("Choose another day, or load boundaries.")
        return BadInput(message, field="as_of", hint=hint, day=on)
    message = N_("No township of unit {unit} is known on {day}.")
    hint = N_("Enter the code of a county or township, such as 140522.")
    return BadInput(message, field="unit", hint=hint, unit=unit, day=on)


def fetch_townships(session: Session, on: dt.date | None = None, unit: str = "") -> dict[str, str]:
    """Code → name of the current townships under a unit, on a day, or on any day."""
    query = (
        select(Unit.code, Unit.name)
        .join(Source, Source.id == Unit.source_id)
        .where(Source.retired_at.is_(None), Unit.level == "township")
        .where(Unit.code.startswith(stem(unit), autoescape=True))
        .order_by(Unit.code)
    )
    rows = session.execute(query if on is None else query.where(Unit.valid.contains(on)))
    return {row.code: row.name for row in rows}
