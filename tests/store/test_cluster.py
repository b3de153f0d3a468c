"""The private cluster, tested with real servers in temporary folders."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from core.errors import StoreUnavailable
from core.settings import ROOT
from store.cluster import cluster as cluster_module
from store.cluster.cluster import Cluster, default_home
from store.cluster.programs import find_programs, installed

NOBODY = 65534
AS_ROOT = os.geteuid() == 0

# where a server is named, `make test` installs none
needs_server = pytest.mark.skipif(
    "ZHIJIE_DATABASE_URL" in os.environ and not any(one.postgis for one in installed()),
    reason="ZHIJIE_DATABASE_URL is set and no PostGIS is installed here",
)
needs_root = pytest.mark.skipif(not AS_ROOT, reason="only root can change accounts")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that the account running PostgreSQL can enter; it cannot enter pytest's own."""
    made = Path(tempfile.mkdtemp(prefix="zhijie-test-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def cluster(folder: Path) -> Iterator[Cluster]:
    """A cluster shared by the tests that leave it intact; its path has characters special to a shell."""
    made = Cluster(folder / "知界 $HOME's `x`", fast=True)
    yield made
    made.stop()


def ask(url: str, query: str) -> object:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        rows = connection.execute(text(query))
        return rows.scalar() if rows.returns_rows else None


def socket_folder(cluster: Cluster) -> Path:
    return Path(parse_qs(urlsplit(cluster.url).query)["host"][0])


SECRET = "13900000000-王举报"


@needs_server
def test_the_log_holds_no_statement_and_no_value(cluster: Cluster) -> None:
    """Of errors that carry them: a statement that takes too long, or is wrong, or does not fit."""
    url = cluster.start()
    wrong = (
        f"SET statement_timeout = 50; SELECT '{SECRET}', pg_sleep(5)",
        f"SELECT '{SECRET}' FROM nothing",
        f"CREATE TEMP TABLE t (x text CHECK (x = '')); INSERT INTO t VALUES ('{SECRET}')",
    )
    for statement in wrong:
        with pytest.raises(DBAPIError):
            ask(url, statement)
    log = (cluster.home / "postgres.log").read_text(encoding="utf-8")
    assert "canceling statement due to statement timeout" in log
    assert "violates check constraint" in log
    assert SECRET not in log


@needs_server
def test_the_servers_connections_do_not_show_each_other_what_they_run(cluster: Cluster) -> None:
    cluster.start()
    first, second = (create_engine(cluster.app_url, poolclass=NullPool) for _ in range(2))
    with first.connect() as busy, second.connect() as curious:
        busy.execute(text(f"SELECT '{SECRET}'"))
        seen = curious.execute(
            text("SELECT query FROM pg_stat_activity WHERE usename = 'zhijie_web'")
        ).scalars()
        assert SECRET not in "".join(filter(None, seen))
        with pytest.raises(DBAPIError, match="permission denied"):
            curious.execute(text("SET track_activities = on"))


@needs_server
def test_start_makes_a_database_with_its_extensions_and_no_open_port(cluster: Cluster) -> None:
    url = cluster.start()
    assert ask(url, "SELECT string_agg(extname, ' ' ORDER BY extname) FROM pg_extension") == (
        "btree_gist plpgsql postgis"
    )
    assert ask(url, "SELECT current_setting('server_encoding') || current_database()") == "UTF8zhijie"
    assert ask(url, "SELECT datcollate FROM pg_database WHERE datname = 'zhijie'") == "C.UTF-8"
    assert ask(url, "SELECT current_setting('listen_addresses')") == ""
    assert ask(url, "SELECT current_setting('fsync') || current_setting('jit')") == "offoff"
    assert stat.S_IMODE(socket_folder(cluster).stat().st_mode) == 0o700


@needs_server
def test_start_twice_leaves_the_running_server_alone(cluster: Cluster) -> None:
    url = cluster.start()
    before = cluster.status()
    assert cluster.start() == url
    assert before.running
    assert cluster.status() == before


@needs_server
def test_stop_and_start_keep_the_data(cluster: Cluster) -> None:
    ask(cluster.start(), "CREATE TABLE kept AS SELECT 崦山 FROM (VALUES ('崦山')) AS t (崦山)")
    cluster.stop()
    assert not cluster.status().running
    assert not socket_folder(cluster).exists()
    cluster.stop()
    assert ask(cluster.start(), "SELECT 崦山 FROM kept") == "崦山"


@needs_server
def test_a_killed_server_starts_again_with_what_was_committed(cluster: Cluster) -> None:
    # a fast cluster answers before its log is written; this one commit waits for it
    ask(cluster.start(), "SET LOCAL synchronous_commit = on; CREATE TABLE survivor AS SELECT 7 AS n")
    pid = cluster.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert ask(cluster.start(), "SELECT n FROM survivor") == 7
    assert cluster.status().pid not in (None, pid)


@needs_server
def test_a_start_waits_for_what_a_killed_server_still_has_at_work(cluster: Cluster) -> None:
    url = cluster.start()
    busy = "DO $$ DECLARE till timestamptz := clock_timestamp() + interval '3 s';"
    busy += " BEGIN WHILE clock_timestamp() < till LOOP END LOOP; END $$"
    with ThreadPoolExecutor(1) as pool:
        statement = pool.submit(ask, url, busy)
        while ask(url, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO %till%'") == 0:
            time.sleep(0.05)
        os.kill(cluster.status().pid or 0, signal.SIGKILL)
        assert ask(cluster.start(), "SELECT 1") == 1
        wait([statement])
    assert "shared memory block" in (cluster.home / "postgres.log.1").read_text()


@needs_server
def test_a_pid_that_another_process_has_by_now_does_not_count(cluster: Cluster) -> None:
    cluster.start()
    pid_file = cluster.home / "data" / "postmaster.pid"
    written = pid_file.read_text().splitlines()
    cluster.stop()
    # a process of the very account that owns the data, which PostgreSQL alone would take for a server
    owner = (cluster.home / "data").stat().st_uid
    with subprocess.Popen(["sleep", "600"], user=owner if AS_ROOT else None) as sleeper:
        pid_file.write_text("\n".join([str(sleeper.pid), *written[1:]]) + "\n")
        shutil.chown(pid_file, owner)
        assert not cluster.status().running
        assert ask(cluster.start(), "SELECT 1") == 1
        sleeper.kill()


@needs_server
def test_a_server_whose_socket_was_swept_away_is_started_anew(cluster: Cluster) -> None:
    cluster.start()
    shutil.rmtree(socket_folder(cluster))
    assert ask(cluster.start(), "SELECT 1") == 1


@needs_server
def test_a_held_lock_is_waited_for_and_then_named(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster.start()
    monkeypatch.setattr(cluster_module, "LOCK_S", 0.2)
    with (cluster.home / "lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(StoreUnavailable, match="Another process has been starting or stopping"):
            cluster.start()
    cluster.start()


@needs_server
def test_two_processes_that_start_at_once_share_one_server(folder: Path) -> None:
    home = folder / "race"
    code = (
        "import sys; from pathlib import Path; from store.cluster.cluster import Cluster\n"
        "c = Cluster(Path(sys.argv[1]), fast=True); print(c.start(), c.status().pid)"
    )
    starts = [
        subprocess.Popen([sys.executable, "-c", code, str(home)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [start.communicate(timeout=120)[0] for start in starts]
    Cluster(home).stop()
    assert [start.returncode for start in starts] == [0, 0]
    assert said[0] == said[1] != ""


@needs_server
@needs_root
def test_an_ordinary_account_runs_its_own(folder: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from store.cluster.cluster import Cluster\n"
        f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
        "c = Cluster(Path(sys.argv[1]), fast=True); c.start()\n"
        "print(c.status().running, os.stat(f'/proc/{c.status().pid}').st_uid); c.stop()\n"
        "print(c.status().running)"
    )
    theirs = folder / "theirs"
    theirs.mkdir()
    shutil.chown(theirs, NOBODY)
    for room in ("core", "store"):  # the checkout may lie where that account cannot read
        shutil.copytree(ROOT / room, folder / "code" / room)
    run = subprocess.run(
        [sys.executable, "-c", code, str(theirs / "home")],
        cwd=folder / "code",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.stdout, run.returncode) == (f"True {NOBODY}\nFalse\n", 0), run.stderr


@needs_server
@needs_root
def test_for_root_the_server_runs_as_postgres(cluster: Cluster) -> None:
    cluster.start()
    pid = cluster.status().pid
    assert Path(f"/proc/{pid}").stat().st_uid == (cluster.home / "data").stat().st_uid != 0
    environment = Path(f"/proc/{pid}/environ").read_text()
    assert "PATH=" in environment
    assert "VIRTUAL_ENV=" not in environment
    assert "PYTEST" not in environment


@needs_server
@needs_root
def test_an_unknown_account_is_named(folder: Path) -> None:
    with pytest.raises(StoreUnavailable, match="no account nobody-of-that-name"):
        Cluster(folder / "x", run_as="nobody-of-that-name").start()


@needs_server
@needs_root
def test_a_home_behind_a_closed_folder_is_refused(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(StoreUnavailable, match="may not enter .*closed"):
        Cluster(closed / "home").start()


@needs_server
@pytest.mark.parametrize("trick", ["open", "link", "stranger"])
def test_a_folder_that_others_could_have_laid_is_refused(folder: Path, trick: str) -> None:
    cluster = Cluster(folder / f"home-{trick}", fast=True)
    place = socket_folder(cluster)
    if trick == "link":
        place.symlink_to(folder)
    else:
        place.mkdir(mode=0o755 if trick == "open" else 0o700)
    if trick == "stranger":
        if not AS_ROOT:
            place.rmdir()
            pytest.skip("only root can make a folder of somebody else's")
        shutil.chown(place, NOBODY)
    try:
        with pytest.raises(StoreUnavailable, match="must be a real folder that only"):
            cluster.start()
        assert not cluster.status().running
    finally:
        place.unlink() if trick == "link" else place.rmdir()


def test_data_of_another_major_version_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("12\n")
    with pytest.raises(StoreUnavailable, match=r"made by PostgreSQL 12.*Install PostgreSQL 12"):
        Cluster(tmp_path).start()
    assert Cluster(tmp_path).status().major == 12
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["PG_VERSION", "data"]


def test_a_cluster_never_started_rests(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path / "none")
    cluster.stop()
    assert (cluster.status().running, cluster.status().major) == (False, None)
    assert not cluster.home.exists()


def test_the_socket_path_stays_short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    long = tmp_path / ("深" * 40)
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    assert socket_folder(Cluster(tmp_path / "home")).parent == Path("/tmp")
    monkeypatch.setattr(tempfile, "tempdir", "/var/tmp")
    assert socket_folder(Cluster(tmp_path / "home")).parent == Path("/var/tmp")


def test_homes_of_two_checkouts_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert default_home(None, Path("/a/zhijie")) == Path("/a/zhijie/.zhijie")
    assert default_home(Path("/srv/pg"), Path("/a/zhijie")) == Path("/srv/pg")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    one, other = (default_home(None, Path(root)) for root in ("/a/zhijie", "/b/zhijie"))
    assert one.parent == Path("/var/lib/zhijie")
    assert one.name.startswith("zhijie-")
    assert one != other


def fake_postgres(folder: Path, major: int, *, scripts: bool = True, library: bool = True) -> None:
    """Create programs that only print their version, and the wanted halves of PostGIS."""
    programs = folder / "bin"
    programs.mkdir(parents=True)
    for name in ("postgres", "initdb", "pg_ctl", "pg_isready", "psql"):
        (programs / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {major}.1'\n")
        (programs / name).chmod(0o755)
    for wanted, place in ((scripts, "share/extension/postgis.control"), (library, "lib/postgis-3.so")):
        (folder / place).parent.mkdir(parents=True)
        if wanted:
            (folder / place).touch()


@pytest.fixture
def path_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder whose ``bin`` is first in PATH."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return tmp_path


def test_the_newest_server_with_postgis_is_taken(path_of: Path) -> None:
    fake_postgres(path_of, 99)
    assert (find_programs().folder, find_programs().major) == (path_of / "bin", 99)


@pytest.mark.parametrize("half", [{"scripts": False}, {"library": False}])
def test_a_server_with_half_of_postgis_is_passed_over(path_of: Path, half: dict[str, bool]) -> None:
    fake_postgres(path_of, 99, **half)
    assert [one.postgis for one in installed() if one.major == 99] == [False]
    with pytest.raises(StoreUnavailable, match="PostgreSQL 99 is installed, but its PostGIS 3 is not"):
        find_programs(99)


def test_a_server_before_15_does_not_count(path_of: Path) -> None:
    fake_postgres(path_of, 14)
    assert all(one.major >= 15 for one in installed())
    with pytest.raises(StoreUnavailable, match="made by PostgreSQL 14"):
        find_programs(14)
