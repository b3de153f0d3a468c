"""Parcels by number or place, and the permits, reports and parcels on or beside one."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select

from store.queries.features import as_geojson
from store.schema.datasets import SRID, Permit, Report, Source
from store.schema.parcels import Parcel

NEIGHBOUR_DEG: Final = 1e-6  # about 0.1 m: within it, borders drawn twice count as touching
MIN_OVERLAP_M2: Final = 0.1  # of a permit and a parcel; less comes from one border drawn twice
MAX_REPORTS: Final = 100
MAX_NEIGHBOURS: Final = 200


def select_parcel(condition: ColumnElement[bool], as_of: dt.date) -> Select[Parcel, bool, float, str]:
    """Select the parcel that meets a condition on a day; of several, one of an official dataset."""
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
    """SQL condition: the parcel has a number."""
    return Parcel.number == number


def covers_point(lon: float, lat: float) -> ColumnElement[bool]:
    """SQL condition: the parcel covers a point, CGCS2000 degrees; a point on a border is on both sides."""
    return func.ST_Intersects(Parcel.geom, func.ST_SetSRID(func.ST_MakePoint(lon, lat), SRID))


def select_parcel_permits(parcel: Parcel) -> Select[Any]:
    """Select the permits on a parcel, in force or not, and the area they share with it, m²."""
    shared = func.ST_Area(func.geography(func.ST_Intersection(Permit.geom, Parcel.geom)))
    return (
        select(Permit, Source.official, shared.label("overlap_m2"))
        .join(Source, Source.id == Permit.source_id)
        .join(Parcel, func.ST_Intersects(Permit.geom, Parcel.geom))
        .where(Source.retired_at.is_(None), Parcel.id == parcel.id, shared > MIN_OVERLAP_M2)
        .order_by(func.lower(Permit.valid).desc(), Permit.number)
    )


def select_parcel_reports(parcel: Parcel) -> Select[int, str, str, dt.datetime, str, bool]:
    """Select the reports on a parcel that the transaction's credential may see, newest first."""
    return (
        select(Report.id, Report.status, Report.effect, Report.received_at, Report.category, Report.sample)
        .join(Parcel, func.ST_Intersects(Report.geom, Parcel.geom))
        .where(Parcel.id == parcel.id)
        .order_by(Report.received_at.desc(), Report.id.desc())
        .limit(MAX_REPORTS)
    )


def select_neighbouring_parcels(parcel: Parcel, as_of: dt.date) -> Select[str]:
    """Select the numbers of the parcels that touch this one on a day, in the same dataset."""
    geom = select(Parcel.geom).where(Parcel.id == parcel.id).scalar_subquery()
    return (
        select(Parcel.number)
        .where(
            Parcel.source_id == parcel.source_id,
            Parcel.id != parcel.id,
            Parcel.valid.contains(as_of),
            func.ST_DWithin(Parcel.geom, geom, NEIGHBOUR_DEG),
        )
        .order_by(Parcel.number)
        .limit(MAX_NEIGHBOURS)
    )
