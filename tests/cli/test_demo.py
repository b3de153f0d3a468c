"""The living demonstration: a year of fictional reports, each once, taken away without touching the real."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from accounts.accounts import NewAccount, add_account
from accounts.postings import NewPosting
from cli import main as cli
from core.clock import CHINA, today
from core.settings import ROOT, Settings
from demo.clear import count_samples
from demo.places import seats
from demo.sample_reports import COUNTIES, PREFIX, REPORTS, YEAR_DAYS, batches, file_samples, missing, plan
from demo.story import CAST, STORY, STORY_KEY, account_name, demo_people
from demo.texts import SIZES, TEXTS, WEIGHTS
from law.book import LawBook
from reports.evidence.storage import BlobStore, open_blobs
from reports.filing import Submission, file_report
from reports.workflow.states import STATUSES
from store.engine import open_session
from store.journal.chain import current_head
from store.journal.verification import verified_head
from store.schema.access import Account, JournalRow
from store.schema.datasets import CLOSED_STATES, Evidence, Report, Source, StoredVerdict
from store.schema.parcels import Parcel
from store.schema.report_counts import AssignmentRow, ReportTally
from verdict.inquiry import Inquiry, Limits

DAY = dt.date(2026, 11, 1)


# ---- the plan: no database --------------------------------------------------------------------------


def test_the_plan_of_a_day_is_always_the_same_and_of_another_day_another() -> None:
    assert plan(DAY) == plan(DAY)
    assert [one.key for one in plan(DAY)] == [one.key for one in plan(DAY + dt.timedelta(1))]
    assert plan(DAY) != plan(DAY + dt.timedelta(1))


def test_the_plan_lies_in_the_year_before_the_day_and_says_that_it_is_fictional() -> None:
    samples = plan(DAY)
    assert len({one.key for one in samples}) == len(samples) == REPORTS
    for one in samples:
        received = one.received_at.astimezone(CHINA).date()
        assert dt.timedelta(1) <= DAY - received <= dt.timedelta(YEAR_DAYS)
        assert one.submission.inquiry.as_of is not None
        assert one.submission.inquiry.as_of <= received
        assert one.submission.sample
        assert one.submission.description.startswith("【示例】")
        assert one.submission.reporter is None
        assert one.status in STATUSES


def test_every_category_of_the_law_is_there_and_every_month() -> None:
    categories = set(LawBook.from_folder(ROOT / "data" / "law").categories)
    assert set(TEXTS) == set(SIZES) == set(WEIGHTS) == categories
    samples = plan(DAY)
    assert {one.submission.inquiry.category for one in samples} == categories
    assert len({one.received_at.strftime("%Y-%m") for one in samples}) >= 12
    assert {one.status for one in samples} == set(STATUSES)
    assert 20 < sum(one.submission.inquiry.footprint is not None for one in samples) < 120


def test_seats_are_those_of_the_facts() -> None:
    rows = (ROOT / "data" / "boundaries" / "facts" / "township_seats.csv").read_text(encoding="utf-8-sig")
    told = {tuple(line.split(",")[i] for i in (0, 1, 4, 5)) for line in rows.splitlines()[1:]}
    assert {(seat.code, seat.name, f"{seat.lon:g}", f"{seat.lat:g}") for seat in seats()} == {
        (code, name, f"{float(lon):g}", f"{float(lat):g}") for code, name, lon, lat in told
    }
    assert {seat.county for seat in seats()} == set(COUNTIES)


# ---- filed ------------------------------------------------------------------------------------------


def _file_year(engine: Engine, limits: Limits) -> int:
    with open_session(engine) as session:
        samples = missing(session, today())
    count = 0
    for part in batches(samples):
        with open_session(engine) as session:
            count += file_samples(session, part, limits)
    return count


@pytest.fixture(scope="module")
def town(http_engine: Engine, limits: Limits) -> Engine:
    """A database with the year of samples."""
    assert _file_year(http_engine, limits) == REPORTS
    return http_engine


@pytest.fixture
def store(town: Engine) -> Any:
    """A session on it."""
    with Session(town) as session:
        yield session


def _samples(session: Session) -> list[Report]:
    return list(session.scalars(select(Report).where(Report.idempotency_key.startswith(PREFIX))))


def test_all_are_filed_as_samples_with_their_verdicts_in_all_six_counties(store: Session) -> None:
    reports = _samples(store)
    assert len(reports) == REPORTS
    assert all(report.sample and report.channel == "demo" for report in reports)
    counties = Counter((report.unit_code or "")[:6] for report in reports)
    assert set(COUNTIES) <= set(counties)
    assert min(counties[code] for code in COUNTIES) >= 15
    assert len({report.category for report in reports}) == len(TEXTS)
    assert {report.effect for report in reports} >= {"prohibited", "unknown"}
    ids = [report.id for report in reports]
    assert store.scalar(select(func.count()).where(StoredVerdict.report_id.in_(ids))) == REPORTS


def test_each_has_a_past_a_state_and_a_day(store: Session) -> None:
    for report in _samples(store):
        received = report.received_at.astimezone(CHINA).date()
        assert dt.timedelta(1) <= today() - received <= dt.timedelta(YEAR_DAYS)
        assert report.act_date <= received
        assert report.due_on is None or received <= report.due_on <= received + dt.timedelta(60)
        late = report.status not in CLOSED_STATES and report.due_on is not None and report.due_on < today()
        assert report.overdue == late
        hand = store.scalars(select(AssignmentRow).where(AssignmentRow.report_id == report.id)).one_or_none()
        assert (hand is None) == (report.holder_unit is None)
        assert report.holder_unit in (None, report.unit_code)
        if report.status in ("new", "dismissed"):
            assert hand is None
    assert 0 < sum(report.overdue for report in _samples(store)) < REPORTS / 4


def test_the_counts_made_ahead_are_those_of_the_reports(store: Session) -> None:
    told = {(r.cell, r.unit_code): r.n for r in store.scalars(select(ReportTally).where(ReportTally.n != 0))}
    store.execute(text("SELECT count_reports()"))
    store.expire_all()
    again = {(r.cell, r.unit_code): r.n for r in store.scalars(select(ReportTally))}
    assert told == again


def test_the_journal_tells_of_each_that_it_is_a_sample(store: Session) -> None:
    actions = Counter(
        store.scalars(select(JournalRow.action).where(JournalRow.subject.startswith("report/")))
    )
    assert actions["report"] == actions["verdict"] == actions["sample"] == REPORTS


def test_a_second_time_files_nothing_and_a_half_year_is_completed(
    town: Engine, store: Session, limits: Limits
) -> None:
    assert _file_year(town, limits) == 0
    assert missing(store, today() + dt.timedelta(3)) == []  # on a later day, too
    store.execute(text("DELETE FROM report WHERE idempotency_key = 'demo-report-0007'"))
    assert [one.key for one in missing(store, today())] == ["demo-report-0007"]


def test_some_lie_on_the_sample_parcels(store: Session) -> None:
    on = select(func.count(Report.id.distinct())).join(Parcel, func.ST_Intersects(Report.geom, Parcel.geom))
    assert (store.scalar(on) or 0) >= 5


# ---- the command ------------------------------------------------------------------------------------

Run = Callable[..., Any]


@pytest.fixture
def show(clone: Callable[..., Engine], tmp_path: Path, limits: Limits) -> tuple[Engine, Run]:
    """A database with the story, the cast, five samples, and a real report; and the command on it."""
    engine = clone("zhijie_demo_clear_test")
    with open_session(engine) as session:
        file_report(session, STORY, STORY_KEY, limits)
        demo_people(session, "zh")
        file_samples(session, missing(session, today())[:5], limits)
        real = Submission(Inquiry("dumping", 112.41, 35.49), "真实举报")
        file_report(session, real, "real", limits)
        add_account(session, NewAccount("demo-visitor", "", None), NewPosting("officer", ""))

    def run(*arguments: str, **more: Any) -> Any:
        url = engine.url.render_as_string(hide_password=False)
        env = {"ZHIJIE_DATABASE_URL": url, "ZHIJIE_LANG": "en", "ZHIJIE_EVIDENCE_URL": str(tmp_path / "kept")}
        return CliRunner().invoke(cli.app, ["demo", *arguments], env=env, **more)

    return engine, run


def _hang(engine: Engine, blobs: BlobStore, description: str, *contents: bytes) -> list[str]:
    """Hang files on the report with a description; their hashes."""
    kept = [blobs.put_bytes(content) for content in contents]
    with open_session(engine) as session:
        wanted = Report.description.startswith(description)
        report = session.scalars(select(Report).where(wanted).order_by(Report.id).limit(1)).one()
        for sha256 in kept:
            row = {"sha256": sha256, "size": 1, "kind": "photo", "media_type": "image/jpeg", "filename": "a"}
            session.add(Evidence(report_id=report.id, found={}, thumbnail=sha256, **row))
    return kept


def test_clear_removes_the_samples_and_leaves_the_real(show: tuple[Engine, Run], tmp_path: Path) -> None:
    engine, run = show
    blobs = open_blobs(Settings(evidence_url=str(tmp_path / "kept")))
    sample, shared = _hang(engine, blobs, "【示例】", b"a sample's photo", b"a photo of both")
    real, _ = _hang(engine, blobs, "真实", b"a real photo", b"a photo of both")
    with Session(engine) as session:
        before = session.scalar(select(func.max(JournalRow.seq))) or 0
        data = session.scalar(select(func.count()).select_from(Source))
    done = run("clear", "--yes")
    assert done.exit_code == 0, done.output
    assert "6 sample reports, 1 files of evidence, 8 accounts" in done.output
    with Session(engine) as session:
        assert [report.description for report in session.scalars(select(Report))] == ["真实举报"]
        assert session.scalar(select(func.count()).select_from(StoredVerdict)) == 1
        assert set(session.scalars(select(Evidence.sha256))) == {real, shared}
        assert list(session.scalars(select(Account.name))) == ["demo-visitor"]
        assert session.scalar(select(func.count()).select_from(Source)) == data
        assert session.scalar(select(func.count()).select_from(AssignmentRow)) == 0
        lines = session.scalars(select(JournalRow).where(JournalRow.seq > before)).all()
        removed = ["report_removed"] * 6 + ["account_removed"] * 8
        assert [line.action for line in lines] == [*removed, "demo_cleared"]
        assert '"reports": 6' in lines[-1].body
        assert verified_head(session) == current_head(session)
    assert [blobs.exists(one) for one in (sample, shared, real)] == [False, True, True]


def test_clear_asks_first_and_a_second_time_finds_nothing(show: tuple[Engine, Run]) -> None:
    engine, run = show
    asked = run("clear", input="n\n")
    assert asked.exit_code == 1
    assert "Remove 6 sample reports" in asked.output
    with Session(engine) as session:
        assert count_samples(session) == 6
    assert run("clear", input="y\n").exit_code == 0
    again = run("clear", "--yes")
    assert "0 sample reports" in again.output


def test_an_account_that_filed_something_real_stays_and_is_locked(show: tuple[Engine, Run]) -> None:
    engine, run = show
    with open_session(engine) as session:
        officer = session.scalars(select(Account).where(Account.name == account_name("officer"))).one()
        report = session.scalars(select(Report).where(Report.idempotency_key == "real")).one()
        report.filed_by = officer.id
    done = run("clear", "--yes")
    assert "1 accounts of the demonstration have real reports" in done.output
    with Session(engine) as session:
        names = {account.name: account.locked_at for account in session.scalars(select(Account))}
        assert set(names) == {"demo-visitor", "demo-officer"}
        assert names["demo-officer"] is not None
        assert len(CAST) == 8
