"""Accounts with several postings: each right counts only where its own role is posted.

The oracle is the table of docs/access.md, read posting by posting; it knows nothing of the program's rights.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select, text
from support.access_table import doors
from support.credentials import bearer, hire
from support.pictures import picture

from accounts.accounts import find_account
from accounts.postings import NewPosting
from api.app import create_app
from core.settings import Settings
from reports.filing import Reporter, Submission, file_report
from store.access import ROLE_RIGHTS, enter
from store.engine import open_session
from verdict.inquiry import Inquiry, Limits

PLACES: Final = {
    "here": (112.395, 35.625),
    "next": (112.41, 35.49),
    "town": (112.85, 35.49),
    "outside": (116.4, 39.9),
}
REACHES: Final = ("", "1405", "140500", "140522", "140522201", "140522100", "140502")
DOORS: Final = doors()
ROLES: Final = sorted(set(DOORS["GET /api/reports"]) - {"nobody"})
# Beside the rows of the own area, whoever may see or add to reports may do so with those filed or in hand.
OWN_AND_MINE: Final = (
    "GET /api/reports",
    "GET /api/feed",
    "GET /api/reports/{id}",
    "GET /api/reports/{id}/evidence",
    "GET /api/evidence/{id}",
    "POST /api/reports/{id}/evidence",
)
OWN_AND_IN_HAND: Final = ("POST /api/reports/{id}/status",)
Postings = list[tuple[str, str]]


@dataclass(frozen=True)
class Row:
    """A report, its unit and its evidence."""

    id: int
    unit: str | None
    evidence: int


@dataclass(frozen=True)
class Scene:
    """The service, the reports, and a way to change the store behind its back."""

    client: TestClient
    rows: dict[str, Row]
    owner: Engine
    web: Engine


@pytest.fixture(scope="module")
def scene(
    http_engine: Engine,
    web_engine: Engine,
    any_key: str,
    limits: Limits,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Scene]:
    filed: dict[str, tuple[int, str | None]] = {}
    with open_session(http_engine) as session:
        for name, place in PLACES.items():
            inquiry = Inquiry("livestock_farm", *place, as_of=dt.date(2022, 8, 21))
            report = file_report(
                session, Submission(inquiry, name, reporter=Reporter("李四")), name, limits
            ).report
            filed[name] = (report.id, report.unit_code)
    assert len({unit for _, unit in filed.values()}) == len(PLACES)
    assert filed["outside"][1] is None
    given = Settings(
        evidence_url=str(tmp_path_factory.mktemp("evidence")),
        check_rate="100000/second",
        anonymous_rate="100000/second",
    )
    with TestClient(create_app(given, web_engine)) as client:
        rows = {
            name: Row(number, unit, _attach(client, number, bearer(any_key)))
            for name, (number, unit) in filed.items()
        }
        yield Scene(client, rows, http_engine, web_engine)


def _attach(client: TestClient, report: int, headers: dict[str, str]) -> int:
    told = client.post(f"/api/reports/{report}/evidence", content=picture(), headers=headers)
    assert told.status_code == 201, told.text
    return int(told.json()["id"])


# ---- what the table says ----------------------------------------------------------------------------


def covers(reach: str, unit: str | None) -> bool:
    """Whether a reach covers a unit, as docs/access.md has it; where the unit is unknown, only "" does."""
    if unit is None:
        return reach == ""
    while len(reach) in (4, 6) and reach.endswith("00"):
        reach = reach[:-2]
    return unit[: len(reach)] == reach


def allowed(door: str, postings: Postings, unit: str | None, filed: bool, held: bool) -> bool:
    """Whether one of the postings alone opens a door for a report."""
    for role, reach in postings:
        cell = DOORS[door][role]
        if cell == "all" or (cell == "own" and covers(reach, unit)):
            return True
        if (cell == "mine" or (cell == "own" and door in OWN_AND_MINE)) and (filed or held):
            return True
        if (cell == "in hand" or (cell == "own" and door in OWN_AND_IN_HAND)) and held:
            return True
    return False


# ---- what the service does --------------------------------------------------------------------------


def ask(scene: Scene, key: str, door: str, row: Row) -> bool:
    """Whether a door opens for a report."""
    method, path = door.split(" ")
    reason = {"reason": "核实"}
    bodies: dict[str, dict[str, Any]] = {
        "POST /api/reports/{id}/reporter": {"json": reason},
        "POST /api/reports/{id}/hand": {"json": {"unit": "140522201", **reason}},
        "POST /api/reports/{id}/status": {"json": {"status": "verifying", **reason}},
        "POST /api/reports/{id}/evidence": {"content": secrets.token_bytes(8)},
    }
    queries = {"GET /api/reports/export": {"form": "geojson"}, "GET /api/reports": {"limit": 1000}}
    number = row.evidence if path.startswith("/api/evidence") else row.id
    answer: httpx.Response = scene.client.request(
        method,
        path.format(id=number),
        params=queries.get(door),
        headers=bearer(key),
        **bodies.get(door, {}),
    )
    assert answer.is_success or answer.status_code in (403, 404), (door, answer.status_code, answer.text)
    if not answer.is_success:
        return False
    if "{id}" in path:
        return True
    told = answer.json()
    return row.id in {one["id"] for one in told.get("features", told.get("reports"))}


ASKED: Final = (
    *OWN_AND_MINE,
    "GET /api/reports/export",
    "GET /api/reports/{id}/journal",
    "POST /api/reports/{id}/reporter",
    "POST /api/reports/{id}/status",
    "POST /api/reports/{id}/hand",
)


def reset(scene: Scene, *, filer: int | None = None, filed: str = "", held: str = "") -> None:
    """Put all reports back to how they came, but for who filed one and who has one in hand."""
    with open_session(scene.owner) as session:
        session.execute(text("DELETE FROM hand"))
        for name, row in scene.rows.items():
            session.execute(
                text(
                    "UPDATE report SET status = 'new', holder_unit = NULL, holder_account = :held,"
                    " filed_by = :filed WHERE id = :id"
                ),
                {
                    "id": row.id,
                    "filed": filer if name == filed else None,
                    "held": filer if name == held else None,
                },
            )


POSTINGS = st.lists(
    st.tuples(st.sampled_from(ROLES), st.sampled_from(REACHES)), min_size=2, max_size=3, unique=True
)
MAYBE_ONE = st.sampled_from(["", *PLACES])


@settings(max_examples=40, deadline=None, derandomize=True)
@given(postings=POSTINGS, filed=MAYBE_ONE, held=MAYBE_ONE)
@example(postings=[("reviewer", "140522201"), ("analyst", "140522100")], filed="", held="")
@example(postings=[("reviewer", "140522201"), ("grid_worker", "140522201")], filed="next", held="")
@example(postings=[("supervisor", "140522201"), ("officer", "140522100")], filed="", held="outside")
def test_no_door_opens_beyond_what_the_row_s_own_unit_allows(
    scene: Scene, postings: Postings, filed: str, held: str
) -> None:
    name = f"u{secrets.token_hex(6)}"
    key = hire(scene.owner, *(NewPosting(*posting) for posting in postings), name=name)
    with open_session(scene.owner) as session:
        account = find_account(session, name).id
    wrong = {}
    for door in ASKED:
        reset(scene, filer=account, filed=filed, held=held)
        for place, row in scene.rows.items():
            opened = ask(scene, key, door, row)
            if opened != allowed(door, postings, row.unit, place == filed, place == held):
                wrong[door, place] = opened
    reset(scene)
    assert not wrong, (postings, filed, held)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(postings=POSTINGS, scoped=st.booleans())
def test_program_and_database_look_a_right_up_alike(scene: Scene, postings: Postings, scoped: bool) -> None:
    scopes = ["check", "read", "export"] if scoped else None
    key = hire(scene.owner, *(NewPosting(*posting) for posting in postings), scopes=scopes)
    with open_session(scene.web) as session:
        who = enter(session, key)
        assert who is not None
        for right in sorted(frozenset().union(*ROLE_RIGHTS.values())):
            stems = session.scalar(select(func.zhijie_stems(right)))
            assert who.reach(right).stems == frozenset(stems)
        both = session.scalar(select(func.zhijie_stems_of_all("read", "file")))
        assert who.reach("read", "file").stems == frozenset(both)
