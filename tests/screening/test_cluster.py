"""`zhijie screen` on a real Dask cluster, a scheduler and workers as processes: equal rows, whoever dies."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from sqlalchemy import Engine
from support import scenes
from support.dask_cluster import Cluster
from support.program import zhijie_on
from support.snapshots import DAY, SCENE, said

from core.clock import today
from core.errors import BadInput
from core.settings import Settings
from facts.memory.cache import LruCache
from layers.formats.output_plan import plan_output
from layers.formats.parquet_slice import can_be_sliced, open_slice
from layers.formats.source import open_source
from screening.cluster import run as screendask
from screening.cluster import worker as screenworker
from screening.cluster.bundle import BundleCorrupt, bundle_path, fetch_documents, make_bundle, open_bundle
from screening.cluster.pool import Timeouts, WorkerPool, open_pool
from screening.cluster.run import Shipment, make_shipment, run_cluster
from screening.files.places import PlaceOptions
from screening.files.run import FileJob, ScreeningResult, run_local
from screening.schema import VERDICT_SCHEMA
from screening.screener import Screener, ScreenTask, open_screener
from store.engine import open_session
from verdict.inquiry import Limits

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore:::distributed")]

ACT = date(2022, 8, 21)
ROWS, PART = 20_000, 1_000
WAITS = Timeouts(connect_s=10.0, idle_s=20.0)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler with two workers; tests that end workers put others in their places."""
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        made.start()
        made.add("one")
        made.add("two")
        yield made
    finally:
        made.end()


@pytest.fixture(scope="module")
def screener(http_engine: Engine) -> Screener:
    """The reference data in this process."""
    return open_screener(http_engine, Settings(), ScreenTask("livestock_farm", ACT, today()))


@pytest.fixture(scope="module")
def shipment(screener: Screener, http_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Shipment:
    """The same for workers."""
    documents = fetch_documents(http_engine, screener.snapshots[0].sources)
    return make_shipment(screener, documents, tmp_path_factory.mktemp("client") / "cache")


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Points all over Jincheng and beyond, yards among them, some without a place."""
    rng = np.random.default_rng(7)
    xy = rng.uniform((111.8, 35.1), (113.7, 36.2), (ROWS, 2))
    shapes = shapely.points(xy)
    shapes[::200] = shapely.box(*xy[::200].T, *(xy[::200] + 0.001).T)
    shapes[5::997] = None
    told = {"id": np.arange(ROWS), "accuracy_m": rng.choice([0.0, 15.0, 300.0], ROWS)}
    path = tmp_path_factory.mktemp("places") / "in.parquet"
    gpd.GeoDataFrame(told, geometry=shapes, crs=4490).to_parquet(path, row_group_size=3_300)
    return path


@pytest.fixture(scope="module")
def local(places: Path, screener: Screener, limits: Limits) -> tuple[pa.Table, ScreeningResult]:
    """What this process says of the places."""
    target = places.with_name("local.parquet")
    found = run_local(_job(places, target, limits), screener, sampled=True)
    return _plain(target), found


def _job(source: Path, target: Path, limits: Limits) -> FileJob:
    opened = open_source(source)
    return FileJob(
        opened, target, PlaceOptions(opened.datum, limits, channel="file", lang="en"), batch_rows=PART
    )


def _plain(path: Path) -> pa.Table:
    """A file's rows: each batch numbers its words anew, so they are compared as words."""
    table = pq.read_table(path)
    fields = [f.with_type(pa.string()) if pa.types.is_dictionary(f.type) else f for f in table.schema]
    return table.cast(pa.schema(fields, table.schema.metadata))


def _at(call: int, act: Callable[[], object]) -> Callable[[int], object]:
    """A progress that acts when some parts are written."""
    calls = count(1)
    return lambda _rows: act() if next(calls) == call else None


def _pool(cluster: Cluster, waits: Timeouts = WAITS, tell: Callable[[str], object] = str) -> Any:
    return open_pool(cluster.address, tell, "en", waits)


def test_the_command_writes_what_the_local_run_writes(
    cluster: Cluster,
    http_engine: Engine,
    places: Path,
    tmp_path: Path,
    local: tuple[pa.Table, ScreeningResult],
) -> None:
    target = tmp_path / "out.parquet"
    screen = zhijie_on(http_engine, "screen", ZHIJIE_LANG="en")
    done = screen(places, "-o", target, "--as-of", ACT, "--engine", cluster.address, "--json")
    assert done.returncode == 0, done.stderr
    assert "to 2 machines" in done.stderr
    written = _plain(target)
    assert written.num_rows == ROWS
    assert written.equals(local[0], check_metadata=True)
    default = {"default_accuracy": {"channel": "file", "accuracy_m": 10.0}}
    assert json.loads(done.stdout) == json.loads(json.dumps(local[1].summary.as_dict())) | default


def test_a_killed_worker_loses_nothing(
    cluster: Cluster, shipment: Shipment, places: Path, tmp_path: Path, limits: Limits, local: Any
) -> None:
    job = _job(places, tmp_path / "out.parquet", limits)
    try:
        with _pool(cluster) as pool:
            found = run_cluster(
                job, shipment, pool, sampled=True, progress=_at(4, lambda: cluster.kill("one"))
            )
    finally:
        cluster.add("one")
    assert _plain(job.target).equals(local[0], check_metadata=True)
    assert found.summary == local[1].summary
    for mine, its in zip(found.sample.points(), local[1].sample.points(), strict=True):
        assert np.array_equal(mine, its)


def test_when_all_workers_die_one_that_comes_without_the_data_goes_on(
    cluster: Cluster, shipment: Shipment, places: Path, tmp_path: Path, limits: Limits, local: Any
) -> None:
    said: list[str] = []

    def tell(text: str) -> None:
        said.append(text)
        if "No worker" in text:
            cluster.add("three")

    job = _job(places, tmp_path / "out.parquet", limits)
    with _pool(cluster, tell=tell) as pool:
        run_cluster(job, shipment, pool, progress=_at(1, cluster.kill_workers))
    assert _plain(job.target).equals(local[0], check_metadata=True)
    assert said == [
        "No worker is available; waiting up to 20 s for one.",
        "Sending the data (1 MB) to 1 machines.",
    ]


@pytest.mark.parametrize("name", ["in.csv", "in.gpkg"])
def test_rows_of_other_formats_are_sent(
    cluster: Cluster,
    shipment: Shipment,
    screener: Screener,
    places: Path,
    tmp_path: Path,
    limits: Limits,
    name: str,
) -> None:
    frame = gpd.read_parquet(places).iloc[:5_000]
    if name == "in.csv":
        frame.assign(wkt=frame.geometry.to_wkt()).drop(columns="geometry").to_csv(tmp_path / name)
    else:
        frame.to_file(tmp_path / name)
    one, other = (_job(tmp_path / name, tmp_path / f"{k}.parquet", limits) for k in ("a", "b"))
    run_local(one, screener)
    with _pool(cluster) as pool:
        run_cluster(other, shipment, pool)
    assert _plain(other.target).equals(_plain(one.target), check_metadata=True)


def test_a_worker_that_does_not_see_the_file_is_sent_its_rows(
    cluster: Cluster,
    shipment: Shipment,
    places: Path,
    tmp_path: Path,
    limits: Limits,
    local: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(screendask, "file_fingerprint", lambda path: "another file")
    monkeypatch.setattr(WorkerPool, "all_agree", lambda *_: True)
    job = _job(places, tmp_path / "out.parquet", limits)
    with _pool(cluster) as pool:
        run_cluster(job, shipment, pool)
    assert _plain(job.target).equals(local[0], check_metadata=True)


def test_a_target_that_cannot_be_finished_is_left_out(
    cluster: Cluster, shipment: Shipment, places: Path, tmp_path: Path, limits: Limits
) -> None:
    def progress(_rows: int) -> None:
        raise RuntimeError("stop")

    job = _job(places, tmp_path / "out.parquet", limits)
    with _pool(cluster) as pool, pytest.raises(RuntimeError, match="stop"):
        run_cluster(job, shipment, pool, progress=progress)
    assert list(tmp_path.iterdir()) == []


def test_other_software_is_refused(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screenworker, "version", lambda _name: "0.0.1")
    with pytest.raises(BadInput) as refused, _pool(cluster):
        pass
    assert refused.value.field == "engine"
    assert "0.0.1" in refused.value.detail("en")
    assert refused.value.hint_text("en").startswith("Install the same version")


def test_without_dask_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BadInput) as refused, open_pool("tcp://127.0.0.1:8786", str, "en"):
        pass
    assert refused.value.line("en") == (
        "engine: Screening on a cluster needs distributed. Install it with `pip install zhijie[cluster]`."
    )


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:{free}", "abacus", "tcp://127.0.0.1", "tcp://:8786"])
def test_an_address_where_nobody_answers_is_told(address: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        free = other.getsockname()[1]
    waits = Timeouts(connect_s=0.5)
    with pytest.raises(BadInput) as refused, open_pool(address.format(free=free), str, "en", waits):
        pass
    assert refused.value.field == "engine"
    assert refused.value.hint_text("en")


def test_without_workers_the_wait_ends_and_nothing_is_written(
    cluster: Cluster, shipment: Shipment, places: Path, tmp_path: Path, limits: Limits
) -> None:
    said: list[str] = []
    job = _job(places, tmp_path / "out.parquet", limits)
    waits = Timeouts(idle_s=1.5)
    with pytest.raises(BadInput) as failed, _pool(cluster, waits, said.append) as pool:
        run_cluster(job, shipment, pool, progress=_at(1, cluster.kill_workers))
    assert failed.value.field == "engine"
    assert "has no workers" in failed.value.detail("en")
    assert said[-1] == "No worker is available; waiting up to 1.5 s for one."
    assert list(tmp_path.iterdir()) == []


def test_when_the_scheduler_dies_nothing_is_written(
    shipment: Shipment, places: Path, tmp_path: Path, limits: Limits, tmp_path_factory: Any
) -> None:
    other = Cluster(tmp_path_factory.mktemp("other"))
    try:
        other.start()
        other.add("one")
        job = _job(places, tmp_path / "out.parquet", limits)
        waits = Timeouts(connect_s=3.0)
        with pytest.raises(BadInput) as failed, _pool(other, waits) as pool:
            run_cluster(job, shipment, pool, progress=_at(1, lambda: other.kill("scheduler")))
        assert failed.value.field == "engine"
    finally:
        other.end()
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_holds_what_the_store_in_memory_holds(clone: Callable[..., Engine], tmp_path: Path) -> None:
    engine = clone("zhijie_bundle_test")
    with open_session(engine) as session:
        scenes.load_scene(session, SCENE, tmp_path / "scene")
    task = ScreenTask("livestock_farm", date(2019, 6, 1), DAY)
    screener = open_screener(engine, Settings(), task)
    documents = fetch_documents(engine, screener.snapshots[0].sources)
    path = make_bundle(screener, documents, tmp_path / "home" / "cache")
    again = open_bundle(path).screener(task)
    assert [said(one) for one in again.snapshots] == [said(one) for one in screener.snapshots]
    assert again.snapshots[0].key != again.snapshots[1].key
    assert again.key == screener.key
    xy = np.random.default_rng(3).uniform((112.5, 35.4), (112.7, 35.6), (500, 2))
    assert again.points(xy, 10.0).equals(screener.points(xy, 10.0))


def test_a_spoilt_bundle_is_not_opened_and_made_anew(
    screener: Screener, http_engine: Engine, tmp_path: Path
) -> None:
    documents = fetch_documents(http_engine, screener.snapshots[0].sources)
    folder = tmp_path / "home" / "cache"
    path = make_bundle(screener, documents, folder)
    sound = path.read_bytes()
    middle = len(sound) // 2
    for spoilt in (
        b"",
        sound[:middle],
        sound[:-1],
        sound[:middle] + bytes([sound[middle] ^ 1]) + sound[middle + 1 :],
        sound[:8] + bytes(8) + sound[16:],
    ):
        path.write_bytes(spoilt)
        with pytest.raises(BundleCorrupt):
            open_bundle(path)
        assert make_bundle(screener, documents, folder).read_bytes() == sound
    assert [file.name for file in folder.iterdir()] == [path.name]


def test_a_worker_takes_a_bundle_in_pieces_and_says_what_it_lacks(
    shipment: Shipment, places: Path, tmp_path: Path, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIJIE_CACHE_DIR", str(tmp_path / "home" / "cache"))
    job, key = _job(places, tmp_path / "out.parquet", limits), shipment.bundle.key
    layout = plan_output(job.source.schema, job.source.places, job.source.datum, VERDICT_SCHEMA, "native")
    work = screenworker.JobSpec(
        screenworker.software(), key, shipment.task, layout, job.source.places, job.options, places, "", True
    )
    monkeypatch.setattr(screenworker, "_OPENED", LruCache(1))
    rows = screenworker.to_ipc(job.source.opened.read(PART), job.source.schema)
    assert screenworker.judge_part(work, rows) == "bundle"
    kept = bundle_path(tmp_path / "home" / "cache", key)
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"spoilt")
    assert screenworker.worker_info(key)["has"]
    assert screenworker.judge_part(work, rows) == "bundle"
    assert not screenworker.worker_info(key)["has"]
    whole = shipment.bundle.path.read_bytes()
    for at in range(0, len(whole), 100_000):
        screenworker.receive_piece(key, at, whole[at : at + 100_000], len(whole))
    assert kept.read_bytes() == whole
    assert screenworker.judge_part(work, screenworker.RowRange(0, 10)) == "file"
    judged = screenworker.judge_part(work, rows)
    assert isinstance(judged, screenworker.JudgedRows)
    assert judged.outgoing().table.num_rows == len(judged.points()) == ROWS
    with pytest.raises(BadInput, match="zhijie 0.0.1"):
        screenworker.judge_part(replace(work, software={"zhijie": "0.0.1", "layout": "1"}), rows)
    with pytest.raises(ValueError, match="no key"):
        screenworker.receive_piece("../../x", 0, b"", 0)


def test_slices_of_a_file_are_its_rows(places: Path) -> None:
    source = open_source(places)
    whole = pq.read_table(places, columns=["id"]).column("id").to_pylist()
    for first, rows in ((0, 1), (3_299, 2), (3_300, 3_300), (6_599, 9_000), (ROWS - 5, 5), (0, ROWS)):
        part = open_slice(places, source.places, source.datum, first, rows)
        batches = [batch.table.column("id").to_pylist() for batch in part.batches(2_000)]
        assert sum(batches, []) == whole[first : first + rows]
    assert can_be_sliced(source, 3_300 // 16 + 1)
    assert not can_be_sliced(source, 200)
