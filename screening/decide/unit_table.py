"""The units of a snapshot as tables for the compiled loops, and the division of points among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facts import Snapshot
from geo import CoverageIndex, stem
from geo.index import CLOSE
from geo.measure import ELLIPSOID, OUTLIER_FACTOR, OUTLIER_REACH, R68, REACH
from screening.decide.interior_kernel import leads_of_interior, write_interior
from screening.decide.share_kernel import divide_many
from screening.kernel import degree_lengths
from store.schema import LEVELS
from verdict import Thresholds

Floats = NDArray[np.float64]
MIN_REACH_M: Final = 1e-6  # even a position without error is not plain nearer to a border than this


@dataclass(frozen=True, slots=True)
class Division:
    """Jurisdictions of n points; units are numbers in a :class:`UnitTable`.

    Attributes:
        lead: (n,), the unit with the largest share; -1 where none leads.
        share: (n,), share of the lead, [0, 1].
        certainty: (n,), position in ``CERTAINTIES``.
        inside: (n,), sum of the shares of all units, [0, 1].
        edge: (n,), distance to the border at the level of the lead, metres; NaN where not known.
        plain: (n,), False where the single check must judge the point.
        partners: the other units of all points: where those of each point begin, (n + 1,), then the units and
            their shares.
    """

    lead: NDArray[np.int32]
    share: Floats
    certainty: NDArray[np.int8]
    inside: Floats
    edge: Floats
    plain: NDArray[np.bool_]
    partners: tuple[NDArray[np.int64], NDArray[np.int32], Floats]


class UnitTable:
    """All units of a snapshot, numbered layer by layer in the order of each layer's rows.

    Attributes:
        complete: whether every layer is a coverage. Otherwise units of a layer overlap, and points can only
            be judged one by one.
        own_code: (units,), rank of each unit's code among the sorted codes.
    """

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
        self._code_of_stem = self._codes_by_stem(order)
        levels = np.asarray([LEVELS.index(layer.level) for layer in self.layers], dtype=np.int64)
        official = np.asarray([layer.source.official for layer in self.layers], dtype=np.bool_)
        holder = self._unit_of_code(len(order))
        shared = self._in_several_layers(len(order))
        ancestors = self.ancestors_of(self.codes)
        self._tables = (levels, official, first, ancestors, self.own_code, holder, shared)
        self._is_official = np.repeat(official, sizes)
        views = [index.buffer.args for index in self._indexes]
        self._buffers = tuple(tuple(view[n] for view in views) for n in range(3))
        self.accuracies = np.asarray([layer.source.accuracy_m for layer in self.layers])

    def _unit_of_code(self, codes: int) -> NDArray[np.int32]:
        """(codes,), the unit of each code; of several the last one by ``facts.model.sort_by_authority``.

        ``codes``: number of codes.
        """
        authority = [
            (layer.source.official, layer.source.dataset, layer.source.version)
            for layer in self.layers
            for _ in layer.rows
        ]
        holder = np.zeros(codes, dtype=np.int32)
        for n in sorted(range(len(self.codes)), key=lambda n: authority[n]):
            holder[self.own_code[n]] = n
        return holder

    def _in_several_layers(self, codes: int) -> NDArray[np.bool_]:
        """(units,), whether another layer has the unit too: facts then drop one of them, the loops do not."""
        return (np.bincount(self.own_code, minlength=codes) > 1)[self.own_code]

    def _codes_by_stem(self, order: dict[str, int]) -> list[dict[str, int]]:
        """By level: prefix of the codes below a unit → number of the unit's code."""
        stems: list[dict[str, int]] = [{} for _ in LEVELS]
        for row in self.rows:
            stems[LEVELS.index(row.level)][stem(row.code)] = order[row.code]
        return stems

    def ancestors_of(self, codes: Sequence[str]) -> NDArray[np.int32]:
        """(n, levels), code number of each unit's ancestor at each level, itself included; -1 for none."""
        ancestors = np.full((len(codes), len(LEVELS)), -1, dtype=np.int32)
        for level, by_stem in enumerate(self._code_of_stem):
            lengths = sorted({len(start) for start in by_stem}, reverse=True)
            for n, code in enumerate(codes):
                ancestors[n, level] = next((by_stem[code[:k]] for k in lengths if code[:k] in by_stem), -1)
        return ancestors

    def divide(self, lonlat: Floats, metres: Floats, accuracy: Floats, limits: Thresholds) -> Division:
        """Divide points among units.

        Args:
            lonlat: (n, 2), CGCS2000 degrees.
            metres: (n, 2), metres per degree of longitude and latitude at each point.
            accuracy: (n,), 68 % radius in metres.
            limits: thresholds of certain and disputed shares.
        """
        # Points far from all borders (most of them) need no integral.
        spreads = self._spreads(accuracy)
        lead = self._interior_leads(lonlat, metres, spreads)
        close = np.flatnonzero(lead == CLOSE)
        n = len(lead)
        division = Division(
            lead=lead,
            share=np.empty(n),
            certainty=np.empty(n, dtype=np.int8),
            inside=np.empty(n),
            edge=self._border_distances(lonlat, metres, lead),
            plain=np.ones(n, dtype=np.bool_),
            partners=(np.zeros(n + 1, dtype=np.int64), np.zeros(0, np.int32), np.zeros(0)),
        )
        write_interior(lead, self._is_official, division.share, division.certainty, division.inside)
        if not len(close):
            return division
        part = Division(
            *divide_many(
                self._buffers,
                self._tables,
                lonlat[close],
                metres[close],
                spreads[close],
                (limits.certain, limits.disputed),
            )
        )
        return _merge(division, close, part)

    def _spreads(self, accuracy: Floats) -> Floats:
        """(n, layers, 2), σ of each point against the lines of each layer, and σ of outliers, metres."""
        # One accuracy for all points is the common case: one row is computed and repeated.
        same = len(accuracy) > 0 and bool((accuracy == accuracy[0]).all())
        own = (accuracy[:1] if same else accuracy)[:, None]
        lines = self.accuracies[None, :]
        each = np.stack((np.hypot(own, lines) / R68, np.hypot(OUTLIER_FACTOR * own, lines) / R68), axis=-1)
        return np.repeat(each, len(accuracy), axis=0) if same else each

    def _interior_leads(self, lonlat: Floats, metres: Floats, spreads: Floats) -> NDArray[np.int32]:
        """(n,), lead units of points far from borders; ``CLOSE`` for the others, -1 outside all units."""
        interior = np.empty((len(self.layers), len(lonlat)), dtype=np.int32)
        for n, index in enumerate(self._indexes):
            reach = np.maximum(REACH * spreads[:, n, 0], OUTLIER_REACH * spreads[:, n, 1])
            index.interior_areas(lonlat, metres, np.maximum(reach, MIN_REACH_M), interior[n])
        lead = np.empty(len(lonlat), dtype=np.int32)
        leads_of_interior(interior, self._tables, lead)
        return lead

    def _border_distances(self, lonlat: Floats, metres: Floats, lead: NDArray[np.int32]) -> Floats:
        """(n,), distance of each point from the border of its lead unit, metres; NaN without a lead."""
        edge = np.full(len(lead), np.nan)
        for n, index in enumerate(self._indexes):
            span = int(self.first[n]), int(self.first[n]) + len(self.layers[n].rows)
            index.border_distances(lonlat, metres, lead, span, edge)
        return edge

    def ancestor_at(self, level: int) -> NDArray[np.int32]:
        """(units,), the ancestor of each unit at a level, itself included; -1 where there is none."""
        codes = self._tables[3][:, level]
        return np.where(codes >= 0, self._tables[5][codes], -1).astype(np.int32)


def _merge(whole: Division, where: NDArray[np.int64], part: Division) -> Division:
    """Set the rows ``where`` to the results of ``part``; ``whole`` has no partners before."""
    for name in ("lead", "share", "certainty", "inside", "edge", "plain"):
        getattr(whole, name)[where] = getattr(part, name)
    starts, units, shares = part.partners
    counts = np.zeros(len(whole.lead), dtype=np.int64)
    counts[where] = np.diff(starts)
    return replace(whole, partners=(np.concatenate(([0], np.cumsum(counts))), units, shares))


def metres_per_degree(lat: Floats) -> Floats:
    """(n, 2), metres per degree of longitude and latitude at each latitude; as ``geo.measure.Plane``."""
    flattening = 1.0 / ELLIPSOID.inverse_flattening
    eccentricity2 = flattening * (2.0 - flattening)
    return degree_lengths(lat, ELLIPSOID.axis_m, eccentricity2)
