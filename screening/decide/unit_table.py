"""The units of a snapshot as tables for the compiled division, and points divided among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facts.memory.snapshot import Snapshot
from geo.index import CLOSE
from geo.index.cell_index import CoverageIndex
from geo.measure.geodesic import ELLIPSOID
from geo.measure.probability import R68, REACH
from geo.unit_codes import stem
from screening.decide.interior_kernel import leads_of_interior, write_interior
from screening.decide.share_kernel import divide_many
from screening.kernel import metres_along
from store.schema.datasets import LEVELS
from verdict.thresholds import Thresholds

Floats = NDArray[np.float64]
LEAST_REACH_M: Final = 1e-6  # a point nearer to a border than this is not plain, however sure it is


@dataclass(frozen=True, slots=True)
class Divided:
    """Jurisdictions of points, arrays of n; units by their number. See ``divide_many``."""

    lead: NDArray[np.int32]
    share: Floats
    certainty: NDArray[np.int8]
    inside: Floats
    edge: Floats
    plain: NDArray[np.bool_]
    partners: tuple[NDArray[np.int64], NDArray[np.int32], Floats]


class UnitTable:
    """Every unit of a snapshot by number: layer by layer, in the order of each layer's rows."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.layers = [layer for layer in snapshot.units if isinstance(layer.index, CoverageIndex)]
        self._indexes = [layer.index for layer in self.layers if isinstance(layer.index, CoverageIndex)]
        self.complete = len(self.layers) == len(snapshot.units)
        self.rows = [row for layer in self.layers for row in layer.rows]
        self.codes = [row.code for row in self.rows]
        sizes = [len(layer.rows) for layer in self.layers]
        self.first = first = np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int64)
        order = {code: n for n, code in enumerate(sorted(set(self.codes)))}
        self.own_code = np.asarray([order[code] for code in self.codes], dtype=np.int32)
        self.level_of_unit = np.asarray([LEVELS.index(row.level) for row in self.rows], dtype=np.int64)
        self._stems = self._by_stem(order)
        levels = np.asarray([LEVELS.index(layer.level) for layer in self.layers], dtype=np.int64)
        official = np.asarray([layer.source.official for layer in self.layers], dtype=np.bool_)
        holder = self._holders(len(order))
        shared = self._shared(len(order))
        ancestors = self.ancestors_of(self.codes)
        self._tables = (levels, official, first, ancestors, self.own_code, holder, shared)
        self._official_line = self._official_lines(official)
        views = [index.buffer.args for index in self._indexes]
        self._buffers = tuple(tuple(view[n] for view in views) for n in range(3))
        self.accuracies = np.asarray([layer.source.accuracy_m for layer in self.layers])

    def _holders(self, codes: int) -> NDArray[np.int32]:
        """Of each code's number the unit that has it; of several the one that ``facts.settled`` puts last."""
        standing = [
            (layer.source.official, layer.source.dataset, layer.source.version)
            for layer in self.layers
            for _ in layer.rows
        ]
        holder = np.zeros(codes, dtype=np.int32)
        for n in sorted(range(len(self.codes)), key=lambda n: standing[n]):
            holder[self.own_code[n]] = n
        return holder

    def _shared(self, codes: int) -> NDArray[np.bool_]:
        """Of each unit whether another layer has it too: then one of both lines may not be heard."""
        return (np.bincount(self.own_code, minlength=codes) > 1)[self.own_code]

    def _official_lines(self, official: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Of each unit whether its own layer, and those of the units above it, are official."""
        of_unit = np.repeat(official, [len(layer.rows) for layer in self.layers])
        codes = self._tables[3]
        above = np.where(codes >= 0, of_unit[self._tables[5][codes]], True)
        return of_unit & above.all(axis=1)

    def _by_stem(self, order: dict[str, int]) -> list[dict[str, int]]:
        """By level: what the codes under a unit begin with → number of its code."""
        stems: list[dict[str, int]] = [{} for _ in LEVELS]
        for row in self.rows:
            stems[LEVELS.index(row.level)][stem(row.code)] = order[row.code]
        return stems

    def ancestors_of(self, codes: Sequence[str]) -> NDArray[np.int32]:
        """Number of the code of each one's ancestor at each level, itself included, or -1."""
        found = np.full((len(codes), len(LEVELS)), -1, dtype=np.int32)
        for level, known in enumerate(self._stems):
            lengths = sorted({len(start) for start in known}, reverse=True)
            for n, code in enumerate(codes):
                found[n, level] = next((known[code[:k]] for k in lengths if code[:k] in known), -1)
        return found

    def divide(self, lonlat: Floats, metres: Floats, accuracy: Floats, limits: Thresholds) -> Divided:
        """Jurisdictions of points, (n, 2) degrees; ``metres``: per degree there; ``accuracy``: (n,) metres.

        Points that are far from all borders are told at once, the others' probability is integrated.
        """
        sigmas = self._sigmas(accuracy)
        lead = self._interior_leads(lonlat, metres, sigmas)
        close = np.flatnonzero(lead == CLOSE)
        n = len(lead)
        found = Divided(
            lead=lead,
            share=np.empty(n),
            certainty=np.empty(n, dtype=np.int8),
            inside=np.empty(n),
            edge=self._borders(lonlat, metres, lead),
            plain=np.ones(n, dtype=np.bool_),
            partners=(np.zeros(n + 1, dtype=np.int64), np.zeros(0, np.int32), np.zeros(0)),
        )
        write_interior(lead, self._official_line, found.share, found.certainty, found.inside)
        if not len(close):
            return found
        part = Divided(
            *divide_many(
                self._buffers,
                self._tables,
                lonlat[close],
                metres[close],
                sigmas[close],
                (limits.certain, limits.disputed),
            )
        )
        return _with(found, close, part)

    def _sigmas(self, accuracy: Floats) -> Floats:
        """σ of each point against the lines of each layer, (n, layers), metres."""
        same = len(accuracy) > 0 and bool((accuracy == accuracy[0]).all())
        each = np.hypot((accuracy[:1] if same else accuracy)[:, None], self.accuracies[None, :]) / R68
        return np.repeat(each, len(accuracy), axis=0) if same else each

    def _interior_leads(self, lonlat: Floats, metres: Floats, sigmas: Floats) -> NDArray[np.int32]:
        interior = np.empty((len(self.layers), len(lonlat)), dtype=np.int32)
        for n, index in enumerate(self._indexes):
            reach = np.maximum(REACH * sigmas[:, n], LEAST_REACH_M)
            index.interior_areas(lonlat, metres, reach, interior[n])
        lead = np.empty(len(lonlat), dtype=np.int32)
        leads_of_interior(interior, self._tables, lead)
        return lead

    def _borders(self, lonlat: Floats, metres: Floats, lead: NDArray[np.int32]) -> Floats:
        edge = np.full(len(lead), np.nan)
        for n, index in enumerate(self._indexes):
            span = int(self.first[n]), int(self.first[n]) + len(self.layers[n].rows)
            index.border_distances(lonlat, metres, lead, span, edge)
        return edge

    def chain(self, level: int) -> NDArray[np.int32]:
        """Of each unit the one at a level that it is or lies under; -1 where there is none."""
        codes = self._tables[3][:, level]
        return np.where(codes >= 0, self._tables[5][codes], -1).astype(np.int32)


def _with(all_of_them: Divided, where: NDArray[np.int64], part: Divided) -> Divided:
    """Put what was computed of some points in their places."""
    for name in ("lead", "share", "certainty", "inside", "edge", "plain"):
        getattr(all_of_them, name)[where] = getattr(part, name)
    starts, units, shares = part.partners
    counts = np.zeros(len(all_of_them.lead), dtype=np.int64)
    counts[where] = np.diff(starts)
    return replace(all_of_them, partners=(np.concatenate(([0], np.cumsum(counts))), units, shares))


def metres_per_degree(lat: Floats) -> Floats:
    """Metres per degree of longitude and latitude, shape (n, 2); as ``measure.Plane`` at each latitude."""
    flattening = 1.0 / ELLIPSOID.inverse_flattening
    eccentricity2 = flattening * (2.0 - flattening)
    return metres_along(lat, ELLIPSOID.axis_m, eccentricity2)
