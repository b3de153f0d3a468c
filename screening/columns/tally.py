"""Counting texts that stand together in rows, by numbers; texts are looked at once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from screening.kernel import distinct, without_bits
from screening.schema import SEPARATOR

Codes = NDArray[np.int64]
Pairs = tuple[Codes, Codes, Codes]
FEW_PAIRS: Final = 1 << 21


@dataclass(frozen=True)
class Column:
    """A column of few texts: each row's place in ``dictionary``, −1 where it is null."""

    codes: NDArray[np.integer[Any]]  # int32 of a table
    dictionary: pa.Array

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> Column:
        """The column of a table of verdicts."""
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        whole = column.unify_dictionaries().combine_chunks()
        whole = whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
        return cls(_codes(whole.indices), whole.dictionary)

    @cached_property
    def values(self) -> list[str]:
        """The texts."""
        found: list[str] = self.dictionary.to_pylist()
        return found

    def first_rows(self) -> Codes:
        """The first row of each value, −1 where it has none."""
        found = np.full(len(self.dictionary) + 1, -1, dtype=np.int64)
        found[self.codes[::-1]] = np.arange(len(self.codes))[::-1]
        return found[:-1]

    def at(self, row: int) -> str:
        """The text of a row, empty where it is null."""
        code = int(self.codes[row])
        return self.dictionary[code].as_py() if code >= 0 else ""


def _codes(indices: pa.Array) -> NDArray[np.int32]:
    """Indices (int32) as numbers, −1 for null."""
    bits, values = indices.buffers()
    codes = np.frombuffer(values, np.int32, len(indices), 4 * indices.offset)
    if not indices.null_count:
        return codes
    return without_bits(codes, np.frombuffer(bits, np.uint8), indices.offset)


def counted_pairs(one: Column, other: Column) -> Pairs:
    """The codes that stand in one row, and how often they do; rows with a null are left out."""
    width = max(len(other.dictionary), 1)
    both = one.codes.astype(np.int64) * width + other.codes
    if one.codes.min(initial=0) < 0 or other.codes.min(initial=0) < 0:
        both = both[(one.codes >= 0) & (other.codes >= 0)]
    if len(one.dictionary) * width <= FEW_PAIRS:
        count = np.bincount(both)
        keys = np.flatnonzero(count)
        return keys // width, keys % width, count[keys]
    keys, numbers = distinct(both)
    return keys // width, keys % width, np.bincount(numbers)


@dataclass(frozen=True, slots=True)
class Lists:
    """Lists of texts: where each begins (n + 1,), and their texts as places in ``dictionary``."""

    starts: Codes
    codes: Codes
    dictionary: pa.Array

    def first_lists(self, wanted: Codes) -> Codes:
        """The first list that holds each of some places in the dictionary, which all occur."""
        at = np.zeros(len(self.dictionary), dtype=np.int64)
        at[self.codes[::-1]] = np.arange(len(self.codes))[::-1]
        return np.searchsorted(self.starts, at[wanted], side="right") - 1


def split(column: Column, places: Codes) -> Lists:
    """The texts at some places of a column's dictionary, split into their parts."""
    lists = pc.split_pattern(column.dictionary.take(pa.array(places)), SEPARATOR)
    parts = lists.flatten().dictionary_encode()
    starts = lists.offsets.to_numpy(zero_copy_only=False).astype(np.int64)
    return Lists(starts, parts.indices.to_numpy(zero_copy_only=False).astype(np.int64), parts.dictionary)


def paired(one: Lists, other: Lists, counts: Codes) -> tuple[Column, Column, Codes]:
    """The parts that stand at one place of two lists, and how often; of two lengths the shorter counts."""
    lengths = np.minimum(np.diff(one.starts), np.diff(other.starts))
    ends = np.cumsum(lengths)
    step = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)
    found = [
        Column(lists.codes[np.repeat(lists.starts[:-1], lengths) + step], lists.dictionary)
        for lists in (one, other)
    ]
    return found[0], found[1], np.repeat(counts, lengths)


class PairTally:
    """How often two texts stood together. Texts have numbers here, in the order in which they came."""

    def __init__(self) -> None:
        self._numbers: tuple[dict[str, int], dict[str, int]] = ({}, {})
        self._last: list[tuple[pa.Array, Codes] | None] = [None, None]
        self._counts: Codes = np.zeros((0, 0), dtype=np.int64)

    def __eq__(self, other: object) -> bool:
        """Whether the counts are the same."""
        return isinstance(other, PairTally) and self.counter() == other.counter()

    __hash__ = None  # type: ignore[assignment]

    def add(self, one: Column, other: Column, weights: Codes | None = None) -> Codes:
        """Count rows, each once or as often as said; the places in ``one`` of texts never counted before."""
        if weights is None:
            first, second, counts = counted_pairs(one, other)
        else:
            first, second, counts = one.codes.astype(np.int64), other.codes.astype(np.int64), weights
        rows, columns = self._number(0, one), self._number(1, other)
        fresh = self._counts.sum(axis=1) == 0
        np.add.at(self._counts, (rows[first], columns[second]), counts)
        there = np.zeros(len(rows), dtype=np.bool_)
        there[first] = True
        places = np.flatnonzero(there)
        found: Codes = places[fresh[rows[places]]]
        return found

    def _number(self, side: int, column: Column) -> Codes:
        """The number here of each text of a column; equal dictionaries are looked at once."""
        last = self._last[side]
        if last is not None and last[0].equals(column.dictionary):
            return last[1]
        known = self._numbers[side]
        found = [known.setdefault(text, len(known)) for text in column.values]
        numbers = np.asarray(found, dtype=np.int64)
        self._last[side] = (column.dictionary, numbers)
        wanted = tuple(map(len, self._numbers))
        grown: Codes = np.zeros(wanted, dtype=np.int64)
        grown[: self._counts.shape[0], : self._counts.shape[1]] = self._counts
        self._counts = grown
        return numbers

    def counter(self) -> Counter[tuple[str, str]]:
        """The counts by texts."""
        ones, others = map(list, self._numbers)
        rows, columns = np.nonzero(self._counts)
        told = zip(rows.tolist(), columns.tolist(), self._counts[rows, columns].tolist(), strict=True)
        return Counter({(ones[row], others[column]): count for row, column, count in told})
