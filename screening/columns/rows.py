"""From what was decided of many points to the columns of a screening."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from facts.memory.snapshot import Snapshot
from screening.columns.encoded import NULL, EncodedColumn, Ints, constant, numbered, texts_of
from screening.decide.law_table import LawTable
from screening.decide.unit_table import Divided, UnitTable
from screening.decide.zone_table import LAW_UNKNOWN, MAYBE, SURE_PERMIT, SURE_PROHIBITED, Met
from screening.kernel import distinct, outcomes, sequence_keys
from screening.schema import SEPARATOR, joined, partner
from store.schema.datasets import CERTAINTIES, EFFECTS, LEVELS
from verdict.conflicts import RELATIONS
from verdict.model import METRE_DIGITS
from verdict.outcome import MAX_OUTSIDE_SHARE, OUTCOMES

WHYS: Final = tuple(dict.fromkeys(reason for _, reason in OUTCOMES))
NO_NUMBER: Final = "not a place: a coordinate or the accuracy is no number"
# For each question of ``verdict.outcome.OUTCOMES``: the bits of ``Met.flags`` that answer yes (0: answered by
# the share inside, the missing kinds, or nothing), effect and reason. Points under a permit are judged one by
# one, so the last question is not asked.
BITS: Final = (SURE_PROHIBITED, SURE_PERMIT, MAYBE, LAW_UNKNOWN, 0, 0, 0)
TESTS: Final = np.asarray(
    [
        (bits, EFFECTS.index(effect), WHYS.index(reason))
        for bits, (effect, reason) in zip(BITS, OUTCOMES[: len(BITS)], strict=True)
    ],
    dtype=np.int64,
)
Columns = dict[str, Any]  # name → Coded, or an array of floats


class RowMaker:
    """Makes columns of one snapshot and task."""

    def __init__(self, then: Snapshot, units: UnitTable, units_now: UnitTable, law: LawTable) -> None:
        self.units = units
        self.law = law
        codes = [*units.codes, None]
        self.known = law.known_at(codes)
        self.group, self.prefixes = law.groups([*codes, *units_now.codes])
        self._words = _UnitWords(units)
        self._zones = _ZoneWords(then)
        self._cells = None if then.cells is None else _CellTable(then, units)
        self._effects, self._whys, self._certainties = map(texts_of, (EFFECTS, WHYS, CERTAINTIES))

    def columns(self, lonlat: NDArray[np.float64], divided: Divided, today: Divided, met: Met) -> Columns:
        """The columns of points, from what was decided of them."""
        n = len(lonlat)
        missing = self.law.relevant & ~self.known[divided.lead] & ~met.met_kinds
        effect, why, laws = outcomes(
            met.flags, divided.inside >= 1 - MAX_OUTSIDE_SHARE, missing, met.laws, TESTS
        )
        held = divided.lead >= 0
        return {
            "zj_effect": EncodedColumn(effect, self._effects),
            "zj_why": EncodedColumn(why, self._whys),
            "zj_certainty": EncodedColumn(divided.certainty.astype(np.int32), self._certainties),
            **self._words.columns(divided.lead),
            "zj_share": np.where(held, divided.share, np.nan),
            "zj_edge_m": np.where(held, np.round(divided.edge, METRE_DIGITS), np.nan),
            **self._cell_columns(lonlat, divided),
            "zj_other_units": self._partners(divided),
            **self._zones.columns(n, met),
            "zj_basis": coded(laws, self.law.basis),
            **self._power_columns(divided, today, met),
            "zj_missing": coded(missing, self.law.missing),
            "zj_error": constant(n),
        }

    def _cell_columns(self, lonlat: NDArray[np.float64], divided: Divided) -> Columns:
        if self._cells is None:
            return {"zj_grid_cell": constant(len(lonlat)), "zj_team": constant(len(lonlat))}
        return self._cells.columns(lonlat, divided)

    def _partners(self, divided: Divided) -> EncodedColumn:
        starts, units, shares = divided.partners
        column = constant(len(divided.lead))
        rows = np.flatnonzero(np.diff(starts))
        codes, named = self.units.codes, units.tolist()
        told = [partner(codes[unit], share) for unit, share in zip(named, shares.tolist(), strict=True)]
        spans = zip(starts[rows].tolist(), starts[rows + 1].tolist(), strict=True)
        column.put(rows, [joined(told[first:last]) for first, last in spans])
        return column

    def _power_columns(self, divided: Divided, today: Divided, met: Met) -> Columns:
        nobody = len(self.units.codes)  # the place of "no unit" between the two lists of codes
        if today is divided:
            group = np.where(divided.lead >= 0, self.group[divided.lead], self.group[nobody])
        else:
            then = np.where(divided.lead >= 0, divided.lead, nobody)
            group = self.group[np.where(today.lead >= 0, today.lead + nobody + 1, then)]
        kinds = len(self.law.kinds)
        keys, numbers = distinct((group << kinds) + met.sure_kinds)
        low = (1 << kinds) - 1
        powers = [self.law.power(k & low, self.prefixes[k >> kinds]) for k in keys.tolist()]
        return {
            "zj_authority": numbered(numbers, [authority for authority, _ in powers]),
            "zj_mode": numbered(numbers, [mode for _, mode in powers]),
        }


def coded(keys: Ints, text: Callable[[int], str | None]) -> EncodedColumn:
    """A column of texts, one a distinct key."""
    found, numbers = distinct(keys)
    return numbered(numbers, [text(key) for key in found.tolist()])


class _ZoneWords:
    """Ids, kinds and names of zones as columns of sequences; equal sequences are written once."""

    def __init__(self, then: Snapshot) -> None:
        rows = () if then.zones is None else then.zones.rows
        self.texts = {
            "zj_zones": texts_of([row.id for row in rows]),
            "zj_zone_kinds": texts_of([row.kind for row in rows]),
            "zj_zone_names": texts_of([row.name for row in rows]),
        }
        self.relations = texts_of(RELATIONS)

    def columns(self, n: int, met: Met) -> Columns:
        """Of n points."""
        keys, starts = sequence_keys(n, met.point, met.zone, met.relation)
        rows = np.flatnonzero(keys)
        _, numbers = distinct(keys[rows])
        first = rows[np.unique(numbers, return_index=True)[1]]
        counts = starts[first + 1] - starts[first]
        ends = np.cumsum(counts)
        entries = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts[first] - ends + counts, counts)
        offsets = pa.array(np.concatenate(([0], ends)), pa.int32())
        places = np.full(n, NULL, dtype=np.int32)
        places[rows] = numbers

        def column(texts: pa.Array, which: Ints) -> EncodedColumn:
            lists = pa.ListArray.from_arrays(offsets, texts.take(pa.array(which[entries])))
            told = pc.binary_join(lists, SEPARATOR).dictionary_encode()
            return EncodedColumn(places, told.dictionary, told.indices.to_numpy(zero_copy_only=False))

        found = {name: column(texts, met.zone) for name, texts in self.texts.items()}
        return {**found, "zj_relations": column(self.relations, met.relation)}


class _UnitWords:
    """Codes, names and levels of units as columns. No text stands twice: Parquet keeps such dictionaries."""

    def __init__(self, units: UnitTable) -> None:
        every = np.arange(len(units.codes), dtype=np.int32)
        of_lead = {"unit": every} | {name: units.chain(LEVELS.index(name)) for name in ("county", "township")}
        texts = {"code": texts_of(units.codes), "name": texts_of([row.name for row in units.rows])}
        self.columns_of_units = {
            f"zj_{whose}_{what}": _encoded(said, unit)
            for whose, unit in of_lead.items()
            for what, said in texts.items()
        } | {"zj_unit_level": EncodedColumn(units.level_of_unit.astype(np.int32), texts_of(LEVELS))}

    def columns(self, lead: NDArray[np.int32]) -> Columns:
        """Of leads, and of the county and the township of each one's chain."""
        return {
            name: EncodedColumn(lead, column.texts, column.numbers)
            for name, column in self.columns_of_units.items()
        }


def _encoded(texts: pa.Array, numbers: NDArray[np.int32]) -> EncodedColumn:
    """The texts of these numbers (NULL: none), each text once."""
    told = texts.take(pa.array(numbers, mask=numbers == NULL)).dictionary_encode()
    return EncodedColumn(told.indices.fill_null(NULL).to_numpy(zero_copy_only=False), told.dictionary)


class _CellTable:
    """The grid cells of a snapshot."""

    def __init__(self, then: Snapshot, units: UnitTable) -> None:
        assert then.cells is not None
        self.layer = then.cells
        self.units = units
        standing = {s.id: (s.official, s.dataset, s.version) for s in then.sources}
        rows = self.layer.rows
        order = sorted(range(len(rows)), key=lambda n: (standing[rows[n].source_id], n))
        self.rank = np.empty(len(rows), dtype=np.int64)
        self.rank[order] = np.arange(len(rows))
        self.ancestors = units.ancestors_of([row.township for row in rows])

    def columns(self, lonlat: NDArray[np.float64], divided: Divided) -> Columns:
        """The cell of each point that belongs to its lead, and the team."""
        point, cell = self.layer.index.pairs(lonlat, 1)
        lead = divided.lead[point]
        own, level = self.units.own_code[lead], self.units.level_of_unit[lead]
        fits = (lead >= 0) & (self.ancestors[cell, level] == own)
        point, cell = point[fits], cell[fits]
        order = np.lexsort((self.rank[cell], point))
        point, cell = point[order], cell[order]
        first = np.r_[True, point[1:] != point[:-1]] if len(point) else np.zeros(0, dtype=np.bool_)
        chosen = np.full(len(lonlat), NULL, dtype=np.int32)
        chosen[point[first]] = cell[first]
        rows = self.layer.rows
        return {
            "zj_grid_cell": numbered(chosen, [row.code for row in rows]),
            "zj_team": numbered(chosen, [row.team for row in rows]),
        }


def patch(columns: Columns, rows: Ints, found: Sequence[Mapping[str, Any]]) -> None:
    """Put rows that were judged by themselves into the columns."""
    for name, column in columns.items():
        values = [one[name] for one in found]
        if isinstance(column, EncodedColumn):
            column.put(rows, values)
        else:
            column[rows] = [np.nan if value is None else value for value in values]


def refuse(columns: Columns, rows: Ints) -> None:
    """Mark rows that are no places."""
    if not len(rows):
        return
    for name, column in columns.items():
        if isinstance(column, EncodedColumn):
            column.put(rows, [NO_NUMBER if name == "zj_error" else None] * len(rows))
        else:
            column[rows] = np.nan
