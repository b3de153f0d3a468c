"""Whole verdicts over HTTP, beside a service that only asks PostGIS for the unit and the zones of a point.

Both with two processes, asked in turns over 16 connections: about points of one city, good to 10 m, as the
service of a city is, and about exact points all over the country. Half of them lie beside borders.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from benchmarks.asking import mixed, mixed_of_city
from benchmarks.bench import Bench
from benchmarks.borders import Floats
from benchmarks.harness import OURS, AnswersDiffer
from benchmarks.httpload import Load, again_and_again, bodies, drive, post
from benchmarks.peers import sql_service
from benchmarks.results import FULL, Row, figure
from benchmarks.services import SERVE, SQL_SERVE, running
from benchmarks.store import CATEGORY, credential, environment

POINTS: Final = 200_000
COMPARED: Final = 500
WARM_S: Final = {FULL: 10.0, "quick": 1.0}  # asked before anything is timed
SECONDS: Final = {FULL: 3.0, "quick": 0.4}
CITY_ACCURACY_M: Final = 10.0
PEERS: Final = {
    "psycopg2": "FastAPI + psycopg2, two SELECTs",
    "tuned": "the same, tuned",
    "asyncpg": "the same, tuned, asyncpg",
}
AT_LEAST: Final = {PEERS["psycopg2"]: 3.0}
AT_MOST_MS: Final = 20.0
Body = Callable[[float, float], dict[str, Any]]
Told = dict[str, Any]


@dataclass
class Service:
    """One that is running, what it is asked, and what it stood in each round."""

    name: str
    port: int
    requests: list[bytes]
    loads: list[Load] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._next: Iterator[bytes] = again_and_again(self.requests)

    def drive(self, seconds: float) -> Load:
        """Ask on where it was left."""
        return drive(self.port, self._next, seconds)

    @property
    def rates(self) -> list[float]:
        """Requests a second, round by round."""
        return [load.rate for load in self.loads]

    @property
    def p99_ms(self) -> list[float]:
        """The slowest of a hundred, round by round."""
        return [load.percentile_ms(99) for load in self.loads]

    def told(self, count: int) -> list[Told]:
        """Its first answers."""
        return [orjson.loads(body) for body in bodies(self.port, self.requests[:count])]


def measure(bench: Bench) -> list[Row]:
    """A city, and the country."""
    address = str(bench.store.database_url)
    sql_service.make_tables(address)
    sets = {
        "a city": (mixed_of_city(bench.world, POINTS), CITY_ACCURACY_M),
        "the country": (mixed(bench.world, POINTS), 0.0),
    }
    rows = []
    shown = credential(bench.store)
    with ExitStack() as until:
        ours = until.enter_context(running(SERVE, environment(bench.store)))
        ports = {}
        for kind in PEERS:
            said = {sql_service.ADDRESS: address, sql_service.KIND: kind}
            ports[kind] = until.enter_context(running(SQL_SERVE, said))
        for where, (points, accuracy) in sets.items():
            asked = _requests("/check", points, lambda x, y: {"lon": x, "lat": y})
            mine = _requests("/api/check", points, _body(accuracy), shown)
            services = [Service(OURS, ours, mine)]
            services += [Service(name, ports[kind], asked) for kind, name in PEERS.items()]
            rows += _raced(bench, services, where)
    return rows


def _body(accuracy_m: float) -> Body:
    said = {"datum": "cgcs2000", "accuracy_m": accuracy_m, "category": CATEGORY}
    return lambda x, y: {"lon": x, "lat": y, **said}


def _requests(path: str, points: Floats, body: Body, headers: Mapping[str, str] | None = None) -> list[bytes]:
    return [post(path, orjson.dumps(body(x, y)), headers) for x, y in points.tolist()]


def _raced(bench: Bench, services: list[Service], where: str) -> list[Row]:
    seconds = SECONDS[bench.size.name]
    bench.say(f"http: {where}, {bench.rounds} rounds of {seconds:g} s for each service")
    for service in services:
        service.drive(WARM_S[bench.size.name])
    ours, *peers = services
    told = ours.told(COMPARED)
    compared = [_compared(told, peer) for peer in peers]
    for _ in range(bench.rounds):
        for service in services:
            service.loads.append(service.drive(seconds))
    note = f"{compared[0]:,} of {COMPARED} compared answers were certain of the unit; all of these agree"
    group = f"check over HTTP, {where}"
    rows = [_against(bench, group, ours, peer, note) for peer in peers]
    return [*rows, _latest(bench, group, ours)]


def _against(bench: Bench, group: str, ours: Service, peer: Service, note: str) -> Row:
    mine, theirs = statistics.median(ours.rates), statistics.median(peer.rates)
    return figure(
        f"{group} / {peer.name}",
        group,
        "requests/s",
        mine,
        bench.size.name,
        ours_range=(min(ours.rates), max(ours.rates)),
        peer=peer.name,
        peer_version=sql_service.VERSION,
        theirs=theirs,
        theirs_range=(min(peer.rates), max(peer.rates)),
        ratio=mine / theirs,
        at_least=AT_LEAST.get(peer.name),
        rounds=len(ours.loads),
        peer_rounds=len(peer.loads),
        note=note,
    )


def _latest(bench: Bench, group: str, ours: Service) -> Row:
    p99 = ours.p99_ms
    return figure(
        f"{group}: 99th percentile, at 16 connections",
        group,
        "ms",
        statistics.median(p99),
        bench.size.name,
        ours_range=(min(p99), max(p99)),
        at_most=AT_MOST_MS,
        rounds=len(p99),
    )


def _compared(ours: list[Told], peer: Service) -> int:
    """How many points had a unit that is sure. Raises AnswersDiffer."""
    compared = 0
    for n, (mine, theirs) in enumerate(zip(ours, peer.told(len(ours)), strict=True)):
        fault = _fault(mine["verdict"], theirs)
        if fault is not None:
            raise AnswersDiffer(f"{OURS} and {peer.name} differ: point {n}: {fault}")
        compared += mine["verdict"]["jurisdiction"]["certainty"] == "certain"
    return compared


def _fault(verdict: Told, theirs: Told) -> str | None:
    """What cannot be: a sure unit or zone is PostGIS's too, and its zones are at least possible."""
    found = verdict["jurisdiction"]
    unit = theirs["unit"] and theirs["unit"]["code"]
    if found["certainty"] == "certain" and found["lead"]["code"] != unit:
        return f"unit {found['lead']['code']} and {unit}"
    zones = {zone["code"] for zone in theirs["zones"]}
    met = [one for one in verdict["conflicts"] if one["relation"] in ("within", "possible")]
    sure = {one["zone"]["id"] for one in met if one["certainty"] == "certain" and one["relation"] == "within"}
    if not sure <= zones <= {one["zone"]["id"] for one in met}:
        return f"zones {sorted(sure)} and {sorted(zones)}"
    return None
