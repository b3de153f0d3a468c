"""From what was decided of many points to the columns of a screening."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cases.conflicts import RELATIONS
from cases.screencolumns import VERDICT_SCHEMA, joined, partner
from cases.screenlaw import LawTable
from cases.screenunits import Divided, UnitTable
from cases.screenzones import LAW_UNKNOWN, MAYBE, SURE_PERMIT, SURE_PROHIBITED, Met
from cases.value import METRE_DIGITS
from cases.verdict import WHOLLY
from geo.snapshot import Snapshot
from geo.tables import CERTAINTIES, EFFECTS, LEVELS

Ints = NDArray[np.int64]
NULL: Final = -1
PROHIBITED, PERMIT, CLEAR, UNKNOWN = (
    EFFECTS.index(e) for e in ("prohibited", "permit_required", "clear", "unknown")
)
WHYS: Final = ("conflict", "possible", "law", "outside", "missing", "clear", "permit")
NO_NUMBER: Final = "not a place: a coordinate or the accuracy is no number"


@dataclass(slots=True)
class Coded:
    """A column of few values: positions in ``values``, or NULL. ``position``: of a value, shared or None."""

    index: NDArray[np.int32]
    values: list[str]
    position: dict[str, int] | None = None

    def put(self, row: int, value: str | None) -> None:
        """Set a value that may be a new one."""
        if self.position is None:
            self.position = {text: n for n, text in enumerate(self.values)}
        if value is not None and value not in self.position:
            self.position[value] = len(self.values)
            self.values.append(value)
        self.index[row] = NULL if value is None else self.position[value]


Columns = dict[str, Any]  # name → Coded, or an array of floats or objects


class RowMaker:
    """Makes columns of one snapshot and task."""

    def __init__(self, then: Snapshot, units: UnitTable, units_now: UnitTable, law: LawTable) -> None:
        self.then = then
        self.units = units
        self.law = law
        codes = [*units.codes, None]
        self.known = law.known_at(codes)
        self.group, self.prefixes = law.groups([*codes, *units_now.codes])
        self._words = _UnitWords(units)
        self._cells = None if then.cells is None else _CellTable(then, units)

    def columns(self, lonlat: NDArray[np.float64], divided: Divided, today: Divided, met: Met) -> Columns:
        """The columns of points, from what was decided of them."""
        missing = self.law.relevant & ~self.known[divided.lead] & ~met.met_kinds
        effect, why = _outcome(divided, met, missing)
        laws = np.where(effect == PROHIBITED, met.laws[0], np.where(effect == PERMIT, met.laws[1], 0))
        return {
            "zj_effect": Coded(effect.astype(np.int32), list(EFFECTS)),
            "zj_why": Coded(why.astype(np.int32), list(WHYS)),
            "zj_certainty": Coded(divided.certainty.astype(np.int32), list(CERTAINTIES)),
            **self._words.columns(divided),
            "zj_share": np.where(divided.lead >= 0, divided.share, np.nan),
            "zj_edge_m": np.where(divided.lead >= 0, np.round(divided.edge, METRE_DIGITS), np.nan),
            **self._cell_columns(lonlat, divided),
            "zj_other_units": self._partners(divided),
            **self._zone_columns(len(lonlat), met),
            "zj_basis": coded(laws, self.law.basis),
            **self._power_columns(divided, today, met),
            "zj_missing": coded(missing, self.law.missing),
            "zj_error": np.full(len(lonlat), None, dtype=object),
        }

    def _cell_columns(self, lonlat: NDArray[np.float64], divided: Divided) -> Columns:
        if self._cells is None:
            none = np.full(len(lonlat), NULL, dtype=np.int32)
            return {"zj_grid_cell": Coded(none, []), "zj_team": Coded(none.copy(), [])}
        return self._cells.columns(lonlat, divided)

    def _partners(self, divided: Divided) -> NDArray[np.object_]:
        starts, units, shares = divided.partners
        texts = np.full(len(divided.lead), None, dtype=object)
        for n in np.flatnonzero(np.diff(starts)).tolist():
            part = range(starts[n], starts[n + 1])
            texts[n] = joined(partner(self.units.codes[units[k]], float(shares[k])) for k in part)
        return texts

    def _zone_columns(self, n: int, met: Met) -> Columns:
        """Ids, kinds, names and relations; equal sequences of them are written once."""
        numbers, firsts, counts = _sequences(n, met)
        rows = [] if self.then.zones is None else self.then.zones.rows
        zones = [met.zone[a : a + c].tolist() for a, c in zip(firsts, counts, strict=True)]
        relations = [met.relation[a : a + c].tolist() for a, c in zip(firsts, counts, strict=True)]
        texts = {
            "zj_zones": [joined(rows[z].id for z in seq) for seq in zones],
            "zj_zone_kinds": [joined(rows[z].kind for z in seq) for seq in zones],
            "zj_zone_names": [joined(rows[z].name for z in seq) for seq in zones],
            "zj_relations": [joined(RELATIONS[r] for r in seq) for seq in relations],
        }
        return {name: numbered(numbers, values) for name, values in texts.items()}

    def _power_columns(self, divided: Divided, today: Divided, met: Met) -> Columns:
        nobody = len(self.units.codes)  # the place of "no unit" between the two lists of codes
        then = np.where(divided.lead >= 0, divided.lead, nobody)
        group = self.group[np.where(today.lead >= 0, today.lead + nobody + 1, then)]
        key = group * (1 << len(self.law.kinds)) + met.sure_kinds
        distinct, numbers = np.unique(key, return_inverse=True)
        low = (1 << len(self.law.kinds)) - 1
        powers = [self.law.power(k & low, self.prefixes[k >> len(self.law.kinds)]) for k in distinct.tolist()]
        return {
            "zj_authority": numbered(numbers, [authority for authority, _ in powers]),
            "zj_mode": numbered(numbers, [mode for _, mode in powers]),
        }


def _outcome(divided: Divided, met: Met, missing: Ints) -> tuple[Ints, Ints]:
    """Position of each effect and reason; the order of the questions is that of ``cases.verdict``."""
    flags = met.flags
    tests = [
        flags & SURE_PROHIBITED > 0,
        flags & SURE_PERMIT > 0,
        flags & MAYBE > 0,
        flags & LAW_UNKNOWN > 0,
        divided.inside < 1 - WHOLLY,
        missing != 0,
    ]
    effect = np.select(tests, [PROHIBITED, PERMIT, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN], CLEAR)
    names = ("conflict", "conflict", "possible", "law", "outside", "missing")
    return effect, np.select(tests, [WHYS.index(name) for name in names], WHYS.index("clear"))


def coded(keys: Ints, text: Callable[[int], str | None]) -> Coded:
    """A column of texts, one a distinct key."""
    distinct, numbers = np.unique(keys, return_inverse=True)
    return numbered(numbers, [text(key) for key in distinct.tolist()])


def numbered(numbers: NDArray[np.integer[Any]], texts: Sequence[str | None]) -> Coded:
    """A column of texts by number; equal texts become one value. A number of NULL, or no text, is null."""
    values: dict[str, int] = {}
    place = [NULL if text is None else values.setdefault(text, len(values)) for text in texts]
    index = np.asarray([*place, NULL], dtype=np.int32)[numbers]
    return Coded(index, list(values), values)


def _sequences(n: int, met: Met) -> tuple[Ints, list[int], list[int]]:
    """Of each point the number of its sequence of conflicts, or NULL; of each of these start and length.

    Sequences are told apart by a hash of 64 bits; a sequence that shares its hash with another but not its
    entries would be a fault in one of 10⁷ screenings of a million sequences.
    """
    counts = np.bincount(met.point, minlength=n)
    starts = np.concatenate(([0], np.cumsum(counts)))[:-1]
    rank = np.arange(len(met.point)) - starts[met.point]
    mixed = _mix(
        (met.zone * len(RELATIONS) + met.relation).astype(np.uint64)
        + (rank.astype(np.uint64) << np.uint64(40))
    )
    some = np.flatnonzero(counts)
    if not len(some):
        return np.full(n, NULL, dtype=np.int64), [], []
    hashes = np.add.reduceat(mixed, starts[some])
    _, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    numbers = np.full(n, NULL, dtype=np.int64)
    numbers[some] = inverse
    chosen = some[first]
    return numbers, starts[chosen].tolist(), counts[chosen].tolist()


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Well spread bits (the finisher of splitmix64)."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


class _UnitWords:
    """Codes, names and levels of units as columns."""

    def __init__(self, units: UnitTable) -> None:
        self.level = np.asarray([LEVELS.index(row.level) for row in units.rows] or [0], dtype=np.int32)
        self.codes, self.names = units.codes, [row.name for row in units.rows]
        self.position = {code: n for n, code in enumerate(units.codes)}

    def columns(self, divided: Divided) -> Columns:
        """Of the lead, and of the county and the township of its chain."""
        lead = divided.lead
        found: Columns = {
            "zj_unit_code": self._coded(lead, self.codes),
            "zj_unit_name": self._coded(lead, self.names),
            "zj_unit_level": Coded(
                np.where(lead >= 0, self.level[lead], NULL).astype(np.int32), list(LEVELS)
            ),
        }
        for name in ("county", "township"):
            units = np.ascontiguousarray(divided.chain[:, LEVELS.index(name)])
            found |= {
                f"zj_{name}_code": self._coded(units, self.codes),
                f"zj_{name}_name": self._coded(units, self.names),
            }
        return found

    def _coded(self, units: NDArray[np.int32], values: list[str]) -> Coded:
        return Coded(units.copy(), list(values))


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
        chosen = np.full(len(lonlat), NULL, dtype=np.int64)
        chosen[point[first]] = cell[first]
        rows = self.layer.rows
        return {
            "zj_grid_cell": numbered(chosen, [row.code for row in rows]),
            "zj_team": numbered(chosen, [row.team for row in rows]),
        }


def patch(columns: Columns, row: int, values: Mapping[str, Any]) -> None:
    """Put a row that was judged by itself into the columns."""
    for name, column in columns.items():
        value = values[name]
        if isinstance(column, Coded):
            column.put(row, value)
        else:
            column[row] = np.nan if value is None and column.dtype != object else value


def refuse(columns: Columns, rows: Ints) -> None:
    """Mark rows that are no places."""
    for column in columns.values():
        if isinstance(column, Coded):
            column.index[rows] = NULL
        else:
            column[rows] = None if column.dtype == object else np.nan
    columns["zj_error"][rows] = NO_NUMBER


def as_table(columns: Columns, order: Ints) -> pa.Table:
    """The columns as Arrow has them; ``order``: of each row its place in the table."""
    arrays = [_array(columns[field.name], order) for field in VERDICT_SCHEMA]
    return pa.table(arrays, schema=VERDICT_SCHEMA)


def _array(column: Coded | NDArray[Any], order: Ints) -> pa.Array:
    values = column.index if isinstance(column, Coded) else column
    placed = np.empty_like(values)
    placed[order] = values
    if isinstance(column, Coded):
        index = pa.array(placed, mask=placed == NULL)
        return pa.DictionaryArray.from_arrays(index, pa.array(column.values, pa.string()))
    return (
        pa.array(placed, pa.string()) if placed.dtype == object else pa.array(placed, mask=np.isnan(placed))
    )
