"""Request bodies made to stop the service: of strangers, endless, deep, of millions of elements."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import httpx2 as httpx
import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from support.credentials import bearer
from support.raw_http import answer_to, connect, head, read_answer
from support.servers import serving

from api import json_shape
from api.app import create_app
from api.batch import json_body
from api.errors import MAX_ERRORS
from api.json_shape import Shape, check_shape
from api.openapi import OPEN
from core.errors import BadInput
from core.settings import Settings

SETTINGS: Final = Settings(cookie_secure=False, anonymous_rate="100000/second", sign_in_rate="100000/second")
CHECK: Final[dict[str, Any]] = {"lon": 112.395, "lat": 35.625, "category": "livestock_farm"}
WRONG_POINTS: Final = b'{"points":[' + b"[]," * 660_000 + b"[]]}"  # 2 MB, two errors each
HEAVY_BATCH: Final = b'{"points":[' + b"{}," * 3_900_000 + b"{}]}"  # 12 MB, within the bounds of a shape
HOSTILE: Final = 8
WINDOW_S: Final = 10.0
ENOUGH: Final = 20  # answers in that time; a service that is held up gives one or two


@pytest.fixture(scope="module")
def app(web_engine: Engine) -> FastAPI:
    return create_app(SETTINGS, web_engine)


@pytest.fixture(scope="module")
def url(app: FastAPI) -> Iterator[str]:
    with serving(app) as found:
        yield found


def doors(app: FastAPI) -> list[tuple[str, str]]:
    """(method, path) of every endpoint that takes a body and needs a credential."""
    return [
        (method.upper(), re.sub(r"\{\w+\}", "1", path))
        for path, endpoints in app.openapi()["paths"].items()
        for method, endpoint in endpoints.items()
        if "requestBody" in endpoint and (method, path) not in OPEN
    ]


@pytest.mark.parametrize("length", [{"Content-Length": "1900000"}, {"Transfer-Encoding": "chunked"}])
def test_a_stranger_is_refused_before_a_byte_of_the_body(
    app: FastAPI, url: str, length: dict[str, str]
) -> None:
    found = doors(app)
    assert len(found) >= 10
    for method, path in found:
        status, problem = answer_to(url, head(method, path, length))  # and nothing more is sent
        assert (status, problem["status"]) == (401, 401), path
        assert problem["hint"]


def test_who_signs_in_may_send_a_few_kilobytes(url: str) -> None:
    long = {"name": "n" * 60, "password": "\U0001f511" * 200}
    assert len(json.dumps(long)) > 2400
    assert httpx.post(f"{url}/api/session", json=long).status_code == 401
    sent = head("POST", "/api/session", {"Content-Length": "20000"})
    status, problem = answer_to(url, sent)
    assert (status, problem["field"]) == (413, "body")


@pytest.mark.parametrize("path", ["/api/check", "/api/reports", "/api/datum/check", "/api/keys"])
def test_a_declared_length_over_the_limit_is_refused_at_once(url: str, any_key: str, path: str) -> None:
    sent = head("POST", path, {"Content-Length": "1900000", **bearer(any_key)})
    status, problem = answer_to(url, sent)
    assert (status, problem["field"]) == (413, "body")
    assert problem["hint"]


@pytest.mark.parametrize("path", ["/api/check", "/api/reports", "/api/datum/check", "/api/keys"])
def test_a_chunked_body_is_cut_off_at_the_limit(url: str, any_key: str, path: str) -> None:
    with connect(url) as line:
        line.sendall(head("POST", path, {"Transfer-Encoding": "chunked", **bearer(any_key)}))
        with suppress(ConnectionError):  # the server need not take all of it
            for _ in range(48):
                line.sendall(b"10000\r\n" + b" " * 65_536 + b"\r\n")  # 3 MB, and no end
        status, problem = read_answer(line)
    assert (status, problem["field"]) == (413, "body")


def ring(vertices: int) -> dict[str, Any]:
    """A square whose border has so many vertices, of all the digits that a double has."""
    side = np.linspace(0, 0.0017, vertices // 4)
    x = np.concatenate([side, side * 0 + 0.0017, side[::-1], side * 0])
    y = np.concatenate([side * 0, side, side * 0 + 0.0017, side[::-1]])
    points = np.column_stack([112.39512345678901 + x, 35.625123456789012 + y]).tolist()
    return {"type": "Polygon", "coordinates": [[*points[:-1], points[0]]]}


def test_the_largest_footprint_passes_with_the_longest_description(client: TestClient) -> None:
    footprint = ring(Settings().max_vertices)
    report = {
        "category": "livestock_farm",
        "footprint": {"type": "Feature", "properties": {"a": 1}, "geometry": footprint},
        "description": "\U0001f511" * 4000,
        "as_of": "2022-08-21",
    }
    answer = client.post("/api/reports", json=report, headers={"Idempotency-Key": "largest"})
    assert answer.status_code == 201, answer.text[:500]
    wide = ring(Settings().max_vertices + 8)
    told = client.post("/api/check", json={"category": "livestock_farm", "footprint": wide})
    assert (told.status_code, told.json()["field"]) == (413, "footprint")


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 50_000 + b"]" * 50_000,
        b'{"category":' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"}",
        b'{"footprint":{"coordinates":[' + b"[]," * 120_000 + b"[]]}}",
        b"{" + b",".join(b'"%d":0' % n for n in range(5000)) + b"}",
        json.dumps(CHECK).encode("utf-16"),
    ],
    ids=["deep", "deep objects", "elements", "members", "utf-16"],
)
@pytest.mark.parametrize("path", ["/api/check", "/api/reports"])
def test_a_body_of_a_bad_shape_is_refused_before_it_is_parsed(
    client: TestClient, path: str, raw: bytes
) -> None:
    kind = {"Content-Type": "application/json", "Idempotency-Key": "shape"}
    answer = client.post(path, content=raw, headers=kind)
    assert (answer.status_code, answer.json()["field"]) == (422, "body")
    assert answer.json()["hint"]


def test_a_problem_lists_twenty_errors_and_counts_the_others(client: TestClient) -> None:
    many = {f"field{n}": 0 for n in range(60)} | CHECK
    problem = client.post("/api/check", json=many).json()
    assert len(problem["errors"]) == MAX_ERRORS == 20
    assert problem["more_errors"] == 40
    long = client.post("/api/check", json=CHECK | {"x" * 100_000: 0}).json()
    assert len(json.dumps(long)) < 2000
    few = client.post("/api/check", json=CHECK | {"field": 0}).json()
    assert len(few["errors"]) == 1
    assert "more_errors" not in few


def test_wrong_points_of_a_datum_check_are_told_by_the_first(client: TestClient) -> None:
    problem = client.post("/api/datum/check", json={"points": [[]] * 10_000, "datum": "wgs84"}).json()
    assert problem["status"] == 422
    assert len(problem["errors"]) <= MAX_ERRORS


# ---- the scan ---------------------------------------------------------------------------------------


def plain_shape(text: str) -> Shape:
    """The shape of a JSON text, character by character."""
    depth = deepest = members = elements = 0
    within = escaped = False
    for one in text:
        if within:
            escaped, ended = one == "\\" and not escaped, one == '"' and not escaped
            within = not ended
            continue
        within = one == '"'
        depth += (one in "[{") - (one in "]}")
        deepest = max(deepest, depth)
        members += one == ":"
        elements += one in ",[{"
    return Shape(deepest, members, elements)


documents = st.recursive(
    st.none() | st.integers(-9, 9) | st.text('",:[]{}\\a字', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text('",:[{\\', max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(document=documents, piece=st.integers(1, 40))
def test_the_scan_finds_the_shape_whatever_the_pieces(document: Any, piece: int) -> None:
    text = json.dumps(document, ensure_ascii=False)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(json_shape, "PIECE", piece)
        *_, found = json_shape._measures(text.encode())
    expected = plain_shape(text)
    assert found == expected
    check_shape(text.encode(), expected)
    for less in (
        Shape(expected.depth - 1, expected.members, expected.elements),
        Shape(expected.depth, expected.members - 1, expected.elements),
        Shape(expected.depth, expected.members, expected.elements - 1),
    ):
        with pytest.raises(BadInput):
            check_shape(text.encode(), less)


# ---- batches ----------------------------------------------------------------------------------------

BATCH: Final = "/api/check/batch"
QUERY: Final = {"category": "livestock_farm", "as_of": "2022-08-21"}
PLACES: Final = [[112.395, 35.625], [112.9, 35.5], [112.2, 35.4], None]


@pytest.mark.parametrize("form", ["points", "features"])
def test_a_large_batch_gets_what_a_small_one_gets(client: TestClient, form: str) -> None:
    def body(times: int) -> bytes:
        if form == "points":
            return json.dumps({**QUERY, "points": PLACES * times}).encode()
        shapes = [place and {"type": "Point", "coordinates": place} for place in PLACES]
        shapes[1] = {**ring(40), "bbox": [0, 0, 1, 1]}
        members = [{"type": "Feature", "geometry": shape, "properties": {"名": 1}} for shape in shapes]
        return json.dumps({"type": "FeatureCollection", "features": members * times}).encode()

    times = 5000 if form == "points" else 140
    assert len(body(times)) > json_body.SMALL > len(body(1))
    small, large = (
        client.post(BATCH, params={} if form == "points" else QUERY, content=body(n)).json()
        for n in (1, times)
    )
    rows = "rows" if form == "points" else "features"
    assert large[rows] == small[rows] * times
    assert len(small[rows]) == len(PLACES)


def faulty(kind: str) -> bytes:
    """A body of some hundred kilobytes, or of many, with a fault."""
    return {
        "wrong point": b'{"points":[' + b"[1,2]," * 60_000 + b"[]]}",
        "no JSON": b'{"points":[' + b"[1,2]," * 60_000 + b"]}",
        "elements": b'{"points":[' + b"[]," * 20_000_000 + b"[]]}",
        "deep": b'{"points":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        "members": b'{"points":[[1,2]],' + b",".join(b'"%d":0' % n for n in range(90_000)) + b"}",
        "bytes": b" " * 65_000_000,
    }[kind]


@pytest.mark.parametrize(
    ("kind", "status", "field"),
    [
        ("wrong point", 422, "points.60000"),
        ("no JSON", 422, "body"),
        ("elements", 422, "body"),
        ("deep", 422, "body"),
        ("members", 422, "body"),
        ("bytes", 413, "body"),
    ],
)
def test_a_large_batch_with_a_fault_is_a_problem(
    client: TestClient, kind: str, status: int, field: str
) -> None:
    problem = client.post(BATCH, params=QUERY, content=faulty(kind)).json()
    assert (problem["status"], problem["field"]) == (status, field)
    assert problem["hint"]


def test_a_batch_that_takes_too_much_memory_ends_no_more_than_its_parser(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_body, "MEMORY", 700_000_000)
    problem = client.post(BATCH, content=json.dumps({**QUERY, "points": [{"a": []}] * 1_500_000})).json()
    assert (problem["status"], problem["field"]) == (413, "body")
    assert client.post(BATCH, json={**QUERY, "points": PLACES}).status_code == 200


# ---- others are answered meanwhile ------------------------------------------------------------------


def send_again_and_again(url: str, sent: bytes, until: float) -> None:
    """A hostile connection: sends, reads what comes, opens another where it is cut off."""
    while time.monotonic() < until:
        with suppress(OSError, ValueError), connect(url) as line:
            while time.monotonic() < until:
                line.sendall(sent)
                read_answer(line)


@pytest.mark.parametrize("who", ["strangers", "signed in", "batches"])
def test_others_are_answered_while_hostile_bodies_arrive(url: str, any_key: str, who: str) -> None:
    known = bearer(any_key)
    path, body = (BATCH, HEAVY_BATCH) if who == "batches" else ("/api/datum/check", WRONG_POINTS)
    headers = {"Content-Length": str(len(body)), **({} if who == "strangers" else known)}
    hostile = head("POST", path, headers) + body
    assert httpx.post(f"{url}/api/check", json=CHECK, headers=known, timeout=60).status_code == 200
    until = time.monotonic() + WINDOW_S
    threads = [
        threading.Thread(target=send_again_and_again, args=(url, hostile, until), daemon=True)
        for _ in range(HOSTILE)
    ]
    for thread in threads:
        thread.start()
    answered = 0
    with httpx.Client(base_url=url, headers=known, timeout=60) as other:
        while time.monotonic() < until and answered < ENOUGH:
            answered += other.post("/api/check", json=CHECK).status_code == 200
    enough = answered == ENOUGH and time.monotonic() < until
    for thread in threads:
        thread.join()
    assert enough, f"{answered} answers in {WINDOW_S:g} s"
