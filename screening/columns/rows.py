"""The columns of a screening, built from the decisions on many points."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from facts import Snapshot
from screening.columns.encoded import NULL, EncodedColumn, Ints, encoded_column, null_column, text_array
from screening.decide.law_table import LawTable
from screening.decide.unit_table import Division, UnitTable
from screening.decide.zone_table import LAW_UNKNOWN, POSSIBLE_STRICT, SURE_PERMIT, SURE_PROHIBITED, Conflicts
from screening.kernel import distinct, outcomes, sequence_keys
from screening.schema import SEPARATOR, join_values, unit_with_share
from store.schema import CERTAINTIES, EFFECTS, LEVELS
from verdict import MAX_OUTSIDE_SHARE, METRE_DIGITS, OUTCOMES, RELATIONS

REASONS: Final = tuple(dict.fromkeys(reason for _, reason in OUTCOMES))
NOT_A_PLACE: Final = "not a place: a coordinate or the accuracy is not a valid number"
# For each test of ``verdict.outcome.OUTCOMES``: the bits of ``Conflicts.flags`` that pass it (0: it depends
# on the share inside, on missing kinds, or on nothing), effect and reason. Points in the area of a permit
# are judged singly, so the last test of ``OUTCOMES`` is left out.
BITS: Final = (SURE_PROHIBITED, SURE_PERMIT, POSSIBLE_STRICT, LAW_UNKNOWN, 0, 0, 0)
TESTS: Final = np.asarray(
    [
        (bits, EFFECTS.index(effect), REASONS.index(reason))
        for bits, (effect, reason) in zip(BITS, OUTCOMES[: len(BITS)], strict=True)
    ],
    dtype=np.int64,
)
Columns = dict[str, Any]  # name → EncodedColumn, or an array of floats


class ColumnBuilder:
    """Builds the columns of points for one snapshot and task."""

    def __init__(self, then: Snapshot, units: UnitTable, units_now: UnitTable, law: LawTable) -> None:
        self.units = units
        self.law = law
        codes = [*units.codes, None]
        self.mapped = law.mapped_kinds(codes)
        self.group, self.prefixes = law.competence_groups([*codes, *units_now.codes])
        self._unit_columns = _UnitColumns(units)
        self._zone_columns = _ZoneColumns(then)
        self._cell_columns_of = None if then.cells is None else _CellColumns(then, units)
        self._effects, self._reasons, self._certainties = map(text_array, (EFFECTS, REASONS, CERTAINTIES))

    def columns(
        self, lonlat: NDArray[np.float64], division: Division, today: Division, conflicts: Conflicts
    ) -> Columns:
        """The columns of n points.

        Args:
            lonlat: (n, 2), CGCS2000 degrees.
            division: jurisdictions on the day of the act.
            today: jurisdictions on the day of the answer; ``division`` itself where the units are the same.
            conflicts: conflicts on the day of the act.
        """
        n = len(lonlat)
        # Without a lead unit, -1 reads the last entry of ``mapped``, that of no unit.
        missing = self.law.relevant & ~self.mapped[division.lead] & ~conflicts.kinds_around
        effect, why, laws = outcomes(
            conflicts.flags, division.inside >= 1 - MAX_OUTSIDE_SHARE, missing, conflicts.laws, TESTS
        )
        has_lead = division.lead >= 0
        return {
            "zj_effect": EncodedColumn(effect, self._effects),
            "zj_why": EncodedColumn(why, self._reasons),
            "zj_certainty": EncodedColumn(division.certainty.astype(np.int32), self._certainties),
            **self._unit_columns.columns(division.lead),
            "zj_share": np.where(has_lead, division.share, np.nan),
            "zj_edge_m": np.where(has_lead, np.round(division.edge, METRE_DIGITS), np.nan),
            **self._cell_columns(lonlat, division),
            "zj_other_units": self._partners(division),
            **self._zone_columns.columns(n, conflicts),
            "zj_basis": column_of_keys(laws, self.law.basis_text),
            **self._competence_columns(division, today, conflicts),
            "zj_missing": column_of_keys(missing, self.law.kinds_text),
            "zj_error": null_column(n),
        }

    def _cell_columns(self, lonlat: NDArray[np.float64], division: Division) -> Columns:
        if self._cell_columns_of is None:
            return {"zj_grid_cell": null_column(len(lonlat)), "zj_team": null_column(len(lonlat))}
        return self._cell_columns_of.columns(lonlat, division)

    def _partners(self, division: Division) -> EncodedColumn:
        """The other units with their shares, as text."""
        starts, units, shares = division.partners
        column = null_column(len(division.lead))
        rows = np.flatnonzero(np.diff(starts))
        pairs = zip(units.tolist(), shares.tolist(), strict=True)
        texts = [unit_with_share(self.units.codes[unit], share) for unit, share in pairs]
        spans = zip(starts[rows].tolist(), starts[rows + 1].tolist(), strict=True)
        column.set_rows(rows, [join_values(texts[first:last]) for first, last in spans])
        return column

    def _competence_columns(self, division: Division, today: Division, conflicts: Conflicts) -> Columns:
        """Authority and mode for the lead unit of today, or else for that of the day of the act."""
        no_unit = len(self.units.codes)  # ``self.group``: units of the day of the act, no unit, today's units
        if today is division:
            group = np.where(division.lead >= 0, self.group[division.lead], self.group[no_unit])
        else:
            then = np.where(division.lead >= 0, division.lead, no_unit)
            group = self.group[np.where(today.lead >= 0, today.lead + no_unit + 1, then)]
        kinds = len(self.law.kinds)
        # One key for each pair of group and certain kinds: dozens of look-ups instead of one for each point.
        keys, numbers = distinct((group << kinds) + conflicts.sure_kinds)
        kind_bits = (1 << kinds) - 1
        competences = [self.law.competence(k & kind_bits, self.prefixes[k >> kinds]) for k in keys.tolist()]
        return {
            "zj_authority": encoded_column(numbers, [authority for authority, _ in competences]),
            "zj_mode": encoded_column(numbers, [mode for _, mode in competences]),
        }


def column_of_keys(keys: Ints, text: Callable[[int], str | None]) -> EncodedColumn:
    """A column of the text of each key; ``text`` is called once for each distinct key."""
    values, numbers = distinct(keys)
    return encoded_column(numbers, [text(key) for key in values.tolist()])


class _ZoneColumns:
    """Columns that list the zones in conflict with a point; each distinct list is built once."""

    def __init__(self, then: Snapshot) -> None:
        rows = () if then.zones is None else then.zones.rows
        self.texts = {
            "zj_zones": text_array([row.id for row in rows]),
            "zj_zone_kinds": text_array([row.kind for row in rows]),
            "zj_zone_names": text_array([row.name for row in rows]),
        }
        self.relations = text_array(RELATIONS)

    def columns(self, n: int, conflicts: Conflicts) -> Columns:
        """Ids, kinds and names of the zones, and the relations, of n points."""
        keys, starts = sequence_keys(n, conflicts.point, conflicts.zone, conflicts.relation)
        rows = np.flatnonzero(keys)
        _, numbers = distinct(keys[rows])
        # The first point of each distinct list stands for the others: its entries become the texts.
        first = rows[np.unique(numbers, return_index=True)[1]]
        counts = starts[first + 1] - starts[first]
        ends = np.cumsum(counts)
        entries = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts[first] - ends + counts, counts)
        offsets = pa.array(np.concatenate(([0], ends)), pa.int32())
        places = np.full(n, NULL, dtype=np.int32)
        places[rows] = numbers

        def column(texts: pa.Array, rows_of_entries: Ints) -> EncodedColumn:
            lists = pa.ListArray.from_arrays(offsets, texts.take(pa.array(rows_of_entries[entries])))
            texts = pc.binary_join(lists, SEPARATOR).dictionary_encode()
            return EncodedColumn(places, texts.dictionary, texts.indices.to_numpy(zero_copy_only=False))

        distinct_keys = {name: column(texts, conflicts.zone) for name, texts in self.texts.items()}
        return {**distinct_keys, "zj_relations": column(self.relations, conflicts.relation)}


class _UnitColumns:
    """Columns of codes, names and levels of units.

    Their dictionaries hold each text once: Parquet writers keep a dictionary without duplicates as it is.
    """

    def __init__(self, units: UnitTable) -> None:
        every = np.arange(len(units.codes), dtype=np.int32)
        of_lead = {"unit": every} | {
            name: units.ancestor_at(LEVELS.index(name)) for name in ("county", "township")
        }
        texts = {"code": text_array(units.codes), "name": text_array([row.name for row in units.rows])}
        self.by_name = {
            f"zj_{role}_{field}": _encode(values, unit)
            for role, unit in of_lead.items()
            for field, values in texts.items()
        } | {"zj_unit_level": EncodedColumn(units.level_of_unit.astype(np.int32), text_array(LEVELS))}

    def columns(self, lead: NDArray[np.int32]) -> Columns:
        """Columns of the lead units, and of the county and the township of each."""
        return {
            name: EncodedColumn(lead, column.texts, column.numbers) for name, column in self.by_name.items()
        }


def _encode(texts: pa.Array, numbers: NDArray[np.int32]) -> EncodedColumn:
    """A column of ``texts[numbers]``, null where the number is NULL; its dictionary holds each text once."""
    texts = texts.take(pa.array(numbers, mask=numbers == NULL)).dictionary_encode()
    return EncodedColumn(texts.indices.fill_null(NULL).to_numpy(zero_copy_only=False), texts.dictionary)


class _CellColumns:
    """Columns of the grid cells of a snapshot and their teams."""

    def __init__(self, then: Snapshot, units: UnitTable) -> None:
        assert then.cells is not None
        self.layer = then.cells
        self.units = units
        authority = {s.id: (s.official, s.dataset, s.version) for s in then.sources}
        rows = self.layer.rows
        # Where cells overlap, the first in the order of ``facts.model.sort_by_authority`` counts.
        order = sorted(range(len(rows)), key=lambda n: (authority[rows[n].source_id], n))
        self.rank = np.empty(len(rows), dtype=np.int64)
        self.rank[order] = np.arange(len(rows))
        self.ancestors = units.ancestors_of([row.township for row in rows])

    def columns(self, lonlat: NDArray[np.float64], division: Division) -> Columns:
        """Code and team of the cell that contains each point and belongs to its lead unit."""
        point, cell = self.layer.index.pairs(lonlat, 1)
        lead = division.lead[point]
        own, level = self.units.own_code[lead], self.units.level_of_unit[lead]
        matches = (lead >= 0) & (self.ancestors[cell, level] == own)
        point, cell = point[matches], cell[matches]
        order = np.lexsort((self.rank[cell], point))
        point, cell = point[order], cell[order]
        first = np.r_[True, point[1:] != point[:-1]] if len(point) else np.zeros(0, dtype=np.bool_)
        chosen = np.full(len(lonlat), NULL, dtype=np.int32)
        chosen[point[first]] = cell[first]
        rows = self.layer.rows
        return {
            "zj_grid_cell": encoded_column(chosen, [row.code for row in rows]),
            "zj_team": encoded_column(chosen, [row.team for row in rows]),
        }


def replace_rows(columns: Columns, rows: Ints, values: Sequence[Mapping[str, Any]]) -> None:
    """Replace rows of the columns by rows of the single check. ``values``: one for each of ``rows``."""
    for name, column in columns.items():
        cells = [row[name] for row in values]
        if isinstance(column, EncodedColumn):
            column.set_rows(rows, cells)
        else:
            column[rows] = [np.nan if cell is None else cell for cell in cells]


def mark_invalid(columns: Columns, rows: Ints) -> None:
    """Set ``zj_error`` of rows that are not places, and make their other columns null."""
    if not len(rows):
        return
    for name, column in columns.items():
        if isinstance(column, EncodedColumn):
            column.set_rows(rows, [NOT_A_PLACE if name == "zj_error" else None] * len(rows))
        else:
            column[rows] = np.nan
