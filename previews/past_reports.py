"""Reports that were filed, as the questions that they were: to be judged again under other circumstances."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import shapely
from shapely import Point
from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session

from core.clock import CHINA
from geo.place.location import Location
from store.schema.datasets import Report, StoredVerdict
from verdict.judge import Case

PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class PastReport:
    """A report with its place as it is stored, its matter, and the days of the act and of the answer."""

    id: int
    location: Location
    case: Case


def count_reports(session: Session, wanted: ColumnElement[bool]) -> int:
    """How many reports there are of which a condition is true."""
    return session.scalar(select(func.count()).select_from(Report).where(wanted)) or 0


def stream_reports(session: Session, wanted: ColumnElement[bool]) -> Iterator[PastReport]:
    """The same reports by rising id, read page by page, so that any number of them fits."""
    after = 0
    while rows := session.execute(_select_page(wanted, after)).all():
        yield from map(_past, rows)
        after = rows[-1].id


def _select_page(wanted: ColumnElement[bool], after: int) -> Select[Any]:
    answered = (
        select(StoredVerdict.inquiry["asked_on"].astext)
        .where(StoredVerdict.report_id == Report.id)
        .order_by(StoredVerdict.id.desc())
        .limit(1)
        .scalar_subquery()
        .label("asked_on")
    )
    columns = (Report.id, Report.category, Report.act_date, Report.received_at, Report.location, Report.geom)
    return select(*columns, answered).where(wanted, Report.id > after).order_by(Report.id).limit(PAGE)


def _past(row: Row[Any]) -> PastReport:
    """Of a verdict that did not keep its question, the day of the answer is the one on which it came in."""
    answered = row.asked_on and dt.date.fromisoformat(row.asked_on)
    asked_on = answered or row.received_at.astimezone(CHINA).date()
    return PastReport(row.id, _location(row), Case(row.category, row.act_date, asked_on))


def _location(row: Row[Any]) -> Location:
    told: dict[str, Any] = row.location
    shape: Any = shapely.from_wkb(bytes(row.geom.data))  # a point, or the polygons of a footprint
    point = (shape.x, shape.y) if isinstance(shape, Point) else None
    lon, lat = point or (told["lon"], told["lat"])
    return Location(
        lon=lon,
        lat=lat,
        accuracy_m=told["accuracy_m"],
        footprint=None if point else shape,
        given_x=told["given"]["x"],
        given_y=told["given"]["y"],
        datum=told["given"]["datum"],
        shift_m=told["shift_m"],
        area_m2=told["area_m2"],
    )
