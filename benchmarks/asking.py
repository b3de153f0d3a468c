"""What a service, a batch and a file are asked alike: mixed points; and whether their answers are right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
from sqlalchemy import Engine

from benchmarks.borders import Floats
from benchmarks.store import CATEGORY
from benchmarks.world import World
from core.settings import Settings
from screening.schema import PREFIX, SEPARATOR, verdict_row
from store.engine import open_session
from verdict.inquiry import Inquiry, Limits, answer

SEED: Final = 5
NEAR: Final = {"zj_share": 1e-6, "zj_edge_m": 0.01}  # columns of numbers, and what they may differ by
SHARES: Final = "zj_other_units"
APART: Final = {*NEAR, SHARES, "zj_error"}


def mixed(world: World, most: int) -> Floats:
    """Points (n, 2), at most so many: half of them spread evenly, half near borders, in no order."""
    return _shuffled(world.uniform, world.border, most)


def mixed_of_city(world: World, most: int) -> Floats:
    """The same in Jincheng."""
    return _shuffled(world.jincheng_uniform, world.jincheng_border, most)


def _shuffled(some: Floats, others: Floats, most: int) -> Floats:
    half = min(most // 2, len(some))
    return np.random.default_rng(SEED).permutation(np.vstack([some[:half], others[:half]]))


def wrong_row(
    rows: Iterable[Mapping[str, Any]], lonlat: Floats, engine: Engine, accuracy_m: float = 0.0
) -> str | None:
    """The first row of a screening that does not say what a single check says, in words; None: all do."""
    limits = Limits.of(Settings())
    with open_session(engine) as session:
        for row, (x, y) in zip(rows, lonlat.tolist(), strict=True):
            wanted = verdict_row(answer(session, Inquiry(CATEGORY, x, y, accuracy_m=accuracy_m), limits))
            wrong = [name for name, value in wanted.items() if not _same(name, row[name], value)]
            if wrong:
                told = {name: (row[name], wanted[name]) for name in wrong}
                return f"the point {x}, {y}: {told}"
    return None


def _same(name: str, told: Any, wanted: Any) -> bool:  # noqa: ANN401
    if told is None or wanted is None or name not in APART:
        return bool(told == wanted)
    if name in NEAR:
        return abs(told - wanted) <= NEAR[name]
    one, other = (_shares(text) for text in (told, wanted))
    return one.keys() == other.keys() and all(abs(one[code] - other[code]) <= 1e-6 for code in one)


def _shares(text: str) -> dict[str, float]:
    parts = (part.split("=") for part in text.split(SEPARATOR))
    return {code: float(share) for code, share in parts}


def verdict_columns(names: Iterable[str]) -> list[str]:
    """Those that the screening has added."""
    return [name for name in names if name.startswith(PREFIX)]
