"""Lines and figures about requests: true, of bounded number, and without anything that people sent."""

from __future__ import annotations

import io
import json
import logging
import re
import textwrap
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, Response
from fastapi.testclient import TestClient
from sqlalchemy import create_engine
from support.program import run_python

from api.middleware import observability as observe
from api.middleware.logs import REQUEST_ID, SERVERS, configure_logging
from api.middleware.observability import (
    ObservabilityMiddleware,
    count_report,
    count_sign_in,
    endpoint_of,
    exposition,
    metrics_of_process,
    watch_pool,
)
from api.routers import reports
from core.errors import StoreUnavailable
from store.access import Identity

SECRET = "暗语QRZ8841"
LON, LAT = 112.39567913, 35.62587641
KEY = "key-of-tangerine-77"
PHONE = "13812345678"
TELLING = (SECRET, "QRZ8841", KEY, PHONE, "567913", "587641", "tangerine")


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What the process logs meanwhile, read from its lines; other handlers come back afterwards."""
    loggers = [logging.getLogger(name) for name in ("", "zhijie", *SERVERS)]
    before = [(logger, list(logger.handlers), logger.level, logger.propagate) for logger in loggers]
    stream = io.StringIO()
    configure_logging(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    for logger, handlers, level, propagate in before:
        logger.handlers[:] = handlers
        logger.setLevel(level)
        logger.propagate = propagate


Lines = Callable[[], list[dict[str, Any]]]


def small() -> ObservabilityMiddleware:
    """An application of two rooms, observed."""
    app, room = FastAPI(), APIRouter(prefix="/api/things")

    @room.get("/{id}")
    def thing(id: int) -> Response:
        return Response(status_code=204)

    @room.post("")
    def fail() -> None:
        try:
            raise ValueError(SECRET)
        except ValueError as fault:
            raise RuntimeError(f"about {SECRET}") from fault

    app.include_router(room)
    return ObservabilityMiddleware(app)


def value(name: str, **labels: str) -> float:
    return metrics_of_process().registry.get_sample_value(name, labels) or 0.0


def calls(app: ObservabilityMiddleware) -> TestClient:
    return TestClient(app, raise_server_exceptions=False)


def accessed(lines: Lines) -> list[dict[str, Any]]:
    return [line for line in lines() if line["log"] == "zhijie.access"]


def test_a_line_a_request_says_what_came_of_it(lines: Lines) -> None:
    answer = calls(small()).get(f"/api/things/5?{KEY}={SECRET}")
    (line,) = accessed(lines)
    assert set(line) == {"time", "level", "log", "id", "method", "door", "status", "ms"}
    assert (line["method"], line["door"], line["status"]) == ("GET", "/api/things/{id}", 204)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line["time"])
    assert line["id"] == answer.headers["x-request-id"]
    assert 0 < line["ms"] < 60_000


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (str(uuid.UUID(int=7)), True),
        ("0af7651916cd43dd8448eb211c80319c", True),
        ("0AF76519-16cd-43dd-8448-eb211c80319c", True),
        (PHONE, False),
        ("140522199001011234", False),
        ("x" * 32, False),
        ("0af7651916cd43dd8448eb211c80319c\n{}", False),
        ("", False),
    ],
)
def test_an_id_that_comes_along_is_kept_where_it_is_surely_one(given: str, taken: bool) -> None:
    found = calls(small()).get("/api/things/5", headers={"X-Request-ID": given}).headers["x-request-id"]
    assert (found == given) is taken
    assert observe.SANE_ID.fullmatch(found.encode())


def test_each_request_has_an_id_of_its_own() -> None:
    client = calls(small())
    assert len({client.get("/api/things/5").headers["x-request-id"] for _ in range(20)}) == 20
    assert REQUEST_ID.get() is None


@pytest.mark.parametrize(
    ("method", "path", "door"),
    [
        ("GET", "/api/things/5", "/api/things/{id}"),
        ("GET", f"/api/things/{SECRET}", "/api/things/{id}"),
        ("DELETE", "/api/things/5", "/api/things/{id}"),
        ("GET", f"/elsewhere/{SECRET}", "unmatched"),
        ("GET", "/openapi.json", "/openapi.json"),
    ],
)
def test_a_door_is_a_pattern_and_never_a_path(lines: Lines, method: str, path: str, door: str) -> None:
    calls(small()).request(method, path)
    assert accessed(lines)[0]["door"] == door


@pytest.mark.parametrize(
    ("path", "door"),
    [
        ("/api/check", "/api/check"),
        ("/api/reports/12", "/api/reports/{id}"),
        ("/static/zhijie/map/main.js", "/static"),
        ("/api/reports/12/x/y", "unmatched"),
        ("/{id}", "unmatched"),
        ("/static/{path:path}", "/static"),
    ],
)
def test_what_is_answered_before_the_router_has_its_door_too(
    client: TestClient, path: str, door: str
) -> None:
    assert endpoint_of({"type": "http", "path": path, "method": "POST", "app": client.app}) == door


def test_an_unknown_method_is_no_name_of_its_own(lines: Lines) -> None:
    calls(small()).request("BREW", "/api/things/5")
    assert accessed(lines)[0]["method"] == "other"
    assert value("zhijie_requests_total", method="BREW", door="/api/things/{id}", status="4xx") == 0


def test_figures_count_requests_and_their_time() -> None:
    labels = {"method": "GET", "door": "/api/things/{id}", "status": "2xx"}
    counted = value("zhijie_requests_total", **labels)
    timed = value("zhijie_request_seconds_count", door="/api/things/{id}")
    calls(small()).get("/api/things/5")
    assert value("zhijie_requests_total", **labels) == counted + 1
    assert value("zhijie_request_seconds_count", door="/api/things/{id}") == timed + 1
    assert value("zhijie_requests_in_flight") == 0


def test_a_failure_is_counted_told_once_and_still_raised(lines: Lines) -> None:
    labels = {"method": "POST", "door": "/api/things", "status": "5xx"}
    counted = value("zhijie_requests_total", **labels)
    with pytest.raises(RuntimeError):
        TestClient(small()).post("/api/things")
    assert value("zhijie_requests_total", **labels) == counted + 1
    assert [line["status"] for line in accessed(lines)] == [500]


def test_a_client_that_goes_away_is_no_failure_of_ours(lines: Lines) -> None:
    async def silent(scope: Any, receive: Any, send: Any) -> None:
        return

    with pytest.raises(AssertionError):  # the test client's: nothing was answered
        TestClient(ObservabilityMiddleware(silent)).get("/")
    assert accessed(lines)[0]["status"] == observe.GONE


def test_a_line_names_roles_and_nobody(lines: Lines) -> None:
    who = Identity(
        account=77123,
        name="wangqiang",
        shown="王强",
        credential=9,
        kind="session",
        expires=1e12,
        postings=(("officer", "140522201"), ("command", "140522"), ("officer", "140522202")),
        rights=frozenset({"read"}),
    )

    async def known(scope: Any, receive: Any, send: Any) -> None:
        scope["state"]["who"] = who
        await Response("x")(scope, receive, send)

    TestClient(ObservabilityMiddleware(known)).get("/")
    (line,) = accessed(lines)
    assert line["roles"] == ["command", "officer"]
    assert not re.search("wangqiang|王强|140522|77123", json.dumps(line, ensure_ascii=False))


def test_nothing_is_written_where_nobody_listens(caplog: pytest.LogCaptureFixture) -> None:
    calls(small()).get("/api/things/5")
    assert [record for record in caplog.records if record.name == "zhijie.access"] == []


def body_of(**more: Any) -> dict[str, Any]:
    body = {
        "lon": LON,
        "lat": LAT,
        "category": "livestock_farm",
        "as_of": "2022-08-21",
        "description": SECRET,
    }
    return body | more


def test_nothing_that_people_sent_comes_into_the_log(
    client: TestClient, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        try:
            raise KeyError(KEY)
        except KeyError:
            raise RuntimeError(f"{SECRET} at {LON}, {LAT} of {PHONE}") from None

    def unreachable(*_: object) -> None:
        raise StoreUnavailable(f"{SECRET} {KEY}") from ConnectionError(SECRET)

    head = {"Idempotency-Key": KEY, "X-Request-ID": PHONE, "User-Agent": SECRET.encode(), "Referer": KEY}
    found = [client.post("/api/reports", json=body_of(), headers=head)]
    found.append(client.post("/api/reports", json=body_of(lon=KEY), headers=head))
    found.append(client.get(f"/api/{SECRET}/{KEY}", params={"q": SECRET, "lon": LON}))
    found.append(client.get(f"/api/reports/{KEY}?key={PHONE}", headers=head))
    for act in (fail, unreachable):
        monkeypatch.setattr(reports, "file_report", act)
        found.append(client.post(f"/api/reports?q={SECRET}", json=body_of(), headers=head))
    assert [answer.status_code for answer in found] == [201, 422, 404, 422, 500, 503]
    told = lines()
    assert [line["status"] for line in told if line["log"] == "zhijie.access"] == [
        201,
        422,
        404,
        422,
        500,
        503,
    ]
    errors = [line for line in told if line["log"] == "zhijie.api"]
    assert [line["errors"][0]["type"] for line in errors] == ["RuntimeError", "core.errors.StoreUnavailable"]
    assert errors[1]["errors"][1]["type"] == "ConnectionError"
    text = json.dumps(told, ensure_ascii=False)
    assert [word for word in TELLING if word in text] == []


def test_an_error_has_its_request_and_its_stack(
    client: TestClient, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(reports, "fetch_report", fail)
    answer = client.get("/api/reports/1")
    error = next(line for line in lines() if line["log"] == "zhijie.api")
    assert error["id"] == answer.headers["x-request-id"]
    assert error["message"].startswith("GET /api/reports/{id}")
    stack = error["errors"][0]["stack"]
    assert re.fullmatch(r"tests/api/test_observability\.py:\d+ fail", stack[-1])
    assert any(place.startswith("starlette/") for place in stack)


def test_errors_are_told_with_what_they_came_from_and_once(lines: Lines) -> None:
    log, uvicorn = logging.getLogger("zhijie.api"), logging.getLogger("uvicorn.error")
    try:
        try:
            raise OSError(2, SECRET)
        except OSError as first:
            raise ExceptionGroup(SECRET, [KeyError(SECRET), ValueError(SECRET)]) from first
    except ExceptionGroup as fault:
        log.error("failed: %s", fault, exc_info=fault)
        uvicorn.error("Exception in ASGI application\n", exc_info=fault)
    (line,) = lines()
    kinds = [error["type"] for error in line["errors"]]
    assert kinds == ["ExceptionGroup", "FileNotFoundError", "KeyError", "ValueError"]
    assert line["errors"][1]["code"] == 2
    assert line["message"] == "failed: ExceptionGroup"
    assert SECRET not in json.dumps(line, ensure_ascii=False)


def test_an_error_that_only_the_server_saw_is_told(lines: Lines) -> None:
    logging.getLogger("uvicorn.error").error("Exception in ASGI application\n", exc_info=ValueError(SECRET))
    (line,) = lines()
    assert (line["log"], line["message"]) == ("uvicorn.error", "Exception in ASGI application")
    assert line["errors"] == [{"type": "ValueError", "stack": []}]


def test_chains_in_a_circle_end(lines: Lines) -> None:
    one, other = ValueError(SECRET), KeyError(SECRET)
    one.__cause__, other.__cause__ = other, one
    logging.getLogger("zhijie.api").error("x", exc_info=one)
    assert [error["type"] for error in lines()[0]["errors"]] == ["ValueError", "KeyError"]


def test_other_libraries_say_only_where_they_speak(lines: Lines) -> None:
    logging.getLogger("asyncio").error("Task exception was never retrieved %s", SECRET)
    logging.getLogger("zhijie.snapshot").warning("%s are in step", "snapshots")
    other, ours = lines()
    assert re.fullmatch(r"tests/api/test_observability\.py:\d+ test_other_\w+", other["at"])
    assert SECRET not in json.dumps(other, ensure_ascii=False)
    assert ours["message"] == "snapshots are in step"


def test_the_server_s_own_access_log_says_no_path(lines: Lines) -> None:
    logging.getLogger("uvicorn.access").warning('%s - "%s %s"', PHONE, "GET", f"/api/{SECRET}")
    assert SECRET not in json.dumps(lines(), ensure_ascii=False)


def test_lines_are_json_whatever_they_hold(lines: Lines) -> None:
    logging.getLogger("zhijie.api").warning('a "quoted"\nline %s', "\u2028")
    logging.getLogger("zhijie.api").warning(ValueError(SECRET))
    first, second = lines()
    assert first["message"] == 'a "quoted"\nline'
    assert second["message"] == "ValueError"


def test_the_door_of_the_figures_speaks_prometheus(client: TestClient) -> None:
    client.get("/healthz")
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert re.search(r'zhijie_requests_total\{door="/healthz",method="GET",status="2xx"\} \d', answer.text)
    assert "zhijie_memory_current 0.0" in answer.text
    assert "process_resident_memory_bytes" in answer.text
    open_metrics = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert open_metrics.text.endswith("# EOF\n")
    assert open_metrics.headers["content-type"].startswith("application/openmetrics-text")


def test_the_figures_know_whether_memory_is_up_to_date() -> None:
    class Memory:
        """A store in memory that has today, or not."""

        def __init__(self, found: Any) -> None:
            self.found = found

        def at(self, day: object) -> Any:
            return self.found

    assert b"zhijie_memory_current 1.0" in exposition("", Memory(object()))[0]
    assert b"zhijie_memory_current 0.0" in exposition("", Memory(None))[0]


def test_reports_and_tries_to_sign_in_are_counted() -> None:
    before = [
        value("zhijie_reports_filed_total"),
        value("zhijie_sign_ins_total", outcome="accepted"),
        value("zhijie_sign_ins_total", outcome="refused"),
    ]
    count_report()
    count_sign_in(True)
    for _ in range(2):
        count_sign_in(False)
    after = [
        value("zhijie_reports_filed_total"),
        value("zhijie_sign_ins_total", outcome="accepted"),
        value("zhijie_sign_ins_total", outcome="refused"),
    ]
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 1, 2]


def test_connections_in_use_are_counted() -> None:
    engine = create_engine("sqlite://")
    for _ in range(2):
        watch_pool(engine, 8)
    before = value("zhijie_pool_connections_used")
    with engine.connect():
        assert value("zhijie_pool_connections_used") == before + 1
    assert value("zhijie_pool_connections_used") == before
    assert value("zhijie_pool_connections") == 8
    engine.dispose()


def _run(code: str, folder: Path) -> str:
    done = run_python(textwrap.dedent(code), PROMETHEUS_MULTIPROC_DIR=str(folder))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_several_processes_are_one_service(tmp_path: Path) -> None:
    work = """
        from api.middleware.observability import count_report, exposition, metrics_of_process
        metrics_of_process().count("GET", "/healthz", 200, 0.001)
        metrics_of_process().in_flight.inc()
        count_report()
        print(exposition("", None)[0].decode())
    """
    _run(work, tmp_path)
    told = _run(work, tmp_path)
    assert "zhijie_reports_filed_total 2.0" in told
    assert 'zhijie_requests_total{door="/healthz",method="GET",status="2xx"} 2.0' in told
    assert "zhijie_requests_in_flight 1.0" in told  # the first process has ended: it answers nobody
