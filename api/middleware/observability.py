"""Logs and counts requests for the operator, without anything about people.

A log line names the endpoint (the route's pattern), never the path, the query or the body. Metrics are those
of the process, or with ``PROMETHEUS_MULTIPROC_DIR`` of all processes that share the folder.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from sqlalchemy import Engine, event
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.middleware.logs import FIELDS, REQUEST_ID
from core.clock import today
from core.processes import process_exists
from facts import SnapshotSource
from store import Identity

access: Final = logging.getLogger("zhijie.access")
FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
UNMATCHED: Final = "unmatched"
HEADER: Final = b"x-request-id"
# A UUID or a trace id. Nothing else: a telephone or identity number must not get into the log as an id.
SANE_ID: Final = re.compile(rb"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
GONE: Final = 499  # the client disconnected before it was answered (nginx's number for it)
BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
GAUGE_FILE: Final = re.compile(r"gauge_live[a-z]*_(\d+)\.db")


@dataclass(frozen=True, slots=True)
class Metrics:
    """The metrics of this process, made when first needed (see ``metrics_of_process``)."""

    registry: CollectorRegistry
    requests: Counter
    seconds: Histogram
    in_flight: Gauge
    reports: Counter
    sign_ins: Counter
    pool_used: Gauge
    pool_size: Gauge
    memory: Gauge
    # ``labels()`` takes a lock and costs more than counting itself, so its results are kept.
    counts: dict[tuple[str, str, int], Counter] = field(default_factory=dict)
    spans: dict[str, Histogram] = field(default_factory=dict)

    def count(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        kind = status // 100
        counter = self.counts.get((method, endpoint, kind))
        if counter is None:
            counter = self.requests.labels(method, endpoint, f"{kind}xx")
            self.counts[method, endpoint, kind] = counter
        counter.inc()
        span = self.spans.get(endpoint)
        if span is None:
            span = self.spans[endpoint] = self.seconds.labels(endpoint)
        span.observe(seconds)


@cache
def metrics_of_process() -> Metrics:
    """The metrics of this process."""
    registry = CollectorRegistry()
    if FOLDER not in os.environ:
        ProcessCollector(registry=registry)

    def gauge(name: str, words: str, mode: Any = "livesum") -> Gauge:  # noqa: ANN401 - a literal of the library
        return Gauge(f"zhijie_{name}", words, registry=registry, multiprocess_mode=mode)

    def counter(name: str, words: str, labels: tuple[str, ...] = ()) -> Counter:
        return Counter(f"zhijie_{name}", words, labels, registry=registry)

    return Metrics(
        registry,
        # "door" is the label's published name: dashboards and alerts ask for it.
        requests=counter("requests", "Requests answered", ("method", "door", "status")),
        seconds=Histogram(
            "zhijie_request_seconds", "Time to answer", ("door",), registry=registry, buckets=BUCKETS
        ),
        in_flight=gauge("requests_in_flight", "Requests being answered"),
        reports=counter("reports_filed", "Reports filed"),
        sign_ins=counter("sign_ins", "Attempts to sign in", ("outcome",)),
        pool_used=gauge("pool_connections_used", "Database connections in use"),
        pool_size=gauge("pool_connections", "Database connections that may be in use"),
        memory=gauge(
            "memory_current",
            "1 while the scraped process answers today's checks from memory",
            "livemostrecent",
        ),
    )


class ObservabilityMiddleware:
    """ASGI middleware, the outermost: gives each request an id, counts it and writes its log line."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._metrics = metrics_of_process()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and log its outcome."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), GONE
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        header = (HEADER, request_id.encode())

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        token = REQUEST_ID.set(request_id)
        self._metrics.in_flight.inc()
        try:
            await self.app(scope, receive, send_noted)
        except Exception:
            status = 500
            raise
        finally:
            REQUEST_ID.reset(token)
            self._metrics.in_flight.dec()
            self._log(scope, request_id, status, time.perf_counter() - began)

    def _log(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        endpoint, method = endpoint_of(scope), scope["method"]
        method = method if method in METHODS else "other"
        self._metrics.count(method, endpoint, status, seconds)
        if scope["state"].get("unlogged") or not access.isEnabledFor(logging.INFO):
            return
        line = {
            "id": request_id,
            "method": method,
            "door": endpoint,
            "status": status,
            "ms": round(seconds * 1e3, 3),
        }
        who: Identity | None = scope["state"].get("who")
        if who is not None:
            line["roles"] = sorted({role for role, _ in who.postings})
        access.info("request", extra={FIELDS: line})


def _request_id(scope: Scope) -> str:
    """The id that a request brings, where it is a UUID or trace id; else a new one."""
    for name, value in scope["headers"]:
        if name == HEADER:
            return value.decode() if SANE_ID.fullmatch(value) else secrets.token_hex(16)
    return secrets.token_hex(16)


def endpoint_of(scope: Scope) -> str:
    """The pattern of a request's route, such as /api/reports/{id}; also for one answered before routing."""
    route = scope.get("route")
    if route is not None:
        return str(route.path)
    app = scope.get("app")
    return UNMATCHED if app is None else _endpoint_by_path(app, scope)


def _endpoint_by_path(app: Any, scope: Scope) -> str:  # noqa: ANN401 - any Starlette application
    path: str = scope["path"]
    plain, patterns = _endpoints(app)
    if path in plain:
        return path
    return next((endpoint for endpoint, pattern in patterns if pattern.match(path)), UNMATCHED)


@lru_cache(8)
def _endpoints(app: Any) -> tuple[frozenset[str], tuple[tuple[str, re.Pattern[str]], ...]]:  # noqa: ANN401
    """The paths of an application without parameters, and the others with their patterns."""
    found = {str(route.path): route.path_regex for route in _routes(app)}
    plain = {path for path, pattern in found.items() if pattern.match(path) and "{" not in path}
    return frozenset(plain), tuple((path, found[path]) for path in found if path not in plain)


def _routes(app: Any) -> Iterator[Any]:  # noqa: ANN401
    for route in app.routes:
        inner = getattr(route, "effective_route_contexts", None)  # of an included router
        yield from (route,) if inner is None else inner()


def count_report() -> None:
    """Count a filed report."""
    metrics_of_process().reports.inc()


def count_sign_in(accepted: bool) -> None:
    """Count an attempt to sign in."""
    metrics_of_process().sign_ins.labels("accepted" if accepted else "refused").inc()


def watch_pool(engine: Engine, size: int) -> None:
    """Count an engine's connections in use, of ``size``. May be called again for the same engine."""
    metrics_of_process().pool_size.set(size)
    if not event.contains(engine, "checkout", _count_checkout):
        event.listen(engine, "checkout", _count_checkout)
        event.listen(engine, "checkin", _count_checkin)


def _count_checkout(*_: object) -> None:
    metrics_of_process().pool_used.inc()


def _count_checkin(*_: object) -> None:
    metrics_of_process().pool_used.dec()


def exposition(accept: str, memory: SnapshotSource | None) -> tuple[bytes, str]:
    """The metrics in Prometheus' format, and their media type. ``memory``: the snapshot service, if any."""
    own = metrics_of_process()
    own.memory.set(memory is not None and memory.at(today()) is not None)
    encode, media_type = choose_encoder(accept)
    folder = os.environ.get(FOLDER)
    if folder is None:
        return encode(own.registry), media_type
    _forget_dead(Path(folder))
    registry = CollectorRegistry()
    MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    return encode(registry), media_type


def _forget_dead(folder: Path) -> None:
    """Drop the gauges of processes that have ended; their counters stay counted."""
    for file in folder.glob("gauge_live*.db"):
        found = GAUGE_FILE.fullmatch(file.name)
        if found and not process_exists(int(found[1])):
            with suppress(FileNotFoundError):  # another process was faster
                mark_process_dead(int(found[1]), str(folder))  # type: ignore[no-untyped-call]
