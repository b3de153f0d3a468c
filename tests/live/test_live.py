"""The live doors: tiles, stream, feed, figures, giving and moving; each shows what the pass may see."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import geopandas as gpd
import httpx2 as httpx
import pyogrio
import pytest
from sqlalchemy import Engine, func, select, text
from support.credentials import ALL_HATS, bearer, hire
from support.servers import serving

from accounts.postings import NewPosting
from api.app import create_app
from core.settings import Settings
from live.hub import MAX_QUEUED, Hub, Stream
from live.seal import Seal
from reports.filing import Submission, file_report
from store.engine import open_session
from store.queries.events import fetch_head, fetch_stream_key
from verdict.inquiry import Inquiry, Limits

HERE, NEXT = "140522201", "140522100"
PLACES = {HERE: (112.395, 35.625), NEXT: (112.41, 35.49)}
LONG_S = 20.0


def _file(engine: Engine, limits: Limits, code: str, key: str) -> int:
    lon, lat = PLACES[code]
    with open_session(engine) as session:
        inquiry = Inquiry("livestock_farm", lon, lat, as_of=dt.date(2022, 8, 21))
        report = file_report(session, Submission(inquiry, key), key, limits).report
        assert report.unit_code == code
        return report.id


@pytest.fixture(scope="module")
def url(http_engine: Engine, web_engine: Engine) -> Iterator[str]:
    with serving(create_app(Settings(cookie_secure=False), web_engine)) as url:
        yield url


@pytest.fixture(scope="module")
def officer(http_engine: Engine) -> str:
    return hire(http_engine, NewPosting("officer", HERE))


@pytest.fixture(scope="module")
def city(http_engine: Engine) -> str:
    return hire(http_engine, *ALL_HATS)


@pytest.fixture(scope="module")
def seal(http_engine: Engine) -> Seal:
    """What the service seals the numbers of steps with."""
    with open_session(http_engine) as session:
        return Seal(fetch_stream_key(session))


class Ear:
    """A stream that is read in a thread; its events as (id, name, data)."""

    def __init__(self, url: str, key: str, **query: Any) -> None:
        self.heard: list[tuple[str, str, Any]] = []
        self.ended = threading.Event()
        self._client = httpx.Client(timeout=None)
        self._entered = self._client.stream("GET", f"{url}/api/live", params=query, headers=bearer(key))
        self._answer = self._entered.__enter__()
        assert self._answer.status_code == 200, self._answer.read()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        event: dict[str, str] = {}
        try:
            for line in self._answer.iter_lines():
                name, _, value = line.partition(":")
                if line == "" and "data" in event:
                    self.heard.append((event.get("id", ""), event["event"], json.loads(event["data"])))
                event = {} if line == "" else {**event, name: value.strip()}
        except httpx.HTTPError:
            pass
        self.ended.set()

    def wait(self, what: Callable[[list[tuple[str, str, Any]]], Any]) -> Any:
        """What a look at the events gives as soon as it gives something."""
        deadline = time.monotonic() + LONG_S
        while time.monotonic() < deadline:
            if found := what(self.heard):
                return found
            time.sleep(0.01)
        raise AssertionError(self.heard)

    def reports(self, action: str = "report") -> list[int]:
        """The numbers of the reports it has heard of."""
        return [
            data["report"]["id"]
            for _, name, data in self.heard
            if name == "report" and data["action"] == action
        ]

    def hears_of(self, report: int, action: str = "report") -> dict[str, Any]:
        """The event about a report, as soon as it comes."""
        found: dict[str, Any] = self.wait(
            lambda heard: next(
                (
                    d
                    for _, n, d in heard
                    if n == "report" and d["action"] == action and d["report"]["id"] == report
                ),
                None,
            )
        )
        return found

    def close(self) -> None:
        """Hang up."""
        self._client.close()


@pytest.fixture
def listen(url: str) -> Iterator[Callable[..., Ear]]:
    """Open streams that say hello first."""
    opened: list[Ear] = []

    def make(key: str, **query: Any) -> Ear:
        ear = Ear(url, key, **query)
        opened.append(ear)
        ear.wait(lambda heard: heard and heard[0][1] == "hello")
        return ear

    yield make
    for ear in opened:
        ear.close()


# ---- the stream -----------------------------------------------------------------------------------


def test_a_committed_report_is_heard_within_the_reach_and_nowhere_else(
    listen: Callable[..., Ear], http_engine: Engine, limits: Limits, officer: str, city: str
) -> None:
    near, far, wide = listen(officer), listen(hire(http_engine, NewPosting("officer", NEXT))), listen(city)
    here, there = _file(http_engine, limits, HERE, "s1"), _file(http_engine, limits, NEXT, "s2")
    told = near.hears_of(here)["report"]
    assert (told["unit_code"], told["effect"], told["clock"]) == (HERE, "prohibited", 1)
    assert (round(told["lon"], 6), round(told["lat"], 6)) == PLACES[HERE]
    far.hears_of(there)
    wide.hears_of(there)
    assert near.reports() == [here]
    assert far.reports() == [there]
    assert wide.reports() == [here, there]


def test_numbers_rise_and_who_was_away_misses_nothing_and_hears_nothing_twice(
    listen: Callable[..., Ear], http_engine: Engine, limits: Limits, city: str, seal: Seal
) -> None:
    first = listen(city)
    one = _file(http_engine, limits, HERE, "r1")
    first.hears_of(one)
    last = first.heard[-1][0]
    first.close()
    missed = [_file(http_engine, limits, HERE, f"r{n}") for n in range(2, 6)]
    again = listen(city, after=last)
    again.hears_of(missed[-1])
    later = _file(http_engine, limits, HERE, "r9")
    again.hears_of(later)
    assert again.reports() == [*missed, later]
    numbers = [seal.show(number) for number, name, _ in again.heard if name == "report"]
    assert numbers == sorted(set(numbers))
    assert all(number > seal.show(last) for number in numbers)


def test_a_rolled_back_report_is_heard_by_nobody(
    listen: Callable[..., Ear], http_engine: Engine, limits: Limits, city: str
) -> None:
    ear = listen(city)
    with pytest.raises(RuntimeError), open_session(http_engine) as session:
        inquiry = Inquiry("livestock_farm", *PLACES[HERE])
        file_report(session, Submission(inquiry), "rolled back", limits)
        raise RuntimeError
    seen = _file(http_engine, limits, HERE, "after it")
    ear.hears_of(seen)
    assert ear.reports() == [seen]


def test_who_filed_elsewhere_hears_of_it_and_a_colleague_does_not(
    listen: Callable[..., Ear], url: str, http_engine: Engine, officer: str
) -> None:
    colleague = hire(http_engine, NewPosting("officer", HERE))
    mine, theirs = listen(officer), listen(colleague)
    lon, lat = PLACES[NEXT]
    body = {"lon": lon, "lat": lat, "category": "livestock_farm"}
    sent = httpx.post(
        f"{url}/api/reports",
        json=body,
        headers=bearer(officer) | {"Idempotency-Key": "elsewhere"},
        timeout=30,
    )
    assert sent.status_code == 201, sent.text
    mine.hears_of(sent.json()["id"])
    assert theirs.reports() == []


def test_a_stream_ends_with_its_credential(
    listen: Callable[..., Ear], http_engine: Engine, officer: str
) -> None:
    key = hire(http_engine, NewPosting("officer", HERE), name="leaving")
    ear, other = listen(key), listen(officer)
    with open_session(http_engine) as session:
        session.execute(text("UPDATE account SET locked_at = now() WHERE name = 'leaving'"))
    assert ear.ended.wait(LONG_S)
    assert not other.ended.is_set()


def test_far_too_much_was_missed_is_told(
    listen: Callable[..., Ear], city: str, monkeypatch: Any, seal: Seal
) -> None:
    monkeypatch.setattr("api.routers.live.MAX_MISSED", 0)
    ear = listen(city, after=seal.hide(0))
    ear.wait(lambda heard: any(name == "reset" for _, name, _ in heard))


def test_a_stranger_learns_of_no_hidden_step(
    listen: Callable[..., Ear], url: str, http_engine: Engine, officer: str, seal: Seal
) -> None:
    """Neither the versions of layers nor the numbers of a stream tell how many steps the journal has."""
    stranger = hire(http_engine, NewPosting("gis", NEXT))
    before, unchanged = (_json(url, stranger, "/api/layers") for _ in range(2))
    first = listen(stranger)
    with open_session(http_engine) as session:
        session.execute(select(func.zhijie_journal("sensitive_view", "report/1", HERE, "x", None, None)))
        head = fetch_head(session)
    after = _json(url, stranger, "/api/layers")
    for layer in ("areas", "parcels"):
        assert before[layer] == after[layer]
    # of reports the version is another one at each request, whether or not there was a step
    versions = [answer["violations"]["version"] for answer in (before, unchanged, after)]
    numbers = [*versions, first.heard[0][0], listen(stranger).heard[0][0]]
    assert len(set(numbers)) == len(numbers)
    assert {len(number) for number in numbers} == {27}
    assert [seal.show(number) for number in numbers] == [*[head - 1] * 2, head, head - 1, head]
    assert httpx.get(f"{url}/api/live?after={head - 1}", headers=bearer(stranger)).status_code == 422


def test_versions_of_layers_are_another_account_s_others(url: str, officer: str, city: str) -> None:
    mine, theirs = _json(url, officer, "/api/layers"), _json(url, city, "/api/layers")
    for layer in ("areas", "parcels"):
        assert mine[layer]["version"] == _json(url, officer, "/api/layers")[layer]["version"]
        assert mine[layer]["version"] != theirs[layer]["version"]


# ---- tiles ----------------------------------------------------------------------------------------


def _tile_of(lon: float, lat: float, z: int) -> tuple[int, int]:
    from math import asinh, pi, radians, tan  # noqa: PLC0415

    n = 2**z
    return int((lon + 180) / 360 * n), int((1 - asinh(tan(radians(lat))) / pi) / 2 * n)


@pytest.fixture
def look(url: str, tmp_path: Path) -> Callable[..., dict[str, gpd.GeoDataFrame]]:
    """Ask for the tile at a place and read it with GDAL: layer → its features."""

    def ask(key: str, at: tuple[float, float], z: int, layer: str = "violations", **query: Any) -> Any:
        x, y = _tile_of(*at, z)
        answer = httpx.get(
            f"{url}/api/tiles/{layer}/1/{z}/{x}/{y}.mvt", params=query, headers=bearer(key), timeout=30
        )
        assert answer.status_code == 200, answer.text
        if not answer.content:
            return {}
        path = tmp_path / str(z) / str(x) / f"{y}.mvt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(answer.content)
        return {
            str(name): pyogrio.read_dataframe(path, layer=name).to_crs(4326)
            for name, _ in pyogrio.list_layers(path)
        }

    return ask


Look = Callable[..., dict[str, Any]]


def test_a_report_is_in_the_tile_of_its_place_a_second_later(
    look: Look, http_engine: Engine, limits: Limits, city: str
) -> None:
    before = {z: look(city, PLACES[HERE], z) for z in (6, 10, 14)}
    number = _file(http_engine, limits, HERE, "in a tile")
    time.sleep(1.0)
    for z in (6, 10, 14):
        drawn = look(city, PLACES[HERE], z)["reports"]
        assert len(drawn) == len(before[z].get("reports", ())) + 1
        mine = drawn[drawn.mvt_id == number].iloc[0]
        assert (mine.effect, mine.category, mine.clock) == ("prohibited", "livestock_farm", 1)
        step = 360 / 2**z / 4096
        assert abs(mine.geometry.x - PLACES[HERE][0]) <= step
        assert abs(mine.geometry.y - PLACES[HERE][1]) <= step


def test_tiles_show_what_the_pass_may_see(
    look: Look, http_engine: Engine, limits: Limits, officer: str, city: str
) -> None:
    here, there = _file(http_engine, limits, HERE, "t1"), _file(http_engine, limits, NEXT, "t2")
    time.sleep(0.5)
    for _ in range(2):  # the second time out of the cache
        wide, near = look(city, PLACES[HERE], 7)["reports"], look(officer, PLACES[HERE], 7)["reports"]
        assert {here, there} <= set(wide.mvt_id)
        assert here in set(near.mvt_id) and there not in set(near.mvt_id)
        assert look(hire(http_engine, NewPosting("gis", "140500")), PLACES[HERE], 7) == {}


def test_many_are_counted_in_clusters_and_the_counts_add_up(
    look: Look, http_engine: Engine, limits: Limits, city: str, monkeypatch: Any
) -> None:
    officer = hire(http_engine, NewPosting("officer", HERE))  # who has filed nothing elsewhere
    monkeypatch.setattr("store.queries.tiles.MAX_POINTS_FAR", 2)
    monkeypatch.setattr("store.queries.tiles.MAX_POINTS_NEAR", 2)
    for n in range(3):
        _file(http_engine, limits, HERE, f"c{n}")
        _file(http_engine, limits, NEXT, f"d{n}")
    with open_session(http_engine) as session:
        rows = session.execute(text("SELECT unit_code, effect, overdue FROM report")).all()
    for z in (3, 7, 9, 13, 14, 17):
        for key, seen in ((city, rows), (officer, [row for row in rows if row.unit_code == HERE])):
            whole = look(key, PLACES[HERE], z, effect="prohibited,permit_required,clear,unknown")["clusters"]
            ahead = look(key, PLACES[HERE], z)["clusters"]
            pairs = zip(ahead.sort_values("n").n, whole.sort_values("n").n, strict=True)
            assert all(a == b for a, b in pairs), z  # counted ahead and counted now
            if z <= 9 and key == officer:
                assert ahead.n.sum() == len([row for row in rows if row.unit_code == HERE])
            if z <= 7:
                assert ahead.n.sum() == len(seen)
                assert ahead.prohibited.sum() == len([row for row in seen if row.effect == "prohibited"])


@pytest.mark.parametrize("layer", ["areas", "parcels", "violations"])
def test_a_cached_tile_is_no_longer_given_to_whom_is_locked(
    url: str, http_engine: Engine, layer: str
) -> None:
    key = hire(http_engine, NewPosting("officer", HERE), name=f"locked-{layer}")
    x, y = _tile_of(*PLACES[HERE], 9)

    def ask(query: str = "") -> httpx.Response:
        path = f"{url}/api/tiles/{layer}/1/9/{x}/{y}.mvt{query}"
        return httpx.get(path, headers=bearer(key), timeout=30)

    assert [ask().status_code for _ in range(2)] == [200, 200]  # made, and out of the cache
    assert ask("?effect=clear").status_code == 200
    with open_session(http_engine) as session:
        session.execute(
            text("UPDATE account SET locked_at = now() WHERE name = :name"), {"name": f"locked-{layer}"}
        )
    assert [ask().status_code, ask("?effect=clear").status_code] == [401, 401]
    with open_session(http_engine) as session:
        session.execute(text("UPDATE account SET locked_at = NULL"))


def test_a_cached_tile_shows_no_more_than_the_reach_of_this_moment(
    look: Look, http_engine: Engine, limits: Limits
) -> None:
    key = hire(http_engine, NewPosting("officer", HERE), name="moved")
    here = _file(http_engine, limits, HERE, "of a reach")
    time.sleep(0.5)
    for _ in range(2):
        assert here in set(look(key, PLACES[HERE], 9)["reports"].mvt_id)
    with open_session(http_engine) as session:
        session.execute(
            text(
                "UPDATE posting SET reach = '140581' FROM account a"
                " WHERE a.id = account_id AND a.name = 'moved'"
            )
        )
    assert look(key, PLACES[HERE], 9) == {}


def test_many_ask_for_cached_tiles_at_once_and_each_is_asked_about(
    url: str, http_engine: Engine, officer: str, city: str
) -> None:
    locked = hire(http_engine, NewPosting("officer", HERE), name="among-many")
    path = "{}/api/tiles/violations/1/9/{}/{}.mvt".format(url, *_tile_of(*PLACES[HERE], 9))
    keys = [officer, city, locked]

    def ask(key: str) -> int:
        return httpx.get(path, headers=bearer(key), timeout=30).status_code

    assert [ask(key) for key in keys] == [200] * 3
    with open_session(http_engine) as session:
        session.execute(text("UPDATE account SET locked_at = now() WHERE name = 'among-many'"))
    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(ask, keys * 20))
    assert told == [200, 200, 401] * 20


@pytest.mark.parametrize(
    ("layer", "query"), [("areas", ""), ("violations", ""), ("violations", "?effect=clear")]
)
def test_browsers_keep_tiles_for_their_account_alone(url: str, city: str, layer: str, query: str) -> None:
    answer = httpx.get(f"{url}/api/tiles/{layer}/1/3/6/3.mvt{query}", headers=bearer(city), timeout=30)
    assert answer.headers["cache-control"].startswith("private")
    assert {"Cookie", "Authorization"} <= set(answer.headers["vary"].split(", "))


def test_tiles_of_areas_hold_what_the_map_draws(look: Look, officer: str) -> None:
    found = look(officer, PLACES[HERE], 9, "areas")
    assert {"units", "zones"} <= set(found)
    assert HERE in set(found["units"].code)
    assert set(found["units"].level) == {"city", "county", "township"}
    assert set(found["zones"].kind) == {"nature_reserve"}
    assert "grid" in look(officer, PLACES[HERE], 13, "areas")


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("violations/1/3/8/0.mvt", "x"),
        ("violations/1/23/0/0.mvt", "z"),
        ("nothing/1/3/0/0.mvt", "layer"),
        ("violations/1/3/0/0.mvt?since=2024-13-01", "since"),
        ("violations/1/3/0/0.mvt?since=2024-02-01&until=2024-01-01", "until"),
    ],
)
def test_an_address_that_is_none_is_refused_by_its_name(url: str, city: str, path: str, field: str) -> None:
    answer = httpx.get(f"{url}/api/tiles/{path}", headers=bearer(city))
    assert answer.status_code in (400, 422)
    assert field in answer.text


# ---- feed, figures, giving and moving ---------------------------------------------------------------


def _json(url: str, key: str, path: str, **query: Any) -> Any:
    answer = httpx.get(f"{url}{path}", params=query or None, headers=bearer(key), timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_feed_is_newest_first_and_follows_the_filter(
    url: str, http_engine: Engine, limits: Limits, city: str, officer: str
) -> None:
    here, there = _file(http_engine, limits, HERE, "f1"), _file(http_engine, limits, NEXT, "f2")
    numbers = [line["id"] for line in _json(url, city, "/api/feed")["reports"]]
    assert numbers[:2] == [there, here]
    assert there not in [line["id"] for line in _json(url, officer, "/api/feed")["reports"]]
    assert {line["unit_code"] for line in _json(url, city, "/api/feed", unit=HERE)["reports"]} == {HERE}
    assert _json(url, city, "/api/feed", zone="river")["reports"] == []
    page = _json(url, city, "/api/feed", limit=1)
    assert [line["id"] for line in page["reports"]] == [there]
    assert [line["id"] for line in _json(url, city, page["next"])["reports"]] == [here]


def test_figures_counted_ahead_are_those_counted_now(
    url: str, http_engine: Engine, limits: Limits, city: str
) -> None:
    officer = hire(http_engine, NewPosting("officer", HERE))  # who has filed nothing elsewhere
    _file(http_engine, limits, HERE, "o1")
    for key in (city, officer):
        ahead = _json(url, key, "/api/overview")
        now = _json(url, key, "/api/overview", since="2000-01-02")  # no whole month: counted now
        assert {**ahead, "at": None} == {**now, "at": None}
        assert ahead["total"] == sum(ahead["by_status"].values()) == sum(n for _, n in ahead["by_month"])
    assert _json(url, officer, "/api/overview")["by_unit"][0][:2] == ["140522", "阳城县"]
    assert _json(url, officer, "/api/overview", unit="140522")["by_unit"][0][:2] == [HERE, "寺头乡"]


def test_a_report_is_given_with_a_reason_and_moved_by_who_has_it(
    url: str, http_engine: Engine, limits: Limits, city: str, listen: Callable[..., Ear]
) -> None:
    number = _file(http_engine, limits, HERE, "h1")
    worker, stranger = (
        hire(http_engine, NewPosting("grid_worker", NEXT), name="hand"),
        hire(http_engine, NewPosting("officer", NEXT)),
    )
    ear = listen(worker)
    people = _json(url, city, "/api/people", unit=HERE)["people"]
    assert "hand" not in {one["name"] for one in people}
    near = hire(http_engine, NewPosting("grid_worker", HERE), name="near")
    people = _json(url, city, "/api/people", unit=HERE)["people"]
    account = next(one["account"] for one in people if one["name"] == "near")
    ask = {"account": account, "unit": HERE, "until": None, "reason": "属地先行核实"}

    def post(key: str, what: str, body: dict[str, Any]) -> httpx.Response:
        return httpx.post(f"{url}/api/reports/{number}/{what}", json=body, headers=bearer(key), timeout=30)

    assert post(stranger, "hand", ask).status_code == 404
    assert post(near, "hand", ask).status_code == 403
    assert post(city, "hand", {**ask, "reason": " "}).status_code == 422
    assert post(city, "hand", {**ask, "until": "2001-01-01"}).json()["field"] == "until"
    assert post(city, "hand", {**ask, "account": 999_999}).json()["field"] == "account"
    assert post(city, "hand", {"reason": "无人"}).json()["field"] == "unit"
    given = post(city, "hand", ask)
    assert given.status_code == 200, given.text
    assert (given.json()["status"], given.json()["hands"][0]["name"]) == ("assigned", "near")
    assert [line["id"] for line in _json(url, near, "/api/feed", mine=True)["reports"]] == [number]
    moved = post(near, "status", {"status": "verifying", "reason": "已到现场"})
    assert moved.status_code == 200, moved.text
    assert post(near, "status", {"status": "done", "reason": "一步到位"}).json()["field"] == "status"
    taken = post(city, "hand", {"unit": HERE, "reason": "改派中队"})
    assert [hand["ended_at"] is None for hand in taken.json()["hands"]] == [True, False]
    assert post(near, "status", {"status": "confirmed", "reason": "已不归我"}).status_code == 404
    assert ear.reports("hand") == []
    steps = _json(url, city, f"/api/reports/{number}/journal")["steps"]
    assert [s["action"] for s in steps] == ["report", "verdict", "hand", "status", "hand"]
    assert steps[2]["reason"] == "属地先行核实"


def test_a_day_that_passes_makes_a_report_overdue_and_is_heard(
    listen: Callable[..., Ear], http_engine: Engine, limits: Limits, city: str, url: str
) -> None:
    ear = listen(city)
    number = _file(http_engine, limits, HERE, "late")
    with open_session(http_engine) as session:
        session.execute(text("UPDATE report SET due_on = due_on - 60 WHERE id = :id"), {"id": number})
    assert ear.hears_of(number, "overdue")["report"]["clock"] == 3
    assert number in [line["id"] for line in _json(url, city, "/api/feed", overdue=True)["reports"]]
    assert _json(url, city, "/api/overview")["overdue"] >= 1


def test_a_lost_connection_ends_the_streams_and_nothing_is_missed(
    listen: Callable[..., Ear], http_engine: Engine, limits: Limits, city: str, look: Look
) -> None:
    ear = listen(city)
    ear.hears_of(_file(http_engine, limits, HERE, "before it broke"))
    last = ear.heard[-1][0]
    look(city, PLACES[HERE], 9)
    with open_session(http_engine) as session:
        killed = session.scalar(
            text(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE application_name = 'zhijie live' AND datname = current_database()"
            )
        )
    assert killed
    missed = _file(http_engine, limits, HERE, "while it was broken")
    assert ear.ended.wait(LONG_S)
    again = listen(city, after=last)
    again.hears_of(missed)
    later = _file(http_engine, limits, HERE, "after it was mended")
    again.hears_of(later)
    assert again.reports() == [missed, later]
    assert {missed, later} <= set(look(city, PLACES[HERE], 9)["reports"].mvt_id)


def test_a_reader_that_does_not_keep_up_is_let_go_and_holds_up_nobody() -> None:
    slow, quick = Stream("t1", 1, ()), Stream("t2", 2, ())
    for seq in range(1, MAX_QUEUED + 2):
        Hub._push_all([([slow, quick], [(seq, b"id: %d\n\n" % seq)])])
        assert quick.take() == b"id: %d\n\n" % seq
    assert slow.closed and not slow.queue
    assert not quick.closed


@pytest.mark.parametrize(("query", "field"), [("after=-1", "after"), ("after=x", "after")])
def test_a_stream_asked_for_wrongly_says_so(url: str, city: str, query: str, field: str) -> None:
    answer = httpx.get(f"{url}/api/live?{query}", headers=bearer(city))
    assert answer.status_code == 422
    assert field in answer.text
    told = httpx.get(f"{url}/api/live", headers=bearer(city) | {"Last-Event-ID": "yesterday"})
    assert told.status_code == 422
