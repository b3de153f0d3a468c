"""Points to areas: townships (one answer a point), Jincheng alone, zones (any number of answers)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.bench import Bench, Peer
from benchmarks.harness import OURS, Contender, Timing, pair_keys, pairs_differ, race
from benchmarks.peers import Floats
from benchmarks.results import Row, compared

UNIFORM, BORDER = "uniform", "near border"


@dataclass(frozen=True)
class Bounds:
    """How many times faster we must be than geopandas.sjoin and than any other peer."""

    geopandas: float
    others: float


@dataclass(frozen=True)
class _Task:
    """Areas, sets of points, our question, and its answer as ``pair_keys``."""

    kind: str
    sets: dict[str, Floats]
    ask: Callable[[Floats], object]
    told: Callable[[object], np.ndarray]


TOWNSHIPS: Final = {UNIFORM: Bounds(25, 10), BORDER: Bounds(15, 10)}
OTHERS: Final = {UNIFORM: Bounds(20, 20), BORDER: Bounds(20, 20)}


def townships(bench: Bench) -> list[Row]:
    """The whole country's townships."""
    sets = {UNIFORM: bench.world.uniform, BORDER: bench.world.border}
    return _raced(bench, _Task("townships", sets, bench.townships.locate, _labels), TOWNSHIPS)


def jincheng(bench: Bench) -> list[Row]:
    """One city's."""
    sets = {UNIFORM: bench.world.jincheng_uniform, BORDER: bench.world.jincheng_border}
    return _raced(bench, _Task("jincheng", sets, bench.jincheng.locate, _labels), OTHERS)


def zones(bench: Bench) -> list[Row]:
    """Overlapping zones, every match."""
    sets = {UNIFORM: bench.world.uniform, BORDER: bench.world.border}
    return _raced(bench, _Task("zones", sets, bench.zones.pairs, lambda found: pair_keys(*found)), OTHERS)


def _labels(found: np.ndarray) -> np.ndarray:
    inside = np.flatnonzero(found >= 0)
    return pair_keys(inside, found[inside])


def _raced(bench: Bench, task: _Task, bounds: dict[str, Bounds]) -> list[Row]:
    rows = []
    for name, xy in task.sets.items():
        ours = Contender(OURS, "", lambda xy=xy: task.ask(xy), task.told)
        peers = [_contender(peer, xy) for peer in bench.peers(task.kind)]
        group = f"{task.kind}, {name}"
        bench.say(f"{group}: {len(xy):,} points")
        first, *others = race([ours, *peers], pairs_differ, bench.rounds)
        rows += compared(group, bench.size.name, first, [_bound(t, bounds[name]) for t in others])
    return rows


def _contender(peer: Peer, xy: Floats) -> Contender:
    peer.take(xy)
    return Contender(peer.name, peer.version, peer.ask, lambda answer: pair_keys(*peer.pairs(answer)))


def _bound(timing: Timing, bounds: Bounds) -> tuple[Timing, float]:
    return timing, bounds.geopandas if timing.contender.name.startswith("geopandas") else bounds.others
