"""A report comes in: checked, judged and stored once, whatever number of times it is sent."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass, replace

from geoalchemy2.shape import from_shape
from shapely.geometry import Point
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from cases.inquiry import Inquiry, Limits, judge_inquiry
from cases.replay import stored_verdict
from cases.verdict import Judgement
from geo.errors import BadInput, Conflict
from geo.footprint import plain as plain_footprint
from geo.tables import SRID, Report
from words import N_

MAX_DESCRIPTION = 4000
MAX_KEY = 200
NEW = "new"
SCHEME = "1"  # of the fingerprint


@dataclass(frozen=True, slots=True)
class Submission:
    """A report as it was sent. ``sample``: fictional, so marked wherever it shows."""

    inquiry: Inquiry
    description: str = ""
    sample: bool = False

    def fingerprint(self) -> str:
        """Hash of everything that was sent: tells a repeated request from a reused key.

        The list is fixed; whoever changes it changes ``SCHEME``, so that older hashes are not held against
        newer ones.
        """
        asked = self.inquiry
        place = [asked.x, asked.y, asked.datum, asked.accuracy_m, asked.footprint]
        matter = [asked.category, asked.as_of and asked.as_of.isoformat(), asked.channel]
        said = json.dumps([*place, *matter, self.description, self.sample], sort_keys=True)
        return f"{SCHEME}:{hashlib.sha256(said.encode()).hexdigest()}"

    def plain(self, limits: Limits) -> Submission:
        """The same with a footprint that can be stored; a wrong one is refused."""
        footprint = self.inquiry.footprint
        if footprint is None:
            return self
        bare = plain_footprint(footprint, self.inquiry.datum, limits.max_vertices)
        return replace(self, inquiry=replace(self.inquiry, footprint=bare))


@dataclass(frozen=True, slots=True)
class Filed:
    """The stored report; ``created`` is False where the key had been used for it before."""

    report: Report
    created: bool


def file_report(session: Session, submission: Submission, key: str, limits: Limits) -> Filed:
    """Judge and store a report under an idempotency key, in the caller's transaction.

    The same key with the same content gives the stored report; with other content :class:`Conflict`.
    """
    _check_text("idempotency_key", key, MAX_KEY)
    _check_text("description", submission.description, MAX_DESCRIPTION)
    submission = submission.plain(limits)
    known = _known(session, submission, key)
    if known is not None:
        return Filed(known, created=False)
    judgement = judge_inquiry(session, submission.inquiry, limits)
    report_id = _insert(session, submission, key, judgement)
    if report_id is None:  # another request with this key was quicker
        return Filed(_must_know(session, submission, key), created=False)
    session.add(stored_verdict(report_id, submission.inquiry, limits, judgement))
    session.flush()
    return Filed(session.get_one(Report, report_id), created=True)


def _check_text(field: str, value: str, most: int) -> None:
    if len(value) > most:
        raise BadInput(
            N_("The text has {length} characters, {most} are taken."),
            field=field,
            mend=N_("Shorten it."),
            length=len(value),
            most=most,
        )
    if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise BadInput(
            N_("The text holds a character that cannot be stored."), field=field, mend=N_("Remove it.")
        )


def _known(session: Session, submission: Submission, key: str) -> Report | None:
    report = session.scalar(select(Report).where(Report.idempotency_key == key))
    if report is not None and _differs(report.request_hash, submission.fingerprint()):
        raise Conflict(
            N_("This idempotency key was used for another report ({id})."),
            field="Idempotency-Key",
            mend=N_("Use a new key for a new report."),
            id=report.id,
        )
    return report


def _differs(stored: str, sent: str) -> bool:
    """Whether two fingerprints of one scheme are of different requests; of two schemes nobody can tell."""
    return stored != sent and stored.partition(":")[0] == sent.partition(":")[0]


def _must_know(session: Session, submission: Submission, key: str) -> Report:
    report = _known(session, submission, key)
    assert report is not None, "the unique key was taken, so its row is there"
    return report


def _insert(session: Session, submission: Submission, key: str, judgement: Judgement) -> int | None:
    verdict, location = judgement.verdict, judgement.location
    lead = verdict.jurisdiction.lead
    statement = (
        insert(Report)
        .values(
            idempotency_key=key,
            request_hash=submission.fingerprint(),
            act_date=dt.date.fromisoformat(verdict.as_of),
            category=submission.inquiry.category,
            description=submission.description,
            channel=submission.inquiry.channel,
            sample=submission.sample,
            status=NEW,
            unit_code=lead.code if lead else None,
            unit_name=lead.name if lead else None,
            effect=verdict.effect,
            certainty=verdict.jurisdiction.certainty,
            location=location.as_dict(),
            geom=from_shape(location.footprint or Point(location.lon, location.lat), srid=SRID),
        )
        .on_conflict_do_nothing(index_elements=["idempotency_key"])
        .returning(Report.id)
    )
    return session.scalar(statement)
