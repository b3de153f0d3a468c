"""Spatial questions to the store: pure ``select_*`` builders, and ``fetch_*`` that run them.

The only place (with ``geo/sql``) that spells ``ST_*``. Values are bound, the literal is brought to
the column's SRID and never the column to the literal's, so that the GiST indexes work.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import BigInteger, Date, Float, LargeBinary

from geo.facts import CellHit, PlaceFacts, SourceRef, UnitHit, ZoneHit
from geo.location import Location
from geo.mass import sigma_from_r68
from geo.measure import Plane

SQL: Final = Path(__file__).parent / "sql"
REACH_SIGMAS: Final = 6.0  # mass beyond 6 sigma: exp(-18) = 1.5e-8, under every threshold
PIECE_VERTICES: Final = 64  # of ST_Subdivide: small boxes, few vertices to read
TIE_DEG: Final = 1e-9  # about 0.1 mm: nearer than this to a cut edge the whole geometry decides


@cache
def _statement(name: str) -> str:
    return (SQL / name).read_text(encoding="utf-8")


def select_point_facts(
    location: Location, as_of: dt.date, source_ids: Iterable[int] | None = None
) -> TextClause:
    """All facts about a point on a day: one statement, one row."""
    return _select_facts("check_point.sql", location, as_of, source_ids).bindparams(
        bindparam("lon", location.lon, Float),
        bindparam("lat", location.lat, Float),
        bindparam("tie", TIE_DEG, Float),
    )


def select_footprint_facts(
    location: Location, as_of: dt.date, source_ids: Iterable[int] | None = None
) -> TextClause:
    """All facts about a footprint on a day: one statement, one row."""
    return _select_facts("check_footprint.sql", location, as_of, source_ids).bindparams(
        bindparam("wkb", shapely.to_wkb(location.footprint), LargeBinary)
    )


def _select_facts(
    name: str, location: Location, as_of: dt.date, source_ids: Iterable[int] | None
) -> TextClause:
    plane = Plane(location.lon, location.lat)
    versions = None if source_ids is None else list(source_ids)
    return text(_statement(name)).bindparams(
        bindparam("as_of", as_of, Date),
        bindparam("kx", plane.kx, Float),
        bindparam("ky", plane.ky, Float),
        bindparam("accuracy_m", location.accuracy_m, Float),
        bindparam("sigmas", REACH_SIGMAS * sigma_from_r68(1.0), Float),
        bindparam("source_ids", versions, ARRAY(BigInteger)),
    )


def fetch_facts(
    session: Session, location: Location, as_of: dt.date, source_ids: Iterable[int] | None = None
) -> PlaceFacts:
    """Ask the store about a place: one round trip.

    ``source_ids`` names the dataset versions to use (a replay); ``None`` means the current ones.
    """
    select = select_point_facts if location.footprint is None else select_footprint_facts
    row = session.execute(select(location, as_of, source_ids)).mappings().one()
    return PlaceFacts(
        sources=tuple(map(_source, row["sources"] or ())),
        units=tuple(map(_unit, row["units"] or ())),
        zones=tuple(map(_zone, row["zones"] or ())),
        cells=tuple(CellHit(**cell) for cell in row["cells"] or ()),
        outside_m=row["outside_m"],
    )


def _source(row: Mapping[str, Any]) -> SourceRef:
    begins = row["begins"] and dt.date.fromisoformat(row["begins"])
    return SourceRef(**{**row, "kinds": tuple(row["kinds"]), "begins": begins})


def _polygons(pieces: list[str]) -> tuple[BaseGeometry, ...]:
    return tuple(shapely.from_wkb(np.asarray(pieces, dtype=object)))


def _unit(row: Mapping[str, Any]) -> UnitHit:
    return UnitHit(**{**row, "pieces": _polygons(row.get("pieces") or [])})


def _zone(row: Mapping[str, Any]) -> ZoneHit:
    near_m = row["near_m"] or 0.0
    return ZoneHit(**{**row, "near_m": near_m, "pieces": _polygons(row.get("pieces") or [])})


def insert_pieces(session: Session, role: str, source_id: int) -> None:
    """Cut the areas of a freshly loaded dataset small and keep the pieces beside them.

    ``role``: "units" or "zones". Villages and other rows without geometry have no pieces.
    """
    table = {"units": "unit", "zones": "zone"}[role]
    session.execute(
        text(_statement(f"cut_{table}.sql")).bindparams(source_id=source_id, vertices=PIECE_VERTICES)
    )
