"""Vector tiles of a million reports over HTTP, beside tipg on the same PostGIS; how soon a change is in one.

Both with two processes, asked in turns over eight connections for the tiles of the city at one zoom in the
same order. Ours are measured twice. "Kept": as pages and wall screens ask, for what was drawn for the same
account before and has not changed since. "New": by a service that keeps no tile, so that each is drawn anew.
tipg keeps nothing.
"""

from __future__ import annotations

import math
import random
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from benchmarks.bench import Bench
from benchmarks.httpload import Load, again_and_again, bodies, drive, get
from benchmarks.livestore import LiveStore, hired, open_live_store
from benchmarks.peers import tipg_peer
from benchmarks.results import FULL, Row, figure
from benchmarks.services import SERVE, running
from reports.filing import Submission, file_report
from store.engine import make_engine, open_session
from verdict.inquiry import Inquiry, Limits

ZOOMS: Final = tuple(range(6, 15))
BOX: Final = (111.95, 35.20, 113.50, 36.05)  # of the city, degrees
MOST: Final = 1_500  # tiles of a zoom
LINES: Final = 8
WARM: Final = 6  # times that each tile is asked for before it counts as cached, by both processes
SECONDS: Final = {FULL: 3.0, "quick": 0.5}
TIMES_TIPG: Final = 10.0
P95_MS: Final = 50.0
SEEN_S: Final = 1.0
OURS: Final = "/api/tiles/violations/1/{z}/{x}/{y}.mvt"
CACHED, UNCACHED, THEIRS = "cached", "uncached", "tipg"
KEEP_NOTHING: Final = {"ZHIJIE_TILE_CACHE_BYTES": "0"}


class Ports(NamedTuple):
    """Where the three listen."""

    kept: int
    new: int
    theirs: int


@dataclass
class Side:
    """One of the three, the requests that it is asked, and what it stood."""

    port: int
    requests: list[bytes]
    loads: list[Load] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._next: Iterator[bytes] = again_and_again(self.requests)

    def drive(self, seconds: float) -> None:
        """Ask on where it was left."""
        self.loads.append(drive(self.port, self._next, seconds, LINES))

    @property
    def rate(self) -> float:
        """Tiles a second, the median round."""
        return statistics.median(load.rate for load in self.loads)

    @property
    def rates(self) -> tuple[float, float]:
        """The slowest and the fastest round."""
        found = [load.rate for load in self.loads]
        return min(found), max(found)

    def p95_ms(self) -> float:
        """Milliseconds within which 95 of 100 tiles came, the median round."""
        return statistics.median(load.percentile_ms(95) for load in self.loads)


def measure(bench: Bench) -> list[Row]:
    """Every zoom, and the change."""
    size = bench.size.name
    bench.say("tiles: a store with many reports, some minutes where it is not kept from an earlier run")
    with ExitStack() as until:
        store = until.enter_context(open_live_store(size))
        address = str(store.settings.database_url)
        tipg_peer.make_table(address)
        ours = until.enter_context(running(SERVE, store.environment()))
        theirs = until.enter_context(running(tipg_peer.COMMAND, tipg_peer.environment(address)))
        forgetful = until.enter_context(running(SERVE, store.environment() | KEEP_NOTHING))
        key = hired(store)
        rows = []
        for zoom in ZOOMS:
            rows += _zoom(bench, store, zoom, Ports(ours, forgetful, theirs), key)
        return [*rows, _change(size, store, ours, key)]


def tiles_of(zoom: int) -> list[tuple[int, int]]:
    """The tiles of a zoom that meet the city, in a random order that is always the same."""
    (west, north), (east, south) = _tile(BOX[0], BOX[3], zoom), _tile(BOX[2], BOX[1], zoom)
    found = [(x, y) for x in range(west, east + 1) for y in range(north, south + 1)]
    random.Random(zoom).shuffle(found)
    return found[:MOST]


def _tile(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    side = 2**zoom
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return int((lon + 180) / 360 * side), int(y * side)


def _zoom(bench: Bench, store: LiveStore, zoom: int, ports: Ports, key: str) -> list[Row]:
    tiles = tiles_of(zoom)
    bench.say(f"tiles: zoom {zoom}, {len(tiles)} tiles, {bench.rounds} rounds")
    shown = {"Authorization": f"Bearer {key}"}
    asked = [get(OURS.format(z=zoom, x=x, y=y), shown) for x, y in tiles]
    theirs = [get(tipg_peer.PATH.format(z=zoom, x=x, y=y)) for x, y in tiles]
    sides = {
        CACHED: Side(ports.kept, asked),
        UNCACHED: Side(ports.new, asked),
        THEIRS: Side(ports.theirs, theirs),
    }
    sides[CACHED].drive(SECONDS[bench.size.name])
    for side in sides.values():
        side.loads.clear()
    for _ in range(bench.rounds):
        for side in sides.values():
            side.drive(SECONDS[bench.size.name])
    return _rows(bench.size.name, store, zoom, sides)


def _rows(size: str, store: LiveStore, zoom: int, sides: dict[str, Side]) -> list[Row]:
    peer, rows = sides[THEIRS], []
    for name in (CACHED, UNCACHED):
        side = sides[name]
        rows.append(
            figure(
                f"tiles of {store.reports:,} reports, zoom {zoom}, {name} / tipg",
                "tiles",
                "tiles/s",
                side.rate,
                size,
                ours_range=side.rates,
                peer=f"tipg, zoom {zoom}, ours {name}",
                peer_version=tipg_peer.VERSION,
                theirs=peer.rate,
                theirs_range=peer.rates,
                ratio=side.rate / peer.rate,
                at_least=TIMES_TIPG if name == CACHED else None,
                rounds=len(side.loads),
                peer_rounds=len(peer.loads),
            )
        )
        p95 = f"tiles of {store.reports:,} reports, zoom {zoom}, {name}: 95th percentile"
        most = P95_MS if name == CACHED else None
        rows.append(figure(p95, "tiles", "ms", side.p95_ms(), size, at_most=most, rounds=len(side.loads)))
    return rows


def _change(size: str, store: LiveStore, port: int, key: str) -> Row:
    """Seconds from a report's commit until every zoom's tile of its place has changed; the longest of ten."""
    engine = make_engine(store.settings)
    shown = {"Authorization": f"Bearer {key}"}
    longest = 0.0
    for turn in range(10):
        place = (112.31 + turn * 0.05, 35.6)  # on no edge of a tile
        asked = [get(OURS.format(z=z, x=x, y=y), shown) for z in ZOOMS for x, y in [_tile(*place, z)]]
        before = bodies(port, asked)
        with open_session(engine) as session:
            inquiry = Inquiry("livestock_farm", *place)
            file_report(
                session,
                Submission(inquiry, sample=True),
                f"bench-{time.time_ns()}",
                Limits.of(store.settings),
            )
        begin = time.perf_counter()
        while any(one == other for one, other in zip(before, bodies(port, asked), strict=True)):
            if time.perf_counter() - begin > 10 * SEEN_S:
                break
        longest = max(longest, time.perf_counter() - begin)
    engine.dispose()
    return figure(
        "tiles: time from a change to the changed tile",
        "tiles",
        "s",
        longest,
        size,
        at_most=SEEN_S,
        rounds=10,
    )
