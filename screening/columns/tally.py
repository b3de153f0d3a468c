"""Counts of pairs of texts that occur in the same row, computed on their codes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from screening.kernel import distinct, with_nulls
from screening.schema import SEPARATOR

Codes = NDArray[np.int64]
Pairs = tuple[Codes, Codes, Codes]
MAX_COUNTERS: Final = 1 << 21  # 16 MB of counters; with more possible pairs these are hashed instead


@dataclass(frozen=True)
class Column:
    """A column of repeated texts: (n,) positions in ``dictionary``, −1 for null."""

    codes: NDArray[np.integer[Any]]  # int32 of a table
    dictionary: pa.Array

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> Column:
        """A column of text of a table, whether its chunks are dictionaries or not."""
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        whole = column.unify_dictionaries().combine_chunks()
        whole = whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
        return cls(_codes(whole.indices), whole.dictionary)

    @cached_property
    def values(self) -> list[str]:
        """The texts of the dictionary."""
        found: list[str] = self.dictionary.to_pylist()
        return found

    def first_rows(self) -> Codes:
        """The first row that holds each text of the dictionary, −1 where none does."""
        found = np.full(len(self.dictionary) + 1, -1, dtype=np.int64)
        # Of repeated indices NumPy keeps the last assignment: backwards, that is the first row. Code −1 goes
        # into the spare last element.
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
    return with_nulls(codes, np.frombuffer(bits, np.uint8), indices.offset)


def count_pairs(left: Column, right: Column) -> Pairs:
    """The distinct pairs of codes in a row, and how many rows have each; rows with a null are left out."""
    width = max(len(right.dictionary), 1)
    both = left.codes.astype(np.int64) * width + right.codes
    if left.codes.min(initial=0) < 0 or right.codes.min(initial=0) < 0:
        both = both[(left.codes >= 0) & (right.codes >= 0)]
    if len(left.dictionary) * width <= MAX_COUNTERS:
        count = np.bincount(both)
        keys = np.flatnonzero(count)
        return keys // width, keys % width, count[keys]
    keys, numbers = distinct(both)
    return keys // width, keys % width, np.bincount(numbers)


@dataclass(frozen=True, slots=True)
class Lists:
    """n lists of texts: where each begins in ``codes``, (n + 1,), and the positions in ``dictionary``."""

    starts: Codes
    codes: Codes
    dictionary: pa.Array

    def first_lists(self, values: Codes) -> Codes:
        """The first list that contains each text. ``values``: positions of texts that are in use."""
        at = np.zeros(len(self.dictionary), dtype=np.int64)
        at[self.codes[::-1]] = np.arange(len(self.codes))[::-1]
        return np.searchsorted(self.starts, at[values], side="right") - 1


def split_lists(column: Column, places: Codes) -> Lists:
    """Texts of a column's dictionary, split at ``SEPARATOR``. ``places``: positions in the dictionary."""
    lists = pc.split_pattern(column.dictionary.take(pa.array(places)), SEPARATOR)
    parts = lists.flatten().dictionary_encode()
    starts = lists.offsets.to_numpy(zero_copy_only=False).astype(np.int64)
    return Lists(starts, parts.indices.to_numpy(zero_copy_only=False).astype(np.int64), parts.dictionary)


def pair_lists(left: Lists, right: Lists, counts: Codes) -> tuple[Column, Column, Codes]:
    """Pair the texts at the same position of two lists; the rest of the longer one is left out.

    Returns:
        Both texts of each pair, and ``counts`` of the lists that they come from.
    """
    lengths = np.minimum(np.diff(left.starts), np.diff(right.starts))
    ends = np.cumsum(lengths)
    step = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)
    found = [
        Column(lists.codes[np.repeat(lists.starts[:-1], lengths) + step], lists.dictionary)
        for lists in (left, right)
    ]
    return found[0], found[1], np.repeat(counts, lengths)


class PairTally:
    """Counts of pairs of texts over many tables, as a matrix; texts are numbered as they first occur."""

    def __init__(self) -> None:
        self._numbers: tuple[dict[str, int], dict[str, int]] = ({}, {})
        self._last: list[tuple[pa.Array, Codes] | None] = [None, None]
        self._counts: Codes = np.zeros((0, 0), dtype=np.int64)

    def __eq__(self, other: object) -> bool:
        """Whether both have the same counts."""
        return isinstance(other, PairTally) and self.counter() == other.counter()

    __hash__ = None  # type: ignore[assignment]

    def add(self, left: Column, right: Column, weights: Codes | None = None) -> Codes:
        """Count the pairs of each row, once or ``weights`` times.

        Returns:
            The codes of ``left`` in use whose texts were not counted before.
        """
        if weights is None:
            first, second, counts = count_pairs(left, right)
        else:
            first, second, counts = left.codes.astype(np.int64), right.codes.astype(np.int64), weights
        rows, columns = self._number(0, left), self._number(1, right)
        is_new = self._counts.sum(axis=1) == 0
        np.add.at(self._counts, (rows[first], columns[second]), counts)
        occurs = np.zeros(len(rows), dtype=np.bool_)
        occurs[first] = True
        places = np.flatnonzero(occurs)
        found: Codes = places[is_new[rows[places]]]
        return found

    def _number(self, side: int, column: Column) -> Codes:
        """The number of each text of a dictionary; the matrix grows where some are new.

        The last dictionary is kept: consecutive batches mostly have equal ones.
        """
        last = self._last[side]
        if last is not None and last[0].equals(column.dictionary):
            return last[1]
        known = self._numbers[side]
        found = [known.setdefault(text, len(known)) for text in column.values]
        numbers = np.asarray(found, dtype=np.int64)
        self._last[side] = (column.dictionary, numbers)
        values = tuple(map(len, self._numbers))
        grown: Codes = np.zeros(values, dtype=np.int64)
        grown[: self._counts.shape[0], : self._counts.shape[1]] = self._counts
        self._counts = grown
        return numbers

    def counter(self) -> Counter[tuple[str, str]]:
        """The counts by pair of texts."""
        lefts, rights = map(list, self._numbers)
        rows, columns = np.nonzero(self._counts)
        entries = zip(rows.tolist(), columns.tolist(), self._counts[rows, columns].tolist(), strict=True)
        return Counter({(lefts[row], rights[column]): count for row, column, count in entries})
