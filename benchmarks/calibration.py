"""Calibration of stated shares and certainties on twenty thousand simulated reports near an irregular border.

Run ``.venv/bin/python -m benchmarks.calibration`` (a quarter of an hour): a throw-away PostGIS, the real
query, the real decision. It writes the figures of docs/calibration.md and its plot. docs/calibration.md
describes the method and its limits.
"""

from __future__ import annotations

import datetime as dt
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import f as fisher
from scipy.stats import qmc
from shapely import affinity
from sqlalchemy.orm import Session

from benchmarks.reliability import Call, Reliability, draw, measure, rings_table, runs_table, tenths_table
from core.settings import ROOT, Settings
from facts.lookup import use_memory
from geo.measure.probability import R68, R95, gaussian_mass
from store.cluster.cluster import Cluster
from store.engine import make_engine, migrate, open_session
from tests.support.scenes import Scene, degrees, load_scene
from verdict.inquiry import Inquiry, Limits, locate

Floats = NDArray[np.float64]

SEED: Final = 20260301
POINTS_LOG2: Final = 15  # of a channel's sequence; a third of them are reported inside the window
LAYER_M: Final = 5.0  # 68 % error of the official lines
STATED_M: Final = (5.0, 12.0, 30.0)  # what the devices say of their accuracy
CHANNELS: Final = ("phone", "receiver")  # the first means a 68 % radius, the second a 95 % one
HALF_LENGTH_M: Final = 600.0  # of the border, west and east of the point where three townships meet
WINDOW: Final = 3.0  # reports this many σ north or south of the border are judged
REACH: Final = (
    8.6  # σ; true positions from so far take part: a report strays by 5.6 σ along the vertical at most
)
HEAVY: Final = 4  # degrees of freedom of the heavy-tailed errors
DAY: Final = dt.date(2024, 6, 1)
LIMITS: Final = replace(Limits.of(Settings()), r95_channels=frozenset({"receiver"}))
MARKS: Final = ("<!-- figures -->", "<!-- /figures -->")
CODES: Final = ("140591201", "140591101", "140591102")


def _crooked(seed: int, length_m: float, step: tuple[float, float], slope: float) -> Floats:
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
    east, west = (_crooked(seed, 2000.0, (20.0, 60.0), 0.7) for seed in (1, 2))
    return np.vstack([west[:0:-1] * [-1, 1], east])


def branch() -> Floats:
    """The border between the two northern townships, from (0, 0) to the north."""
    return _crooked(3, 2000.0, (20.0, 60.0), 0.7)[:, ::-1]


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
    townships = [{"code": c, "name": n, "ring": [list(map(float, xy)) for xy in r]} for c, n, r in named]
    return {"accuracy_m": LAYER_M, "townships": townships}


@dataclass(frozen=True)
class Reports:
    """Simulated reports, a row each, metres in the frame of the layer as it is drawn.

    ``truth``: the true place, moved by the layer's error as the layer's lines are; ``told``: where the device
    says it is; ``gps``: the device's own error; ``stated``: what it says of its accuracy; ``channel``: index
    into CHANNELS; ``sigma``: of device and layer together.
    """

    truth: Floats
    told: Floats
    gps: Floats
    stated: Floats
    channel: NDArray[np.int64]
    sigma: Floats

    def __len__(self) -> int:
        return len(self.truth)

    def where(self, chosen: NDArray[np.bool_]) -> Reports:
        """Some of the reports."""
        return Reports(*(getattr(self, field.name)[chosen] for field in fields(self)))


def r68_of(stated: Floats, channel: NDArray[np.int64]) -> Floats:
    """The 68 % radius behind a stated one."""
    return np.where(channel == 1, stated * R68 / R95, stated)


Errors = Callable[
    [Floats, int], Floats
]  # (n, 2) normal errors and a seed → (n, 2) errors with the same 68 % radius


def simulate(seed: int = SEED, errors: Errors | None = None, layer: Floats | None = None) -> Reports:
    """Reports whose true places are spread evenly over a wide band along the border.

    ``errors`` bends the devices' normal errors to another law; ``layer`` (2,) makes one layer error for all
    reports instead of one each. Only reports that are told inside the window are given: what a report says
    is all that the engine knows, so a choice by it leaves the odds of the truth as they are.
    """
    randoms = np.random.default_rng(seed).spawn(len(CHANNELS))
    strata = np.vstack([qmc.Sobol(5, rng=random).random_base2(POINTS_LOG2) for random in randoms])
    stated = np.array(STATED_M)[(strata[:, 4] * len(STATED_M)).astype(int)]
    channel = np.arange(len(strata)) >> POINTS_LOG2
    gps_sigma = r68_of(stated, channel) / R68
    sigma = np.hypot(gps_sigma, LAYER_M / R68)
    east = (2 * strata[:, 2] - 1) * HALF_LENGTH_M
    truth = np.column_stack([east, _north_of(east) + (2 * strata[:, 0] - 1) * REACH * sigma])
    joint = _normal(strata[:, [1, 3]]) * sigma[:, None]
    gps, shift = _divided(_turned(joint, east), gps_sigma, sigma, seed)
    gps = gps if errors is None else errors(gps, seed)
    shift = shift if layer is None else np.broadcast_to(layer, shift.shape)
    reports = Reports(truth, truth + gps + shift, gps, stated, channel, sigma)
    return reports.where(_in_window(reports))


def _normal(uniform: Floats) -> Floats:
    return np.asarray(ndtri(np.clip(uniform, 1e-12, 1 - 1e-12)))


def _north_of(east: Floats) -> Floats:
    line = border()
    return np.interp(east, line[:, 0], line[:, 1])


def _turned(error: Floats, east: Floats) -> Floats:
    """Errors across and along the border there as errors east and north; an isotropic law does not mind."""
    line = border()
    edge = np.clip(np.searchsorted(line[:, 0], east) - 1, 0, len(line) - 2)
    along = np.diff(line, axis=0)[edge]
    along /= np.hypot(*along.T)[:, None]
    across = along[:, ::-1] * [-1, 1]
    return error[:, :1] * across + error[:, 1:] * along


def _divided(joint: Floats, gps_sigma: Floats, sigma: Floats, seed: int) -> tuple[Floats, Floats]:
    """A joint error as its two independent parts: what is the device's, and what is the layer's.

    Given the sum of two normal errors a part is normal too; its mean is its share of the variance.
    """
    share = (gps_sigma / sigma)[:, None] ** 2
    spread = (gps_sigma * LAYER_M / R68 / sigma)[:, None]
    gps = share * joint + spread * np.random.default_rng(seed).standard_normal(joint.shape)
    return gps, joint - gps


def _in_window(reports: Reports) -> NDArray[np.bool_]:
    east, north = reports.told.T
    near = np.abs(north - _north_of(east)) <= WINDOW * reports.sigma
    return np.asarray(near & (np.abs(east) <= HALF_LENGTH_M - 5.6 * reports.sigma))


def heavy_tailed(normal: Floats, seed: int) -> Floats:
    """Student's t in two dimensions, scaled to the 68 % radius of the normal errors."""
    random = np.random.default_rng(seed + 1)
    stretch = np.sqrt(HEAVY / random.chisquare(HEAVY, len(normal)))
    return np.asarray(normal * (stretch * R68 / np.sqrt(2 * fisher.ppf(0.68, 2, HEAVY)))[:, None])


def true_codes(reports: Reports) -> list[str]:
    """The township in which each place truly lies."""
    found = np.full(len(reports), "", dtype=object)
    for township in scene()["townships"]:
        area = shapely.Polygon(township["ring"])
        shapely.prepare(area)
        found[shapely.contains_xy(area, *reports.truth.T)] = township["code"]
    return found.tolist()


def border_sigmas(reports: Reports) -> Floats:
    """How far from the nearest border each report is told, in σ."""
    lines = shapely.MultiLineString([border(), branch()])
    return np.asarray(shapely.distance(lines, shapely.points(reports.told))) / reports.sigma


def ask(session: Session, reports: Reports, limits: Limits = LIMITS) -> Iterator[Call]:
    """Put each report to the engine as its channel would, and keep what it says of whose ground it is."""
    world = scene()
    for told, stated, channel in zip(reports.told, reports.stated, reports.channel, strict=True):
        lon, lat = degrees(world, told)
        inquiry = Inquiry("other", lon, lat, accuracy_m=float(stated), as_of=DAY, channel=CHANNELS[channel])
        found = locate(session, inquiry, limits)[1]
        units = [] if found.lead is None else [found.lead]
        shares = {unit.code: unit.share for unit in (*units, *found.others)}
        yield Call(found.certainty, found.lead.code if found.lead else None, shares)


def run(session: Session, reports: Reports, limits: Limits = LIMITS) -> Reliability:
    """Ask about all reports and compare with the truth."""
    return measure([*ask(session, reports, limits)], true_codes(reports), border_sigmas(reports))


@contextmanager
def stage() -> Iterator[Session]:
    """A session on a throw-away PostGIS that holds the scene and the law."""
    home = Path(tempfile.mkdtemp(prefix="zhijie-calibration-"))
    home.chmod(0o755)
    cluster = Cluster(home / "pg", fast=True)
    try:
        engine = use_memory(make_engine(Settings(), cluster.start()), Settings())
        migrate(engine)
        with open_session(engine) as session:
            load_scene(session, scene(), home / "data")
            yield session
        engine.dispose()
    finally:
        cluster.stop()
        shutil.rmtree(home, ignore_errors=True)


def everywhere(count: int = 2000, seed: int = SEED) -> Reports:
    """Reports of telephones from anywhere in the three townships (16 km²)."""
    random = np.random.default_rng(seed)
    stated, channel = np.array(STATED_M)[np.arange(count) % 3], np.zeros(count, dtype=np.int64)
    sigma = np.hypot(stated, LAYER_M) / R68
    truth = random.uniform(-1900.0, 1900.0, (count, 2))
    gps, shift = (random.standard_normal((count, 2)) * s for s in (stated[:, None] / R68, LAYER_M / R68))
    return Reports(truth, truth + gps + shift, gps, stated, channel, sigma)


def by_mass_alone(reports: Reports) -> Reliability:
    """The same comparison without store and engine: what exact shares would score on these reports."""
    areas = [shapely.Polygon(township["ring"]) for township in scene()["townships"]]
    near = [shapely.clip_by_rect(area, -1000.0, -500.0, 1000.0, 500.0) for area in areas]
    calls = []
    for told, sigma in zip(reports.told, reports.sigma, strict=True):
        masses = gaussian_mass([affinity.translate(area, *-told) for area in near], sigma)
        shares = {code: float(mass) for code, mass in zip(CODES, masses, strict=True) if mass >= 1e-6}
        lead = max(shares, key=lambda code: shares[code])
        calls.append(Call(LIMITS.shares.certainty(shares[lead], sure=True), lead, shares))
    return measure(calls, true_codes(reports), border_sigmas(reports))


def parts(calls: Sequence[Call], reports: Reports) -> Iterator[tuple[str, Reliability]]:
    """A run's reports by channel and by stated accuracy."""
    codes, sigmas = true_codes(reports), border_sigmas(reports)
    for channel, name in enumerate(CHANNELS):
        for stated in STATED_M:
            chosen = np.flatnonzero((reports.channel == channel) & (reports.stated == stated)).tolist()
            found = measure([calls[n] for n in chosen], [codes[n] for n in chosen], sigmas[chosen])
            yield f"{name}s that state {stated:g} m ({(68, 95)[channel]} %)", found


def coverage_table(reports: Reports) -> str:
    """Markdown: how often the true place lies within the radius that a device states."""
    inside = np.hypot(*reports.gps.T) <= reports.stated
    rows = [
        f"| {name} | {(68, 95)[n]} % | {inside[reports.channel == n].mean():.1%} |"
        for n, name in enumerate(CHANNELS)
    ]
    head = "| channel | stated radius means | contained the true place |"
    return "\n".join([head, "|---|---:|---:|", *rows])


def chance(seeds: Sequence[int]) -> str:
    """How far the design strays by chance, in words."""
    runs = [by_mass_alone(simulate(seed)) for seed in seeds]
    worst = sorted(run.worst for run in runs)
    over = sum(value > 0.02 for value in worst)
    wrong, certain = sum(run.wrong for run in runs), sum(run.words["certain"] for run in runs)
    middle, most = 100 * worst[len(worst) // 2], 100 * worst[-1]
    return (
        f"By chance alone: with {len(runs)} other seeds, scored by exact probability masses without database "
        f"and engine, the median of the worst tenth is {middle:.2f} points and the maximum {most:.2f}; "
        f"{over} of {len(runs)} exceed 2 points. Of their {certain:,} certain verdicts {wrong} are wrong "
        f"({wrong / certain:.2%})."
    )


def figures(session: Session) -> str:
    """All runs: the block of docs/calibration.md in Markdown, and the plot."""
    reports = simulate()
    began = time.perf_counter()
    calls = [*ask(session, reports)]
    took = time.perf_counter() - began
    found = measure(calls, true_codes(reports), border_sigmas(reports))
    draw(
        found,
        ROOT / "docs/images/calibration.png",
        f"Stated and observed: {len(reports):,} reports near a border",
    )
    blocks = (
        f"Seed {SEED}; {len(reports):,} reports; {took / len(reports) * 1000:.1f} ms per report on one core.",
        f"![Stated and observed shares by tenth](images/calibration.png)\n\n{tenths_table(found)}",
        rings_table(found),
        coverage_table(reports),
        runs_table([("**the main run**", found), *parts(calls, reports), *further_runs(session, reports)]),
        chance(range(100, 140)),
    )
    return "\n\n".join(blocks)


def further_runs(session: Session, reports: Reports) -> Iterator[tuple[str, Reliability]]:
    """Other seeds, other places, and what the method does not bear."""
    for seed in (1, 2):
        yield f"the main run with seed {seed}", run(session, simulate(seed))
    yield "phones anywhere in the three townships", run(session, everywhere())
    receivers = reports.where(reports.channel == 1)
    as_phones = replace(LIMITS, r95_channels=frozenset())
    yield "receivers, their 95 % read as 68 %", run(session, receivers, as_phones)
    yield f"devices with heavy tails (t, {HEAVY} degrees)", run(session, simulate(errors=heavy_tailed))
    displaced = simulate(layer=np.array([0.0, LAYER_M]))
    yield "one layer for all, displaced by 5 m to the south", run(session, displaced)


def main() -> None:
    """Write the figures into the document."""
    with stage() as session:
        found = figures(session)
    document = ROOT / "docs/calibration.md"
    before, _, rest = document.read_text(encoding="utf-8").partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    document.write_text(f"{before}{MARKS[0]}\n\n{found}\n\n{MARKS[1]}{after}", encoding="utf-8")
    sys.stdout.write(f"{found}\n")


if __name__ == "__main__":
    main()
