"""One answer from every way of asking: cells, PostGIS, the screening and the single check, to the byte.

Run ``.venv/bin/python -m benchmarks.agreement`` (``--count``: of points and of footprints, 20,000 each): the
world of ``benchmarks.calibration`` with its reserve, in a throw-away PostGIS. Half of the places lie within a
few σ of a border. Footprints are of 1 m² to 10⁶ m². It prints what differs, and exits with 1 where anything
does.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from benchmarks.calibration.footprints import SHAPES, outline
from benchmarks.calibration.world import DAY, SEED, border, branch, reserve, reserve_scene, scene, stage
from core.settings import Settings
from facts.lookup import set_memory
from geo.measure import area_m2
from geo.place.location import Location
from screening.schema import VERDICT_SCHEMA, verdict_row
from screening.screener import Screener, ScreenTask, open_screener
from store.engine import make_engine, open_session
from tests.support.scenes import degrees, load_scene
from verdict.judgement import Case, judge
from verdict.model import Verdict

ACCURACIES_M: Final = (0.0, 1.0, 5.0, 15.0, 50.0)
SIZES_M: Final = (1.0, 1000.0)  # of a footprint's side
NEAR_M: Final = 60.0
CASE: Final = Case("rural_dwelling", DAY, dt.date(2026, 11, 1))
BATCH: Final = 1000
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ways:
    """The ways of asking: a session for each engine, and a screener."""

    cells: Session
    postgis: Session
    screener: Screener


def places(count: int, random: np.random.Generator) -> Floats:
    """Positions (count, 2), metres: half anywhere, half near a border of a township or of the reserve."""
    rings = [shapely.LineString(ring) for ring in reserve().values()]
    lines = np.array([shapely.LineString(border()), shapely.LineString(branch()), *rings], dtype=object)
    found = random.uniform(-1900.0, 1900.0, (count, 2))
    on = shapely.line_interpolate_point(random.choice(lines, count), random.random(count), normalized=True)
    beside = shapely.get_coordinates(on) + random.normal(0, NEAR_M, (count, 2)) * random.random((count, 1))
    near = np.arange(count) % 2 == 0
    found[near] = beside[near]
    return found


def point(at: Floats, accuracy_m: float) -> Location:
    """A point of the world."""
    lon, lat = degrees(scene(), at.tolist())
    return Location(lon, lat, accuracy_m, None, lon, lat, "cgcs2000", 0.0, None)


def footprint(at: Floats, accuracy_m: float, random: np.random.Generator) -> Location:
    """An outline of a random shape and size about a place of the world."""
    size = float(np.exp(random.uniform(*np.log(SIZES_M))))
    drawn = shapely.get_coordinates(outline(int(random.integers(len(SHAPES))), size, random)) + at
    shape = shapely.Polygon([degrees(scene(), xy) for xy in drawn])
    inside = shape.point_on_surface()
    return Location(
        inside.x, inside.y, accuracy_m, shape, inside.x, inside.y, "cgcs2000", 0.0, area_m2(shape)
    )


def locations(kind: str, count: int, seed: int = SEED) -> Iterator[Location]:
    """Points or footprints of all accuracies."""
    random = np.random.default_rng(seed)
    for n, at in enumerate(places(count, random)):
        accuracy_m = ACCURACIES_M[n % len(ACCURACIES_M)]
        yield point(at, accuracy_m) if kind == "points" else footprint(at, accuracy_m, random)


def screened(screener: Screener, some: Sequence[Location]) -> list[dict[str, Any]]:
    """The rows of a screening."""
    accuracy = np.array([one.accuracy_m for one in some])
    if some[0].footprint is None:
        table = screener.points(np.array([(one.lon, one.lat) for one in some]), accuracy, 2)
    else:
        table = screener.footprints(np.array([one.footprint for one in some], dtype=object), accuracy, 2)
    return list(table.to_pylist())


def row_of(verdict: Verdict) -> dict[str, Any]:
    """The row that a screening should have."""
    row = verdict_row(verdict)
    return {name: row.get(name) for name in VERDICT_SCHEMA.names}


def compare(ways: Ways, some: Sequence[Location]) -> Iterator[str]:
    """What differs, of some places."""
    for one, row in zip(some, screened(ways.screener, some), strict=True):
        ours, theirs = (judge(s, one, CASE).verdict for s in (ways.cells, ways.postgis))
        where = f"{one.lon!r}, {one.lat!r} ±{one.accuracy_m}, {one.area_m2 or 0:.1f} m²"
        if ours.to_json() != theirs.to_json():
            yield f"{where}: cells and PostGIS: {_first_difference(ours.to_json(), theirs.to_json())}"
        if row_of(ours) != row:
            yield f"{where}: single check and screening: {row_of(ours)} {row}"


def _first_difference(one: str, other: str) -> str:
    at = next(n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return f"…{one[max(0, at - 60) : at + 20]} | {other[max(0, at - 20) : at + 20]}"


def run(engines: tuple[Engine, Engine], kind: str, count: int, console: Console) -> int:
    """Compare points or footprints; how many differences there are."""
    settings = Settings()
    task = ScreenTask(CASE.category, CASE.as_of, CASE.asked_on)
    faults = 0
    with open_session(engines[0]) as cells, open_session(engines[1]) as postgis:
        ways = Ways(cells, postgis, open_screener(engines[0], settings, task))
        wanted = locations(kind, count)
        for _ in track(range(0, count, BATCH), kind, console=console, disable=not console.is_terminal):
            some = [one for _, one in zip(range(BATCH), wanted, strict=False)]
            for fault in compare(ways, some):
                faults += 1
                console.print(fault, markup=False)
    console.print(f"{count:,} {kind}: {faults} differences")
    return faults


def main() -> None:
    """Compare all ways of asking."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.agreement", description=main.__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="of points and of footprints")
    count = parser.parse_args().count
    with stage() as (session, home):
        load_scene(session, reserve_scene(), home / "reserve")
        session.commit()
        engine = session.get_bind().engine
        alone = make_engine(Settings(), str(engine.url.render_as_string(hide_password=False)))
        set_memory(alone, None)
        faults = sum(run((engine, alone), kind, count, Console()) for kind in ("points", "footprints"))
        alone.dispose()
    sys.exit(min(faults, 1))


if __name__ == "__main__":
    main()
