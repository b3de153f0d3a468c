"""Differences of units between two days, or between two versions of a dataset."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import BindParameter, ColumnElement, TextClause, any_, bindparam, exists, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import BigInteger, Date, Float, Text

from geo.measure import OUTLIER_FACTOR, OUTLIER_REACH, REACH, sigma_from_r68
from store.schema.datasets import LEVELS, Report, UnitPiece

_SQL_FILE: Final = Path(__file__).parent / "sql" / "unit_changes.sql"
NOISE_M2: Final = 1.0  # a smaller part comes from rounding where one line was drawn twice
# Lengths of a degree, rounded down so that a search box in degrees is never too small.
LON_DEGREE_M: Final = 111_300.0  # at the equator; times cos(latitude) elsewhere
LAT_DEGREE_M: Final = 110_500.0
Kind = Literal["begins", "ends", "renamed", "area"]


@dataclass(frozen=True, slots=True)
class UnitState:
    """A unit on one side of a change. ``area_m2`` is ellipsoidal; None for units without geometry."""

    name: str
    level: str
    area_m2: float | None
    begins: dt.date | None
    ends: dt.date | None


@dataclass(frozen=True, slots=True)
class Part:
    """Ground that passes from one unit to another; ``code`` and ``name`` of the other unit, None if none."""

    code: str | None
    name: str | None
    area_m2: float


@dataclass(frozen=True, slots=True)
class UnitChange:
    """A unit that differs between the two sides, with the ground it gains and loses, largest part first.

    Each part is measured by itself. Where a new line crosses an old border, their sum may deviate from the
    difference of the two areas by less than a thousandth, because borders are straight in degrees but
    measured as geodesics between their vertices.
    """

    dataset: str
    code: str
    before: UnitState | None
    after: UnitState | None
    gained: tuple[Part, ...]
    lost: tuple[Part, ...]

    @property
    def now(self) -> UnitState:
        """The unit after the change or, if it ends, before it."""
        state = self.after or self.before
        assert state is not None, "a change has at least one side"
        return state

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What changes; empty if the same line has merely been drawn with other vertices."""
        if self.before is None:
            return ("begins",)
        if self.after is None:
            return ("ends",)
        renamed: tuple[Kind, ...] = ("renamed",) if self.before.name != self.after.name else ()
        return (*renamed, "area") if self.gained or self.lost else renamed

    @property
    def gained_m2(self) -> float:
        """Area gained, m²."""
        return sum(part.area_m2 for part in self.gained)

    @property
    def lost_m2(self) -> float:
        """Area lost, m²."""
        return sum(part.area_m2 for part in self.lost)


@dataclass(frozen=True, slots=True)
class UnitSide:
    """One side of a comparison: a day, and dataset versions: id → dataset it is compared as."""

    day: dt.date
    datasets: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class UnitChanges:
    """All units that change. ``redrawn``: ids of the rows of ``unit`` whose geometry differs."""

    units: tuple[UnitChange, ...]
    redrawn: tuple[int, ...]


@cache
def _statement() -> str:
    return _SQL_FILE.read_text(encoding="utf-8")


def select_unit_changes(before: UnitSide, after: UnitSide) -> TextClause:
    """Build the query of :func:`fetch_unit_changes`."""
    noise = bindparam("noise_m2", NOISE_M2, Float)
    return text(_statement()).bindparams(noise, *_parameters("before", before), *_parameters("after", after))


def _parameters(name: str, side: UnitSide) -> Iterable[BindParameter[Any]]:
    yield bindparam(f"{name}_ids", list(side.datasets), ARRAY(BigInteger))
    yield bindparam(f"{name}_names", list(side.datasets.values()), ARRAY(Text))
    yield bindparam(f"{name}_day", side.day, Date)


def fetch_unit_changes(session: Session, before: UnitSide, after: UnitSide) -> UnitChanges:
    """Return what changes between two sides, sorted by level from the top, then by code."""
    row = session.execute(select_unit_changes(before, after)).one()
    exchanges = row.exchanges or []
    units = [_change(unit, exchanges) for unit in row.units or []]
    units.sort(key=lambda unit: (LEVELS.index(unit.now.level), unit.code, unit.dataset))
    return UnitChanges(tuple(unit for unit in units if unit.kinds), tuple(_redrawn(row.units or [])))


def _redrawn(units: Iterable[Mapping[str, Any]]) -> Iterable[int]:
    for unit in units:
        if unit["redrawn"]:
            yield from (unit[side] for side in ("before_id", "after_id") if unit[side] is not None)


def _change(unit: Mapping[str, Any], exchanges: Iterable[Mapping[str, Any]]) -> UnitChange:
    own = [exchange for exchange in exchanges if exchange["dataset"] == unit["dataset"]]
    code = unit["code"]
    return UnitChange(
        dataset=unit["dataset"],
        code=code,
        before=_state(unit["before"]),
        after=_state(unit["after"]),
        gained=_parts(own, "giver", lambda exchange: exchange["taker"] == code),
        lost=_parts(own, "taker", lambda exchange: exchange["giver"] == code),
    )


def _parts(
    exchanges: Iterable[Mapping[str, Any]], other: str, wanted: Callable[[Mapping[str, Any]], bool]
) -> tuple[Part, ...]:
    return tuple(
        Part(exchange[other], exchange[f"{other}_name"], round(exchange["area_m2"], 2))
        for exchange in exchanges
        if wanted(exchange)
    )


def _state(row: Mapping[str, Any] | None) -> UnitState | None:
    if row is None:
        return None
    days = {field: dt.date.fromisoformat(row[field]) if row[field] else None for field in ("begins", "ends")}
    area = None if row["area_m2"] is None else round(row["area_m2"], 2)
    return UnitState(**{**row, **days, "area_m2": area})


def reports_near(unit_ids: Iterable[int], accuracy_m: float) -> ColumnElement[bool]:
    """SQL condition: a report's true position may be in or near some of these units.

    Wider than the search of the PostGIS engine in ``facts``, so that a report left out here has none of these
    units among its facts.

    Args:
        unit_ids: Ids of rows of ``unit``.
        accuracy_m: Largest 68 % position error of the units' lines, metres.
    """
    own = Report.location["accuracy_m"].as_float()
    ordinary = REACH * func.sqrt(own * own + accuracy_m**2)
    outlying = OUTLIER_REACH * func.sqrt(OUTLIER_FACTOR**2 * own * own + accuracy_m**2)
    reach = sigma_from_r68(1.0) * func.greatest(ordinary, outlying)
    shrink = func.cos(func.radians(func.greatest(*_latitudes())))
    box = func.ST_Expand(Report.geom, reach / (LON_DEGREE_M * shrink), reach / LAT_DEGREE_M)
    ids = bindparam("redrawn_ids", list(unit_ids), ARRAY(BigInteger), unique=True)
    near = UnitPiece.unit_id == any_(ids)
    return exists(select(UnitPiece.id).where(near, UnitPiece.geom.bool_op("&&")(box)))


def _latitudes() -> Iterable[ColumnElement[float]]:
    return (func.abs(func.ST_YMin(Report.geom)), func.abs(func.ST_YMax(Report.geom)))
