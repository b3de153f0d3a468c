"""The served snapshots: never old, never waited for, and back after whatever happens to a connection."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, func, text, update
from sqlalchemy.orm import Session
from support.scenes import write_scene

from core.clock import today as today_in_china
from core.settings import Settings
from facts.memory import background as snapshotlive
from facts.memory.background import APPLICATION, SnapshotService
from facts.memory.cache import SnapshotCache
from facts.memory.snapshot import Snapshot, snapshot_of, versions_key
from layers.loading.load import load_folder
from store.schema.datasets import Source

DAY = dt.date(2024, 6, 1)
OLD_DAY = dt.date(2018, 6, 1)
LONG_S = 20.0
TOWN: dict[str, Any] = {"code": "140591201", "east": [-4000, 4000], "north": [-4000, 4000]}
GONE: dict[str, Any] = {
    **TOWN,
    "code": "140591202",
    "name": "旧乡",
    "east": [4000, 5000],
    "until": "2020-01-01",
}


@pytest.fixture(scope="module")
def database(clone: Callable[[str], Engine]) -> Engine:
    """A database in which these tests commit."""
    return clone("zhijie_snapshot_live_test")


@pytest.fixture
def live(database: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[SnapshotService]:
    """Served snapshots that have started and have today's."""
    monkeypatch.setattr(snapshotlive, "BACK_OFF_S", (0.2,))
    snapshots = SnapshotService(database, Settings(), SnapshotCache(None))
    snapshots.start()
    assert snapshots.wait(DAY, LONG_S) is not None
    yield snapshots
    snapshots.stop()


@pytest.fixture
def load(database: Engine, tmp_path: Path) -> Callable[[str], str]:
    """Load, in a connection of its own, a scene whose only township has a name; the key of its versions."""

    def load_town(name: str) -> str:
        folder = write_scene({"townships": [{**TOWN, "name": name}, GONE]}, tmp_path / name)
        with Session(database) as session, session.begin():
            load_folder(session, folder)
            return versions_key(session)

    return load_town


class Gate:
    """Lets builds begin, and holds them until it is opened."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()

    def __call__(self, session: Session, day: dt.date, cache: SnapshotCache) -> Snapshot:
        found = snapshot_of(session, day, cache)
        self.reached.set()
        assert self.opened.wait(LONG_S)
        return found


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Gate]]:
    """From its call on, builds go through a gate."""
    gates: list[Gate] = []

    def put() -> Gate:
        gates.append(Gate())
        monkeypatch.setattr(snapshotlive, "snapshot_of", gates[-1])
        return gates[-1]

    yield put
    for each in gates:
        each.opened.set()


def _town(snapshot: Snapshot | None) -> str | None:
    return None if snapshot is None else snapshot.units[-1].rows[0].name


def _comes(condition: Callable[[], object]) -> bool:
    """Whether something becomes true before long."""
    end = time.monotonic() + LONG_S
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def _kill(database: Engine) -> int:
    """End the connections of snapshots from the server's side; how many there were."""
    with database.begin() as connection:
        killed = connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name"),
            {"name": APPLICATION},
        )
        return len(killed.all())


def _connections(database: Engine) -> int:
    with database.begin() as connection:
        mine = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = :name")
        return connection.execute(mine, {"name": APPLICATION}).scalar_one()


def test_today_is_served_and_other_days_when_asked_for(database: Engine) -> None:
    snapshots = SnapshotService(database, Settings(), SnapshotCache(None))
    snapshots.start()
    assert _comes(lambda: snapshots._served)
    today = snapshots.at(today_in_china())
    assert today is not None
    assert today.begins is not None
    assert snapshots.at(OLD_DAY) is None
    old = snapshots.wait(OLD_DAY, LONG_S)
    assert old is not None
    assert old.covers(OLD_DAY)
    assert snapshots.at(OLD_DAY) is old
    assert snapshots.at(today.begins) is today
    snapshots.stop()


def test_it_is_the_snapshot_of_the_store(live: SnapshotService, database: Engine) -> None:
    with Session(database) as session:
        assert live.at(DAY) is snapshot_of(session, DAY, live.cache)


def test_a_load_elsewhere_swaps_what_is_served(live: SnapshotService, load: Callable[[str], str]) -> None:
    for name in ("甲乡", "乙乡", "甲乡"):
        load(name)
        assert _comes(lambda: _town(live.at(DAY)) == name)  # noqa: B023 - called here


def test_from_the_notice_until_the_swap_nothing_is_served(
    live: SnapshotService, load: Callable[[str], str], gate: Callable[[], Gate]
) -> None:
    closed = gate()
    load("丙乡")
    assert closed.reached.wait(LONG_S)
    assert live.at(DAY) is None
    assert live.at(OLD_DAY) is None
    closed.opened.set()
    assert _town(live.wait(DAY, LONG_S)) == "丙乡"


def test_what_changes_during_a_build_is_not_served_old(
    live: SnapshotService, load: Callable[[str], str], gate: Callable[[], Gate]
) -> None:
    first = gate()
    load("丁乡")
    assert first.reached.wait(LONG_S)
    epoch = live._epoch
    second = gate()
    load("戊乡")
    assert _comes(lambda: live._epoch != epoch)
    first.opened.set()  # it has 丁乡, which is retired by now
    assert second.reached.wait(LONG_S)
    assert live.at(DAY) is None
    second.opened.set()
    assert _town(live.wait(DAY, LONG_S)) == "戊乡"


def test_an_uncommitted_load_changes_nothing(live: SnapshotService, database: Engine, tmp_path: Path) -> None:
    before = live.at(DAY)
    with Session(database) as session:
        load_folder(session, write_scene({"townships": [{**TOWN, "name": "空乡"}]}, tmp_path))
        with Session(database) as other:
            assert live.at(DAY) is before is snapshot_of(other, DAY, live.cache)
        session.rollback()
    assert live.at(DAY) is before


def test_a_lost_connection_is_made_anew(
    live: SnapshotService, database: Engine, load: Callable[[str], str]
) -> None:
    before, epoch = live.at(DAY), live._epoch
    assert _kill(database) > 0
    assert _comes(lambda: live._epoch is None)
    assert live.at(DAY) is None  # nobody would tell us of a change
    assert _comes(lambda: live._epoch not in (None, epoch))
    assert live.wait(DAY, LONG_S) is before  # nothing had changed
    load("己乡")
    assert _comes(lambda: _town(live.at(DAY)) == "己乡")


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> SnapshotService:
    """A service that no notification reaches, and that looks for changes twenty times a second."""
    monkeypatch.setattr(snapshotlive, "SOURCE_CHANNEL", "nobody_notifies_here")
    monkeypatch.setattr(snapshotlive, "POLL_S", 0.05)
    service: SnapshotService = request.getfixturevalue("live")  # made after the constants are replaced
    return service


def test_a_change_without_a_notification_is_found(deaf: SnapshotService, load: Callable[[str], str]) -> None:
    live = deaf
    assert live.wait(DAY, LONG_S) is not None
    load("庚乡")
    assert _comes(lambda: _town(live.at(DAY)) == "庚乡")


def test_a_version_retired_by_hand_is_found(deaf: SnapshotService, database: Engine) -> None:
    live = deaf
    assert live.wait(DAY, LONG_S) is not None
    with Session(database) as session, session.begin():
        session.execute(
            update(Source).where(Source.dataset == "boundaries/counties").values(retired_at=func.now())
        )
    assert _comes(lambda: (found := live.at(DAY)) and [u.level for u in found.units] == ["township"])


def test_a_store_without_tables_is_waited_for(empty_url: str, caplog: pytest.LogCaptureFixture) -> None:
    engine = create_engine(empty_url)
    snapshots = SnapshotService(engine, Settings(), SnapshotCache(None))
    with caplog.at_level(logging.WARNING, "zhijie.snapshot"):
        snapshots.start()
        assert _comes(lambda: caplog.records)
    assert snapshots.at(DAY) is None
    snapshots.stop()
    engine.dispose()


def test_a_failed_build_is_tried_again(
    database: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[dt.date] = []

    def fail_twice(session: Session, day: dt.date, cache: SnapshotCache) -> Snapshot:
        calls.append(day)
        if len(calls) < 3:
            raise MemoryError
        return snapshot_of(session, day, cache)

    monkeypatch.setattr(snapshotlive, "snapshot_of", fail_twice)
    monkeypatch.setattr(snapshotlive, "BACK_OFF_S", (0.01,))
    snapshots = SnapshotService(database, Settings(), SnapshotCache(None))
    with caplog.at_level(logging.WARNING, "zhijie.snapshot"):
        snapshots.start()
        assert snapshots.wait(DAY, LONG_S) is not None
    snapshots.stop()
    assert len(calls) >= 3
    assert len(caplog.records) == 1  # not one a failure


def test_few_spans_are_kept_the_last_used_first(
    live: SnapshotService, load: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load("辛乡")
    monkeypatch.setattr(snapshotlive, "MAX_SPANS", 1)
    assert live.wait(OLD_DAY, LONG_S) is not None
    assert live.at(DAY) is None
    assert live.wait(DAY, LONG_S) is not None


def test_many_days_do_not_pile_up(live: SnapshotService, gate: Callable[[], Gate]) -> None:
    gate()
    first = OLD_DAY - dt.timedelta(days=6000)
    for n in range(100):
        assert live.at(first - dt.timedelta(days=n)) is None
    assert len(live._requested) <= snapshotlive.MAX_SPANS


def test_stopping_ends_threads_and_connections(live: SnapshotService, database: Engine) -> None:
    threads = [live._listener._thread, live._builder]
    assert _connections(database) > 0
    live.stop()
    live.stop()
    assert live.at(DAY) is None
    assert not any(thread.is_alive() for thread in threads)
    assert _comes(lambda: _connections(database) == 0)
