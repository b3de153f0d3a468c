"""Columns of few texts: a number a row, the texts once; and how such columns become Arrow's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from screening.kernel import NULL, Codes, compacted, looked_up, placed_codes, placed_floats, with_bits
from screening.schema import VERDICT_SCHEMA

__all__ = ["NULL", "EncodedColumn", "Ints", "as_table", "constant", "numbered", "texts_of"]
Ints = NDArray[np.int64]
NO_TABLE = np.empty(0, dtype=np.int32)


class EncodedColumn:
    """A column of texts: of each row a number, of each number the place of its text, or NULL.

    ``table`` None: the numbers are places. Columns may share all of these: none is changed, only replaced.
    """

    def __init__(self, numbers: Codes, texts: pa.Array, table: Codes | None = None) -> None:
        self.numbers = numbers
        self.texts = texts
        self.table = table

    def put(self, rows: Ints, values: Sequence[str | None]) -> None:
        """Set some rows to texts that may be new ones."""
        if not len(rows):
            return
        given = pa.array(values, pa.string())
        known = pc.is_in(given, value_set=self.texts)
        fresh = given.filter(pc.invert(known)).drop_null().unique()
        if len(fresh):
            self.texts = pa.concat_arrays([self.texts, fresh])
        places = pc.index_in(given, value_set=self.texts).fill_null(NULL)
        index = self.numbers.copy() if self.table is None else looked_up(self.table, self.numbers)
        index[rows] = places.to_numpy(zero_copy_only=False)
        self.numbers, self.table = index, None


def texts_of(values: Sequence[str]) -> pa.Array:
    """Texts as Arrow has them."""
    return pa.array(values, pa.string())


def constant(n: int) -> EncodedColumn:
    """A column of n nulls."""
    return EncodedColumn(np.full(n, NULL, dtype=np.int32), texts_of([]))


def numbered(numbers: Codes, texts: Sequence[str | None]) -> EncodedColumn:
    """A column of texts by number; equal texts become one value. A number of NULL, or no text, is null."""
    values: dict[str, int] = {}
    place = [NULL if text is None else values.setdefault(text, len(values)) for text in texts]
    return EncodedColumn(numbers, texts_of(list(values)), np.asarray(place or [NULL], dtype=np.int32))


def as_table(columns: Mapping[str, Any], order: Ints) -> pa.Table:
    """Columns (Coded, or floats with NaN for null) as Arrow has them; ``order``: of each row its place."""
    made: dict[int, Codes] = {}
    arrays = [_array(columns[field.name], order, field.type, made) for field in VERDICT_SCHEMA]
    return pa.table(arrays, schema=VERDICT_SCHEMA)


def _array(
    column: EncodedColumn | NDArray[np.float64], order: Ints, kind: pa.DataType, made: dict[int, Codes]
) -> pa.Array:
    """One column. ``made``: numbers that several columns share, by their address, in their order."""
    if not isinstance(column, EncodedColumn):
        return _of_buffers(pa.float64(), *placed_floats(column, order))
    texts, numbers = column.texts, column.numbers
    if not len(texts):
        return pa.nulls(len(numbers), kind)
    if id(numbers) not in made:
        made[id(numbers)] = placed_codes(numbers, order)
    codes, table = made[id(numbers)], NO_TABLE if column.table is None else column.table
    if len(texts) > len(codes):  # only few of many can be in use
        codes, kept = compacted(looked_up(table, codes) if len(table) else codes, len(texts))
        texts, table = texts.take(pa.array(kept)), NO_TABLE
    index = _of_buffers(pa.int32(), *with_bits(codes, table))
    if pa.types.is_dictionary(kind):
        return pa.DictionaryArray.from_arrays(index, texts, safe=False)
    return texts.take(index)


def _of_buffers(kind: pa.DataType, values: NDArray[Any], bits: NDArray[np.uint8], nulls: int) -> pa.Array:
    said = pa.py_buffer(bits) if nulls else None
    return pa.Array.from_buffers(kind, len(values), [said, pa.py_buffer(values)], nulls)
