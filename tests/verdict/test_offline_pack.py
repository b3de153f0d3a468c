"""The offline pack, and the checker that judges by it: beside the service, and never less cautious."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import shapely
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page, Route
from shapely.geometry import Point, Polygon, box, mapping, shape
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session
from support.credentials import bearer, hire

from accounts.postings import NewPosting
from api.app import create_app
from core.clock import today
from core.errors import BadInput, NotFound
from core.settings import ROOT, Settings
from geo.measure.geodesic import Plane
from store.access import Reach
from store.queries.area_extract import ROUNDING_M, fetch_area_extract, fetch_county, select_county
from verdict.inquiry import Limits
from verdict.offline_pack import PackTerms, find_county, make_pack, pack_version

EVERYWHERE = Reach(frozenset({""}))
SPOT = (112.395, 35.625)
COUNTY = "140522"
FIELD = ROOT / "maps" / "static" / "zhijie" / "field"
ROUNDS = 420
SEED = 20261124


# ---- the pack ---------------------------------------------------------------------------------------


def test_the_pack_is_the_county_s_of_the_place(client: TestClient) -> None:
    told = client.get("/api/field/pack", params={"lon": SPOT[0], "lat": SPOT[1]}).json()
    assert told["county"] == {"code": COUNTY, "name": "阳城县"}
    assert told["as_of"] == today().isoformat()
    west, south, east, north = told["box"]
    assert west < SPOT[0] < east
    assert south < SPOT[1] < north
    levels = Counter(unit["level"] for unit in told["units"])
    assert levels["county"] >= 1
    assert levels["township"] > 10
    assert {zone["kind"] for zone in told["zones"]} == {"nature_reserve"}
    for category in told["categories"]:
        for number in category["law"].values():
            law = told["laws"][number]
            assert law["effect"] in {"prohibited", "permit_required", "notice", None}
            assert law["basis"]["zh"] or law["effect"] is None
        assert f"{COUNTY}/" in category["power"]


def test_a_place_in_another_datum_is_moved(client: TestClient) -> None:
    given = {"lon": 112.401081, "lat": 35.624665, "datum": "gcj02"}
    assert client.get("/api/field/pack", params=given).json()["county"]["code"] == COUNTY


def test_the_same_pack_is_not_sent_twice(client: TestClient) -> None:
    where = {"lon": SPOT[0], "lat": SPOT[1]}
    first = client.get("/api/field/pack", params=where)
    again = client.get("/api/field/pack", params=where, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["content-encoding"] == "gzip"
    assert len(gzip.compress(first.content)) < 100_000
    plain = client.get("/api/field/pack", params=where, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.json() == first.json()


def test_without_a_place_it_is_one_s_own_county(http_engine: Engine, web_engine: Engine) -> None:
    def ask(*posts: NewPosting) -> tuple[int, dict[str, Any]]:
        key = hire(http_engine, *posts)
        with TestClient(create_app(Settings(), web_engine), headers=bearer(key)) as own:
            answer = own.get("/api/field/pack")
        return answer.status_code, answer.json()

    status, told = ask(NewPosting("officer", "140522201"))
    assert (status, told["county"]["code"]) == (200, COUNTY)
    status, told = ask(NewPosting("command", "1405"))
    assert (status, told["field"]) == (422, "lon")


def test_places_that_are_none_are_refused(client: TestClient) -> None:
    assert client.get("/api/field/pack", params={"lon": 100, "lat": 30}).status_code == 404
    assert client.get("/api/field/pack", params={"lon": 112.4}).json()["field"] == "lat"
    assert client.get("/api/field/pack", params={"lon": "nan", "lat": 35}).status_code == 422


def test_the_version_changes_with_the_day_and_the_limits(session: Session, limits: Limits) -> None:
    day = today()
    county = find_county(session, SPOT, (), day)
    terms = PackTerms(limits, day, EVERYWHERE)
    version = pack_version(session, county, terms)
    assert version == pack_version(session, county, replace(terms))
    assert version != pack_version(session, county, replace(terms, day=day - dt.timedelta(days=1)))
    assert version != pack_version(session, county, replace(terms, limits=Limits(1.0, 10)))
    assert version != pack_version(session, county, replace(terms, names=Reach(frozenset({"140522"}))))


def test_a_county_is_found_by_reach_or_place(session: Session) -> None:
    assert find_county(session, None, ["14", "140581"], today()).name == "高平市"
    with pytest.raises(BadInput):
        find_county(session, None, ["1405"], today())
    with pytest.raises(NotFound):
        find_county(session, (100.0, 30.0), (), today())
    assert "ST_Covers" in str(select_county(None, SPOT, today()))


def test_lines_move_no_farther_than_is_told(session: Session) -> None:
    county = fetch_county(session, COUNTY, None, today())
    assert county is not None
    around = fetch_area_extract(session, county, 5_000, today())
    plane = Plane(*SPOT)
    rows = session.execute(
        text(
            "SELECT u.code, ST_AsBinary(u.geom) AS wkb FROM unit u JOIN source s ON s.id = u.source_id "
            "WHERE s.retired_at IS NULL AND u.valid @> current_date AND u.geom IS NOT NULL"
        )
    )
    true = {row.code: plane.shapely_to_metres(shapely.from_wkb(bytes(row.wkb))) for row in rows}
    for unit in around.units:
        drawn = plane.shapely_to_metres(shape(unit["geometry"]))
        moved = shapely.hausdorff_distance(shapely.boundary(true[unit["code"]]), shapely.boundary(drawn))
        told = around.sources[unit["source"]]["simplified_m"]
        assert told >= ROUNDING_M
        assert moved <= told * 1.002  # the plane of another place


def test_a_pack_has_permits_without_their_holders(client: TestClient) -> None:
    told = client.get("/api/field/pack", params={"lon": SPOT[0], "lat": SPOT[1]})
    permits = told.json()["permits"]
    assert permits
    assert all(set(permit) == {"number", "uses", "zone_kinds", "geometry"} for permit in permits)
    assert "示例户" not in told.text


def test_the_law_of_a_pack_ends_when_the_law_turns(session: Session, limits: Limits) -> None:
    day = dt.date(2026, 3, 1)  # two weeks before the revised regulation on reserves
    county = find_county(session, SPOT, (), day)
    assert make_pack(session, county, PackTerms(limits, day, EVERYWHERE))["until"] == "2026-03-15"


# ---- the checker beside the service ----------------------------------------------------------------------


@dataclass
class Both:
    """The service, the checker in a browser, and what both are asked."""

    client: TestClient
    page: Page
    pack: dict[str, Any]

    def server(self, asked: dict[str, Any]) -> dict[str, Any]:
        answer = self.client.post("/api/check", json=asked)
        assert answer.status_code == 200, answer.text
        verdict: dict[str, Any] = answer.json()["verdict"]
        return verdict

    def offline(self, asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.page.evaluate(
            "all => all.map(one => window.check(window.pack, one))", asked
        )
        return found


def serve(kind: str, body: str) -> Callable[[Route], None]:
    """Answer a request with a text."""
    return lambda route: route.fulfill(content_type=kind, body=body)


@pytest.fixture(scope="module")
def bench(browser: Browser) -> Iterator[Page]:
    """A page that has the checker, and nothing else."""
    context = browser.new_context()
    page = context.new_page()
    scripts = {
        f"http://field.test/{name}.js": FIELD / f"{name}.js" for name in ("days", "probability", "offline")
    }
    for url, path in scripts.items():
        page.route(url, serve("text/javascript", path.read_text("utf-8")))
    html = '<script type="module">import { check } from "./offline.js"; window.check = check;</script>'
    page.route("http://field.test/", serve("text/html", html))
    page.goto("http://field.test/")
    page.wait_for_function("() => Boolean(window.check)")
    yield page
    context.close()


@pytest.fixture
def both(client: TestClient, bench: Page) -> Both:
    """Both on the reference data."""
    pack = client.get("/api/field/pack", params={"lon": SPOT[0], "lat": SPOT[1]}).json()
    bench.evaluate("pack => { window.pack = pack; }", pack)
    return Both(client, bench, pack)


def test_without_an_accuracy_both_assume_the_default_of_the_page(both: Both) -> None:
    """Never 0: the pack carries what the service assumes of the channel."""
    place = {"lon": SPOT[0], "lat": SPOT[1], "category": "livestock_farm", "channel": "field"}
    default = both.pack["limits"]["default_accuracy_m"]
    theirs = both.server(place)["location"]
    assert (theirs["accuracy_m"], theirs["accuracy_given"]) == (default, False) == (20.0, False)
    rng = random.Random(SEED)
    border = shape(next(unit["geometry"] for unit in both.pack["units"] if unit["level"] == "township"))
    for _ in range(20):
        spot = border.boundary.interpolate(rng.random(), normalized=True)
        asked = {**place, "lon": spot.x, "lat": spot.y}
        omitted, stated = both.offline([asked, {**asked, "accuracy_m": default}])
        assert omitted == stated


OFFICIAL = """
UPDATE source SET official = true, accuracy_m = 2 WHERE role IN ('units', 'grid');
"""
ALL_KINDS = """
INSERT INTO source (dataset, version, role, title, origin, licence, datum, checksum, official, accuracy_m,
                    reach, kinds, begins)
VALUES ('zones/all', '1', 'zones', '{"zh": "全部区域", "en": "all kinds"}', '', '', 'CGCS2000', 'all', true,
        5, '1405', (SELECT array_agg(DISTINCT kind) FROM zone_kind), '2016-01-01')
"""
ZONE = """
INSERT INTO zone (source_id, code, name, kind, grade, valid, geom)
SELECT id, :code, :code, :kind, :grade, '[2016-01-01,)', ST_Multi(ST_GeomFromText(:wkt, 4490))
FROM source WHERE dataset = 'zones/all'
"""


USES = ["livestock_farm", "rural_dwelling", "rural_building", "quarrying", "dumping", "tomb", "orchard_pond"]
PERMITS = """
INSERT INTO source (dataset, version, role, title, origin, licence, datum, checksum, official, accuracy_m,
                    reach, kinds, begins)
VALUES ('permits/all', '1', 'permits', '{"zh": "许可", "en": "permits"}', '', '', 'CGCS2000', 'all', true,
        0, '1405', '{}', '2016-01-01')
"""
PERMIT = """
INSERT INTO permit (source_id, number, holder, uses, zone_kinds, issuer, valid, geom)
SELECT id, :code, '虚构', :uses, ARRAY[:kind], '虚构', CAST(:valid AS daterange),
       ST_Multi(ST_GeomFromText(:wkt, 4490))
FROM source WHERE dataset = 'permits/all'
"""


@pytest.fixture(scope="module")
def mapped(clone: Callable[..., Engine]) -> Engine:
    """A database where every kind of zone is known: places can be clear there, and sharply so."""
    owner = clone("zhijie_field_mapped_test")
    rng = random.Random(SEED)
    with owner.begin() as connection:
        connection.execute(text(OFFICIAL))
        connection.execute(
            text("UPDATE source SET retired_at = now() WHERE dataset LIKE 'protected_areas/%'")
        )
        connection.execute(text(ALL_KINDS))
        connection.execute(text(PERMITS))
        kinds = [
            *(("nature_reserve", grade) for grade in ("core", "buffer", "experimental", "general")),
            *(("water_source", grade) for grade in ("level1", "level2")),
            *((kind, None) for kind in ("permanent_farmland", "forest_land", "river", "road_control")),
            *((kind, None) for kind in ("livestock_ban", "village_planning", "ecological_redline")),
        ]
        for n in range(90):
            kind, grade = kinds[n % len(kinds)]
            lon, lat = rng.uniform(112.2, 112.55), rng.uniform(35.4, 35.65)
            zone = Point(lon, lat).buffer(rng.uniform(0.001, 0.012), quad_segs=rng.randrange(1, 9))
            if n % 7 == 0:
                zone = zone.difference(zone.centroid.buffer(0.0008))
            told = {"code": f"z{n}", "kind": kind, "grade": grade, "wkt": zone.wkt}
            connection.execute(text(ZONE), told)
            if n % 3 == 0:
                uses = rng.sample(USES, 5)
                covered = zone.buffer(0.001) if n % 2 else zone.centroid.buffer(0.003)
                valid = "[2020-01-01,2022-01-01)" if n % 4 == 0 else "[2020-01-01,)"
                permit = {"code": f"p{n}", "kind": kind, "uses": uses, "valid": valid, "wkt": covered.wkt}
                connection.execute(text(PERMIT), permit)
        number = connection.execute(text("SELECT id FROM source WHERE dataset = 'zones/all'")).scalar_one()
    with Session(owner) as session:
        from store.queries.pieces import insert_pieces  # noqa: PLC0415

        insert_pieces(session, "zones", number)
        session.commit()
    return owner


@pytest.fixture(scope="module")
def mapped_both(mapped: Engine, as_web: Callable[..., Engine], bench: Page) -> Iterator[Both]:
    """Both on that database."""
    key = hire(mapped, NewPosting("command", ""))
    with TestClient(create_app(Settings(), as_web(mapped)), headers=bearer(key)) as client:
        pack = client.get("/api/field/pack", params={"lon": SPOT[0], "lat": SPOT[1]}).json()
        yield Both(client, bench, pack)


def points(pack: dict[str, Any], rng: random.Random, near: list[Any]) -> Iterator[dict[str, Any]]:
    """Places all over the pack, half of them near the borders of its zones."""
    west, south, east, north = pack["box"]
    categories = [category["code"] for category in pack["categories"]]
    for n in range(ROUNDS):
        lon, lat = rng.uniform(west, east), rng.uniform(south, north)
        if n % 2:
            ring = rng.choice(near)
            corner = ring.interpolate(rng.random(), normalized=True)
            lon, lat = corner.x + rng.gauss(0, 3e-4), corner.y + rng.gauss(0, 3e-4)
        accuracy = rng.choice((0, 3, 8, 15, 40, 200))
        yield {"lon": lon, "lat": lat, "accuracy_m": accuracy, "category": rng.choice(categories)}


def footprints(pack: dict[str, Any], rng: random.Random, near: list[Any]) -> Iterator[dict[str, Any]]:
    """Sites of some tens of metres, most of them near the borders of zones."""
    categories = [category["code"] for category in pack["categories"]]
    for _ in range(ROUNDS // 2):
        corner = rng.choice(near).interpolate(rng.random(), normalized=True)
        lon, lat = corner.x + rng.gauss(0, 8e-4), corner.y + rng.gauss(0, 8e-4)
        side = rng.uniform(1e-4, 8e-4)
        site = box(lon, lat, lon + side, lat + side * rng.uniform(0.3, 1.5))
        site = site.buffer(side / 9, quad_segs=2) if rng.random() < 0.5 else site
        asked = {"footprint": mapping(Polygon(site.exterior)), "accuracy_m": rng.choice((0, 5, 20))}
        yield {**json.loads(json.dumps(asked)), "category": rng.choice(categories)}


def borders(pack: dict[str, Any]) -> list[Any]:
    return [shape(zone["geometry"]).boundary for zone in pack["zones"]]


def compare(both: Both, asked: list[dict[str, Any]]) -> Counter[tuple[str, str, str]]:
    """(service's effect, checker's effect, the checker's reason) → how often.

    The checker may be unsure where the service is not. It must never be the less cautious one.
    """
    both.page.evaluate("pack => { window.pack = pack; }", both.pack)
    found = both.offline(asked)
    tally: Counter[tuple[str, str, str]] = Counter()
    for one, own in zip(asked, found, strict=True):
        verdict = both.server(one)
        theirs, mine = verdict["effect"], own["effect"]
        tally[theirs, mine, own["because"]] += 1
        if mine == "clear":
            assert theirs == "clear", (one, own)
        if "unknown" not in (mine, theirs):
            assert mine == theirs, (one, own, verdict["conflicts"])
        if mine != "unknown":
            lead = verdict["jurisdiction"]["lead"]
            if own["ground"]["certainty"] in ("certain", "probable"):
                assert lead is not None
                assert own["ground"]["lead"]["code"] == lead["code"], (one, own["ground"])
    return tally


def test_the_checker_agrees_with_the_service_on_the_reference_data(both: Both) -> None:
    asked = list(points(both.pack, random.Random(SEED), borders(both.pack)))
    tally = compare(both, asked)
    same = sum(n for (theirs, mine, _), n in tally.items() if theirs == mine)
    inside = {key: n for key, n in tally.items() if key[2] != "box"}
    unsure = sum(n for (theirs, mine, _), n in inside.items() if theirs != mine)
    # near the box's sides the service knows zones that the pack does not have
    assert same > ROUNDS * 0.85, tally
    assert unsure <= sum(inside.values()) * 0.02, tally  # where it may be unsure, it seldom is


def test_the_checker_agrees_where_places_can_be_clear(mapped_both: Both) -> None:
    asked = list(points(mapped_both.pack, random.Random(SEED), borders(mapped_both.pack)))
    tally = compare(mapped_both, asked)
    assert tally["clear", "clear", "clear"] > ROUNDS / 10, tally
    assert sum(n for (theirs, _, _), n in tally.items() if theirs == "prohibited") > 20, tally
    assert tally["clear", "unknown", "permit"] > 0, tally  # a permit is the service's to weigh
    inside = {key: n for key, n in tally.items() if key[2] != "box"}
    unsure = sum(n for (theirs, mine, why), n in inside.items() if theirs != mine and why != "permit")
    assert unsure <= sum(inside.values()) * 0.05, tally


def test_footprints_are_judged_with_the_same_caution(mapped_both: Both) -> None:
    asked = list(footprints(mapped_both.pack, random.Random(SEED), borders(mapped_both.pack)))
    tally = compare(mapped_both, asked)
    assert tally["clear", "clear", "clear"] > 10, tally
    assert sum(n for (_, mine, _), n in tally.items() if mine == "prohibited") > 5, tally


def test_what_the_pack_cannot_know_is_not_told(both: Both) -> None:
    spot = {"lon": SPOT[0], "lat": SPOT[1], "accuracy_m": 10, "category": "livestock_farm"}
    far, past, strange = {**spot, "lon": 113.4}, {**spot, "as_of": "2022-08-21"}, {**spot, "category": "?"}
    for asked, because in ((far, "box"), (past, "past"), (strange, "category")):
        found = both.offline([asked])[0]
        assert (found["effect"], found["because"]) == ("unknown", because)
    turned = both.page.evaluate(
        "one => window.check({ ...window.pack, until: '2026-03-15' }, one, '2026-03-15')", spot
    )
    assert (turned["effect"], turned["because"]) == ("unknown", "old_law")


def test_the_checker_names_the_team_and_what_may_be_done(both: Both) -> None:
    spot = {"lon": SPOT[0], "lat": SPOT[1], "accuracy_m": 10, "category": "livestock_farm"}
    own, verdict = both.offline([spot])[0], both.server(spot)
    cell = next(link for link in verdict["jurisdiction"]["chain"] if link["level"] == "grid_cell")
    assert own["cell"]["team"] == cell["team"]
    assert own["power"]["township_may"] == verdict["competence"]["township_may"]
    shares = {unit["code"]: unit["share"] for unit in [own["ground"]["lead"], *own["ground"]["others"]]}
    told = [verdict["jurisdiction"]["lead"], *verdict["jurisdiction"]["others"]]
    for unit in told:
        assert shares[unit["code"]] == pytest.approx(unit["share"], abs=1e-4)
    for conflict in verdict["conflicts"]:
        mine = next(one for one in own["conflicts"] if one["zone"]["code"] == conflict["zone"]["id"])
        assert mine["share"] == pytest.approx(conflict["share"], abs=1e-4)
