"""Facts about a place from PostGIS: ``select_facts`` builds the statement, ``fetch_*`` run it.

The statements are in ``facts/sql``. Values are bound; a literal is brought to the column's SRID and never the
column to the literal's, so that the GiST indexes are used.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
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
from facts.overlap import MARGIN_M, FootprintRuler, measure_unit, measure_zone
from geo import Location
from geo.measure import OUTLIER_FACTOR, OUTLIER_REACH, REACH, Plane, sigma_from_r68, spread_of

Row = Mapping[str, Any]
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
            else [
                bindparam("wkb", shapely.to_wkb(location.footprint), LargeBinary),
                bindparam("margin_m", MARGIN_M, Float),
            ]
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
        bindparam("outlier_sigmas", OUTLIER_REACH * sigma_from_r68(1.0), Float),
        bindparam("outlier_factor", OUTLIER_FACTOR, Float),
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
    ruler = None if location.footprint is None else FootprintRuler(location)
    found = (_facts(row._asdict(), location, ruler) for row in rows)
    facts = dict(zip(distinct, found, strict=True))
    return [facts[day] for day in days]


def _facts(row: Mapping[str, Any], location: Location, ruler: FootprintRuler | None) -> PlaceFacts:
    sources = tuple(map(_source, row["sources"] or ()))
    # sorted here: units found by code (elsewhere) come in no order, and the order shows in a verdict
    authority = {source.id: (source.official, source.dataset, source.version) for source in sources}
    units: Iterable[Row]
    zones: Iterable[Row]
    if ruler is None:
        units, zones = map(_with_pieces, row["units"] or ()), map(_with_pieces, row["zones"] or ())
    else:
        reaches = {s.id: spread_of(location.accuracy_m, s.accuracy_m).reach_m for s in sources}
        units = _measured_units(row["units"] or (), ruler, reaches)
        zones = (_measured_zone(zone, ruler) for zone in row["zones"] or ())
    hits = map(_unit, (*units, *_elsewhere(row)))
    return PlaceFacts(
        sources=sources,
        units=sort_by_authority(authority, sorted(hits, key=lambda hit: (hit.code, hit.source_id))),
        zones=sort_by_authority(authority, map(_zone, zones)),
        cells=sort_by_authority(authority, (CellHit(**cell) for cell in row["cells"] or ())),
        permits=sort_by_authority(authority, map(_permit, row["permits"] or ())),
        outside_m=row["outside_m"],
        ruler=ruler,
    )


def _day(value: str | None) -> dt.date | None:
    return None if value is None else dt.date.fromisoformat(value)


def _source(row: Mapping[str, Any]) -> SourceRef:
    return SourceRef(**{**row, "kinds": tuple(row["kinds"]), "begins": _day(row["begins"])})


def _permit(row: Mapping[str, Any]) -> PermitHit:
    lists = {name: tuple(row[name]) for name in ("uses", "zone_kinds")}
    return PermitHit(**{**row, **lists, "begins": _day(row["begins"]), "ends": _day(row["ends"])})


def _with_pieces(row: Row) -> Row:
    pieces = np.asarray(row["pieces"], dtype=object)
    return {**row, "pieces": tuple(shapely.from_wkb(pieces)) if len(pieces) else ()}


def _measured_units(
    rows: Iterable[Row], ruler: FootprintRuler, reaches: Mapping[int, float]
) -> Iterator[Row]:
    """Units within reach of a footprint, from those near it with the part of each that is near."""
    for row in rows:
        about = {name: value for name, value in row.items() if name != "area"}
        reach_m = reaches[row["source_id"]]
        measured = measure_unit(ruler, _area(row["area"]), row["edge_m"], reach_m)
        if measured is not None:
            yield about | measured


def _measured_zone(row: Row, ruler: FootprintRuler) -> Row:
    about = {name: value for name, value in row.items() if name != "area"}
    clipped = None if row["area"] is None else _area(row["area"])
    return about | measure_zone(ruler, clipped, row["distance_m"])


def _area(wkb: str) -> BaseGeometry:
    area: BaseGeometry = shapely.from_wkb(wkb)
    return area


def _elsewhere(row: Row) -> list[Row]:
    """Units above those at or near the place, and their other lines, which are farther away."""
    return [{**unit, "edge_m": None} for unit in row["elsewhere"] or ()]


def _unit(row: Row) -> UnitHit:
    return UnitHit(**{**row, "ends": _day(row["ends"])})


def _zone(row: Row) -> ZoneHit:
    return ZoneHit(**{**row, "near_m": row["near_m"] or 0.0})
