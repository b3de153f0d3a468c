"""Requests that no description makes: broken texts, endless numbers, days out of range. All are answered."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote_from_bytes

import httpx2 as httpx
import pytest
from sqlalchemy import Engine
from support.credentials import bearer
from support.servers import serving

from api.app import create_app
from api.openapi import PROBLEM
from core.settings import Settings
from demo.story import STORY
from reports.filing import file_report
from store.engine import open_session
from verdict.inquiry import Limits

pytestmark = pytest.mark.long

FAST: Final[dict[str, Any]] = {
    "check_rate": "100000/second",
    "anonymous_rate": "100000/second",
    "sign_in_rate": "100000/second",
    "cookie_secure": False,
}
DOCUMENT: Final = create_app(Settings(**FAST)).openapi()
RAW: Final = "raw:"  # what follows stands in the JSON as it is
TEXTS: Final = ("\x00", "a\x00b", f'{RAW}"\\ud800"', f'{RAW}"\\udfff\\ud800"', "\u202e", "字" * 100_000, "")
NUMBERS: Final = (f"{RAW}1e400", f"{RAW}-1e400", f"{RAW}NaN", f"{RAW}{'9' * 400}", f"{RAW}{'9' * 5000}")
MORE: Final = (
    f"{RAW}9223372036854775808",
    0,
    -0.0,
    1e308,
    5e-324,
    True,
    None,
    [],
    {},
    "0001-01-01",
    "9999-12-31",
)
ODD: Final = (*TEXTS, *NUMBERS, *MORE, f"{RAW}{'[' * 50_000}{']' * 50_000}")
ring: Final = [[112.39, 35.62], [112.391, 35.62], [112.391, 35.621], [112.39, 35.62]]
CHECK: Final[dict[str, Any]] = {
    "lon": 112.395,
    "lat": 35.625,
    "datum": "cgcs2000",
    "accuracy_m": 12,
    "category": "livestock_farm",
    "as_of": "2022-08-21",
    "channel": "api",
}
DRAWN: Final = {
    "category": "livestock_farm",
    "footprint": {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    },
}
ABOUT: Final = {"category": "livestock_farm", "datum": "wgs84", "as_of": "2022-08-21", "accuracy_m": 1}
FEATURE: Final = {"type": "Feature", "properties": {"accuracy_m": 5, "a": 1}, "geometry": DRAWN["footprint"]}
BODIES: Final[list[tuple[str, dict[str, Any]]]] = [
    ("/api/check", CHECK),
    ("/api/check", DRAWN),
    ("/api/check/batch", {**ABOUT, "points": [[112.395, 35.625], None]}),
    ("/api/check/batch", {"type": "FeatureCollection", "features": [FEATURE]}),
    ("/api/reports", {**CHECK, "description": "a", "reporter": {"name": "a", "telephone": "1", "lon": 1.0}}),
    ("/api/reports", DRAWN),
    ("/api/reports/{id}/reporter", {"reason": "back"}),
    ("/api/reports/{id}/hand", {"unit": "140522", "account": 1, "until": "2099-01-01", "reason": "go there"}),
    ("/api/reports/{id}/status", {"status": "assigned", "reason": "go there"}),
    (
        "/api/datum/check",
        {"points": [[112.3963, 35.6251], [112.4017, 35.6302]], "datum": "wgs84", "channel": "a"},
    ),
    ("/api/session", {"name": "a", "password": "b"}),
    ("/api/session/password", {"old": "b", "new": "a longer password"}),
    ("/api/keys", {"label": "a", "scopes": ["check"], "days": 1}),
]
BYTES: Final = (
    b"",
    b"\xff\xfe",
    b"null",
    b"[]",
    b"{",
    b'"\xed\xa0\x80"',
    b"\xef\xbb\xbf{}",
    b"{}\x00",
    b"[" * 100_000,
)
TYPES: Final = (
    "application/json",
    "text/plain",
    "application/json; charset=utf-16",
    "a/b; =",
    "",
    "multipart/form-data",
)
QUERY: Final = (
    b"\x00",
    b"\xed\xa0\x80",
    b"\xff",
    b"",
    b" ",
    b"9" * 400,
    "٣".encode(),
    b"NaN",
    b"1e400",
    b"%",
    b"\\_%'\"",
)
DAYS: Final = (
    b"0001-01-01",
    b"9999-12-31",
    b"0001-01-01T00:00:00+14:00",
    b"9999-12-31T23:59:59-14:00",
    b"20220821",
)


@pytest.fixture(scope="module")
def http(
    http_engine: Engine,
    web_engine: Engine,
    any_key: str,
    limits: Limits,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[httpx.Client]:
    """A client of who may everything."""
    with open_session(http_engine) as session:
        file_report(session, STORY, "one", limits)
    settings = Settings(**FAST, evidence_url=str(tmp_path_factory.mktemp("evidence")))
    with (
        serving(create_app(settings, web_engine)) as url,
        httpx.Client(base_url=url, headers=bearer(any_key), timeout=60) as client,
    ):
        yield client


def places(value: object, so_far: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value in a body."""
    yield so_far
    members: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in members:
        yield from places(inner, (*so_far, key))


def with_odd(body: Any, place: tuple[Any, ...], odd: object) -> bytes:
    """The body as JSON with an odd value at a place of it."""
    if not place:
        changed = odd
    else:
        changed = inner = copy.deepcopy(body)
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = odd
    text = json.dumps(changed)
    if isinstance(odd, str) and odd.startswith(RAW):
        text = text.replace(json.dumps(odd), odd.removeprefix(RAW))
    return text.encode()


AT: Final = {"id": "1", "number": "1", "layer": "violations", "version": "1", "z": "3", "x": "6", "y": "3"}


def at(pattern: str) -> str:
    """A path of a pattern."""
    return pattern.format(**AT)


def judged(answer: httpx.Response, door: str, method: str, sent: object) -> None:
    """An answer that the description tells, and no failure of ours."""
    told = (answer.status_code, door, repr(sent)[:300], answer.text[:300] if answer.is_closed else "")
    assert answer.status_code < 500, told
    assert str(answer.status_code) in DOCUMENT["paths"][door][method]["responses"], told
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == PROBLEM, told


@pytest.mark.parametrize(
    "which", range(len(BODIES)), ids=[f"{i}{path}" for i, (path, _) in enumerate(BODIES)]
)
def test_odd_values_in_bodies(http: httpx.Client, which: int) -> None:
    path, body = BODIES[which]
    for number, place in enumerate(places(body)):
        for odd in ODD:
            sent = with_odd(body, place, odd)
            headers = {
                "Content-Type": "application/json",
                "Idempotency-Key": f"{which}-{number}-{odd!r:.20}".encode(),
            }
            judged(http.post(at(path), content=sent, headers=headers), path, "post", (place, sent))


@pytest.mark.parametrize("path", sorted({path for path, _ in BODIES}))
def test_odd_bytes_and_types(http: httpx.Client, path: str) -> None:
    for sent in BYTES:
        for kind in TYPES:
            headers = {"Content-Type": kind, "Idempotency-Key": "odd"}
            judged(http.post(at(path), content=sent, headers=headers), path, "post", (kind, sent))


@pytest.mark.parametrize("path", [path for path, doors in DOCUMENT["paths"].items() if "get" in doors])
def test_odd_queries(http: httpx.Client, path: str) -> None:
    needed = {"lon": "112.395", "lat": "35.625", "q": "a", "unit": "1405"}
    named = [one for one in DOCUMENT["paths"][path]["get"].get("parameters", []) if one.get("in") == "query"]
    for name in (*(one["name"] for one in named), "lang", "nothing"):
        for odd in (*QUERY, *DAYS):
            others = [f"{key}={value}" for key, value in needed.items() if key != name]
            query = "&".join([f"{name}={quote_from_bytes(odd)}", *others])
            with http.stream("GET", f"{at(path)}?{query}") as answer:
                if path != "/api/live" or answer.is_error:  # what is open there never ends
                    answer.read()
                judged(answer, path, "get", query)
