"""A report comes in: checked, judged and stored once, whatever number of times it is sent."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from geoalchemy2.shape import from_shape
from shapely.geometry import Point
from sqlalchemy import insert as plain_insert
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.clock import today
from core.errors import BadInput, Conflict
from core.i18n import N_
from geo.place.footprint import plain as plain_footprint
from reports.workflow.deadlines import first_due
from reports.workflow.urgency import is_urgent, kinds_met
from store.access import account_of
from store.journal.append import append_step
from store.schema.datasets import SRID, Report, ReportPrivate, StoredVerdict
from verdict.inquiry import Inquiry, Limits, judge_inquiry
from verdict.judge import Judgement
from verdict.replay import stored_verdict

MAX_DESCRIPTION = 4000
MAX_KEY = 200
MAX_NAME = 100
NEW = "new"  # of reports.workflow.states
SCHEME = "2"  # of the fingerprint


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reported. Kept apart, read with a reason only, every look written down (``reports.reporter``).

    ``lon``, ``lat``: where that person was, CGCS2000 degrees. ``protected``: for fewer eyes still.
    """

    name: str = ""
    telephone: str = ""
    protected: bool = False
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """A report as it was sent. ``sample``: fictional, so marked wherever it shows."""

    inquiry: Inquiry
    description: str = ""
    sample: bool = False
    reporter: Reporter | None = None

    def fingerprint(self) -> str:
        """Hash of everything that was sent: tells a repeated request from a reused key.

        The list is fixed; whoever changes it changes ``SCHEME``, so that older hashes are not held against
        newer ones.
        """
        asked = self.inquiry
        place = [asked.x, asked.y, asked.datum, asked.accuracy_m, asked.footprint]
        matter = [asked.category, asked.as_of and asked.as_of.isoformat(), asked.channel]
        told = self.reporter and asdict(self.reporter)
        said = json.dumps([*place, *matter, self.description, self.sample, told], sort_keys=True)
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


@dataclass(frozen=True, slots=True)
class Sender:
    """The account that files (None: the operator at the command line), and its idempotency key."""

    account: int | None
    key: str


def file_report(session: Session, submission: Submission, key: str, limits: Limits) -> Filed:
    """Judge and store a report under an idempotency key, in the caller's transaction.

    Keys are an account's own: the same key with the same content gives the stored report; with other content
    :class:`Conflict`.
    """
    _check_text("idempotency_key", key, MAX_KEY)
    _check_text("description", submission.description, MAX_DESCRIPTION)
    _check_reporter(submission.reporter)
    submission = submission.plain(limits)
    sender = Sender(account_of(session), key)
    known = _known(session, submission, sender)
    if known is not None:
        return Filed(known, created=False)
    judgement = judge_inquiry(session, submission.inquiry, limits)
    marks = _list_columns(session, judgement, limits)
    report_id = _insert(session, submission, sender, judgement, marks)
    if report_id is None:  # another request with this key was quicker
        return Filed(_require_known(session, submission, sender), created=False)
    _keep_reporter(session, report_id, submission.reporter)
    verdict = stored_verdict(report_id, submission.inquiry, limits, judgement)
    session.add(verdict)
    session.flush()
    report = session.get_one(Report, report_id)
    _store(session, report, verdict)
    return Filed(report, created=True)


def _keep_reporter(session: Session, report_id: int, reporter: Reporter | None) -> None:
    if reporter is None:
        return
    place = None
    if reporter.lon is not None and reporter.lat is not None:
        place = from_shape(Point(reporter.lon, reporter.lat), srid=SRID)
    row = {"name": reporter.name, "telephone": reporter.telephone, "protected": reporter.protected}
    session.execute(plain_insert(ReportPrivate).values(report_id=report_id, geom=place, **row))


def _store(session: Session, report: Report, verdict: StoredVerdict) -> None:
    """The journal's lines of a new report: what was sent only as its digest, for it may name people."""
    told = {"category": report.category, "act_date": report.act_date.isoformat(), "channel": report.channel}
    subject, unit = f"report/{report.id}", report.unit_code
    append_step(session, "report", subject, unit=unit, after={**told, "request": report.request_hash})
    digest = hashlib.sha256(verdict.body.encode()).hexdigest()
    judged = {"verdict": verdict.id, "sha256": digest, "effect": report.effect}
    append_step(session, "verdict", subject, unit=unit, after={**judged, "certainty": report.certainty})


def _check_reporter(reporter: Reporter | None) -> None:
    if reporter is None:
        return
    _check_text("reporter.name", reporter.name, MAX_NAME)
    _check_text("reporter.telephone", reporter.telephone, MAX_NAME)
    if (reporter.lon is None) != (reporter.lat is None) or not (
        -180 <= (reporter.lon or 0) <= 180 and -90 <= (reporter.lat or 0) <= 90
    ):
        raise BadInput(
            N_("The reporter's place is none."),
            field="reporter",
            hint=N_("Give lon and lat in degrees, or neither."),
        )


def _check_text(field: str, value: str, most: int) -> None:
    if len(value) > most:
        raise BadInput(
            N_("The text has {length} characters, {most} are taken."),
            field=field,
            hint=N_("Shorten it."),
            length=len(value),
            most=most,
        )
    if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise BadInput(
            N_("The text holds a character that cannot be stored."), field=field, hint=N_("Remove it.")
        )


def _known(session: Session, submission: Submission, sender: Sender) -> Report | None:
    same = Report.filed_by.is_not_distinct_from(sender.account)
    report = session.scalar(select(Report).where(same, Report.idempotency_key == sender.key))
    if report is not None and _differs(report.request_hash, submission.fingerprint()):
        raise Conflict(
            N_("This idempotency key was used for another report ({id})."),
            field="Idempotency-Key",
            hint=N_("Use a new key for a new report."),
            id=report.id,
        )
    return report


def _differs(stored: str, sent: str) -> bool:
    """Whether two fingerprints of one scheme are of different requests; of two schemes nobody can tell."""
    return stored != sent and stored.partition(":")[0] == sent.partition(":")[0]


def _require_known(session: Session, submission: Submission, sender: Sender) -> Report:
    report = _known(session, submission, sender)
    assert report is not None, "the unique key was taken, so its row is there"
    return report


def _list_columns(session: Session, judgement: Judgement, limits: Limits) -> dict[str, Any]:
    """What lists and the live map need beside the verdict's summary."""
    verdict = judgement.verdict
    return {
        "zone_kinds": kinds_met(verdict),
        "urgent": is_urgent(verdict, limits.urgent_zones),
        "due_on": first_due(session, today()),
    }


def _insert(
    session: Session, submission: Submission, sender: Sender, judgement: Judgement, marks: dict[str, Any]
) -> int | None:
    verdict, location = judgement.verdict, judgement.location
    lead = verdict.jurisdiction.lead
    statement = (
        insert(Report)
        .values(
            filed_by=sender.account,
            idempotency_key=sender.key,
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
            **marks,
        )
        .on_conflict_do_nothing(index_elements=["filed_by", "idempotency_key"])
        .returning(Report.id)
    )
    return session.scalar(statement)
