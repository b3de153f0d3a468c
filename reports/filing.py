"""Files reports: checked, judged, and stored once, however often they are sent."""

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
from geo.place import normalized as normalized_footprint
from reports.workflow.deadlines import first_due
from reports.workflow.urgency import conflict_kinds, is_urgent
from store import append_step, current_account_id
from store.schema import SRID, Report, ReportPrivate, StoredVerdict
from verdict import Inquiry, Judgement, Limits, judge_inquiry, stored_verdict

MAX_DESCRIPTION = 4000
MAX_KEY = 200
MAX_NAME = 100
NEW = "new"  # of reports.workflow.states
SCHEME = "3"  # version of the fingerprint; before 3, an omitted accuracy was sent as 0


@dataclass(frozen=True, slots=True)
class Reporter:
    """The reporter. Stored apart, read only with a reason, each access recorded (``reports.reporter``).

    ``lon``, ``lat``: the person's position, CGCS2000 degrees. ``protected``: visible to fewer roles still.
    """

    name: str = ""
    telephone: str = ""
    protected: bool = False
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """A report as it was sent. ``sample``: fictional, and marked so wherever it is shown."""

    inquiry: Inquiry
    description: str = ""
    sample: bool = False
    reporter: Reporter | None = None

    def fingerprint(self) -> str:
        """Hash of everything that was sent; distinguishes a repeated request from a reused key.

        Whoever changes the list of values changes ``SCHEME``, so that hashes of two lists are never compared.
        """
        inquiry = self.inquiry
        place = [inquiry.x, inquiry.y, inquiry.datum, inquiry.accuracy_m, inquiry.footprint]
        matter = [inquiry.category, inquiry.as_of and inquiry.as_of.isoformat(), inquiry.channel]
        reporter = self.reporter and asdict(self.reporter)
        text = json.dumps([*place, *matter, self.description, self.sample, reporter], sort_keys=True)
        return f"{SCHEME}:{hashlib.sha256(text.encode()).hexdigest()}"

    def normalized(self, limits: Limits) -> Submission:
        """This submission with its footprint in the form in which it is stored. Raises :class:`BadInput`."""
        footprint = self.inquiry.footprint
        if footprint is None:
            return self
        bare = normalized_footprint(footprint, self.inquiry.datum, limits.max_vertices)
        return replace(self, inquiry=replace(self.inquiry, footprint=bare))


@dataclass(frozen=True, slots=True)
class Filed:
    """A filed report; ``created`` is False where the key had been used for it before."""

    report: Report
    created: bool


@dataclass(frozen=True, slots=True)
class Sender:
    """The account that files (None: the operator at the command line), and its idempotency key."""

    account: int | None
    key: str


def file_report(session: Session, submission: Submission, key: str, limits: Limits) -> Filed:
    """Judge and store a report under an idempotency key, in the caller's transaction.

    Keys belong to an account. The same key with the same content returns the stored report; with other
    content it raises :class:`Conflict`.
    """
    _check_text("idempotency_key", key, MAX_KEY)
    _check_text("description", submission.description, MAX_DESCRIPTION)
    _check_reporter(submission.reporter)
    submission = submission.normalized(limits)
    sender = Sender(current_account_id(session), key)
    filed_before = _find_filed(session, submission, sender)
    if filed_before is not None:
        return Filed(filed_before, created=False)
    judgement = judge_inquiry(session, submission.inquiry, limits)
    list_columns = _list_columns(session, judgement, limits)
    report_id = _insert(session, submission, sender, judgement, list_columns)
    if report_id is None:  # another request with this key has committed first
        return Filed(_require_filed(session, submission, sender), created=False)
    _store_reporter(session, report_id, submission.reporter)
    verdict = stored_verdict(report_id, submission.inquiry, limits, judgement)
    session.add(verdict)
    session.flush()  # the journal's entry below needs the verdict's id
    report = session.get_one(Report, report_id)
    _append_steps(session, report, verdict)
    return Filed(report, created=True)


def _store_reporter(session: Session, report_id: int, reporter: Reporter | None) -> None:
    if reporter is None:
        return
    place = None
    if reporter.lon is not None and reporter.lat is not None:
        place = from_shape(Point(reporter.lon, reporter.lat), srid=SRID)
    row = {"name": reporter.name, "telephone": reporter.telephone, "protected": reporter.protected}
    session.execute(plain_insert(ReportPrivate).values(report_id=report_id, geom=place, **row))


def _append_steps(session: Session, report: Report, verdict: StoredVerdict) -> None:
    """Append the two journal entries of a new report; what was sent only as a digest: it may name people."""
    entry = {"category": report.category, "act_date": report.act_date.isoformat(), "channel": report.channel}
    subject, unit = f"report/{report.id}", report.unit_code
    append_step(session, "report", subject, unit=unit, after={**entry, "request": report.request_hash})
    digest = hashlib.sha256(verdict.body.encode()).hexdigest()
    outcome = {"verdict": verdict.id, "sha256": digest, "effect": report.effect}
    append_step(session, "verdict", subject, unit=unit, after={**outcome, "certainty": report.certainty})


def _check_reporter(reporter: Reporter | None) -> None:
    if reporter is None:
        return
    _check_text("reporter.name", reporter.name, MAX_NAME)
    _check_text("reporter.telephone", reporter.telephone, MAX_NAME)
    if (reporter.lon is None) != (reporter.lat is None) or not (
        -180 <= (reporter.lon or 0) <= 180 and -90 <= (reporter.lat or 0) <= 90
    ):
        raise BadInput(
            N_("The reporter's position is invalid."),
            field="reporter",
            hint=N_("Give both lon and lat in degrees, or neither."),
        )


def _check_text(field: str, value: str, most: int) -> None:
    if len(value) > most:
        raise BadInput(
            N_("The text has {length} characters; at most {most} are accepted."),
            field=field,
            hint=N_("Shorten it."),
            length=len(value),
            most=most,
        )
    # PostgreSQL stores neither NUL nor half of a surrogate pair.
    if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise BadInput(
            N_("The text contains a character that cannot be stored."), field=field, hint=N_("Remove it.")
        )


def _find_filed(session: Session, submission: Submission, sender: Sender) -> Report | None:
    """The report filed with this key, or None. Raises :class:`Conflict` where its content differs."""
    same = Report.filed_by.is_not_distinct_from(sender.account)
    report = session.scalar(select(Report).where(same, Report.idempotency_key == sender.key))
    if report is not None and _differs(report.request_hash, submission.fingerprint()):
        raise Conflict(
            N_("This idempotency key has been used for another report ({id})."),
            field="Idempotency-Key",
            hint=N_("Use a new key for a new report."),
            id=report.id,
        )
    return report


def _differs(stored: str, sent: str) -> bool:
    """Whether two fingerprints are of different requests; False for two schemes: nobody can tell."""
    return stored != sent and stored.partition(":")[0] == sent.partition(":")[0]


def _require_filed(session: Session, submission: Submission, sender: Sender) -> Report:
    report = _find_filed(session, submission, sender)
    assert report is not None, "the unique key was taken, so its row is there"
    return report


def _list_columns(session: Session, judgement: Judgement, limits: Limits) -> dict[str, Any]:
    """Columns of lists and the live map that the verdict's summary does not have."""
    verdict = judgement.verdict
    return {
        "zone_kinds": conflict_kinds(verdict),
        "urgent": is_urgent(verdict, limits.urgent_zones),
        "due_on": first_due(session, today()),
    }


def _insert(
    session: Session,
    submission: Submission,
    sender: Sender,
    judgement: Judgement,
    list_columns: dict[str, Any],
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
            **list_columns,
        )
        # Not "select, then insert": two requests with one key may run at the same moment.
        .on_conflict_do_nothing(index_elements=["filed_by", "idempotency_key"])
        .returning(Report.id)
    )
    return session.scalar(statement)
