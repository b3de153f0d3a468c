"""Facts about a place from PostGIS: ``select_facts`` builds the statement, ``fetch_*`` run it.

The statements are in ``facts/sql``. Values are bound; a literal is brought to the column's SRID and never the
column to the literal's, so that the GiST indexes are used.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import BindParameter, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import BigInteger, Date, Float, LargeBinary

from facts.model import CellHit, PermitHit, PlaceFacts, SourceRef, UnitHit, ZoneHit, sort_by_authority
from geo import Location
from geo.measure import REACH, Plane, sigma_from_r68

SQL: Final = Path(__file__).parent / "sql"
INCLUDE: Final = re.compile(r"^-- include (\S+)\n", re.MULTILINE)
TIE_DEG: Final = 1e-9  # about 0.1 mm: nearer than this to a piece's edge, the whole geometry decides


@cache
def _statement(name: str) -> str:
    """A statement of ``facts/sql``; lines ``-- include <file>`` are replaced by that file."""
    body = (SQL / name).read_text(encoding="utf-8")
    return INCLUDE.sub(lambda line: _statement(line[1]), body)


def select_facts(
    location: Location, days: tuple[dt.date, ...], source_ids: Iterable[int] | None = None
) -> TextClause:
    """One statement for all facts about a place on several days: a row for each day, in their order."""
    point = location.footprint is None
    body = _statement("check_point.sql" if point else "check_footprint.sql")
    # both days in one statement, for one round trip
    parts = [  # our own files and numbers: nothing from outside is in the text
        f"SELECT {n} AS nth, d{n}.* FROM ({body.replace(':as_of', f':day{n}')}) d{n}"  # noqa: S608
        for n in range(len(days))
    ]
    query = text("\nUNION ALL\n".join(parts) + "\nORDER BY nth")
    return query.bindparams(
        *(bindparam(f"day{n}", day, Date) for n, day in enumerate(days)),
        *_common_binds(location, source_ids),
        *(
            _point_binds(location)
            if point
            else [bindparam("wkb", shapely.to_wkb(location.footprint), LargeBinary)]
        ),
    )


def _common_binds(location: Location, source_ids: Iterable[int] | None) -> list[BindParameter[Any]]:
    plane = Plane(location.lon, location.lat)
    versions = None if source_ids is None else list(source_ids)
    return [
        bindparam("kx", plane.kx, Float),
        bindparam("ky", plane.ky, Float),
        bindparam("accuracy_m", location.accuracy_m, Float),
        bindparam("sigmas", REACH * sigma_from_r68(1.0), Float),
        bindparam("source_ids", versions, ARRAY(BigInteger)),
    ]


def _point_binds(location: Location) -> list[BindParameter[Any]]:
    return [
        bindparam("lon", location.lon, Float),
        bindparam("lat", location.lat, Float),
        bindparam("tie", TIE_DEG, Float),
    ]


def fetch_facts_of_days(
    session: Session,
    location: Location,
    days: tuple[dt.date, ...],
    source_ids: Iterable[int] | None = None,
) -> list[PlaceFacts]:
    """Facts about a place on each of several days, in one round trip; equal days share one object.

    ``source_ids``: dataset versions to use (a replay); None: the current ones.
    """
    distinct = tuple(dict.fromkeys(days))
    rows = session.execute(select_facts(location, distinct, source_ids))
    facts = dict(zip(distinct, (_facts(row._asdict()) for row in rows), strict=True))
    return [facts[day] for day in days]


def _facts(row: Mapping[str, Any]) -> PlaceFacts:
    sources = tuple(map(_source, row["sources"] or ()))
    # sorted here: units found by code (elsewhere) come in no order, and the order shows in a verdict
    authority = {source.id: (source.official, source.dataset, source.version) for source in sources}
    return PlaceFacts(
        sources=sources,
        units=sort_by_authority(authority, sorted(_units(row), key=lambda hit: (hit.code, hit.source_id))),
        zones=sort_by_authority(authority, map(_zone, row["zones"] or ())),
        cells=sort_by_authority(authority, (CellHit(**cell) for cell in row["cells"] or ())),
        permits=sort_by_authority(authority, map(_permit, row["permits"] or ())),
        outside_m=row["outside_m"],
    )


def _day(value: str | None) -> dt.date | None:
    return None if value is None else dt.date.fromisoformat(value)


def _source(row: Mapping[str, Any]) -> SourceRef:
    return SourceRef(**{**row, "kinds": tuple(row["kinds"]), "begins": _day(row["begins"])})


def _permit(row: Mapping[str, Any]) -> PermitHit:
    lists = {name: tuple(row[name]) for name in ("uses", "zone_kinds")}
    return PermitHit(**{**row, **lists, "begins": _day(row["begins"]), "ends": _day(row["ends"])})


def _polygons(pieces: list[str]) -> tuple[BaseGeometry, ...]:
    return tuple(shapely.from_wkb(np.asarray(pieces, dtype=object)))


def _units(row: Mapping[str, Any]) -> list[UnitHit]:
    """Units at or near the place; and units above them and their other lines, which are farther away."""
    elsewhere = [{**unit, "edge_m": None} for unit in row["elsewhere"] or ()]
    return [_unit(unit) for unit in (*(row["units"] or ()), *elsewhere)]


def _unit(row: Mapping[str, Any]) -> UnitHit:
    return UnitHit(**{**row, "ends": _day(row["ends"]), "pieces": _polygons(row.get("pieces") or [])})


def _zone(row: Mapping[str, Any]) -> ZoneHit:
    near_m = row["near_m"] or 0.0
    return ZoneHit(**{**row, "near_m": near_m, "pieces": _polygons(row.get("pieces") or [])})
