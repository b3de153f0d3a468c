"""What a screening found, counted while it runs: by effect, by unit and by zone; and a sample to draw."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa

from layers.formats.geometry_columns import Floats
from screening.columns.tally import Codes, Column, PairTally, counted_pairs, paired, split
from screening.files.verdicts import ERROR
from screening.schema import SEPARATOR

__all__ = ["EFFECTS", "Column", "Sample", "Summary"]
EFFECTS: Final = ("prohibited", "permit_required", "unknown", "clear")
INSIDE: Final = ("within", "overlaps")
POSSIBLE: Final = "possible"
MOST_POINTS: Final = 100_000


@dataclass(slots=True)
class Summary:
    """Counts of rows: by effect, by certainty, by unit (code) and effect, by zone (id) and relation.

    ``unit_names`` and ``zone_names`` (name, kind) tell what the codes stand for; ``errors`` counts rows that
    could not be judged, ``first_errors`` holds some of their numbers (from 0) and reasons.
    """

    rows: int = 0
    errors: int = 0
    effects: Counter[str] = field(default_factory=Counter)
    certainties: Counter[str] = field(default_factory=Counter)
    unit_names: dict[str, str] = field(default_factory=dict)
    zone_names: dict[str, tuple[str, str]] = field(default_factory=dict)
    first_errors: list[tuple[int, str]] = field(default_factory=list)
    _units: PairTally = field(default_factory=PairTally)
    _zones: PairTally = field(default_factory=PairTally)

    @property
    def units(self) -> Counter[tuple[str, str]]:
        """Rows by unit and effect."""
        return self._units.counter()

    @property
    def zones(self) -> Counter[tuple[str, str]]:
        """Rows by zone and relation."""
        return self._zones.counter()

    def add(self, verdict: pa.Table) -> None:
        """Count the rows of a table of verdicts, which follow those counted before."""
        self._count_errors(verdict.column(ERROR))
        effect, unit = (Column.of(verdict.column(name)) for name in ("zj_effect", "zj_unit_code"))
        self.effects.update(_counts(effect))
        self.certainties.update(_counts(Column.of(verdict.column("zj_certainty"))))
        new = self._units.add(unit, effect)
        if len(new):
            names, first = Column.of(verdict.column("zj_unit_name")), unit.first_rows()
            self.unit_names |= {unit.values[k]: names.at(int(first[k])) for k in new.tolist()}
        self._count_zones(verdict)
        self.rows += verdict.num_rows

    def _count_errors(self, column: pa.ChunkedArray) -> None:
        if column.null_count == len(column):
            return
        self.errors += len(column) - column.null_count
        if len(self.first_errors) < 10:
            told = enumerate(column.to_pylist(), start=self.rows)
            bad = [(row, why) for row, why in told if why is not None]
            self.first_errors += bad[: 10 - len(self.first_errors)]

    def _count_zones(self, verdict: pa.Table) -> None:
        told, related = (Column.of(verdict.column(name)) for name in ("zj_zones", "zj_relations"))
        pairs = counted_pairs(told, related)
        zones, relations = split(told, pairs[0]), split(related, pairs[1])
        new = self._zones.add(*paired(zones, relations, pairs[2]))
        if not len(new):
            return
        first = told.first_rows()
        names, kinds = (Column.of(verdict.column(name)) for name in ("zj_zone_names", "zj_zone_kinds"))
        for place in np.unique(pairs[0][zones.first_lists(new)]).tolist():
            row = int(first[place])
            texts = [names.at(row).split(SEPARATOR), kinds.at(row).split(SEPARATOR)]
            ids = told.at(row).split(SEPARATOR)
            self.zone_names |= dict(zip(ids, zip(*texts, strict=False), strict=False))

    def by_unit(self) -> list[tuple[str, str, dict[str, int]]]:
        """(code, name, rows by effect) of each unit, the one with the most rows first."""
        found: dict[str, dict[str, int]] = {}
        for (code, effect), count in self.units.items():
            found.setdefault(code, {})[effect] = count
        rows = [(code, self.unit_names.get(code, ""), effects) for code, effects in found.items()]
        return sorted(rows, key=lambda row: (-sum(row[2].values()), row[0]))

    def by_zone(self) -> list[tuple[str, str, str, int, int]]:
        """(id, name, kind, rows inside, rows possibly inside) of each zone that is met, the fullest first."""
        counts = self.zones
        met = {zone for zone, relation in counts if relation in (*INSIDE, POSSIBLE)}
        rows = [
            (
                zone,
                *self.zone_names.get(zone, ("", "")),
                sum(counts[zone, relation] for relation in INSIDE),
                counts[zone, POSSIBLE],
            )
            for zone in met
        ]
        return sorted(rows, key=lambda row: (-row[3], -row[4], row[0]))

    def as_dict(self) -> dict[str, Any]:
        """The counts as plain values."""
        units = [{"code": code, "name": name, "effects": effects} for code, name, effects in self.by_unit()]
        keys = ("id", "name", "kind", "inside", "possible")
        return {
            "rows": self.rows,
            "errors": self.errors,
            "first_errors": [{"row": row, "error": why} for row, why in self.first_errors],
            "effects": dict(self.effects),
            "certainties": dict(self.certainties),
            "units": units,
            "zones": [dict(zip(keys, row, strict=True)) for row in self.by_zone()],
        }


def _counts(column: Column) -> dict[str, int]:
    count = np.bincount(column.codes + 1, minlength=len(column.dictionary) + 1)[1:]
    return {column.values[k]: int(count[k]) for k in np.flatnonzero(count)}


@dataclass(slots=True)
class Sample:
    """Points of all rows with equal chance, at most ``most``, and their effects, to be drawn."""

    most: int = MOST_POINTS
    _keys: list[Floats] = field(default_factory=list)
    _lonlat: list[Floats] = field(default_factory=list)
    _effects: list[Codes] = field(default_factory=list)
    _limit: float = 1.0
    _kept: int = 0
    _random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def add(self, lonlat: Floats, verdict: pa.Table) -> None:
        """Rows (n, 2) and their verdicts; rows without a point or an effect are left out."""
        keys = self._random.random(len(lonlat))
        effect = Column.of(verdict.column("zj_effect"))
        numbers = np.array([*(EFFECTS.index(value) for value in effect.values), -1], dtype=np.int64)
        rows = np.flatnonzero((keys < self._limit) & (effect.codes >= 0) & ~np.isnan(lonlat[:, 0]))
        self._keys.append(keys[rows])
        self._lonlat.append(lonlat[rows])
        self._effects.append(numbers[effect.codes[rows]])
        self._kept += len(rows)
        if self._kept > 2 * self.most:
            self._thin()

    def _thin(self) -> None:
        keys, lonlat = np.concatenate(self._keys), np.concatenate(self._lonlat)
        effects = np.concatenate(self._effects)
        rows = (
            np.sort(np.argpartition(keys, self.most)[: self.most]) if len(keys) > self.most else slice(None)
        )
        self._keys, self._lonlat, self._effects = [keys[rows]], [lonlat[rows]], [effects[rows]]
        self._kept = len(self._keys[0])
        if self._kept == self.most:
            self._limit = float(self._keys[0].max())

    def drawn(self) -> tuple[Floats, Codes]:
        """Longitude and latitude (k, 2), and places in EFFECTS (k,)."""
        if not self._keys:
            return np.empty((0, 2)), np.empty(0, dtype=np.int64)
        self._thin()
        return self._lonlat[0], self._effects[0]
