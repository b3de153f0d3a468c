"""The benchmark itself: fair races, figures kept by name, a page that says what they say, a valid world."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from rich.console import Console
from shapely import Polygon, box
from sqlalchemy.orm import Session
from support.scenes import clear

from benchmarks import asking, districts, harness, httpload, places, report, results, store, world
from benchmarks.districts import Districts
from benchmarks.harness import AnswersDiffer, Contender, pair_keys, pairs_differ, race
from benchmarks.results import Row, figure
from benchmarks.townships import split
from core.settings import ROOT, Settings
from layers.loading.load import load_folder
from verdict.inquiry import Inquiry, Limits, answer

SMALL = world.Size("small", "", 6.0, points=400, zones=12, ties=300, footprints=40)
SILENT = Console(quiet=True)


def _contender(name: str, pairs: list[tuple[int, int]], turns: list[str]) -> Contender:
    points, areas = np.array(pairs).T

    def ask() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        turns.append(name)
        return points, areas

    return Contender(name, "1", ask, lambda answer: pair_keys(*answer))


def test_contenders_take_turns_after_a_round_that_is_not_timed() -> None:
    turns: list[str] = []
    pairs = [(0, 4), (1, 2), (1, 3)]
    timings = race(
        [_contender("a", pairs, turns), _contender("b", pairs[::-1], turns)], pairs_differ, rounds=3
    )
    assert turns == ["a", "b"] * 4
    assert [len(timing.seconds) for timing in timings] == [3, 3]


def test_a_slow_contender_runs_fewer_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[str] = []
    monkeypatch.setattr(harness, "SLOW_S", -1.0)
    (timing,) = race([_contender("a", [(0, 0)], turns)], pairs_differ, rounds=7)
    assert len(timing.seconds) == harness.SLOW_ROUNDS


@pytest.mark.parametrize(
    "other", [[(0, 4), (1, 2)], [(0, 4), (1, 2), (1, 9)], [(0, 4), (1, 2), (1, 3), (2, 3)]]
)
def test_differing_answers_end_the_race_before_any_time(other: list[tuple[int, int]]) -> None:
    turns: list[str] = []
    mine = _contender("ours", [(0, 4), (1, 2), (1, 3)], turns)
    with pytest.raises(AnswersDiffer, match="ours and peer differ: .*for example point [12] with area [39]"):
        race([mine, _contender("peer", other, turns)], pairs_differ)
    assert turns == ["ours", "peer"]


def _row(name: str, ours: float, **more: object) -> Row:
    return figure(name, "group", "s", ours, "full", **more)


def test_rows_merge_by_name_in_their_places(tmp_path: Path) -> None:
    old = [_row("a", 1.0), _row("b", 2.0, ours_range=(1.5, 2.5)), _row("c", 3.0)]
    path = tmp_path / "results.json"
    assert results.read(path) == []
    results.write(old, path)
    assert results.read(path) == old
    merged = results.merged(results.read(path), [_row("d", 4.0), _row("b", 5.0)])
    assert [(row.name, row.ours) for row in merged] == [("a", 1.0), ("b", 5.0), ("c", 3.0), ("d", 4.0)]


@pytest.mark.parametrize(
    ("row", "holds"),
    [
        (_row("ratio kept", 0.1, ratio=20.0, at_least=20.0), True),
        (_row("ratio missed", 0.1, ratio=19.9, at_least=20.0), False),
        (_row("bound kept", 6.0, at_most=6.0), True),
        (_row("fast enough, ratio missed", 4.0, ratio=99.0, at_least=100.0, at_most=5.0), False),
        (_row("ratio kept, too slow", 6.0, ratio=101.0, at_least=100.0, at_most=5.0), False),
        (figure("share missed", "g", "%", 99.99, "full", at_least=100.0), False),
        (figure("share missed in little", "g", "%", 99.99, "quick", at_least=100.0), False),
        (figure("speed in little", "g", "s", 9.0, "quick", ratio=1.0, at_least=20.0), None),
        (_row("nothing promised", 1.0, ratio=0.5), None),
    ],
    ids=lambda value: value.name if isinstance(value, Row) else "",
)
def test_what_holds(row: Row, holds: bool | None) -> None:
    assert row.holds is holds


@pytest.mark.docs
def test_the_page_is_what_the_figures_say() -> None:
    rows = results.read()
    assert rows
    assert report.PAGE.read_text(encoding="utf-8") == report.page(rows)
    assert report.PLOT.exists()


@pytest.mark.docs
def test_kept_figures_are_of_the_full_size_and_judged_as_now() -> None:
    for row in results.read():
        assert row.size == "full", row.name
        assert row.holds is results._holds(row), row.name


def test_a_page_names_peers_promises_and_misses() -> None:
    row = _row(
        "townships / slow",
        0.02,
        peer="slow, tuned",
        peer_version="1.2",
        theirs=0.3,
        theirs_range=(0.25, 0.4),
        ratio=15.0,
        at_least=20.0,
        rounds=7,
        peer_rounds=3,
    )
    text = report.page([row])
    assert "| slow, tuned (3 rounds) | 0.02 s | 0.3 s (0.25–0.4) | 15× | ≥ 20× | **no** |" in text
    assert "| slow | 1.2 |" in text


def test_the_plot_is_drawn(tmp_path: Path) -> None:
    path = tmp_path / "plot.png"
    peer = {"peer": "slow", "peer_version": "1", "theirs": 1.0, "theirs_range": (0.9, 1.2), "ratio": 10.0}
    report.draw([_row("a", 0.1, ours_range=(0.09, 0.12), **peer)], path)
    assert path.stat().st_size > 5_000


def test_peers_are_ordered_from_fast_to_slow_by_times_and_by_rates() -> None:
    def rows(unit: str) -> list[Row]:
        return [
            Row(name, unit, unit, 5.0, "full", peer=name, theirs=value, theirs_range=(value, value))
            for name, value in (("little", 1.0), ("much", 9.0))
        ]

    races = report._races([*rows("s"), *rows("requests/s")])
    assert [bar[0] for bar in races["s"]] == ["Zhijie", "little", "much"]
    assert [bar[0] for bar in races["requests/s"]] == ["Zhijie", "much", "little"]


def test_a_figure_without_a_peer_is_told_by_its_name_and_bound() -> None:
    row = figure("whole file", "screen", "rows/s", 900_000.0, "full", at_least=1_000_000.0, rounds=3)
    assert "| whole file | 900,000 rows/s | – | – | ≥ 1,000,000 rows/s | **no** |" in report.page([row])


# --- loads, stores, samples ----------------------------------------------------------------------


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200 if self.path == "/echo" else 500)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for start in range(0, len(body), 1000):
            self.wfile.write(body[start : start + 1000])

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def echo() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_a_load_counts_whole_answers_after_all_connections_are_open(echo: int) -> None:
    asked = []

    def requests() -> Iterator[bytes]:
        for request in httpload.again_and_again([httpload.post("/echo", b"x" * n) for n in (0, 5, 9000)]):
            asked.append(request)
            yield request

    load = httpload.drive(echo, requests(), 0.3, lines=3)
    assert 0 < len(load.latencies) < len(asked)
    assert load.rate == len(load.latencies) / load.seconds
    assert 0 < load.percentile_ms(50) <= load.percentile_ms(99) < 300


def test_bodies_come_in_their_order(echo: int) -> None:
    sent = [b"", b"a", b"b" * 70_000]
    assert httpload.bodies(echo, [httpload.post("/echo", body) for body in sent]) == sent


def test_a_load_ends_where_the_service_fails(echo: int) -> None:
    with pytest.raises(httpload.BadAnswer, match="500"):
        httpload.drive(echo, httpload.again_and_again([httpload.post("/other", b"x")]), 1.0, lines=1)


def test_a_watched_command_is_told_apart_from_who_watches_it() -> None:
    """The memory of this process, which is large, is not taken for the command's."""
    whole = [sys.executable, "-m", "benchmarks.watch", sys.executable, "-c", "x = b'1' * 60_000_000; 1 / 0"]
    done = subprocess.run(whole, check=True, capture_output=True, cwd=ROOT)
    found = json.loads(done.stdout)
    assert found["ended"] == 1
    assert 60e6 < found["peak"] < 100e6
    assert 0 < found["seconds"] < 30


def test_points_are_mixed_half_and_half(made: world.World) -> None:
    points = asking.mixed(made, 100)
    whole = {tuple(xy) for xy in points.tolist()}
    assert len(whole) == 100
    assert len(whole & {tuple(xy) for xy in made.border.tolist()}) == 50
    assert len(asking.mixed(made, 10**9)) == 2 * SMALL.points


@pytest.mark.parametrize(
    ("name", "told", "wanted", "same"),
    [
        ("zj_effect", "clear", "unknown", False),
        ("zj_zones", None, None, True),
        ("zj_share", 0.7, 0.7 + 1e-9, True),
        ("zj_share", 0.7, 0.701, False),
        ("zj_edge_m", None, 5.0, False),
        ("zj_other_units", "1=0.25;2=0.125", "1=0.2500001;2=0.125", True),
        ("zj_other_units", "1=0.25", "1=0.25;2=0.125", False),
        ("zj_error", "?", None, False),
    ],
)
def test_what_counts_as_the_same(name: str, told: object, wanted: object, same: bool) -> None:
    assert asking._same(name, told, wanted) is same


def test_the_world_is_a_data_folder_that_the_loader_takes(
    made: world.World, tmp_path: Path, session: Session
) -> None:
    store.write_folder(made, tmp_path)
    clear(session)
    loaded = {one.dataset: one.rows for one in load_folder(session, tmp_path)}
    assert loaded["boundaries/counties"] == len(made.districts)
    assert loaded["boundaries/townships"] == len(made.townships)
    assert loaded["protected_areas/zones"] == SMALL.zones
    inside = made.townships.geometry.iloc[0].representative_point()
    found = answer(
        session, Inquiry(store.CATEGORY, inside.x, inside.y, accuracy_m=0.0), Limits.of(Settings())
    )
    lead = found.jurisdiction.lead
    assert lead is not None
    assert (lead.code, found.missing) == (made.townships["code"].iloc[0], ())


# --- the world ---------------------------------------------------------------------------------


def _crooked(a: tuple[float, float], b: tuple[float, float]) -> NDArray[np.float64]:
    """A way from a to b, the same in both directions; b is left out."""
    start, stop = np.array(sorted([a, b]))
    part = np.linspace(0, 1, 9)[:, None]
    bend = 0.03 * np.sin(part * np.pi) * np.sin(7 * part * np.pi + 3 * start[0] + 5 * start[1])
    xy = start + part * (stop - start) + bend * (stop - start)[::-1] * (1, -1)
    return (xy if a < b else xy[::-1])[:-1]


@pytest.fixture(scope="module")
def little() -> Districts:
    """Six crooked districts of one degree, one with an enclave in it, the enclave with an island far away."""
    cells = []
    for x, y in [(x, y) for y in (35, 36) for x in (112, 113, 114)]:
        corners = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)]
        sides = zip(corners, corners[1:] + corners[:1], strict=True)
        cells.append(Polygon(np.concatenate([_crooked(a, b) for a, b in sides])))
    enclave = box(112.4, 35.4, 112.6, 35.7)
    cells[0] = cells[0].difference(enclave)
    cells.append(shapely.MultiPolygon([enclave, box(116.0, 35.0, 116.2, 35.2)]))
    codes = np.array([f"15010{n}" for n in range(1, 8)])
    return Districts(codes, np.array([f"区{n}" for n in range(1, 8)]), np.array(cells, dtype=object))


def test_little_districts_are_a_coverage(little: Districts) -> None:
    assert shapely.coverage_is_valid(little.geoms)


def test_townships_are_a_valid_coverage_of_the_same_ground(little: Districts) -> None:
    towns = split(little, [8] * 7)
    assert shapely.coverage_is_valid(towns.geoms)
    assert shapely.coverage_is_valid(towns.districts.geoms)
    assert len(towns.geoms) > 45
    assert shapely.area(towns.geoms).sum() == pytest.approx(shapely.area(little.geoms).sum(), rel=1e-12)
    for code, district in zip(little.codes, towns.districts.geoms, strict=True):
        mine = towns.geoms[[town.startswith(code) for town in towns.codes]]
        assert shapely.coverage_union_all(mine).equals(district)


def test_township_codes_are_sorted_and_unique(little: Districts) -> None:
    towns = split(little, [8] * 7)
    codes = towns.codes.tolist()
    assert codes == sorted(set(codes))
    assert codes[:2] == ["150101100", "150101101"]
    assert {code[:6] for code in codes} == set(little.codes.tolist())


def test_the_same_seed_gives_the_same_world(little: Districts) -> None:
    one, two = (split(little, [5] * 7) for _ in range(2))
    assert shapely.equals_identical(one.geoms, two.geoms).all()


@pytest.fixture(scope="module")
def made(little: Districts, tmp_path_factory: pytest.TempPathFactory) -> world.World:
    """The little world, written and read back."""
    home = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world, "read_districts", lambda prefix: little)
        world.load(SMALL, SILENT, home)
        patch.setattr(world, "read_districts", _not_again)
        return world.load(SMALL, SILENT, home)


def _not_again(prefix: str) -> Districts:
    raise AssertionError("made once more")


def test_a_world_is_made_once_and_read_back(made: world.World) -> None:
    assert shapely.coverage_is_valid(made.townships.geometry.to_numpy())
    assert len(made.zones) == SMALL.zones
    assert made.zones.is_valid.all()
    assert made.uniform.shape == made.border.shape == (SMALL.points, 2)
    assert made.jincheng_uniform.shape == made.jincheng_border.shape == (0, 2)
    assert len(made.footprints) == SMALL.footprints


def test_zones_have_200_to_5000_vertices(made: world.World) -> None:
    vertices = shapely.get_num_coordinates(made.zones.geometry.to_numpy())
    assert vertices.min() > 200
    assert vertices.max() <= 5001


def test_footprints_are_20_to_200_m_a_side(made: world.World) -> None:
    first = made.footprints.to_crs("EPSG:32649").geometry.to_numpy()
    corners = shapely.get_coordinates(first).reshape(-1, 5, 2)
    sides = np.hypot(*np.diff(corners, axis=1).transpose(2, 0, 1))
    assert sides.min() > 19
    assert sides.max() < 205


def _touching(points: NDArray[np.float64], areas: NDArray[np.object_]) -> NDArray[np.int64]:
    found = shapely.STRtree(areas).query(shapely.points(points), predicate="intersects")[0]
    return np.bincount(found, minlength=len(points))


def test_ties_lie_on_inner_and_on_outer_borders(made: world.World) -> None:
    towns = made.townships.geometry.to_numpy()
    touching = _touching(made.ties, towns)
    assert (touching >= 2).mean() > 0.2
    rim = shapely.boundary(shapely.coverage_union_all(towns))
    on_rim = shapely.dwithin(rim, shapely.points(made.ties), 1e-12)
    assert (on_rim & (touching == 1)).mean() > 0.2


def test_a_wrong_number_of_townships_in_jincheng_is_refused(
    little: Districts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world, "JINCHENG", {"150101": 99})
    with pytest.raises(ValueError, match="150101"):
        world.generate(little, SMALL, SILENT)


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(districts, "PACKAGE", "no_such_package")
    with pytest.raises(ModuleNotFoundError, match="group `bench`"):
        districts.read_districts()


@pytest.mark.parametrize("maker", [places.uniform_points, places.border_points, places.ties])
def test_sets_do_not_depend_on_each_other(
    maker: Callable[..., NDArray[np.float64]], made: world.World
) -> None:
    towns = made.townships.geometry.to_numpy()
    one, two = maker("one", towns, 50), maker("two", towns, 50)
    assert not np.array_equal(one, two)
    assert np.array_equal(one, maker("one", towns, 50))
