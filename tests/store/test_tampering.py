"""What the owner changes behind the program's back is found and named by the journal's verification."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session
from support.credentials import ALL_HATS, hire
from support.row_tamperings import TAMPERINGS, Tampering, table

from accounts.accounts import set_locked, set_password
from accounts.installation import set_public_view
from accounts.postings import NewPosting, end_postings
from accounts.sessions import sign_in
from core.settings import ROOT, Settings
from demo.clear import clear_demo
from demo.story import STORY
from reports.evidence.records import add_evidence, store_file
from reports.evidence.sandbox import InspectionProcess
from reports.evidence.storage import BlobStore, open_blobs
from reports.evidence.verification import FileFault, verify_files
from reports.filing import Reporter, file_report
from reports.workflow.assignment import Assignment, assign, transition
from store.access import enter
from store.journal.append import append_step
from store.journal.guards import verify_guards
from store.journal.rows import CHANGES, RowFault, Uncovered, verify_rows
from store.journal.verification import verify_journal
from store.schema.access import Account, JournalRow
from verdict.inquiry import Limits

CONTENT = b"a note of the inspection " * 500
DATASET = "boundaries/counties"


@pytest.fixture(scope="module")
def scene(
    clone: Callable[..., Engine], limits: Limits, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Engine, Path, dict[str, object]]]:
    """A store with a report that has everything, one with nothing, and somebody; the folder of evidence."""
    engine, folder = clone("zhijie_tampering_test"), tmp_path_factory.mktemp("evidence")
    chief = hire(engine, *ALL_HATS, name="chief")
    hire(engine, NewPosting("officer", "140522"), name="officer", scopes=["read"])
    inspector = InspectionProcess()
    with Session(engine) as session, session.begin():
        plain = dataclasses.replace(STORY, sample=False)
        told = dataclasses.replace(plain, reporter=Reporter("某人", "13800000000", protected=True))
        report = file_report(session, told, "first", limits).report.id
        other = file_report(session, plain, "second", limits).report.id
        blobs = open_blobs(Settings(evidence_url=str(folder)))
        with blobs.stage(10**6) as staging:
            staging.write(CONTENT)
            add_evidence(session, report, store_file(blobs, inspector, staging.finish()), "note.txt")
    inspector.close()
    with Session(engine) as session, session.begin():
        enter(session, chief)
        day = dt.date.today() + dt.timedelta(9)
        assign(session, report, Assignment(unit="140522", account=None, until=day, reason="复核"))
        transition(session, report, "verifying", "看")
        account = session.scalar(text("SELECT zhijie_account()"))
    with Session(engine) as session:
        account = session.scalar(text("SELECT id FROM account WHERE name = 'officer'"))
    yield engine, folder, {"report": report, "other": other, "account": account, "dataset": DATASET}


def faults(session: Session, blobs: BlobStore) -> list[str]:
    """All sentences of a verification, in English."""
    chained = verify_journal(session).fault
    found = chain(verify_guards(session), verify_rows(session), verify_files(session, blobs))
    told = [one.say("en") for one in found if isinstance(one, RowFault | FileFault)]
    return [] if chained is None and not told else ([chained.say("en")] if chained else []) + told


def _path(folder: Path) -> Path:
    name = hashlib.sha256(CONTENT).hexdigest()
    return folder / name[:2] / name[2:4] / name


def _tamper(session: Session, one: Tampering, values: dict[str, object]) -> None:
    assert isinstance(one.does, str)
    if "journal_keeps_rows" not in (one.told or ""):
        session.execute(text("ALTER TABLE journal DISABLE TRIGGER ALL"))
    # the driver's own cursor: the text holds colons that are no parameters
    session.connection().connection.cursor().execute(one.does.format(**values))
    if "journal_keeps_rows" not in (one.told or ""):
        session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        for name in ("rows", "table"):
            session.execute(text(f"ALTER TABLE journal ENABLE ALWAYS TRIGGER journal_keeps_{name}"))


def test_what_nobody_touched_is_found_whole(scene: tuple[Engine, Path, dict[str, object]]) -> None:
    engine, folder, _ = scene
    with Session(engine) as session:
        assert faults(session, open_blobs(Settings(evidence_url=str(folder)))) == []
        assert not any(isinstance(found, Uncovered) for found in verify_rows(session))


@pytest.mark.parametrize("one", TAMPERINGS, ids=lambda one: one.what)
def test_a_tampering_is_found_and_named(
    scene: tuple[Engine, Path, dict[str, object]], one: Tampering, tmp_path: Path
) -> None:
    engine, folder, values = scene
    blobs = open_blobs(Settings(evidence_url=str(folder)))
    with Session(engine) as session:
        if callable(one.does):
            path = _path(tmp_path)
            path.parent.mkdir(parents=True)
            path.write_bytes(CONTENT)
            one.does(path)
            blobs = open_blobs(Settings(evidence_url=str(tmp_path)))
        else:
            _tamper(session, one, values)
        told = faults(session, blobs)
        session.rollback()
    if one.told is None:
        assert told == []
        assert one.why
    else:
        assert any(one.told.format(**values) in sentence for sentence in told), told


def test_the_document_shows_the_table() -> None:
    assert len(TAMPERINGS) >= 25
    assert "\n".join(table()) in (ROOT / "docs" / "journal.md").read_text(encoding="utf-8")


# ---- what the program does itself, and what is older ----------------------------------------------------


def _told(session: Session) -> list[str]:
    return [found.say("en") for found in verify_rows(session) if isinstance(found, RowFault)]


def test_what_the_program_does_with_accounts_is_explained(
    scene: tuple[Engine, Path, dict[str, object]],
) -> None:
    engine, _, values = scene
    with Session(engine) as session:
        account = session.get_one(Account, values["account"])
        set_password(session, account, "a long password")
        assert sign_in(session, "officer", "wrong", 1) is None
        token = sign_in(session, "officer", "a long password", 1)
        assert token is not None
        enter(session, token)
        key = session.scalar(text("SELECT zhijie_make_key(sha256('k'), 'mine', NULL, 3)"))
        assert session.scalar(text("SELECT zhijie_drop_key(:key)"), {"key": key})
        session.execute(text("SELECT zhijie_sign_out()"))
        set_locked(session, account, locked=True)
        set_locked(session, account, locked=False)
        end_postings(session, account, dt.date.today())
        set_public_view(session, public=True)
        assert _told(session) == []
        session.rollback()


def test_what_the_program_removes_is_explained(engine: Engine, session: Session, limits: Limits) -> None:
    report = file_report(session, STORY, "to be removed", limits).report.id
    session.execute(text("UPDATE report SET due_on = due_on - 60 WHERE id = :id"), {"id": report})
    append_step(session, "sample", f"report/{report}")
    assert session.scalar(text("SELECT zhijie_mark_overdue()")) == 1
    assert clear_demo(session).reports == 1
    assert _told(session) == []


def test_every_action_that_changes_rows_names_parts_that_exist(session: Session) -> None:
    source = session.scalar(text("SELECT prosrc FROM pg_proc WHERE proname = 'zhijie_rows'"))
    parts = {part for changed in CHANGES.values() for part in changed if part != "*"}
    assert [part for part in parts if f"'{part}'," not in source] == []


def _older_function(session: Session) -> None:
    """Put back the function that wrote steps without digests."""
    sql = (ROOT / "store" / "migrations" / "sql" / "0003_access.sql").read_text(encoding="utf-8")
    start = sql.index("CREATE FUNCTION zhijie_journal(")
    function = sql[start : sql.index("CREATE FUNCTION journal_refuse()")]
    session.connection().connection.cursor().execute(function.replace("CREATE", "CREATE OR REPLACE", 1))


def test_what_is_older_than_the_digests_is_told_as_not_covered(
    scene: tuple[Engine, Path, dict[str, object]],
) -> None:
    engine, _, values = scene
    subject = f"report/{values['other']}"
    with Session(engine) as session:
        newer = session.scalar(text("SELECT pg_get_functiondef('zhijie_journal'::regproc)"))
        _older_function(session)
        append_step(session, "look", subject)
        assert list(verify_rows(session)) == [Uncovered(subject)]
        session.connection().connection.cursor().execute(newer)
        append_step(session, "look", subject)
        assert list(verify_rows(session)) == []
        session.rollback()


def test_an_older_step_whose_report_is_gone_is_told(
    scene: tuple[Engine, Path, dict[str, object]],
) -> None:
    engine, _, values = scene
    with Session(engine) as session:
        _older_function(session)
        append_step(session, "look", f"report/{values['other']}")
        session.execute(text("DELETE FROM report WHERE id = :id"), {"id": values["other"]})
        assert len(_told(session)) == 1
        append_step(session, "demo_cleared", "demo")  # which once wrote no step for each report
        assert _told(session) == []
        session.rollback()


@pytest.mark.parametrize(
    "setting", ["timezone = 'Asia/Shanghai'", "bytea_output = 'escape'", "datestyle = 'German'"]
)
def test_digests_depend_on_no_setting(scene: tuple[Engine, Path, dict[str, object]], setting: str) -> None:
    with Session(scene[0]) as session:
        session.execute(text(f"SET LOCAL {setting}"))
        assert _told(session) == []
        session.rollback()


def test_times_do_not_run_backwards_with_the_clock(
    scene: tuple[Engine, Path, dict[str, object]],
) -> None:
    """A row dated in the future is continued by rows of the same time."""
    with Session(scene[0]) as session:
        later = "2999-01-01T00:00:00.000000Z"
        session.execute(text("ALTER TABLE journal DISABLE TRIGGER ALL"))
        session.execute(
            text(
                "UPDATE journal SET body = (body::jsonb || jsonb_build_object('at', CAST(:at AS text)))::text"
                " WHERE seq = (SELECT seq FROM journal_head)"
            ),
            {"at": later},
        )
        number = append_step(session, "look", "report/1")
        assert f'"{later}"' in session.get_one(JournalRow, number).body
        session.rollback()


# A column without NULL that is added to one of these changes the digests of rows that are there, and each
# would be told as edited: give it no default and allow NULL, or leave it out of ``zhijie_rows``.
SEALED = {
    "account": "created_at failures id name shown",
    "credential": "account_id created_at expires_at id kind label token_hash",
    "evidence": "added_at filename found id kind media_type report_id sha256 size",
    "hand": "id reason report_id since",
    "installation": "one public_view secret",
    "posting": "account_id id reach role valid",
    "report": "act_date category certainty channel description effect geom id idempotency_key location"
    " overdue received_at request_hash sample status urgent zone_kinds",
    "report_private": "name protected report_id salt telephone",
    "source": "accuracy_m checksum dataset datum id kinds licence loaded_at official origin reach role"
    " title version",
    "verdict": "body created_at id report_id source_ids",
}


@pytest.mark.parametrize("name", SEALED)
def test_no_column_without_null_is_added_to_what_is_sealed(session: Session, name: str) -> None:
    query = (
        "SELECT string_agg(attname, ' ' ORDER BY attname COLLATE \"C\") FROM pg_attribute"
        " WHERE attrelid = CAST(:name AS regclass) AND attnum > 0 AND attnotnull AND NOT attisdropped"
    )
    assert session.scalar(text(query), {"name": name}) == SEALED[name]
