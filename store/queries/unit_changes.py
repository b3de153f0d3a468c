"""What becomes of units between two days, or when another version of a dataset takes over."""

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

from geo.measure.probability import REACH, sigma_from_r68
from store.schema.datasets import LEVELS, Report, UnitPiece

SQL: Final = Path(__file__).parent / "sql" / "unit_changes.sql"
NOISE_M2: Final = 1.0  # a smaller part is rounding where one line was drawn twice, not ground that moves
# No degree on the ellipsoid is shorter: the search box is never too small.
LON_DEGREE_M: Final = 111_300.0  # at the equator; times cos(latitude)
LAT_DEGREE_M: Final = 110_500.0
Kind = Literal["begins", "ends", "renamed", "area"]


@dataclass(frozen=True, slots=True)
class UnitState:
    """A unit on one side of a change. ``area_m2``: ellipsoidal, None where it has no area (villages)."""

    name: str
    level: str
    area_m2: float | None
    begins: dt.date | None
    ends: dt.date | None


@dataclass(frozen=True, slots=True)
class Part:
    """Ground that changes hands, m²; ``code`` and ``name`` are None where no unit is on the other side."""

    code: str | None
    name: str | None
    area_m2: float


@dataclass(frozen=True, slots=True)
class UnitChange:
    """A unit that is not the same on both sides, with the ground that it gets and gives, largest part first.

    Parts are measured one by one; where a new line crosses an old border, they may differ from the
    difference of the two areas by less than a thousandth, because a border is straight in degrees and is
    measured as geodesics between its vertices.
    """

    dataset: str
    code: str
    before: UnitState | None
    after: UnitState | None
    gained: tuple[Part, ...]
    lost: tuple[Part, ...]

    @property
    def now(self) -> UnitState:
        """The newest that is known of it."""
        state = self.after or self.before
        assert state is not None, "a change has at least one side"
        return state

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What happens to it; empty where the same line has merely been drawn with other vertices."""
        if self.before is None:
            return ("begins",)
        if self.after is None:
            return ("ends",)
        renamed: tuple[Kind, ...] = ("renamed",) if self.before.name != self.after.name else ()
        return (*renamed, "area") if self.gained or self.lost else renamed

    @property
    def gained_m2(self) -> float:
        """All ground that it gets."""
        return sum(part.area_m2 for part in self.gained)

    @property
    def lost_m2(self) -> float:
        """All ground that it gives."""
        return sum(part.area_m2 for part in self.lost)


@dataclass(frozen=True, slots=True)
class UnitSide:
    """One side of a comparison: a day, and the dataset versions (id → dataset that it is compared as)."""

    day: dt.date
    datasets: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class UnitChanges:
    """Every unit that changes; ``redrawn``: ids of the rows whose ground is not the same on both sides."""

    units: tuple[UnitChange, ...]
    redrawn: tuple[int, ...]


@cache
def _statement() -> str:
    return SQL.read_text(encoding="utf-8")


def select_unit_changes(before: UnitSide, after: UnitSide) -> TextClause:
    """One statement for all that differs between two sides."""
    noise = bindparam("noise_m2", NOISE_M2, Float)
    return text(_statement()).bindparams(noise, *_side("before", before), *_side("after", after))


def _side(name: str, side: UnitSide) -> Iterable[BindParameter[Any]]:
    yield bindparam(f"{name}_ids", list(side.datasets), ARRAY(BigInteger))
    yield bindparam(f"{name}_names", list(side.datasets.values()), ARRAY(Text))
    yield bindparam(f"{name}_day", side.day, Date)


def fetch_unit_changes(session: Session, before: UnitSide, after: UnitSide) -> UnitChanges:
    """What changes between two sides: by level from the top, then by code."""
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
    own = [one for one in exchanges if one["dataset"] == unit["dataset"]]
    code = unit["code"]
    return UnitChange(
        dataset=unit["dataset"],
        code=code,
        before=_state(unit["before"]),
        after=_state(unit["after"]),
        gained=_parts(own, "giver", lambda one: one["taker"] == code),
        lost=_parts(own, "taker", lambda one: one["giver"] == code),
    )


def _parts(
    exchanges: Iterable[Mapping[str, Any]], other: str, wanted: Callable[[Mapping[str, Any]], bool]
) -> tuple[Part, ...]:
    return tuple(
        Part(one[other], one[f"{other}_name"], round(one["area_m2"], 2)) for one in exchanges if wanted(one)
    )


def _state(row: Mapping[str, Any] | None) -> UnitState | None:
    if row is None:
        return None
    days = {field: dt.date.fromisoformat(row[field]) if row[field] else None for field in ("begins", "ends")}
    area = None if row["area_m2"] is None else round(row["area_m2"], 2)
    return UnitState(**{**row, **days, "area_m2": area})


def reports_near(unit_ids: Iterable[int], accuracy_m: float) -> ColumnElement[bool]:
    """Which reports some of these rows of ``unit`` can reach, wherever their position truly is.

    ``accuracy_m``: the coarsest 68 % error of the units' lines, metres. Wider than the search of
    ``facts.postgis``, so a report that is left out meets none of these units there.
    """
    own = Report.location["accuracy_m"].as_float()
    reach = REACH * sigma_from_r68(1.0) * func.sqrt(own * own + accuracy_m**2)
    shrink = func.cos(func.radians(func.greatest(*_latitudes())))
    box = func.ST_Expand(Report.geom, reach / (LON_DEGREE_M * shrink), reach / LAT_DEGREE_M)
    ids = bindparam("redrawn_ids", list(unit_ids), ARRAY(BigInteger), unique=True)
    near = UnitPiece.unit_id == any_(ids)
    return exists(select(UnitPiece.id).where(near, UnitPiece.geom.bool_op("&&")(box)))


def _latitudes() -> Iterable[ColumnElement[float]]:
    return (func.abs(func.ST_YMin(Report.geom)), func.abs(func.ST_YMax(Report.geom)))
