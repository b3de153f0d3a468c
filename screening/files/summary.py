"""Counts of a screening by effect, unit and zone, and a sample of its points for a picture."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa

from layers.formats import Floats
from screening.columns.tally import Codes, Column, PairTally, count_pairs, pair_lists, split_lists
from screening.files.verdicts import ERROR
from screening.schema import SEPARATOR

__all__ = ["EFFECTS", "Column", "Sample", "Summary"]
EFFECTS: Final = ("prohibited", "permit_required", "unknown", "clear")
INSIDE: Final = ("within", "overlaps")
POSSIBLE: Final = "possible"
MAX_POINTS: Final = 100_000


@dataclass(slots=True)
class Summary:
    """Counts of the rows of a screening, added batch by batch.

    Attributes:
        rows: rows counted.
        errors: rows that could not be judged.
        assumed: rows that got the default accuracy of the channel, as nothing states theirs.
        effects, certainties: rows by code.
        unit_names: code of a unit → its name.
        zone_names: id of a zone → its name and kind.
        first_errors: number (from 0) and reason of the first rows that could not be judged, at most 10.
    """

    rows: int = 0
    errors: int = 0
    assumed: int = 0
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

    def add(self, verdict: pa.Table, assumed: int = 0) -> None:
        """Add the rows of a table of verdicts; they follow those added before. ``assumed``: see there."""
        self.assumed += assumed
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
            texts = enumerate(column.to_pylist(), start=self.rows)
            errors = [(row, why) for row, why in texts if why is not None]
            self.first_errors += errors[: 10 - len(self.first_errors)]

    def _count_zones(self, verdict: pa.Table) -> None:
        """Count zones and relations, which are lists of the same length in one row."""
        listed, related = (Column.of(verdict.column(name)) for name in ("zj_zones", "zj_relations"))
        # Each distinct pair of lists is split once, however many rows have it.
        pairs = count_pairs(listed, related)
        zones, relations = split_lists(listed, pairs[0]), split_lists(related, pairs[1])
        new = self._zones.add(*pair_lists(zones, relations, pairs[2]))
        if not len(new):
            return
        first = listed.first_rows()
        names, kinds = (Column.of(verdict.column(name)) for name in ("zj_zone_names", "zj_zone_kinds"))
        for code in np.unique(pairs[0][zones.first_lists(new)]).tolist():
            row = int(first[code])
            ids, *described = (column.at(row).split(SEPARATOR) for column in (listed, names, kinds))
            self.zone_names |= dict(zip(ids, zip(*described, strict=False), strict=False))

    def by_unit(self) -> list[tuple[str, str, dict[str, int]]]:
        """(code, name, rows by effect) of each unit, the one with the most rows first."""
        found: dict[str, dict[str, int]] = {}
        for (code, effect), count in self.units.items():
            found.setdefault(code, {})[effect] = count
        rows = [(code, self.unit_names.get(code, ""), effects) for code, effects in found.items()]
        return sorted(rows, key=lambda row: (-sum(row[2].values()), row[0]))

    def by_zone(self) -> list[tuple[str, str, str, int, int]]:
        """(id, name, kind, rows inside, rows possibly inside) of each zone in conflict, the fullest first."""
        counts = self.zones
        in_conflict = {zone for zone, relation in counts if relation in (*INSIDE, POSSIBLE)}
        rows = [
            (
                zone,
                *self.zone_names.get(zone, ("", "")),
                sum(counts[zone, relation] for relation in INSIDE),
                counts[zone, POSSIBLE],
            )
            for zone in in_conflict
        ]
        return sorted(rows, key=lambda row: (-row[3], -row[4], row[0]))

    def as_dict(self) -> dict[str, Any]:
        """The counts as values of JSON."""
        units = [{"code": code, "name": name, "effects": effects} for code, name, effects in self.by_unit()]
        keys = ("id", "name", "kind", "inside", "possible")
        return {
            "rows": self.rows,
            "errors": self.errors,
            "assumed_accuracy": self.assumed,
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
    """A uniform random sample of the points of all rows, and their effects.

    Each row gets a random key; the ``max_points`` smallest keys stay. The seed is fixed, so that a file gives
    the same picture each time.
    """

    max_points: int = MAX_POINTS
    _keys: list[Floats] = field(default_factory=list)
    _lonlat: list[Floats] = field(default_factory=list)
    _effects: list[Codes] = field(default_factory=list)
    _limit: float = 1.0
    _size: int = 0
    _random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def add(self, lonlat: Floats, verdict: pa.Table) -> None:
        """Add points, (n, 2) degrees, with their verdicts; rows without a point or an effect are left out."""
        keys = self._random.random(len(lonlat))
        effect = Column.of(verdict.column("zj_effect"))
        numbers = np.array([*(EFFECTS.index(value) for value in effect.values), -1], dtype=np.int64)
        rows = np.flatnonzero((keys < self._limit) & (effect.codes >= 0) & ~np.isnan(lonlat[:, 0]))
        self._keys.append(keys[rows])
        self._lonlat.append(lonlat[rows])
        self._effects.append(numbers[effect.codes[rows]])
        self._size += len(rows)
        if self._size > 2 * self.max_points:  # at double the size, so that few batches pay for a partition
            self._reduce()

    def _reduce(self) -> None:
        keys, lonlat = np.concatenate(self._keys), np.concatenate(self._lonlat)
        effects = np.concatenate(self._effects)
        rows = (
            np.sort(np.argpartition(keys, self.max_points)[: self.max_points])
            if len(keys) > self.max_points
            else slice(None)
        )
        self._keys, self._lonlat, self._effects = [keys[rows]], [lonlat[rows]], [effects[rows]]
        self._size = len(self._keys[0])
        if self._size == self.max_points:
            self._limit = float(self._keys[0].max())  # later rows with larger keys cannot get in

    def points(self) -> tuple[Floats, Codes]:
        """The sample: (k, 2) degrees, and (k,) positions in ``EFFECTS``."""
        if not self._keys:
            return np.empty((0, 2)), np.empty(0, dtype=np.int64)
        self._reduce()
        return self._lonlat[0], self._effects[0]
