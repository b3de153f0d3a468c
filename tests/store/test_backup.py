"""Backups are complete and consistent; a restore brings back rows, rights, journal and evidence."""

from __future__ import annotations

import hashlib
import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from cli import main as cli
from core.errors import BadData, BadInput, Conflict, StoreUnavailable
from core.settings import Settings
from demo.story import STORY
from reports.evidence.storage import BlobStore, open_blobs
from reports.filing import file_report
from store.access import ROLE_RIGHTS
from store.backup import backup as backups
from store.backup.backup import BackupContext, back_up, restore
from store.backup.files import DUMP, MANIFEST, Manifest, atomic_folder, evidence_path, restore_evidence
from store.backup.server import Server, find_program, libpq_environment
from store.journal.append import append_step
from store.journal.chain import current_head
from store.journal.guards import verify_guards
from store.journal.proof import write_proof
from store.journal.rows import verify_rows
from store.journal.verification import verified_head, verify_journal
from verdict.inquiry import Limits

BYTES = [b"a photo", b"its thumbnail", "视频".encode() * 500_000]


def _silent(_: str, __: int | None) -> Callable[[int], None]:
    return lambda _: None


@pytest.fixture(scope="module")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> BlobStore:
    return open_blobs(Settings(evidence_url=str(tmp_path_factory.mktemp("evidence"))))


@pytest.fixture(scope="module")
def engine(clone: Callable[..., Engine], blobs: BlobStore, limits: Limits) -> Engine:
    """A store with a report, evidence and a journal."""
    engine = clone("zhijie_backup_test")
    photo, thumbnail, video = map(blobs.put_bytes, BYTES)
    blobs.put_bytes(b"of no report")
    added = (
        "INSERT INTO evidence (report_id, sha256, size, kind, media_type, filename, found, thumbnail)"
        " VALUES (:report, :sha256, 1, 'photo', 'image/jpeg', 'x.jpg', '{}', :thumbnail)"
    )
    with Session(engine) as session, session.begin():
        report = file_report(session, STORY, "backup", limits).report.id
        for sha256, small in ((photo, thumbnail), (video, None)):
            session.execute(text(added), {"report": report, "sha256": sha256, "thumbnail": small})
            append_step(session, "evidence", f"report/{report}", after={"sha256": sha256})
    engine.dispose()
    return engine


@pytest.fixture
def context(engine: Engine, blobs: BlobStore) -> BackupContext:
    return BackupContext(make_url(engine.url), blobs, lambda session: str(verified_head(session)), _silent)


@pytest.fixture(scope="module")
def backup_folder(engine: Engine, blobs: BlobStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup. Tests that damage it use a copy."""
    context = BackupContext(make_url(engine.url), blobs, lambda session: str(verified_head(session)), _silent)
    return back_up(context, tmp_path_factory.mktemp("backups"))[0]


@pytest.fixture
def copied(backup_folder: Path, tmp_path: Path) -> Path:
    target = tmp_path / backup_folder.name
    for path in backup_folder.rglob("*"):
        if path.is_file():
            place = target / path.relative_to(backup_folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())
    return target


def _databases(url: URL) -> set[str]:
    with Server(url).connect() as connection:
        return set(connection.scalars(text("SELECT datname FROM pg_database")))


@pytest.fixture(autouse=True)
def _no_scratch(engine: Engine) -> Iterator[None]:
    """Check after each test that no scratch database is left."""
    yield
    left = {name for name in _databases(engine.url) if "_verify_" in name or "_restore_" in name}
    assert left == set()


# ---- the backup ------------------------------------------------------------------------------------------


def test_a_backup_holds_dump_evidence_and_manifest(backup_folder: Path, engine: Engine) -> None:
    manifest = Manifest.read(backup_folder)
    assert {path.name for path in backup_folder.iterdir()} == {DUMP, MANIFEST, "evidence"}
    assert manifest.evidence == {hashlib.sha256(content).hexdigest(): len(content) for content in BYTES}
    for content in BYTES:
        assert evidence_path(backup_folder, hashlib.sha256(content).hexdigest()).read_bytes() == content
    assert hashlib.sha256((backup_folder / DUMP).read_bytes()).hexdigest() == manifest.dump_sha256
    with Session(engine) as session:
        assert manifest.journal == str(current_head(session))
        for table in ("unit", "zone_piece", "report", "journal", "evidence"):
            assert manifest.tables[table] == session.scalar(text(f"SELECT count(*) FROM {table}"))
    assert "spatial_ref_sys" not in manifest.tables
    assert [path for path in [backup_folder, *backup_folder.rglob("*")] if path.stat().st_mode & 0o077] == []


def test_dump_and_manifest_are_of_one_moment(
    context: BackupContext, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row written between counting and dumping is in neither, so that the comparison still holds."""
    real = backups.run_program

    def late(place: Path, *rest: Any) -> None:
        if place.name == "pg_dump":
            with Session(engine) as session, session.begin():
                append_step(session, "meanwhile", "report/1")
        real(place, *rest)

    monkeypatch.setattr(backups, "run_program", late)
    _, manifest = back_up(context, tmp_path)
    with Session(engine) as session:
        assert int(manifest.journal.partition(":")[0]) == current_head(session).seq - 1


def _failing(name: str) -> Callable[..., None]:
    def fail(place: Path, arguments: list[str], *rest: Any) -> None:
        if place.name == name:
            raise StoreUnavailable("pg_dump failed")

    return fail


@pytest.mark.parametrize("fault", [StoreUnavailable("x"), KeyboardInterrupt()])
@pytest.mark.parametrize("stage", ["run_program", "_load", "_compare"])
def test_a_half_backup_is_never_seen(
    context: BackupContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str, fault: BaseException
) -> None:
    def fail(*_: Any) -> None:
        assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
        raise fault

    monkeypatch.setattr(backups, stage, fail)
    with pytest.raises(type(fault)):
        back_up(context, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_part_left_by_a_killed_process_is_no_backup(context: BackupContext, copied: Path) -> None:
    part = copied.rename(copied.with_name(copied.name + ".part"))
    with pytest.raises(BadInput, match="not a complete backup"):
        restore(context, part)


def test_a_restored_dump_that_differs_is_no_backup(
    context: BackupContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = backups._load

    def lossy(context: BackupContext, scratch: URL, *rest: Any) -> None:
        real(context, scratch, *rest)
        engine = create_engine(scratch)
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM grid_cell WHERE true"))
            connection.execute(text("DELETE FROM evidence"))
        engine.dispose()

    monkeypatch.setattr(backups, "_load", lossy)
    with pytest.raises(BadData, match="evidence"):
        back_up(context, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_broken_journal_is_told_instead_of_kept(
    engine: Engine, context: BackupContext, tmp_path: Path
) -> None:
    change = "UPDATE journal SET body = replace(body, '{old}', '{new}') WHERE action = 'evidence'"
    for old, new, status in (("evidence", "evidense", False), ("evidense", "evidence", True)):
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE journal DISABLE TRIGGER ALL"))
            statement = change.format(old=old, new=new)
            if status:
                statement = statement.replace("action = 'evidence'", "action = 'evidense'")
            connection.execute(text(statement))
            connection.execute(text("ALTER TABLE journal ENABLE ALWAYS TRIGGER journal_keeps_rows"))
            connection.execute(text("ALTER TABLE journal ENABLE ALWAYS TRIGGER journal_keeps_table"))
            connection.execute(text("ALTER TABLE journal ENABLE TRIGGER journal_tells"))
        if not status:
            with pytest.raises(BadData, match="journal is broken"):
                back_up(context, tmp_path)
    with Session(engine) as session:
        assert verify_journal(session).fault is None


@pytest.mark.parametrize("damage", ["gone", "other"])
def test_evidence_that_is_not_what_its_name_says_is_told(
    context: BackupContext, blobs: BlobStore, tmp_path: Path, damage: str
) -> None:
    sha256 = hashlib.sha256(BYTES[0]).hexdigest()
    path = Path(blobs._path(sha256))
    path.unlink()
    if damage == "other":
        path.write_bytes(b"A photo")
    with pytest.raises(BadData, match=sha256):
        back_up(context, tmp_path / "b")
    path.unlink(missing_ok=True)
    blobs.put_bytes(BYTES[0])
    assert list((tmp_path / "b").iterdir()) == []


def test_faults_of_the_place_are_told(context: BackupContext, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="cannot be written"):
        back_up(context, tmp_path / "file" / "x")
    gone = replace(context, url=context.url.set(database="zhijie_no_such_test"))
    with pytest.raises(StoreUnavailable, match="not responding"):
        back_up(gone, tmp_path)


def test_a_database_without_tables_is_no_store(
    context: BackupContext, empty_url: str, tmp_path: Path
) -> None:
    with pytest.raises(StoreUnavailable, match="tables"):
        back_up(replace(context, url=make_url(empty_url)), tmp_path)


def test_two_backups_in_one_second_do_not_meet(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    with atomic_folder(folder), pytest.raises(Conflict), atomic_folder(folder):
        pass
    assert (tmp_path / "a").is_dir()


# ---- restoring -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def restored(
    clone: Callable[..., Engine], backup_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """The backup restored over another database in use, with an empty evidence store."""
    target = clone("zhijie_restored_test")
    store = open_blobs(Settings(evidence_url=str(tmp_path_factory.mktemp("store"))))
    context = BackupContext(make_url(target.url), store, lambda session: str(verified_head(session)), _silent)
    with target.connect() as user:
        user.execute(text("SELECT 1"))
        done = restore(context, backup_folder)
        user.invalidate()
    assert done.evidence == len(BYTES)
    assert done.old is not None and done.old.startswith("zhijie_restored_test_before_")
    assert done.old in _databases(target.url)
    for content in BYTES:
        assert b"".join(store.read(hashlib.sha256(content).hexdigest())) == content
    assert restore(context, backup_folder, drop_old=True).evidence == 0
    Server(target.url).drop(done.old)
    target.dispose()
    yield target


def test_every_row_comes_back(restored: Engine, engine: Engine, backup_folder: Path) -> None:
    manifest = Manifest.read(backup_folder)
    with restored.connect() as after, engine.connect() as before:
        counts = backups._count_rows(after)
        assert counts == dict(manifest.tables) | {"journal": manifest.tables["journal"] + 1}
        for table in sorted(manifest.tables.keys() - {"journal", "journal_head"}):
            digest = text(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t")
            assert after.scalar(digest) == before.scalar(digest), table


def test_the_journal_goes_on_with_the_restore(restored: Engine, backup_folder: Path) -> None:
    manifest = Manifest.read(backup_folder)
    with Session(restored) as session:
        assert verify_journal(session).fault is None
        assert [*verify_guards(session), *verify_rows(session)] == []
        body = json.loads(str(session.scalar(text("SELECT body FROM journal ORDER BY seq DESC LIMIT 1"))))
        assert write_proof(session, 1, io.StringIO()).unproved == ()
    assert (body["action"], body["after"]["journal"]) == ("restored", manifest.journal)
    assert body["before"]["journal"] != manifest.journal  # of the database that was replaced


def test_evidence_that_was_altered_in_the_store_is_restored(backup_folder: Path, tmp_path: Path) -> None:
    """Of the same length, so that only its bytes tell."""
    store, manifest = open_blobs(Settings(evidence_url=str(tmp_path))), Manifest.read(backup_folder)
    assert restore_evidence(store, backup_folder, manifest, lambda _: None) == len(BYTES)
    digest = hashlib.sha256(BYTES[0]).hexdigest()
    path = tmp_path / digest[:2] / digest[2:4] / digest
    path.unlink()
    path.write_bytes(bytes(len(BYTES[0])))
    assert restore_evidence(store, backup_folder, manifest, lambda _: None) == 1
    assert store.check(digest) == "whole"


SCHEMA = {
    "policies": "SELECT tablename, policyname, cmd, roles::text, qual, with_check"
    " FROM pg_policies ORDER BY 1, 2",
    "security": "SELECT relname, relrowsecurity FROM pg_class"
    " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') ORDER BY 1",
    "triggers": "SELECT tgname, tgenabled, tgrelid::regclass::text"
    " FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
    "grants": "SELECT table_name, grantee, privilege_type FROM information_schema.role_table_grants"
    " WHERE grantee IN ('zhijie_app', 'PUBLIC') ORDER BY 1, 2, 3",
    "functions": "SELECT p.oid::regprocedure::text, p.prosecdef, p.proconfig::text, p.proleakproof,"
    " has_function_privilege('zhijie_app', p.oid, 'EXECUTE'), md5(p.prosrc) FROM pg_proc p"
    " WHERE p.pronamespace = 'public'::regnamespace"
    " AND (p.proname LIKE 'zhijie%' OR p.proname IN ('journal_refuse', 'geometry_overlaps')) ORDER BY 1",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    "constraints": "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2",
    "identities": "SELECT table_name, column_name, is_identity FROM information_schema.columns"
    " WHERE table_schema = 'public' ORDER BY 1, 2",
}


@pytest.mark.parametrize("part", SCHEMA)
def test_the_schema_comes_back(restored: Engine, engine: Engine, part: str) -> None:
    with restored.connect() as after, engine.connect() as before:
        found = after.execute(text(SCHEMA[part])).all()
        assert found
        assert found == before.execute(text(SCHEMA[part])).all()


def test_the_server_role_is_bound_as_before(restored: Engine) -> None:
    with Session(restored) as session:
        session.execute(text("SET LOCAL ROLE zhijie_app"))
        assert session.scalar(text("SELECT count(*) FROM unit")) > 0  # type: ignore[operator]
        for table in ("report", "verdict", "evidence", "journal"):
            assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table
        for statement in (
            "SELECT * FROM report_private",
            "SELECT * FROM installation",
            "DELETE FROM journal",
            "SELECT zhijie_mac('')",
        ):
            with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
                session.execute(text(statement))


def test_the_journal_is_closed_as_before(restored: Engine) -> None:
    with Session(restored) as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in ("UPDATE journal SET body = body", "DELETE FROM journal", "TRUNCATE journal"):
            with pytest.raises(ProgrammingError, match="never over"), session.begin_nested():
                session.execute(text(statement))


def test_a_row_after_the_restore_has_the_next_number(restored: Engine, limits: Limits) -> None:
    with Session(restored) as session:
        before = session.scalar(text("SELECT max(id) FROM report")) or 0
        assert file_report(session, STORY, "after", limits).report.id > before
        assert verify_journal(session).fault is None
        rights = session.scalar(text("SELECT count(*) FROM role_right"))
        assert rights == sum(map(len, ROLE_RIGHTS.values()))
        session.rollback()


@pytest.mark.parametrize("spot", [0, 5_000, -1])
def test_a_broken_byte_is_refused(context: BackupContext, copied: Path, spot: int) -> None:
    before = _databases(context.url)
    content = bytearray((copied / DUMP).read_bytes())
    content[spot] ^= 1
    (copied / DUMP).write_bytes(content)
    with pytest.raises(BadData, match="damaged"):
        restore(context, copied)
    assert _databases(context.url) == before


@pytest.mark.parametrize("damage", ["dump", "evidence", "cut"])
def test_what_is_missing_or_cut_is_refused(context: BackupContext, copied: Path, damage: str) -> None:
    path = evidence_path(copied, hashlib.sha256(BYTES[2]).hexdigest())
    if damage == "dump":
        (copied / DUMP).unlink()
    elif damage == "evidence":
        path.unlink()
    else:
        path.write_bytes(BYTES[2][:-1])
    with pytest.raises(BadData, match="damaged"):
        restore(context, copied)


def _with_manifest(folder: Path, **values: Any) -> None:
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8")) | values
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"schema": "9999"}, "newer than this program"),
        ({"format": "zhijie-backup/2"}, "not a complete backup"),
        ({"surplus": 1}, "not a complete backup"),
    ],
)
def test_a_backup_of_another_program_is_refused(
    context: BackupContext, copied: Path, values: dict[str, Any], told: str
) -> None:
    _with_manifest(copied, **values)
    with pytest.raises(BadInput, match=told):
        restore(context, copied)


@pytest.mark.parametrize("values", [{"tables": {"report": 7}}, {"journal": "1:" + "0" * 64}])
def test_a_manifest_that_tells_something_else_is_refused(
    context: BackupContext, copied: Path, values: dict[str, Any]
) -> None:
    before = _databases(context.url)
    _with_manifest(copied, **values)
    with pytest.raises(BadData, match="differs from the dump"):
        restore(context, copied)
    assert _databases(context.url) == before


def test_a_dump_that_is_none_is_told(context: BackupContext, copied: Path) -> None:
    (copied / DUMP).write_bytes(b"no dump")
    _with_manifest(copied, dump_sha256=hashlib.sha256(b"no dump").hexdigest(), dump_size=7)
    with pytest.raises(StoreUnavailable, match="pg_restore"):
        restore(context, copied)


def test_a_database_that_is_not_there_is_made(
    context: BackupContext, backup_folder: Path, blobs: BlobStore
) -> None:
    fresh = context.url.set(database="zhijie_fresh_test")
    Server(fresh).drop("zhijie_fresh_test")
    done = restore(replace(context, url=fresh), backup_folder)
    assert (done.old, done.evidence) == (None, 0)
    assert "zhijie_fresh_test" in _databases(fresh)
    Server(fresh).drop("zhijie_fresh_test")


# ---- the server ------------------------------------------------------------------------------------------


def test_a_password_goes_through_the_environment(
    context: BackupContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make_url("postgresql+psycopg2://u:s%40cret@h:5433/d?sslmode=require&host=/run/x")
    env = libpq_environment(url)
    wanted = {"PGUSER": "u", "PGPASSWORD": "s@cret", "PGHOST": "/run/x", "PGPORT": "5433", "PGDATABASE": "d"}
    assert env.items() >= (wanted | {"PGSSLMODE": "require"}).items()


def test_programs_of_a_version_that_is_not_there_are_told() -> None:
    with pytest.raises(StoreUnavailable, match="not installed"):
        find_program("pg_dump", 99)


@pytest.mark.parametrize(
    ("own", "name"),
    [
        ("zhijie", "zhijie_verify_ab"),
        ("zhijie_test", "zhijie_test_verify_ab_test"),
        ("知" * 21, "知" * 17 + "_verify_ab"),
    ],
)
def test_names_of_scratch_databases_fit(own: str, name: str) -> None:
    assert Server(URL.create("postgresql", database=own)).sibling_name("verify", "ab") == name


# ---- the command -----------------------------------------------------------------------------------------


def test_the_commands_back_up_and_restore(
    engine: Engine,
    tmp_path: Path,
    blobs: BlobStore,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = {"DATABASE_URL": engine.url.render_as_string(hide_password=False), "LANG": "en"}
    for name, value in (settings | {"EVIDENCE_URL": blobs._root}).items():
        monkeypatch.setenv(f"ZHIJIE_{name}", value)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["zhijie", "db", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return (ended.value.code or 0, *capsys.readouterr())  # type: ignore[return-value]

    status, told, faults = call("backup", str(tmp_path))
    (folder,) = tmp_path.iterdir()
    assert (status, faults) == (0, "")
    assert str(folder) in told and "3 evidence files" in told
    status, told, faults = call("restore", str(folder), "--drop-old")
    assert (status, faults) == (0, "")
    assert "in place; 0 evidence files" in told
    status, told, faults = call("restore", str(tmp_path))
    assert (status, told, faults.count("\n")) == (2, "", 1)
