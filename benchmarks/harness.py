"""A race: contenders take turns in one run, and nothing is told before their answers agree."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

OURS: Final = "Zhijie"
ROUNDS: Final = 7
SLOW_S: Final = 20.0  # a contender that takes longer runs fewer rounds
SLOW_ROUNDS: Final = 3
POINT_BITS: Final = 24  # a pair as one number: area, then point


class AnswersDiffer(Exception):
    """Two contenders do not say the same: their times would mean nothing."""


@dataclass(frozen=True)
class Contender:
    """``ask`` is timed; ``told`` brings what it gave into a form that can be compared, untimed."""

    name: str
    version: str
    ask: Callable[[], Any]
    told: Callable[[Any], Any]


@dataclass(frozen=True)
class Timing:
    """Seconds of every round of one contender."""

    contender: Contender
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.seconds)


Difference = Callable[[Any, Any], str | None]


def race(contenders: Sequence[Contender], difference: Difference, rounds: int = ROUNDS) -> list[Timing]:
    """Time everyone ``rounds`` times in turns (A, B, C, A, B, C, …), slow ones ``SLOW_ROUNDS`` times.

    A first round is not timed: there everyone warms up, and each answer is compared with the first one's.
    ``difference`` says in words how two answers differ, or None. Raises ``AnswersDiffer``.
    """
    limits = _compared(contenders, difference, rounds)
    seconds: list[list[float]] = [[] for _ in contenders]
    for turn in range(rounds):
        for contender, limit, kept in zip(contenders, limits, seconds, strict=True):
            if turn < limit:
                kept.append(_timed(contender)[0])
    return [Timing(c, tuple(kept)) for c, kept in zip(contenders, seconds, strict=True)]


def _compared(contenders: Sequence[Contender], difference: Difference, rounds: int) -> list[int]:
    """How many rounds each contender runs, once all have said the same."""
    limits, first = [], None
    for contender in contenders:
        taken, answer = _timed(contender)
        told = contender.told(answer)
        first = told if first is None else first
        found = difference(first, told)
        if found is not None:
            raise AnswersDiffer(f"{contenders[0].name} and {contender.name} differ: {found}")
        limits.append(rounds if taken <= SLOW_S else min(rounds, SLOW_ROUNDS))
    return limits


def _timed(contender: Contender) -> tuple[float, Any]:
    gc.collect()
    begin = time.perf_counter()
    answer = contender.ask()
    return time.perf_counter() - begin, answer


def pair_keys(points: NDArray[np.integer], areas: NDArray[np.integer]) -> NDArray[np.int64]:
    """Pairs (point, area) in a form that compares: sorted numbers, each once."""
    return np.unique(pair_numbers(points, areas))


def pair_numbers(points: NDArray[np.integer], areas: NDArray[np.integer]) -> NDArray[np.int64]:
    """One number a pair, in the order given."""
    return (areas.astype(np.int64) << POINT_BITS) | points.astype(np.int64)


def points_of(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """The points of such numbers."""
    return keys & ((1 << POINT_BITS) - 1)


def pairs_differ(some: NDArray[np.int64], others: NDArray[np.int64]) -> str | None:
    """How two sets of ``pair_keys`` differ, in words."""
    if np.array_equal(some, others):
        return None
    only_some, only_others = np.setdiff1d(some, others), np.setdiff1d(others, some)
    example = int(np.concatenate([only_some, only_others])[0])
    point, area = example & ((1 << POINT_BITS) - 1), example >> POINT_BITS
    return (
        f"{len(only_some)} pairs only the first has, {len(only_others)} only the second; "
        f"for example point {point} with area {area}"
    )
