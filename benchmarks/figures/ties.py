"""Exact ties: vertices and middles of edges, outer borders included. The same sets as ``intersects``?"""

from __future__ import annotations

import numpy as np

from benchmarks.bench import Bench
from benchmarks.harness import pair_keys, points_of
from benchmarks.peers import Floats, Pairs, Shapes
from benchmarks.peers.shapely_peer import VERSION, Tree
from benchmarks.results import Row, figure


def measure(bench: Bench) -> list[Row]:
    """Townships and zones; for townships the single answer must be the first of the set, too."""
    towns, zones = bench.world.ties, bench.world.zone_ties
    bench.say(f"ties: {len(towns):,} on townships' borders, {len(zones):,} on zones'")
    wanted = _intersects(bench.areas("townships"), towns)
    same = _same(wanted, bench.townships.pairs(towns), len(towns))
    first = np.full(len(towns), -1, dtype=np.int64)
    points, begin = np.unique(wanted[0], return_index=True)
    first[points] = wanted[1][begin]
    same &= bench.townships.locate(towns) == first
    zones_same = _same(_intersects(bench.areas("zones"), zones), bench.zones.pairs(zones), len(zones))
    return [_row(bench, "townships", same), _row(bench, "zones", zones_same)]


def _intersects(areas: Shapes, xy: Floats) -> Pairs:
    """Pairs of the referee, by point, then area."""
    tree = Tree()
    tree.load(areas)
    tree.take(xy)
    points, found = tree.pairs(tree.ask())
    order = np.lexsort((found, points))
    return points[order], found[order]


def _same(wanted: Pairs, told: Pairs, count: int) -> np.ndarray:
    """For each point, whether both give the same set."""
    same = np.ones(count, dtype=bool)
    same[points_of(np.setxor1d(pair_keys(*wanted), pair_keys(*told)))] = False
    return same


def _row(bench: Bench, kind: str, same: np.ndarray) -> Row:
    return figure(
        f"ties, {kind}",
        "exact ties",
        "%",
        100.0 * float(same.mean()),
        bench.size.name,
        peer="shapely intersects",
        peer_version=VERSION,
        at_least=100.0,
        note=f"{len(same):,} points; {int((~same).sum()):,} answered differently",
    )
