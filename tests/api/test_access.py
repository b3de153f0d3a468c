"""Every role at every door, in its own area, a neighbour's, its parent's: as docs/access.md says."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx2 as httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from geoalchemy2.shape import from_shape
from shapely.geometry import MultiPolygon, Point
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from support.access_table import NOBODY, doors
from support.credentials import WORD, bearer, name_of, session_of, staff
from support.parcel_copies import like_parcel
from support.pictures import picture
from support.servers import serving
from typer.testing import CliRunner

from api.app import create_app
from cli import main as cli
from core.errors import Forbidden, NotSignedIn
from core.settings import Settings
from reports.filing import Reporter, Submission, file_report
from store.access import ROLE_RIGHTS, ROLES
from store.engine import open_session
from store.journal.append import append_step
from store.schema.datasets import SRID
from store.schema.parcels import Parcel
from verdict.inquiry import Inquiry, Limits

HERE, NEXT, PARENT = "140522201", "140522100", "140522"
AREAS = {"own": HERE, "neighbour": NEXT, "parent": PARENT}
PLACES = {"own": (112.395, 35.625), "neighbour": (112.41, 35.49), "parent": (112.60, 35.40)}
OFF = {("GET", "/login/oidc"), ("GET", "/login/oidc/callback")}


DOORS = doors()


@dataclass
class Scene:
    """The doors, a person of each role in one township, and what there is to see."""

    app: FastAPI
    client: httpx.Client
    sessions: dict[str, str]
    reports: dict[str, int]
    evidence: dict[str, int]
    web: Engine

    def of(self, role: str) -> dict[str, str]:
        """The headers of a role."""
        return {} if role == NOBODY else bearer(self.sessions[role])

    def fresh(self, role: str) -> str:
        """Another session of a role."""
        return session_of(self.web, name_of(role))

    def mine(self, role: str) -> int:
        """A report in the own area that the role filed."""
        key = {"Idempotency-Key": f"mine-{role}"}
        answer = self.client.post("/api/reports", json=body("own"), headers=self.of(role) | key)
        assert answer.status_code in (200, 201), answer.text
        return int(answer.json()["id"])


def body(area: str) -> dict[str, object]:
    lon, lat = PLACES[area]
    return {"lon": lon, "lat": lat, "category": "livestock_farm", "as_of": "2022-08-21"}


@pytest.fixture(scope="module")
def scene(
    http_engine: Engine,
    web_engine: Engine,
    any_key: str,
    limits: Limits,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Scene]:
    reports: dict[str, int] = {}
    with open_session(http_engine) as session:
        for area, code in AREAS.items():
            inquiry = Inquiry("livestock_farm", *PLACES[area], as_of=dt.date(2022, 8, 21))
            told = Submission(inquiry, f"seen-in-{area}", reporter=Reporter("李四", "13800000000"))
            report = file_report(session, told, area, limits).report
            report.unit_code = code
            reports[area] = report.id
            append_step(session, "report", f"report/{report.id}", unit=code)
            _add_parcel(session, area, code)
    sessions = staff(http_engine, web_engine, HERE)
    settings = Settings(
        evidence_url=str(tmp_path_factory.mktemp("evidence")),
        sign_in_rate="1000/second",
        cookie_secure=False,
        anonymous_rate="1000/second",
    )
    app = create_app(settings, web_engine)
    with serving(app) as url, httpx.Client(base_url=url, timeout=60) as client:
        evidence = {}
        for area, number in reports.items():
            answer = client.post(
                f"/api/reports/{number}/evidence?filename=a.jpg", content=picture(), headers=bearer(any_key)
            )
            assert answer.status_code == 201, answer.text
            evidence[area] = answer.json()["id"]
        yield Scene(app, client, sessions, reports, evidence, web_engine)


def _add_parcel(session: Session, area: str, code: str) -> None:
    """A parcel of an area, with the area's name as its number, round the area's place."""
    shipped = session.scalars(select(Parcel).order_by(Parcel.id).limit(1)).one()
    shape = MultiPolygon([Point(*PLACES[area]).buffer(0.001)])
    session.add(like_parcel(shipped, number=area, unit_code=code, geom=from_shape(shape, srid=SRID)))


def test_the_table_has_every_door_and_every_role(scene: Scene) -> None:
    doors = {
        (method, route.path)
        for route in iter_route_contexts(scene.app.routes)
        if isinstance(route.original_route, APIRoute)
        for method in route.methods or ()
    }
    named = {tuple(door.split(" ")) for door in DOORS if not door.startswith("zhijie")}
    assert named == (doors - OFF) | {("GET", "/openapi.json")}
    for cells in DOORS.values():
        assert set(cells) == set(ROLE_RIGHTS) | {NOBODY}


# ---- how each door is asked, and what its answer means ----------------------------------------------

Ask = Callable[[Scene, str, str], "httpx.Response"]
Found = Callable[[httpx.Response, Scene, str], bool]


def get(path: str) -> Ask:
    """GET a path that names no report."""
    return lambda scene, role, area: scene.client.get(path, headers=scene.of(role))


def at(path: str) -> Ask:
    """GET a path with the place of an area."""

    def ask(scene: Scene, role: str, area: str) -> httpx.Response:
        lon, lat = PLACES[area]
        return scene.client.get(path, params={"lon": lon, "lat": lat}, headers=scene.of(role))

    return ask


def post(path: str, make: Callable[[str], Any]) -> Ask:
    """POST a body that is made for an area."""
    return lambda scene, role, area: scene.client.post(path, json=make(area), headers=scene.of(role))


def of_report(method: str, path: str, **more: Any) -> Ask:
    """Ask about the report of an area, or about the one that the role filed itself."""

    def ask(scene: Scene, role: str, area: str) -> httpx.Response:
        number = scene.mine(role) if area == "mine" else scene.reports[area]
        return scene.client.request(method, path.format(id=number), headers=scene.of(role), **more)

    return ask


def of_evidence(path: str) -> Ask:
    """Ask for the evidence of an area's report, or of the one that the role filed itself."""

    def ask(scene: Scene, role: str, area: str) -> httpx.Response:
        number = scene.evidence.get(area)
        if area == "mine":
            added = scene.client.post(
                f"/api/reports/{scene.mine(role)}/evidence", content=picture(), headers=scene.of(role)
            )
            number = added.json()["id"]
        return scene.client.get(path.format(id=number), headers=scene.of(role))

    return ask


def file(scene: Scene, role: str, area: str) -> httpx.Response:
    key = {"Idempotency-Key": f"{role}-{area}"}
    return scene.client.post("/api/reports", json=body(area), headers=scene.of(role) | key)


def listed(path: str) -> Ask:
    """GET a list, with a report of the role's own in it where one is looked for."""

    def ask(scene: Scene, role: str, area: str) -> httpx.Response:
        if area == "mine":
            scene.mine(role)
        return scene.client.get(path, headers=scene.of(role))

    return ask


def sign_in_(scene: Scene, role: str, area: str) -> httpx.Response:
    shown = {"name": name_of(role if role != NOBODY else "officer"), "password": WORD}
    answer = scene.client.post("/api/session", json=shown, headers=scene.of(role))
    scene.client.cookies.clear()
    return answer


def sign_out(scene: Scene, role: str, area: str) -> httpx.Response:
    shown = {} if role == NOBODY else bearer(scene.fresh(role))
    return scene.client.delete("/api/session", headers=shown)


def drop_key(scene: Scene, role: str, area: str) -> httpx.Response:
    made = scene.client.post("/api/keys", json={}, headers=scene.of(role))
    number = made.json()["id"] if made.status_code == 201 else 1
    return scene.client.delete(f"/api/keys/{number}", headers=scene.of(role))


def change_password(scene: Scene, role: str, area: str) -> httpx.Response:
    words = {"old": WORD, "new": WORD}
    answer = scene.client.post("/api/session/password", json=words, headers=scene.of(role))
    if role != NOBODY:  # the other sessions of this person have ended; this one has not
        assert scene.client.get("/api/session", headers=scene.of(role)).status_code == 200
    return answer


def points(area: str) -> dict[str, object]:
    return {"points": [PLACES[area]], "category": "livestock_farm"}


def first_bytes(scene: Scene, role: str, area: str) -> httpx.Response:
    """The beginning of a stream that never ends."""
    with scene.client.stream("GET", "/api/live", headers=scene.of(role)) as answer:
        if answer.is_success:
            assert "event: hello" in next(answer.iter_text())
        else:
            answer.read()
    return answer


def move_on(scene: Scene, role: str, area: str) -> httpx.Response:
    """Move the report of an area on, from wherever it is."""
    number = scene.mine(role) if area == "mine" else scene.reports[area]
    shown = scene.client.get(f"/api/reports/{number}", headers=scene.of(role))
    following = shown.json()["next_statuses"][0]["code"] if shown.is_success else "verifying"
    body = {"status": following, "reason": "到场核实"}
    return scene.client.post(f"/api/reports/{number}/status", json=body, headers=scene.of(role))


WHY: Final = {"reason": "电话回访"}
ASKED: Final[dict[str, Ask]] = {
    **{f"GET {path}": get(path) for path in ("/healthz", "/readyz", "/docs", "/openapi.json", "/login")},
    **{f"GET {path}": get(path) for path in ("/", "/command", "/account")},
    **{f"GET {path}": get(path) for path in ("/api/session", "/api/keys", "/metrics")},
    **{f"GET {path}": get(path) for path in ("/api/units", "/api/grid", "/api/zones", "/api/reports/coarse")},
    **{f"GET {path}": get(path) for path in ("/api/layers", "/api/vocabulary", "/api/overview")},
    "GET /api/tiles/{layer}/{version}/{z}/{x}/{y}.mvt": get("/api/tiles/violations/1/9/416/201.mvt"),
    "GET /api/live": first_bytes,
    "GET /api/people": lambda scene, role, area: scene.client.get(
        "/api/people", params={"unit": AREAS[area]}, headers=scene.of(role)
    ),
    "POST /api/reports/{id}/hand": of_report(
        "POST", "/api/reports/{id}/hand", json={"unit": HERE, "reason": "属地处置"}
    ),
    "POST /api/reports/{id}/status": move_on,
    **{f"GET {path}": get(path) for path in ("/field", "/field/manifest.webmanifest", "/field/sw.js")},
    "GET /api/field/pack": at("/api/field/pack"),
    "GET /api/places": get("/api/places?q=乡"),
    "GET /api/units/at": at("/api/units/at"),
    "GET /api/parcels/at": at("/api/parcels/at"),
    "GET /api/parcels/{number}": lambda scene, role, area: get(f"/api/parcels/{area}")(scene, role, area),
    "POST /api/session": sign_in_,
    "DELETE /api/session": sign_out,
    "POST /api/session/password": change_password,
    "POST /api/keys": post("/api/keys", lambda area: {"label": area}),
    "DELETE /api/keys/{id}": drop_key,
    "POST /api/check": post("/api/check", body),
    "POST /api/check/batch": post("/api/check/batch", points),
    "POST /api/datum/check": post("/api/datum/check", lambda area: {"points": [PLACES[area]] * 3}),
    "POST /api/reports": file,
    "GET /api/reports": listed("/api/reports?limit=1000"),
    "GET /api/feed": listed("/api/feed?limit=200"),
    "GET /api/reports/export": listed("/api/reports/export?form=geojson"),
    "GET /api/reports/{id}": of_report("GET", "/api/reports/{id}"),
    "GET /api/reports/{id}/journal": of_report("GET", "/api/reports/{id}/journal"),
    "POST /api/reports/{id}/reporter": of_report(
        "POST", "/api/reports/{id}/reporter", json={"reason": "回访"}
    ),
    "POST /api/reports/{id}/evidence": of_report("POST", "/api/reports/{id}/evidence", content=picture()),
    "GET /api/reports/{id}/evidence": of_report("GET", "/api/reports/{id}/evidence"),
    "GET /api/evidence/{id}": of_evidence("/api/evidence/{id}"),
    "GET /api/evidence/{id}/thumbnail": of_evidence("/api/evidence/{id}/thumbnail"),
}
LISTS: Final = ("GET /api/reports", "GET /api/reports/export", "GET /api/feed")


def outcome(door: str, answer: httpx.Response, scene: Scene, role: str, area: str) -> str:
    """What an answer means, in the words of the table."""
    refused = {401: "sign in", 403: "no", 404: "absent"}
    if answer.status_code in refused:
        return refused[answer.status_code]
    if answer.status_code == 303 and answer.headers["location"].startswith("/login"):
        return "sign in"
    assert answer.is_success, (door, role, area, answer.status_code, answer.text[:500])
    if door in LISTS:
        number = scene.mine(role) if area == "mine" else scene.reports[area]
        told = answer.json()
        return (
            "seen" if number in {one["id"] for one in told.get("features") or told["reports"]} else "absent"
        )
    return "seen"


def expected(cell: str) -> dict[str, str]:
    """Area → outcome of a cell of the table."""
    absent = dict.fromkeys(AREAS, "absent")
    return {
        "all": dict.fromkeys(AREAS, "seen"),
        "own": {**absent, "own": "seen"},
        "mine": {**absent, "mine": "seen"},
        "in hand": dict.fromkeys(AREAS, "absent or no"),
    }.get(cell) or dict.fromkeys(AREAS, cell)


@pytest.mark.parametrize("door", [door for door in DOORS if not door.startswith("zhijie")])
def test_every_role_at_every_door(scene: Scene, door: str) -> None:
    told = {}
    for role, cell in DOORS[door].items():
        wanted = expected(cell)
        found = {area: outcome(door, ASKED[door](scene, role, area), scene, role, area) for area in wanted}
        vague = {
            area: "absent or no" if told_ in ("absent", "no") else told_ for area, told_ in found.items()
        }
        told[role] = (wanted, vague if cell == "in hand" else found)
    assert {role: found for role, (_, found) in told.items()} == {
        r: wanted for r, (wanted, _) in told.items()
    }


# ---- the command line over HTTP -----------------------------------------------------------------------


def run(scene: Scene, role: str, *arguments: str) -> str:
    """Run ``zhijie remote …``: what it printed, or how it was refused."""
    key = scene.sessions.get(role, "")
    given = {"ZHIJIE_SERVER": str(scene.client.base_url), "ZHIJIE_KEY": key, "ZHIJIE_LANG": "en"}
    done = CliRunner().invoke(cli.app, ["remote", *arguments], env=given)
    if isinstance(done.exception, NotSignedIn | Forbidden):
        return "sign in" if isinstance(done.exception, NotSignedIn) else "no"
    assert done.exception is None, done.exception
    return done.stdout


def place(area: str) -> tuple[str, ...]:
    lon, lat = PLACES[area]
    return ("--lon", str(lon), "--lat", str(lat), "--category", "livestock_farm")


@pytest.mark.parametrize("role", [*ROLES, NOBODY])
def test_every_role_at_the_command_line_over_http(scene: Scene, role: str) -> None:
    for what in ("check", "report"):
        cell = DOORS[f"zhijie remote {what}"][role]
        for area in AREAS:
            key = ("--key", f"cli-{role}-{area}") if what == "report" else ()
            printed = run(scene, role, what, *place(area), *key, "--json")
            if cell == "all":
                assert json.loads(printed)["verdict"]["location"]["lon"] == PLACES[area][0]
            else:
                assert printed == cell
    cell = DOORS["zhijie remote export"][role]
    printed = run(scene, role, "export", "--form", "geojson")
    if cell != "own":
        assert printed == cell
        return
    numbers = {feature["id"] for feature in json.loads(printed)["features"]}
    assert {area for area, number in scene.reports.items() if number in numbers} == {"own"}
