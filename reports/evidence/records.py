"""Evidence of a report: kept once, never touched, and compared with what the report claims."""

from __future__ import annotations

import datetime as dt
import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from geoalchemy2.shape import to_shape
from shapely.geometry import Point
from shapely.ops import nearest_points
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.clock import CHINA
from core.errors import NotFound
from core.i18n import N_
from geo.measure.geodesic import GEOD, Plane, distance_m
from reports.evidence.sandbox import Inspection, InspectionProcess
from reports.evidence.storage import BlobStore, Staged
from store.access import account_of
from store.journal.append import append_step
from store.schema.datasets import Evidence, Report

PHOTO_M: Final = 50.0  # by which a telephone's position may be wrong
APART: Final = dt.timedelta(hours=24)  # between a photo and its report
DAYS: Final = 1  # between a photo and the day of the act
HALF_VIEW_DEG: Final = 45.0  # half of what a camera sees, and what its compass may be wrong
MAX_NAME: Final = 200
NAMELESS: Final = "evidence"


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that lies in the store of evidence, and what could be told of it."""

    sha256: str
    size: int
    examined: Inspection
    thumbnail: str | None


@dataclass(frozen=True, slots=True)
class Added:
    """The stored row; ``created`` is False where the report had these bytes already."""

    evidence: Evidence
    created: bool


def keep(blobs: BlobStore, examiner: InspectionProcess, staged: Staged) -> Kept:
    """Look into a file that has arrived and put it into the store. Asks no database: it may take a while."""
    examined = examiner.examine(staged.path)
    blobs.put(staged)
    thumbnail = None if examined.thumbnail is None else blobs.put_bytes(examined.thumbnail)
    return Kept(staged.sha256, staged.size, examined, thumbnail)


def add_evidence(session: Session, report_id: int, kept: Kept, filename: str) -> Added:
    """Hang a kept file on a report, in the caller's transaction; :class:`NotFound` where there is none.

    The same bytes twice give the first row.
    """
    report = fetch_claim(session, report_id)
    evidence_id = _insert(session, report, kept, filename)
    if evidence_id is None:
        return Added(_of_bytes(session, report_id, kept.sha256), created=False)
    said = {"sha256": kept.sha256, "size": kept.size, "media_type": kept.examined.media_type}
    append_step(session, "evidence", f"report/{report_id}", unit=report.unit_code, after=said)
    return Added(session.get_one(Evidence, evidence_id), created=True)


def fetch_claim(session: Session, report_id: int) -> Report:
    """The report that evidence is for; :class:`NotFound` where there is none that the session may see."""
    report = session.get(Report, report_id)
    if report is None:
        raise NotFound(N_("There is no report {id}."), field="id", id=report_id)
    return report


def list_evidence(session: Session, report_id: int, after: int = 0, limit: int = 100) -> Sequence[Evidence]:
    """A report's evidence by rising id, from after the id ``after``."""
    fetch_claim(session, report_id)
    wanted = select(Evidence).where(Evidence.report_id == report_id, Evidence.id > after)
    return session.scalars(wanted.order_by(Evidence.id).limit(limit)).all()


def fetch_evidence(session: Session, evidence_id: int) -> Evidence:
    """One file's row; :class:`NotFound` where there is none that the session may see."""
    evidence = session.get(Evidence, evidence_id)
    if evidence is None:
        raise NotFound(N_("There is no evidence {id}."), field="id", id=evidence_id)
    return evidence


def plain_name(given: str) -> str:
    """A file's name as a label: no folders, nothing that cannot be seen, not too long."""
    last = given.replace("\\", "/").rpartition("/")[2]
    shown = "".join(letter for letter in last if unicodedata.category(letter)[0] not in "C")
    shown = " ".join(shown.split()).strip(". ")
    if len(shown) <= MAX_NAME:
        return shown or NAMELESS
    stem, dot, suffix = shown.rpartition(".")
    tail = f"{dot}{suffix}" if stem and len(suffix) <= 10 else ""
    return shown[: MAX_NAME - len(tail)] + tail


def _insert(session: Session, report: Report, kept: Kept, filename: str) -> int | None:
    examined = kept.examined
    compared = None if examined.seen is None else compare(examined.seen, report)
    statement = (
        insert(Evidence)
        .values(
            report_id=report.id,
            sha256=kept.sha256,
            size=kept.size,
            kind=examined.kind,
            media_type=examined.media_type,
            filename=plain_name(filename),
            added_by=account_of(session),
            found={"seen": examined.seen, "compared": compared, "notes": examined.notes},
            thumbnail=kept.thumbnail,
        )
        .on_conflict_do_nothing(index_elements=["report_id", "sha256"])
        .returning(Evidence.id)
    )
    return session.scalar(statement)


def _of_bytes(session: Session, report_id: int, sha256: str) -> Evidence:
    return session.scalars(
        select(Evidence).where(Evidence.report_id == report_id, Evidence.sha256 == sha256)
    ).one()


# ---- a photo beside its report -----------------------------------------------------------------------


def compare(seen: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """What a photo says beside what its report says: metres, minutes, days, degrees, and do they agree.

    A part is None where the photo says nothing of it.
    """
    place = _place(seen, report)
    return {
        "place": place,
        "time": _time(seen, report),
        "day": _day(seen, report),
        "bearing": None if place is None else _bearing(seen, report, place),
    }


def _place(seen: Mapping[str, Any], report: Report) -> dict[str, Any] | None:
    if seen["lon"] is None:
        return None
    distance = _distance_m(seen["lon"], seen["lat"], report)
    tolerance = _photo_m(seen) + float(report.location["accuracy_m"])
    return {
        "distance_m": round(distance, 1),
        "tolerance_m": round(tolerance, 1),
        "agrees": distance <= tolerance,
    }


def _photo_m(seen: Mapping[str, Any]) -> float:
    return max(PHOTO_M, seen["accuracy_m"] or 0.0)


def _distance_m(lon: float, lat: float, report: Report) -> float:
    """To the reported point, or to the nearest of the reported footprint; 0 within it."""
    claimed = to_shape(report.geom)
    plane = Plane(lon, max(-89.0, min(89.0, lat)))
    nearest = nearest_points(plane.shapely_to_metres(claimed), plane.shapely_to_metres(Point(lon, lat)))[0]
    there = plane.to_degrees(np.array([[nearest.x, nearest.y]]))[0]
    return distance_m(lon, lat, float(there[0]), float(there[1]))


def _time(seen: Mapping[str, Any], report: Report) -> dict[str, Any] | None:
    if seen["taken_at"] is None:
        return None
    before = report.received_at - dt.datetime.fromisoformat(seen["taken_at"])
    return {
        "taken_at": seen["taken_at"],
        "minutes_before": round(before.total_seconds() / 60),
        "tolerance_minutes": round(APART.total_seconds() / 60),
        "agrees": abs(before) <= APART,
    }


def _day(seen: Mapping[str, Any], report: Report) -> dict[str, Any] | None:
    if seen["taken_at"] is None:
        return None
    day = dt.datetime.fromisoformat(seen["taken_at"]).astimezone(CHINA).date()
    after = (day - report.act_date).days
    return {
        "taken_on": day.isoformat(),
        "act_date": report.act_date.isoformat(),
        "days_after": after,
        "agrees": abs(after) <= DAYS,
    }


def _bearing(seen: Mapping[str, Any], report: Report, place: Mapping[str, Any]) -> dict[str, Any] | None:
    """Nearer than the positions are wrong, and within a footprint, no direction is to be expected."""
    if seen["bearing_deg"] is None or place["distance_m"] <= _photo_m(seen):
        return None
    lon, lat = float(report.location["lon"]), float(report.location["lat"])
    azimuth, _, distance = GEOD.inv(seen["lon"], seen["lat"], lon, lat)
    tolerance = HALF_VIEW_DEG + math.degrees(math.atan2(place["tolerance_m"], distance))
    difference = abs((seen["bearing_deg"] - azimuth + 180.0) % 360.0 - 180.0)
    return {
        "bearing_deg": seen["bearing_deg"],
        "expected_deg": round(azimuth % 360.0, 1),
        "difference_deg": round(difference, 1),
        "tolerance_deg": round(tolerance, 1),
        "agrees": difference <= tolerance,
    }
