"""Stores evidence of reports: each file once, unchanged, and compared with what the report states."""

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
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.clock import CHINA
from core.errors import Forbidden, NotFound
from core.i18n import N_
from geo.measure import GEOD, Plane, distance_m
from reports.evidence.sandbox import Inspection, InspectionProcess
from reports.evidence.storage import BlobStore, Staged
from store import append_step, current_account_id
from store.schema import Evidence, Report

PHOTO_M: Final = 50.0  # assumed error of a telephone's position
MAX_AGE: Final = dt.timedelta(hours=24)  # between a photo and its report, either way
DAYS: Final = 1  # between a photo and the day of the act, either way
HALF_VIEW_DEG: Final = 45.0  # half a camera's field of view, plus the error of its compass
MAX_NAME: Final = 200
NAMELESS: Final = "evidence"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the evidence store, and the result of its inspection."""

    sha256: str
    size: int
    inspection: Inspection
    thumbnail: str | None


@dataclass(frozen=True, slots=True)
class AddedEvidence:
    """The evidence row; ``created`` is False where the report had these bytes already."""

    evidence: Evidence
    created: bool


def store_file(blobs: BlobStore, inspector: InspectionProcess, staged: Staged) -> StoredFile:
    """Inspect a staged file and put it into the store. Uses no database connection: it may take a while."""
    inspection = inspector.inspect(staged.path)
    blobs.put(staged)
    thumbnail = None if inspection.thumbnail is None else blobs.put_bytes(inspection.thumbnail)
    return StoredFile(staged.sha256, staged.size, inspection, thumbnail)


def add_evidence(session: Session, report_id: int, stored: StoredFile, filename: str) -> AddedEvidence:
    """Attach a stored file to a report, in the caller's transaction.

    The same bytes twice return the first row. Raises :class:`NotFound` where the session sees no such report,
    :class:`Forbidden` where its right to add evidence does not reach it.
    """
    report = require_addable(session, report_id)
    evidence_id = _insert(session, report, stored, filename)
    if evidence_id is None:
        return AddedEvidence(_by_hash(session, report_id, stored.sha256), created=False)
    after = {"sha256": stored.sha256, "size": stored.size, "media_type": stored.inspection.media_type}
    append_step(session, "evidence", f"report/{report_id}", unit=report.unit_code, after=after)
    return AddedEvidence(session.get_one(Evidence, evidence_id), created=True)


def require_report(session: Session, report_id: int) -> Report:
    """The report. Raises :class:`NotFound` where the session does not see it."""
    report = session.get(Report, report_id)
    if report is None:
        raise NotFound(N_("There is no report {id}."), field="id", id=report_id)
    return report


def require_addable(session: Session, report_id: int) -> Report:
    """The report, where evidence may be added to it. Raises what :func:`add_evidence` raises."""
    report = require_report(session, report_id)
    # without an account it is the operator, who owns the database
    if current_account_id(session) is None or session.scalar(select(func.zhijie_adds(report_id))):
        return report
    raise Forbidden(
        N_("Your role does not allow this: {right}."),
        hint=N_("Ask the administrator for a role that does."),
        right="file",
    )


def list_evidence(session: Session, report_id: int, after: int = 0, limit: int = 100) -> Sequence[Evidence]:
    """A report's evidence by rising id, starting after the id ``after``."""
    require_report(session, report_id)
    wanted = select(Evidence).where(Evidence.report_id == report_id, Evidence.id > after)
    return session.scalars(wanted.order_by(Evidence.id).limit(limit)).all()


def fetch_evidence(session: Session, evidence_id: int) -> Evidence:
    """The row of one file. Raises :class:`NotFound` where the session does not see it."""
    evidence = session.get(Evidence, evidence_id)
    if evidence is None:
        raise NotFound(N_("There is no evidence {id}."), field="id", id=evidence_id)
    return evidence


def plain_name(given: str) -> str:
    """A file name as a label: no folders, no invisible characters, at most ``MAX_NAME`` long."""
    last = given.replace("\\", "/").rpartition("/")[2]
    shown = "".join(letter for letter in last if unicodedata.category(letter)[0] not in "C")
    shown = " ".join(shown.split()).strip(". ")
    if len(shown) <= MAX_NAME:
        return shown or NAMELESS
    stem, dot, suffix = shown.rpartition(".")
    tail = f"{dot}{suffix}" if stem and len(suffix) <= 10 else ""
    return shown[: MAX_NAME - len(tail)] + tail


def _insert(session: Session, report: Report, stored: StoredFile, filename: str) -> int | None:
    inspection = stored.inspection
    compared = None if inspection.seen is None else compare(inspection.seen, report)
    statement = (
        insert(Evidence)
        .values(
            report_id=report.id,
            sha256=stored.sha256,
            size=stored.size,
            kind=inspection.kind,
            media_type=inspection.media_type,
            filename=plain_name(filename),
            added_by=current_account_id(session),
            found={"seen": inspection.seen, "compared": compared, "notes": inspection.notes},
            thumbnail=stored.thumbnail,
        )
        .on_conflict_do_nothing(index_elements=["report_id", "sha256"])
        .returning(Evidence.id)
    )
    return session.scalar(statement)


def _by_hash(session: Session, report_id: int, sha256: str) -> Evidence:
    return session.scalars(
        select(Evidence).where(Evidence.report_id == report_id, Evidence.sha256 == sha256)
    ).one()


# ---- a photo beside its report -----------------------------------------------------------------------


def compare(seen: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """A photo's metadata compared with the report: metres, minutes, days, degrees, and whether they agree.

    A part is None where the photo has no such value.
    """
    place = _place(seen, report)
    return {
        "place": place,
        "time": _time(seen, report),
        "day": _day(seen, report),
        "bearing": None if place is None else _bearing(seen, report, place),
    }


def _place(seen: Mapping[str, Any], report: Report) -> dict[str, Any] | None:
    """Distance between photo and reported place, and its tolerance."""
    if seen["lon"] is None:
        return None
    distance = _distance_m(seen["lon"], seen["lat"], report)
    tolerance = _photo_error_m(seen) + float(report.location["accuracy_m"])
    return {
        "distance_m": round(distance, 1),
        "tolerance_m": round(tolerance, 1),
        "agrees": distance <= tolerance,
    }


def _photo_error_m(seen: Mapping[str, Any]) -> float:
    """The error of the photo's position, metres."""
    return max(PHOTO_M, seen["accuracy_m"] or 0.0)


def _distance_m(lon: float, lat: float, report: Report) -> float:
    """Distance to the reported point or footprint, metres; 0 within a footprint."""
    claimed = to_shape(report.geom)
    plane = Plane(lon, max(-89.0, min(89.0, lat)))
    nearest = nearest_points(plane.shapely_to_metres(claimed), plane.shapely_to_metres(Point(lon, lat)))[0]
    there = plane.to_degrees(np.array([[nearest.x, nearest.y]]))[0]
    return distance_m(lon, lat, float(there[0]), float(there[1]))


def _time(seen: Mapping[str, Any], report: Report) -> dict[str, Any] | None:
    """Minutes between photo and report."""
    if seen["taken_at"] is None:
        return None
    before = report.received_at - dt.datetime.fromisoformat(seen["taken_at"])
    return {
        "taken_at": seen["taken_at"],
        "minutes_before": round(before.total_seconds() / 60),
        "tolerance_minutes": round(MAX_AGE.total_seconds() / 60),
        "agrees": abs(before) <= MAX_AGE,
    }


def _day(seen: Mapping[str, Any], report: Report) -> dict[str, Any] | None:
    """Days between the photo and the day of the act, in China's calendar."""
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
    """Angle between the camera's direction and that of the place; None where the two are too near to tell."""
    if seen["bearing_deg"] is None or place["distance_m"] <= _photo_error_m(seen):
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
