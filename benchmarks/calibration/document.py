"""The figures of docs/calibration.md: all runs, each under its heading, between the document's marks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from benchmarks.calibration import footprints, omitted, points, tails, zones
from benchmarks.calibration.errors import CONTAMINATED, NORMAL
from benchmarks.calibration.reliability import draw, rings_table, runs_table, tenths_table
from benchmarks.calibration.world import SEED, reserve_scene
from core.settings import ROOT
from tests.support.scenes import load_scene

MARKS: Final = ("<!-- figures -->", "<!-- /figures -->")


@dataclass(frozen=True)
class Size:
    """How many cases: ``main`` and ``other`` reports of each channel, ``footprints``, ``zones`` places."""

    main: int
    other: int
    footprints: int
    zones: int


FULL: Final = Size(points.COUNT, 2560, 6000, 4000)
QUICK: Final = Size(512, 256, 600, 600)


def sections(session: Session, home: Path, size: Size) -> Iterator[tuple[str, str]]:
    """Heading and text of each part."""
    yield "Points", _points(session, size)
    yield "Footprints", footprints.figures(session, SEED, size.footprints, (CONTAMINATED, NORMAL))
    yield "Accuracy not stated", omitted.figures(session, SEED, size.other)
    yield "Heavy tails and power", tails.figures(session, SEED, size.other)
    # last: it takes the place of the other world
    load_scene(session, reserve_scene(), home / "reserve")
    yield "Union of zones", zones.figures(session, SEED, size.zones)


def _points(session: Session, size: Size) -> str:
    reports = points.simulate(plan=points.Plan(count=size.main))
    began = time.perf_counter()
    calls = [*points.ask(session, reports)]
    took = (time.perf_counter() - began) / len(reports)
    found = points.score(calls, reports)
    if size == FULL:
        title = f"Stated and observed: {len(reports):,} reports near a border"
        draw(found, ROOT / "docs/images/calibration.png", title)
    runs = [
        (f"**the main run**: {CONTAMINATED.name}", found),
        *points.parts(calls, reports),
        *points.further_runs(session, SEED, size.other),
    ]
    blocks = (
        f"Seed {SEED}; {len(reports):,} reports; {took * 1000:.1f} ms per report on one core.",
        "![Stated and observed shares by tenth](images/calibration.png)",
        tenths_table(found.tenths),
        rings_table(found),
        points.coverage_table(reports),
        runs_table(runs),
    )
    return "\n\n".join(blocks)


def write(figures: str) -> None:
    """Write figures between the marks of the document."""
    document = ROOT / "docs/calibration.md"
    before, _, rest = document.read_text(encoding="utf-8").partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    document.write_text(f"{before}{MARKS[0]}\n\n{figures}\n\n{MARKS[1]}{after}", encoding="utf-8")
