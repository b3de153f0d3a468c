"""Past reports as the inquiries that they were, to be judged again under other data."""

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
from geo import Location
from store.schema import Report, StoredVerdict
from verdict import Case

PAGE: Final = 200  # rows; footprints may have thousands of vertices each


@dataclass(frozen=True, slots=True)
class PastReport:
    """A report with its stored place, its matter, and the days of the act and of the answer."""

    id: int
    location: Location
    case: Case


def count_reports(session: Session, condition: ColumnElement[bool]) -> int:
    """The number of reports that meet a condition."""
    return session.scalar(select(func.count()).select_from(Report).where(condition)) or 0


def stream_reports(session: Session, condition: ColumnElement[bool]) -> Iterator[PastReport]:
    """The reports that meet a condition, by rising id, read page by page."""
    # Paged by key, not with a server-side cursor: the caller runs other statements on the session between two
    # reports, and may end its savepoint.
    after = 0
    while rows := session.execute(_select_page(condition, after)).all():
        yield from map(_past_report, rows)
        after = rows[-1].id


def _select_page(condition: ColumnElement[bool], after: int) -> Select[Any]:
    asked_on = (
        select(StoredVerdict.inquiry["asked_on"].astext)
        .where(StoredVerdict.report_id == Report.id)
        .order_by(StoredVerdict.id.desc())
        .limit(1)
        .scalar_subquery()
        .label("asked_on")
    )
    columns = (Report.id, Report.category, Report.act_date, Report.received_at, Report.location, Report.geom)
    return select(*columns, asked_on).where(condition, Report.id > after).order_by(Report.id).limit(PAGE)


def _past_report(row: Row[Any]) -> PastReport:
    """A row as a report; the day of receipt stands in for a missing day of the answer."""
    stored_day = row.asked_on and dt.date.fromisoformat(row.asked_on)
    asked_on = stored_day or row.received_at.astimezone(CHINA).date()
    return PastReport(row.id, _location(row), Case(row.category, row.act_date, asked_on))


def _location(row: Row[Any]) -> Location:
    location: dict[str, Any] = row.location
    shape: Any = shapely.from_wkb(bytes(row.geom.data))  # a point, or the polygons of a footprint
    point = (shape.x, shape.y) if isinstance(shape, Point) else None
    lon, lat = point or (location["lon"], location["lat"])
    return Location(
        lon=lon,
        lat=lat,
        accuracy_m=location["accuracy_m"],
        footprint=None if point else shape,
        given_x=location["given"]["x"],
        given_y=location["given"]["y"],
        datum=location["given"]["datum"],
        shift_m=location["shift_m"],
        area_m2=location["area_m2"],
        assumed_from=location.get("assumed_from"),  # not stored with older reports
        fits=location.get("fits"),
    )
