"""Columns of repeated texts as numbers, and their conversion to Arrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from screening.kernel import (
    NULL,
    Codes,
    compact_codes,
    scatter_codes,
    scatter_floats,
    take_codes,
    with_validity,
)
from screening.schema import VERDICT_SCHEMA

__all__ = ["NULL", "EncodedColumn", "Ints", "as_table", "encoded_column", "null_column", "text_array"]
Ints = NDArray[np.int64]
NO_TABLE = np.empty(0, dtype=np.int32)


class EncodedColumn:
    """A column of texts, ``texts[table[numbers]]``; NULL in ``numbers`` or ``table`` is a null.

    Without a ``table`` it is ``texts[numbers]``. Columns may share these arrays, so they are replaced, never
    changed in place.
    """

    def __init__(self, numbers: Codes, texts: pa.Array, table: Codes | None = None) -> None:
        self.numbers = numbers
        self.texts = texts
        self.table = table

    def set_rows(self, rows: Ints, values: Sequence[str | None]) -> None:
        """Set some rows to texts, which are added to the column's texts where they are new."""
        if not len(rows):
            return
        new = pa.array(values, pa.string())
        known = pc.is_in(new, value_set=self.texts)
        unknown = new.filter(pc.invert(known)).drop_null().unique()
        if len(unknown):
            self.texts = pa.concat_arrays([self.texts, unknown])
        codes = pc.index_in(new, value_set=self.texts).fill_null(NULL)
        index = self.numbers.copy() if self.table is None else take_codes(self.table, self.numbers)
        index[rows] = codes.to_numpy(zero_copy_only=False)
        self.numbers, self.table = index, None


def text_array(values: Sequence[str]) -> pa.Array:
    """An Arrow array of texts."""
    return pa.array(values, pa.string())


def null_column(n: int) -> EncodedColumn:
    """A column of n nulls."""
    return EncodedColumn(np.full(n, NULL, dtype=np.int32), text_array([]))


def encoded_column(numbers: Codes, texts: Sequence[str | None]) -> EncodedColumn:
    """A column of ``texts[numbers]``. Equal texts become one value; NULL and None become null."""
    values: dict[str, int] = {}
    codes = [NULL if text is None else values.setdefault(text, len(values)) for text in texts]
    return EncodedColumn(numbers, text_array(list(values)), np.asarray(codes or [NULL], dtype=np.int32))


def as_table(columns: Mapping[str, Any], order: Ints) -> pa.Table:
    """Columns as an Arrow table of ``VERDICT_SCHEMA``.

    Args:
        columns: by name an EncodedColumn, or floats with NaN for null.
        order: (n,), the row of the table that each value belongs to.
    """
    scattered: dict[int, Codes] = {}
    arrays = [_array(columns[field.name], order, field.type, scattered) for field in VERDICT_SCHEMA]
    return pa.table(arrays, schema=VERDICT_SCHEMA)


def _array(
    column: EncodedColumn | NDArray[np.float64], order: Ints, kind: pa.DataType, scattered: dict[int, Codes]
) -> pa.Array:
    """One column. ``scattered``: numbers in the order of rows by ``id``, since several columns share them."""
    if not isinstance(column, EncodedColumn):
        return _of_buffers(pa.float64(), *scatter_floats(column, order))
    texts, numbers = column.texts, column.numbers
    if not len(texts):
        return pa.nulls(len(numbers), kind)
    if id(numbers) not in scattered:
        scattered[id(numbers)] = scatter_codes(numbers, order)
    codes, table = scattered[id(numbers)], NO_TABLE if column.table is None else column.table
    if len(texts) > len(codes):  # only few of many can be in use
        codes, used = compact_codes(take_codes(table, codes) if len(table) else codes, len(texts))
        texts, table = texts.take(pa.array(used)), NO_TABLE
    index = _of_buffers(pa.int32(), *with_validity(codes, table))
    if pa.types.is_dictionary(kind):
        return pa.DictionaryArray.from_arrays(index, texts, safe=False)
    return texts.take(index)


def _of_buffers(kind: pa.DataType, values: NDArray[Any], bits: NDArray[np.uint8], nulls: int) -> pa.Array:
    validity = pa.py_buffer(bits) if nulls else None
    return pa.Array.from_buffers(kind, len(values), [validity, pa.py_buffer(values)], nulls)
