"""Footprints to zones with the area of every overlap, and whose area is right where two differ."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
import shapely

from benchmarks.bench import Bench, Peer
from benchmarks.exact import overlap_area
from benchmarks.harness import OURS, Contender, pair_numbers, race
from benchmarks.peers import Floats, Ints, Overlaps, Shapes
from benchmarks.peers.shapely_peer import VERSION, Tree
from benchmarks.results import Row, compared, figure
from geo.index.overlap_area import overlap_areas

AT_LEAST: Final = 5.0
EQUAL: Final = 1e-9  # relative
ROUGH: Final = 1e-6  # of a footprint's area: what cutting into pieces may cost a peer
JUDGED: Final = 100  # pairs that differ and are computed exactly


@dataclass(frozen=True)
class Told:
    """Overlaps by pair, the pairs sorted; ``parts``: as a part of the footprint's area."""

    keys: Ints
    footprints: Ints
    zones: Ints
    areas: Floats
    parts: Floats


def measure(bench: Bench) -> list[Row]:
    """The race, then how equal the areas are to GEOS'."""
    footprints = np.asarray(bench.world.footprints.geometry.to_numpy())
    sizes = shapely.area(footprints)
    zones, index = bench.areas("zones"), bench.zones
    ours = Contender(OURS, "", lambda: overlap_areas(index, zones, footprints), lambda a: _told(a, sizes))
    peers = [_contender(p, footprints, sizes) for p in bench.peers("zones") if hasattr(p, "ask_overlaps")]
    bench.say(f"footprints: {len(footprints):,} over {len(zones):,} zones")
    first, *others = race([ours, *peers], _differ, bench.rounds)
    rows = compared("footprints", bench.size.name, first, [(timing, AT_LEAST) for timing in others])
    referee = next(timing.contender for timing in others if timing.contender.name == Tree.name)
    told, geos = ours.told(ours.ask()), referee.told(referee.ask())
    return [*rows, *_accuracy(bench, told, geos, zones, footprints)]


def _contender(peer: Peer, footprints: Shapes, sizes: Floats) -> Contender:
    peer.take_footprints(footprints)
    name = peer.name.replace(" within", " + intersection")
    return Contender(name, peer.version, peer.ask_overlaps, lambda a: _told(peer.overlaps(a), sizes))


def _told(answer: Overlaps, sizes: Floats) -> Told:
    footprints, zones, areas = (np.asarray(column) for column in answer)
    keys, first = np.unique(pair_numbers(footprints, zones), return_index=True)
    footprints, zones, areas = footprints[first], zones[first], areas[first]
    return Told(keys, footprints, zones, areas, areas / sizes[footprints])


def _differ(some: Told, others: Told) -> str | None:
    """Pairs that only one knows must overlap by next to nothing; areas must agree roughly."""
    for one, other in ((some, others), (others, some)):
        lone = ~np.isin(one.keys, other.keys) & (one.parts > ROUGH)
        if lone.any():
            n = int(np.flatnonzero(lone)[0])
            return f"{lone.sum()} overlaps only one knows; footprint {one.footprints[n]}, zone {one.zones[n]}"
    _, a, b = np.intersect1d(some.keys, others.keys, assume_unique=True, return_indices=True)
    far = np.abs(some.parts[a] - others.parts[b]) > ROUGH
    if far.any():
        n = a[int(np.flatnonzero(far)[0])]
        return f"{far.sum()} areas differ; footprint {some.footprints[n]}, zone {some.zones[n]}"
    return None


def _accuracy(bench: Bench, ours: Told, geos: Told, zones: Shapes, footprints: Shapes) -> list[Row]:
    """Share of pairs equal to GEOS'; of the others, how many are exact or nearer the truth than GEOS'."""
    keys, a, b = np.intersect1d(ours.keys, geos.keys, assume_unique=True, return_indices=True)
    gap = np.abs(ours.areas[a] - geos.areas[b])
    apart = np.flatnonzero(gap > EQUAL * np.maximum(ours.areas[a], geos.areas[b]))
    step = max(1, len(apart) // JUDGED)
    judged = apart[::step]
    right = 0
    for n in judged:
        exact = overlap_area(zones[ours.zones[a[n]]], footprints[ours.footprints[a[n]]])
        mine, theirs = (abs(Fraction(float(v)) - exact) for v in (ours.areas[a[n]], geos.areas[b[n]]))
        right += mine <= max(theirs, exact * Fraction(EQUAL))
    same = figure(
        "footprints, areas equal to GEOS'",
        "footprint areas",
        "%",
        100.0 * (1 - len(apart) / max(1, len(keys))),
        bench.size.name,
        peer="shapely intersection",
        peer_version=VERSION,
        note=f"Equal to 1e-9 relative: {len(keys):,} pairs, {len(apart):,} of them not; "
        f"{len(ours.keys) + len(geos.keys) - 2 * len(keys):,} touch, for one of the two only",
    )
    judgement = figure(
        "footprints, areas exact or nearer the truth than GEOS'",
        "footprint areas",
        "%",
        100.0 * right / len(judged) if len(judged) else 100.0,
        bench.size.name,
        peer="rational arithmetic",
        at_least=100.0,
        note=f"Exact or nearer: {len(judged):,} of those that are not equal, in rational numbers",
    )
    return [same, judgement]
