"""Names of permit holders and grid workers: whoever is shown them, the table of docs/access.md says so.

Each answer is searched as a whole, so that a name is found wherever it is told: in a field or in the words.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any, Final

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from support.access_table import NOBODY, doors, names
from support.credentials import bearer, hire

from accounts.postings import NewPosting
from api.app import create_app
from core.settings import Settings
from store.engine import open_session

HERE, NEXT = "140522201", "140522100"
PLACE: Final = {"lon": 112.395, "lat": 35.625}
PIG_FARM: Final = {**PLACE, "category": "livestock_farm", "as_of": "2022-08-21", "accuracy_m": 5}
# The place of the township that is farthest from every border and zone: such ones are answered by templates.
INNERMOST: Final = """
    SELECT ST_X(center) AS lon, ST_Y(center) AS lat FROM (SELECT (ST_MaximumInscribedCircle(
        ST_Difference(u.geom, (SELECT ST_Buffer(ST_Union(geom), 0.012) FROM zone)))).center FROM unit u
    WHERE u.code = :code AND u.valid @> CAST(:day AS date) LIMIT 1) found"""
ACT: Final = dt.date(2022, 8, 21)
TOLD_TO: Final = names()
ROLES: Final = sorted(set(TOLD_TO["permit holder"]) - {NOBODY})
HOLDER: Final = "持证人甲某"
WORKER: Final = "网格员乙某"
NAMED: Final = {"permit holder": HOLDER, "grid worker": WORKER}
LONG_S: Final = 60.0
Client = TestClient


@pytest.fixture(scope="module")
def owner(clone: Callable[[str], Engine]) -> Engine:
    """A store with sharp lines, a permit at the place, and one worker's name in all cells."""
    engine = clone("zhijie_api_personal_test")
    with open_session(engine) as session:
        session.execute(text("UPDATE source SET accuracy_m = 1 WHERE role IN ('units', 'zones', 'grid')"))
        session.execute(text("UPDATE grid_cell SET worker = :worker"), {"worker": WORKER})
        session.execute(
            text(
                "INSERT INTO permit (source_id, number, holder, uses, zone_kinds, issuer, valid, geom)"
                " SELECT source_id, '证-1', :holder, '{livestock_farm}', '{nature_reserve}', issuer,"
                " daterange('2020-01-01', NULL),"
                " ST_Multi(ST_Buffer(ST_SetSRID(ST_MakePoint(:lon, :lat), 4490), 0.002)) FROM permit LIMIT 1"
            ),
            {"holder": HOLDER, **PLACE},
        )
    return engine


@pytest.fixture(scope="module")
def web_url(owner: Engine, web_login: tuple[str, str]) -> str:
    """The same store as a server reaches it."""
    name, password = web_login
    return owner.url.set(username=name, password=password).render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def keys(owner: Engine) -> dict[tuple[str, str], dict[str, str]]:
    """The header of somebody of each role, here and in the neighbouring township."""
    return {
        (role, reach): bearer(hire(owner, NewPosting(role, reach)))
        for role in ROLES
        for reach in (HERE, NEXT)
    }


def _settings(web_url: str, **more: Any) -> Settings:
    return Settings(app_database_url=web_url, check_rate="1000/second", anonymous_rate="1000/second", **more)


@pytest.fixture(scope="module")
def memory(web_url: str, keys: dict[tuple[str, str], dict[str, str]]) -> Iterator[Client]:
    """The service that answers checks from memory, ready to do so."""
    with TestClient(create_app(_settings(web_url))) as client:
        client.post("/api/check", json=PIG_FARM, headers=keys["gis", NEXT])
        today = {**PIG_FARM, "as_of": None}
        client.post("/api/check", json=today, headers=keys["gis", NEXT])
        for day in (ACT, dt.datetime.now(dt.UTC).astimezone(dt.timezone(dt.timedelta(hours=8))).date()):
            assert client.app.state.memory.wait(day, LONG_S) is not None  # type: ignore[attr-defined]
        yield client


@pytest.fixture(scope="module")
def postgis(web_url: str) -> Iterator[Client]:
    """The service that asks the database for each check."""
    with TestClient(create_app(_settings(web_url, engine="postgis"))) as client:
        yield client


def told(answer: httpx.Response) -> set[str]:
    """Which of the names an answer tells."""
    assert answer.is_success, answer.text
    return {what for what, name in NAMED.items() if name.encode() in answer.content}


def expected(role: str, reach: str) -> set[str]:
    """Which of the names the table allows a role of this reach at the place."""
    cells = {what: TOLD_TO[what][role] for what in NAMED}
    assert set(cells.values()) <= {"own", "no", "all"}
    return {what for what, cell in cells.items() if cell == "all" or (cell == "own" and reach == HERE)}


def test_both_ways_of_answering_tell_each_role_what_the_table_says(
    owner: Engine, memory: Client, postgis: Client, keys: dict[tuple[str, str], dict[str, str]]
) -> None:
    with open_session(owner) as session:
        inmost = session.execute(text(INNERMOST), {"code": HERE, "day": ACT}).mappings().one()
    plain = {**PIG_FARM, **inmost}
    for _ in range(3):  # judged, made a template of, filled into it; all in turn, so that none is mixed up
        for (role, reach), key in keys.items():
            for asked, named in ((PIG_FARM, set(NAMED)), (plain, {"grid worker"})):
                ours, theirs = (
                    client.post("/api/check", json=asked, headers=key) for client in (memory, postgis)
                )
                assert ours.content == theirs.content
                assert told(ours) == expected(role, reach) & named, (role, reach)
    assert memory.app.state.answers.templates > 0  # type: ignore[attr-defined]


def test_what_is_hidden_is_null_and_nothing_else_differs(
    postgis: Client, keys: dict[tuple[str, str], dict[str, str]]
) -> None:
    seen, hidden = (
        postgis.post("/api/check", json=PIG_FARM, headers=keys["officer", reach]).json()
        for reach in (HERE, NEXT)
    )
    permits = [one["permit"] for one in hidden["verdict"]["conflicts"] if one["permit"]]
    assert {(one["number"], one["holder"]) for one in permits} == {("证-1", None)}
    text_seen = json.dumps(seen["verdict"], ensure_ascii=False)
    for name in NAMED.values():
        text_seen = text_seen.replace(f'"{name}"', "null")
    assert text_seen == json.dumps(hidden["verdict"], ensure_ascii=False)
    lines = [one["text"] for one in hidden["words"]["lines"] if "证-1" in one["text"]]
    assert lines
    assert all(line.startswith("证-1；") for line in lines)
    (ground,) = (one["text"] for one in hidden["words"]["lines"] if HERE in one["text"])
    assert not ground.endswith(("、", "；"))


def test_a_key_without_the_right_is_told_no_name(owner: Engine, postgis: Client) -> None:
    key = bearer(hire(owner, NewPosting("officer", ""), scopes=["check"]))
    assert told(postgis.post("/api/check", json=PIG_FARM, headers=key)) == set()
    whole = bearer(hire(owner, NewPosting("officer", "")))
    assert told(postgis.post("/api/check", json=PIG_FARM, headers=whole)) == set(NAMED)


def test_reports_are_told_alike_and_stored_whole(
    owner: Engine, postgis: Client, keys: dict[tuple[str, str], dict[str, str]]
) -> None:
    for (role, reach), key in keys.items():
        if doors()["POST /api/reports"][role] == "no":
            continue
        head = {**key, "Idempotency-Key": f"{role}-{reach}"}
        filed = postgis.post("/api/reports", json=PIG_FARM, headers=head)
        assert told(filed) == expected(role, reach)
        number = filed.json()["id"]
        again = postgis.get(f"/api/reports/{number}", headers=key)
        assert told(again) == expected(role, reach)
        for reader in ("officer", "reviewer", "supervisor"):
            shown = postgis.get(f"/api/reports/{number}", headers=keys[reader, HERE])
            assert told(shown) == expected(reader, HERE)
    with open_session(owner) as session:
        bodies = list(session.execute(text("SELECT body FROM verdict")).scalars())
    assert bodies
    assert all(name in body for body in bodies for name in NAMED.values())


def test_layers_and_the_pack_name_workers_of_the_own_area_only(
    postgis: Client, keys: dict[tuple[str, str], dict[str, str]]
) -> None:
    for (role, reach), key in keys.items():
        worker = {"grid worker"} & expected(role, reach)
        assert told(postgis.get("/api/units/at", params=PLACE, headers=key)) == worker
        # the tile of zoom 16 that has the place holds cells of no other township
        tile = postgis.get("/api/tiles/areas/1/16/53228/25819.mvt", headers=key)
        assert b"grid" in tile.content
        assert told(tile) == worker, (role, reach)
        own = {reach} if TOLD_TO["grid worker"][role] == "own" else set()
        cells = postgis.get("/api/grid", headers=key).json()["features"]
        rows = [cell["properties"] for cell in cells]
        assert {row["township"] for row in rows if row["worker"] is not None} == own
        pack = postgis.get("/api/field/pack", params=PLACE, headers=key)
        assert {cell["township"] for cell in pack.json()["grid"] if cell["worker"] is not None} == own
        kept = {**key, "If-None-Match": pack.headers["etag"]}
        assert postgis.get("/api/field/pack", params=PLACE, headers=kept).status_code == 304
    tags = {
        postgis.get("/api/field/pack", params=PLACE, headers=keys[who]).headers["etag"]
        for who in (("officer", HERE), ("officer", NEXT), ("admin", HERE))
    }
    assert len(tags) == 3


@pytest.mark.parametrize("door", ["batch", "export", "journal"])
def test_other_doors_name_nobody(
    postgis: Client, keys: dict[tuple[str, str], dict[str, str]], door: str
) -> None:
    key = keys["command", HERE]
    filed = postgis.post(
        "/api/reports", json=PIG_FARM, headers={**key, "Idempotency-Key": "other-doors"}
    ).json()["id"]
    points = {"points": [list(PLACE.values())], "category": "livestock_farm", "as_of": "2022-08-21"}
    answer = {
        "batch": lambda: postgis.post("/api/check/batch", json=points, headers=key),
        "export": lambda: postgis.get("/api/reports/export", headers=key),
        "journal": lambda: postgis.get(f"/api/reports/{filed}/journal", headers=key),
    }[door]()
    assert told(answer) == set()
