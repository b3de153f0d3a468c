"""Layers as files: shared by processes, repaired where they are damaged, done without where that must be."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from support.scenes import load_scene
from support.snapshots import DAY, SCENE, said

from core.settings import ROOT, Settings
from facts.memory import build_index as snapshotindex
from facts.memory import cache as snapshotcache
from facts.memory import files as snapshotfiles
from facts.memory.cache import LruCache, SnapshotCache, cache_folder
from facts.memory.snapshot import snapshot_of

BEFORE = dt.date(2020, 12, 31)  # the day before a merger of townships


@pytest.fixture
def filed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., SnapshotCache]:
    """Caches on one folder, in which even the smallest layers become files."""
    monkeypatch.setattr(snapshotcache, "FEW_VERTICES", 0)
    return lambda **how: SnapshotCache(tmp_path / "home" / "cache", **how)


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on, reading rows fails."""

    def fail(*_: object) -> None:
        raise AssertionError("rows were read")

    return lambda: monkeypatch.setattr("facts.memory.snapshot.fetch_rows", fail)


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name[0] != ".")


def test_layers_come_back_from_their_files(
    session: Session, filed: Callable[..., SnapshotCache], unread: Callable[[], None], tmp_path: Path
) -> None:
    built = snapshot_of(session, DAY, filed())
    assert len(_folders(tmp_path / "home" / "cache")) == 6  # three of units; zones, grid, permits
    assert (tmp_path / "home" / "cache").stat().st_mode & 0o777 == 0o700
    unread()
    opened = snapshot_of(session, DAY, filed())
    assert said(opened) == said(built) == said(snapshot_of(session, DAY, filed()))
    points = shapely.get_coordinates(shapely.point_on_surface(built.units[-1].shapes.all()))
    for before, after in zip(built.units, opened.units, strict=True):
        assert type(before.index) is type(after.index)
        np.testing.assert_array_equal(before.index.pairs(points), after.index.pairs(points))


def test_small_layers_make_no_files(session: Session, tmp_path: Path) -> None:
    snapshot_of(session, DAY, SnapshotCache(tmp_path / "cache"))
    assert not (tmp_path / "cache").exists()


def _shorten(folder: Path) -> None:
    os.truncate(folder / "index.cells", (folder / "index.cells").stat().st_size // 2)


def _flip(folder: Path) -> None:
    content = bytearray((folder / "index.cells").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "index.cells").write_bytes(content)


def _other_layout(folder: Path) -> None:
    listing = json.loads((folder / "files.json").read_text())
    (folder / "files.json").write_text(json.dumps({**listing, "layout": "0"}))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "shortened": _shorten,
    "a bit flipped": _flip,
    "another layout": _other_layout,
    "no list": lambda folder: (folder / "files.json").unlink(),
    "no sense": lambda folder: (folder / "files.json").write_text("{"),
    "no rows": lambda folder: (folder / "rows.arrow").unlink(),
    "no index of ours": lambda folder: (folder / "index.cells").write_bytes(bytes(4096)),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_files_are_made_anew(
    session: Session, filed: Callable[..., SnapshotCache], tmp_path: Path, damage: str
) -> None:
    built = said(snapshot_of(session, DAY, filed()))
    folders = _folders(tmp_path / "home" / "cache")
    for folder in folders:
        DAMAGE[damage](folder)
    assert said(snapshot_of(session, DAY, filed())) == built
    assert _folders(tmp_path / "home" / "cache") == folders
    assert all(snapshotfiles._is_sound(folder) for folder in folders)


def test_files_that_nobody_uses_go(
    session: Session, filed: Callable[..., SnapshotCache], tmp_path: Path
) -> None:
    snapshot_of(session, DAY, filed())
    folder = tmp_path / "home" / "cache"
    kept, *others = _folders(folder)
    left, fresh = folder / ".new-dead", folder / ".new-alive"
    left.mkdir()
    fresh.mkdir()
    now = time.time()
    os.utime(left, (0, now - 2 * 86_400))
    for old in others:
        os.utime(old, (0, now - 31 * 86_400))
    snapshot_of(session, BEFORE, filed())  # its townships and cells are new, and it uses the others
    assert not left.exists()
    assert fresh.exists()
    assert kept.exists()
    assert len(_folders(folder)) < len(others) + 2
    assert all(now - path.stat().st_mtime < 86_400 for path in _folders(folder))


def test_too_many_files_go_oldest_first(session: Session, filed: Callable[..., SnapshotCache]) -> None:
    cache = filed()
    snapshot_of(session, DAY, cache)
    files = cache._files
    assert files is not None
    folders = _folders(files._folder)
    for age, path in enumerate(folders):
        os.utime(path, (0, time.time() - 100 * age))
    files._max_bytes = sum(snapshotfiles._size(path) for path in folders[:2])
    files._prune()
    assert _folders(files._folder) == folders[:2]
    files._max_bytes = 0
    files._prune()
    assert _folders(files._folder) == folders[:1]


def test_a_folder_that_cannot_be_used_is_done_without(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(snapshotcache, "FEW_VERTICES", 0)
    (tmp_path / "file").write_text("not a folder")
    with caplog.at_level(logging.WARNING, "zhijie.snapshot"):
        found = snapshot_of(session, DAY, SnapshotCache(tmp_path / "file" / "cache"))
    assert said(found) == said(snapshot_of(session, DAY, SnapshotCache(None)))
    assert ["the cache folder cannot be used" in record.getMessage() for record in caplog.records] == [True]


def test_a_disk_that_fills_up_is_done_without(
    session: Session, filed: Callable[..., SnapshotCache], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(snapshotcache, "write_index", full)
    found = snapshot_of(session, DAY, filed())
    assert said(found) == said(snapshot_of(session, DAY, SnapshotCache(None)))
    assert list((tmp_path / "home" / "cache").glob(".new-*")) == []


def test_large_layers_are_indexed_by_a_process_of_their_own(
    session: Session, tmp_path: Path, filed: Callable[..., SnapshotCache], monkeypatch: pytest.MonkeyPatch
) -> None:
    load_scene(session, {"townships": SCENE["townships"]}, tmp_path / "scene")
    aside: list[str] = []

    def write_index_in_subprocess(kind: snapshotindex.Kind, folder: Path) -> None:
        aside.append(kind)
        snapshotindex.write_index_in_subprocess(kind, folder)

    monkeypatch.setattr(snapshotcache, "write_index_in_subprocess", write_index_in_subprocess)
    monkeypatch.setattr(snapshotcache, "MANY_VERTICES", 9)  # two townships have ten
    large = snapshot_of(session, DAY, filed(in_subprocess=True))
    small = snapshot_of(session, DAY, SnapshotCache(None))
    assert aside == ["coverage"]
    for one, other in zip(large.units, small.units, strict=True):
        np.testing.assert_array_equal(one.index.buffer.i8, other.index.buffer.i8)


BUILD = """
import datetime, sys
from pathlib import Path
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from facts.memory import cache as snapshotcache
from facts.memory.snapshot import snapshot_of
snapshotcache.FEW_VERTICES = 0
with Session(create_engine(sys.argv[1])) as session:
    found = snapshot_of(session, datetime.date(2024, 6, 1), snapshotcache.SnapshotCache(Path(sys.argv[2])))
print(found.key, sum(len(layer.rows) for layer in found.units), found.units[-1].shapes[0].wkt)
"""


def test_two_processes_build_at_once_and_leave_one_set_of_files(
    engine: Engine, session: Session, tmp_path: Path, unread: Callable[[], None]
) -> None:
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", BUILD, url, str(tmp_path / "cache")]
    processes = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = {process.communicate(timeout=60)[0] for process in processes}
    assert [process.returncode for process in processes] == [0, 0]
    assert len(told) == 1
    assert sorted(p.name[0] for p in (tmp_path / "cache").iterdir()).count(".") == 1  # the lock
    unread()
    assert told.pop().split()[0] == snapshot_of(session, DAY, SnapshotCache(tmp_path / "cache")).key


def test_the_folder_is_the_one_that_is_set_or_lies_at_home(tmp_path: Path) -> None:
    assert cache_folder(Settings(cache_dir=tmp_path)) == tmp_path
    assert cache_folder(Settings(home=tmp_path, cache_dir=None)) == tmp_path / "cache"


def test_only_the_layers_that_were_used_last_are_kept() -> None:
    kept: LruCache[int] = LruCache(2)
    made: list[str] = []

    def get(key: str) -> int:
        return kept.get(key, lambda: made.append(key) or len(made))

    for key in ("a", "b", "a", "c", "a", "b"):
        get(key)
    assert made == ["a", "b", "c", "b"]


def test_threads_that_want_the_same_make_it_once_and_a_failure_is_not_kept() -> None:
    kept: LruCache[int] = LruCache(4)
    started, made = threading.Barrier(4), []

    def slow() -> int:
        made.append(1)
        time.sleep(0.05)
        return len(made)

    def want(found: list[int]) -> None:
        started.wait()
        found.append(kept.get("key", slow))

    found: list[int] = []
    threads = [threading.Thread(target=want, args=(found,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1, 1, 1, 1]
    with pytest.raises(ZeroDivisionError):
        kept.get("other", lambda: 1 // 0)
    assert kept.get("other", lambda: 5) == 5
