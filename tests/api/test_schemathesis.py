"""Requests made from the API's own description, as each role: no failure of ours, no answer it does not tell.

``ZHIJIE_TEST_EXAMPLES`` makes more of them at each door.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pyarrow as pa
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis import checks
from schemathesis.specs.openapi import checks as of_api
from sqlalchemy import Engine
from support.credentials import bearer, hire, staff
from support.pictures import picture
from support.servers import serving

from accounts.postings import NewPosting
from api.app import create_app
from api.batch.response import ARROW
from api.openapi import OPEN
from core.settings import Settings
from demo.story import STORY
from reports.filing import Reporter, file_report
from store.access import ROLES
from store.engine import open_session
from verdict.inquiry import Limits

pytestmark = pytest.mark.long

REACH: Final = "140522201"
NOBODY: Final = "nobody"
EXAMPLES: Final = int(os.environ.get("ZHIJIE_TEST_EXAMPLES", "10"))
FEW: Final = max(5, EXAMPLES // 10)
# What is done by who has signed in with a password: asked with a session, the others with a key.
BY_SESSION: Final = ("/api/keys", "/api/session/password")
CHECKS: Final = [
    checks.not_a_server_error,
    of_api.status_code_conformance,
    of_api.content_type_conformance,
    of_api.response_headers_conformance,
    of_api.response_schema_conformance,
    of_api.negative_data_rejection,
    of_api.unsupported_method,
]
FAST: Final[dict[str, Any]] = {
    "check_rate": "100000/second",
    "anonymous_rate": "100000/second",
    "sign_in_rate": "100000/second",
    "cookie_secure": False,
}
CONFIG: Final = schemathesis.Config.from_dict(
    {
        "generation": {
            "deterministic": True,
            "max-examples": EXAMPLES,
            "no-shrink": True,
            "with-security-parameters": False,  # who asks is said by the test
        },
        "phases": {"stateful": {"enabled": False}},
        # hashing a password takes as long as a hundred other requests
        "operations": [{"include-path": "/api/session", "generation": {"max-examples": FEW}}],
    }
)


def stream(rows: list[tuple[float, float]]) -> bytes:
    """Points as an Arrow stream."""
    table = pa.table({name: pa.array([row[i] for row in rows], pa.float64()) for i, name in enumerate("xy")})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


@schemathesis.serializer(ARROW)
def _as_it_is(context: schemathesis.SerializationContext, value: Any) -> Any:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


numbers = st.floats(allow_nan=True, width=64)
schemathesis.openapi.media_type(ARROW, st.lists(st.tuples(numbers, numbers), max_size=5).map(stream))
schema = schemathesis.openapi.from_dict(create_app(Settings(**FAST)).openapi(), config=CONFIG)
schema = schema.exclude(
    path="/api/live"
)  # which never ends; tests/live/test_live.py and test_odd_requests.py ask it


@dataclass
class Scene:
    """A server with a report and a picture in it, and the credentials of each role."""

    url: str
    keys: dict[str, str]
    sessions: dict[str, str]
    seen: dict[str, set[int]] = field(default_factory=dict)
    http: requests.Session = field(default_factory=requests.Session)

    def headers(self, role: str, path: str) -> dict[str, str]:
        """How a role shows who it is at a door."""
        if role == NOBODY:
            return {}
        return bearer((self.sessions if path.startswith(BY_SESSION) else self.keys)[role])


@pytest.fixture(scope="module")
def scene(
    http_engine: Engine,
    web_engine: Engine,
    any_key: str,
    limits: Limits,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Scene]:
    keys = {role: hire(http_engine, NewPosting(role, REACH)) for role in ROLES}
    with open_session(http_engine) as session:
        told = replace(STORY, reporter=Reporter("李四", "13800000000"))
        assert file_report(session, told, "one", limits).report.id == 1
    sessions = staff(http_engine, web_engine, REACH)
    own = Settings(**FAST, evidence_url=str(tmp_path_factory.mktemp("evidence")))
    with serving(create_app(own, web_engine)) as url, requests.Session() as http:
        added = http.post(f"{url}/api/reports/1/evidence", picture(), headers=bearer(any_key))
        assert added.json()["id"] == 1, added.text
        yield Scene(url, keys, sessions, http=http)


@pytest.mark.parametrize("role", [*ROLES, NOBODY])
@schema.parametrize()
@settings(suppress_health_check=list(HealthCheck), deadline=None)
def test_a_role_at_a_door(case: schemathesis.Case, scene: Scene, role: str) -> None:
    answer = case.call(scene.url, scene.http, headers=scene.headers(role, case.operation.path))
    scene.http.cookies.clear()  # a session that a request began is no other's
    scene.seen.setdefault(case.operation.label, set()).add(answer.status_code)
    case.validate_response(answer, CHECKS)
    if role == NOBODY and (case.operation.method, case.operation.path) not in OPEN:
        assert answer.status_code >= 400


def test_every_door_was_opened(scene: Scene) -> None:
    """Every door was asked, and did what it is for at least once."""
    labels = {result.ok().label for result in schema.get_all_operations()}
    assert set(scene.seen) == labels
    # Who guesses no password is not let in, who guesses no number of an own key or a parcel gets to none:
    # tests/api/test_access.py goes through these doors.
    guessed = {"POST /api/session/password", "POST /api/session"}
    guessed |= {"DELETE /api/keys/{id}", "GET /api/parcels/{number}"}
    assert {label for label, seen in scene.seen.items() if not any(code < 300 for code in seen)} <= guessed
