"""The world of the calibration: three townships with irregular borders, a reserve in three parts, PostGIS."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from sqlalchemy.orm import Session

from benchmarks.calibration.errors import R68, Floats
from core.settings import Settings
from facts.lookup import use_memory
from store.cluster.cluster import Cluster
from store.engine import make_engine, migrate, open_session
from tests.support.scenes import Scene, load_scene
from verdict.inquiry import Limits

SEED: Final = 20260301
LAYER_M: Final = 5.0  # 68 % error of the official lines
LAYER_SIGMA: Final = LAYER_M / R68
HALF_LENGTH_M: Final = 600.0  # of the border, west and east of the point where three townships meet
DAY: Final = dt.date(2024, 6, 1)
LIMITS: Final = replace(Limits.of(Settings()), r95_channels=frozenset({"receiver"}))
CODES: Final = ("140591201", "140591101", "140591102")
GRADES: Final = ("core", "buffer", "experimental")
RESERVE_M: Final = (450.0, 900.0)  # size from west to east and from south to north


def crooked(
    seed: int, length_m: float, step: tuple[float, float] = (20.0, 60.0), slope: float = 0.7
) -> Floats:
    """A line (n, 2) from 0 to ``length_m`` that strays from its axis, no edge steeper than ``slope``."""
    random = np.random.default_rng(seed)
    along = np.cumsum(np.r_[0.0, random.uniform(*step, int(2 * length_m / sum(step)) + 9)])
    along = np.r_[along[along < length_m], length_m]
    across = np.zeros_like(along)
    for n in range(1, len(along)):
        stray = random.uniform(-slope, slope) * (along[n] - along[n - 1])
        across[n] = 0.85 * across[n - 1] + stray * 0.9
    return np.column_stack([along, np.clip(across, -40, 40)])


def border() -> Floats:
    """The border between the south and the north: x rising from west to east, metres, through (0, 0)."""
    east, west = (crooked(seed, 2000.0) for seed in (1, 2))
    return np.vstack([west[:0:-1] * [-1, 1], east])


def branch() -> Floats:
    """The border between the two northern townships, from (0, 0) to the north."""
    return crooked(3, 2000.0)[:, ::-1]


def north_of(east: Floats) -> Floats:
    """The border's northing, metres, at eastings."""
    line = border()
    return np.interp(east, line[:, 0], line[:, 1])


def scene() -> Scene:
    """Three townships: one in the south, two in the north; official, lines good to 5 m."""
    line, up = border(), branch()
    west, east = line[line[:, 0] <= 0], line[line[:, 0] >= 0]
    rings = (
        [*line, [2000.0, -2000.0], [-2000.0, -2000.0]],
        [*west, *up[1:], [-2000.0, 2000.0]],
        [*east[::-1], *up[1:], [2000.0, 2000.0]],
    )
    named = zip(CODES, ("南乡", "西镇", "东镇"), rings, strict=True)
    townships = [{"code": c, "name": n, "ring": _plain(ring)} for c, n, ring in named]
    return {"accuracy_m": LAYER_M, "townships": townships}


def reserve() -> dict[str, Floats]:
    """Grade → ring, metres: three strips side by side, of one official layer, with irregular lines.

    Each strip is 150 m wide; neighbours share their line. It lies 500 m and more from every township border.
    """
    width, height = RESERVE_M
    middle = np.array([0.0, -1000.0])
    lines = []
    for n, seed in enumerate((11, 12, 13, 14)):
        up = crooked(seed, height, (15.0, 45.0))[:, ::-1] * [0.7, 1.0]
        lines.append(up + middle + [n * width / 3 - width / 2, -height / 2])
    strips = (np.vstack([left, right[::-1]]) for left, right in zip(lines, lines[1:], strict=False))
    return dict(zip(GRADES, strips, strict=True))


def reserve_scene() -> Scene:
    """The townships with the reserve in the southern one; nothing is unknown about other kinds of zones."""
    zones = [
        {"code": f"zone-{grade}", "name": f"示例保护区{grade}", "kind": "nature_reserve", "grade": grade}
        | {"ring": _plain(ring)}
        for grade, ring in reserve().items()
    ]
    return {**scene(), "zones": zones, "knows": "all"}


def _plain(ring: object) -> list[list[float]]:
    return [list(map(float, xy)) for xy in ring]  # type: ignore[attr-defined]


@contextmanager
def stage() -> Iterator[tuple[Session, Path]]:
    """A session on a throw-away PostGIS with the townships and the law, and a folder for other scenes."""
    home = Path(tempfile.mkdtemp(prefix="zhijie-calibration-"))
    home.chmod(0o755)
    cluster = Cluster(home / "pg", fast=True)
    try:
        engine = use_memory(make_engine(Settings(), cluster.start()), Settings())
        migrate(engine)
        with open_session(engine) as session:
            load_scene(session, scene(), home / "data")
            yield session, home
        engine.dispose()
    finally:
        cluster.stop()
        shutil.rmtree(home, ignore_errors=True)
