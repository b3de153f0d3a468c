"""One place at a time, unit and zones: in process, against prepared SQL over a local socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.bench import Bench
from benchmarks.harness import OURS, Contender, race
from benchmarks.peers.postgis_peer import Lookup
from benchmarks.results import Row, figure

LOOKUPS: Final = 20_000  # of ours in a round
SQL_LOOKUPS: Final = 1_000  # the first of them; only these are compared
AT_LEAST: Final = 100.0
AT_MOST_US: Final = 5.0
Positions = NDArray[np.int32]
Found = list[tuple[Positions, Positions]]


def measure(bench: Bench) -> list[Row]:
    """Microseconds a lookup."""
    coverage, overlaps = bench.townships, bench.zones
    places = bench.world.border[:LOOKUPS].tolist()
    version = [bench.postgis(kind).version for kind in ("townships", "zones")][0]
    asked = Lookup(bench.server)
    bench.say(f"lookup: {len(places):,} places, one by one")
    ours = Contender(
        OURS, "", _many(lambda x, y: (coverage.areas_at(x, y), overlaps.areas_at(x, y)), places), _plain
    )
    sql = Contender(asked.name, version, _many(asked.ask, places[:SQL_LOOKUPS]), _grouped)
    mine, theirs = race([ours, sql], _differ, bench.rounds)
    asked.close()
    each, sql_each = 1e6 / len(places), 1e6 / min(len(places), SQL_LOOKUPS)
    return [
        figure(
            "lookup / prepared SQL",
            "lookup",
            "µs",
            mine.median * each,
            bench.size.name,
            ours_range=(min(mine.seconds) * each, max(mine.seconds) * each),
            peer=sql.name,
            peer_version=sql.version,
            theirs=theirs.median * sql_each,
            theirs_range=(min(theirs.seconds) * sql_each, max(theirs.seconds) * sql_each),
            ratio=theirs.median * sql_each / (mine.median * each),
            at_least=AT_LEAST,
            at_most=AT_MOST_US,
            rounds=len(mine.seconds),
            peer_rounds=len(theirs.seconds),
            note="township and zones of one point, called from Python",
        )
    ]


def _many(ask: Callable[[float, float], object], places: list[list[float]]) -> Callable[[], list]:
    return lambda: [ask(x, y) for x, y in places]


def _plain(answers: Found) -> list[tuple[list[int], list[int]]]:
    return [(sorted(units.tolist()), sorted(zones.tolist())) for units, zones in answers[:SQL_LOOKUPS]]


def _grouped(answers: list[list[tuple[int, int]]]) -> list[tuple[list[int], list[int]]]:
    return [(sorted(n for k, n in rows if k == 0), sorted(n for k, n in rows if k == 1)) for rows in answers]


def _differ(some: list, others: list) -> str | None:
    wrong = [n for n, (a, b) in enumerate(zip(some, others, strict=True)) if a != b]
    if not wrong:
        return None
    return f"{len(wrong)} places; number {wrong[0]}: {some[wrong[0]]} and {others[wrong[0]]}"
