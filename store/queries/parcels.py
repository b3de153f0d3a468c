"""Parcels as the store knows them: by number, by place, and what lies on one or beside it."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select

from store.queries.features import as_geojson
from store.schema.datasets import SRID, Permit, Report, Source
from store.schema.parcels import Parcel

TOUCHES_DEG: Final = 1e-6  # about 10 cm: nearer than this, two parcels are neighbours
LEAST_M2: Final = 0.1  # of a permit on a parcel; less is two lines that are drawn the same
MOST_REPORTS: Final = 100
MOST_NEIGHBOURS: Final = 200


def select_parcel(condition: ColumnElement[bool], as_of: dt.date) -> Select[Parcel, bool, float, str]:
    """The parcel of a day for which a condition holds; of several, that of an official dataset first."""
    return (
        select(
            Parcel,
            Source.official,
            Source.accuracy_m,
            as_geojson(Parcel.geom),
        )
        .join(Source, Source.id == Parcel.source_id)
        .where(Source.retired_at.is_(None), Parcel.valid.contains(as_of), condition)
        .order_by(Source.official.desc(), Source.dataset, Parcel.number)
        .limit(1)
    )


def has_number(number: str) -> ColumnElement[bool]:
    """Whether a parcel has a number."""
    return Parcel.number == number


def holds_point(lon: float, lat: float) -> ColumnElement[bool]:
    """Whether a parcel holds a point, CGCS2000 degrees; on a line, both of its sides do."""
    return func.ST_Intersects(Parcel.geom, func.ST_SetSRID(func.ST_MakePoint(lon, lat), SRID))


def select_permits(parcel: Parcel) -> Select[Any]:
    """The permits on a parcel, in force or not, with the square metres that they cover of it."""
    shared = func.ST_Area(func.geography(func.ST_Intersection(Permit.geom, Parcel.geom)))
    return (
        select(Permit, Source.official, shared.label("overlap_m2"))
        .join(Source, Source.id == Permit.source_id)
        .join(Parcel, func.ST_Intersects(Permit.geom, Parcel.geom))
        .where(Source.retired_at.is_(None), Parcel.id == parcel.id, shared > LEAST_M2)
        .order_by(func.lower(Permit.valid).desc(), Permit.number)
    )


def select_reports(parcel: Parcel) -> Select[int, str, str, dt.datetime, str, bool]:
    """The reports on a parcel that the session may see, newest first."""
    return (
        select(Report.id, Report.status, Report.effect, Report.received_at, Report.category, Report.sample)
        .join(Parcel, func.ST_Intersects(Report.geom, Parcel.geom))
        .where(Parcel.id == parcel.id)
        .order_by(Report.received_at.desc(), Report.id.desc())
        .limit(MOST_REPORTS)
    )


def select_neighbours(parcel: Parcel, as_of: dt.date) -> Select[str]:
    """The numbers of the parcels of the same register on a day that touch this one."""
    middle = select(Parcel.geom).where(Parcel.id == parcel.id).scalar_subquery()
    return (
        select(Parcel.number)
        .where(
            Parcel.source_id == parcel.source_id,
            Parcel.id != parcel.id,
            Parcel.valid.contains(as_of),
            func.ST_DWithin(Parcel.geom, middle, TOUCHES_DEG),
        )
        .order_by(Parcel.number)
        .limit(MOST_NEIGHBOURS)
    )
