"""Points near an irregular border: what the engine says of whose ground each is, and whose it truly is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.stats import qmc
from sqlalchemy.orm import Session

from benchmarks.calibration.errors import CONTAMINATED, R68, R95, Floats, Law, draw, normal
from benchmarks.calibration.reliability import Call, Reliability, measure
from benchmarks.calibration.world import (
    DAY,
    HALF_LENGTH_M,
    LAYER_M,
    LAYER_SIGMA,
    LIMITS,
    SEED,
    border,
    branch,
    north_of,
    scene,
)
from tests.support.scenes import degrees
from verdict.inquiry import Inquiry, Limits, locate
from verdict.model import Jurisdiction

COUNT: Final = 10_240  # reports of each channel
STATED_M: Final = (5.0, 12.0, 30.0)  # what the devices say of their accuracy
CHANNELS: Final = ("phone", "receiver")  # the first means a 68 % radius, the second a 95 % one
BAND: Final = (0.0, 3.0, 9.0)  # σ from the border: most reports between the first two, the others beyond
MOST: Final = 0.7  # of the reports


@dataclass(frozen=True)
class Reports:
    """Simulated reports, a row each, metres in the frame of the layer as it is drawn.

    ``truth``: the true place, moved by the layer's error as the layer's lines are; ``told``: where the device
    says it is; ``gps``: the device's own error; ``stated``: what it says of its accuracy; ``channel``: index
    into CHANNELS; ``device``: the σ behind the stated accuracy.
    """

    truth: Floats
    told: Floats
    gps: Floats
    stated: Floats
    channel: NDArray[np.int64]
    device: Floats

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def sigma(self) -> Floats:
        """σ of device and layer together, metres, without outliers."""
        return np.hypot(self.device, LAYER_SIGMA)

    def where(self, chosen: NDArray[np.bool_]) -> Reports:
        """Some of the reports."""
        return Reports(*(getattr(self, field.name)[chosen] for field in fields(self)))


def device_sigma(stated: Floats, channel: NDArray[np.int64]) -> Floats:
    """The σ behind a stated radius."""
    return np.where(channel == 1, stated / R95, stated / R68)


@dataclass(frozen=True)
class Plan:
    """Which reports are simulated.

    ``count``: reports of each channel; ``stated``: accuracies, metres, that share the reports; ``channels``:
    indices into CHANNELS; ``band``: see BAND.
    """

    law: Law = CONTAMINATED
    count: int = COUNT
    stated: tuple[float, ...] = STATED_M
    channels: tuple[int, ...] = (0, 1)
    band: tuple[float, float, float] = BAND


MAIN: Final = Plan()


def simulate(seed: int = SEED, plan: Plan = MAIN) -> Reports:
    """Reports that are told near the border, and the true place of each.

    True places are spread evenly, so of all reports that tell one place the true ones lie round it as errors
    do: told places are drawn evenly along the border, and the true place is the told one less the errors.
    """
    randoms = np.random.default_rng(seed).spawn(len(plan.channels))
    whole = math.ceil(math.log2(plan.count))  # a Sobol sequence is drawn in powers of two
    strata = np.vstack([qmc.Sobol(6, rng=random).random_base2(whole)[: plan.count] for random in randoms])
    channel = np.repeat(np.asarray(plan.channels, dtype=np.int64), plan.count)
    radius = np.array(plan.stated)[(strata[:, 2] * len(plan.stated)).astype(int)]
    device = device_sigma(radius, channel)
    actual = device * plan.law.factor(np.clip(strata[:, 5], 1e-12, 1 - 1e-12))
    sigmas = np.interp(np.abs(2 * strata[:, 0] - 1), [0.0, MOST, 1.0], plan.band)
    distance = np.sign(strata[:, 0] - 0.5) * sigmas * np.hypot(device, LAYER_SIGMA)
    told = _told(distance, strata[:, 1])
    joint = _turned(normal(strata[:, 3:5]) * np.hypot(actual, LAYER_SIGMA)[:, None], told[:, 0])
    return Reports(told - joint, told, _device_part(joint, actual, seed), radius, channel, device)


def _told(distance: Floats, along: Floats) -> Floats:
    """Places at distances, metres along the meridian, from the border; ``along`` it: [0, 1]."""
    east = (2 * along - 1) * HALF_LENGTH_M
    return np.column_stack([east, north_of(east) + distance])


def _turned(error: Floats, east: Floats) -> Floats:
    """Errors across and along the border there as errors east and north; an isotropic law does not mind."""
    line = border()
    edge = np.clip(np.searchsorted(line[:, 0], east) - 1, 0, len(line) - 2)
    along = np.diff(line, axis=0)[edge]
    along /= np.hypot(*along.T)[:, None]
    across = along[:, ::-1] * [-1, 1]
    return error[:, :1] * across + error[:, 1:] * along


def _device_part(joint: Floats, device: Floats, seed: int) -> Floats:
    """The device's part of a joint error of device and layer.

    Given the sum of two normal errors a part is normal too; its mean is its share of the variance.
    """
    sigma = np.hypot(device, LAYER_SIGMA)
    share, spread = (device / sigma)[:, None] ** 2, (device * LAYER_SIGMA / sigma)[:, None]
    return np.asarray(share * joint + spread * np.random.default_rng(seed).standard_normal(joint.shape))


def displaced(reports: Reports, shift: Floats) -> Reports:
    """The same reports where one layer error (2,) is that of all of them."""
    return Reports(
        reports.told - reports.gps - shift,
        reports.told,
        reports.gps,
        reports.stated,
        reports.channel,
        reports.device,
    )


def everywhere(count: int = 2000, seed: int = SEED, law: Law = CONTAMINATED) -> Reports:
    """Reports of telephones from anywhere in the three townships (14 km²)."""
    random = np.random.default_rng(seed)
    stated, channel = np.array(STATED_M)[np.arange(count) % 3], np.zeros(count, dtype=np.int64)
    told = random.uniform(-1900.0, 1900.0, (count, 2))
    device = device_sigma(stated, channel)
    gps = draw(law, device, random)
    shift = random.standard_normal((count, 2)) * LAYER_SIGMA
    return Reports(told - gps - shift, told, gps, stated, channel, device)


def true_codes(reports: Reports) -> list[str]:
    """The township in which each place truly lies; "" outside all."""
    found = np.full(len(reports), "", dtype=object)
    for township in scene()["townships"]:
        area = shapely.Polygon(township["ring"])
        shapely.prepare(area)
        found[shapely.contains_xy(area, *reports.truth.T)] = township["code"]
    return [str(code) for code in found]


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
        yield call_of(locate(session, inquiry, limits)[1])


def call_of(found: Jurisdiction) -> Call:
    """What a jurisdiction says, as the tables count it."""
    units = [] if found.lead is None else [found.lead]
    shares = {unit.code: unit.share for unit in (*units, *found.others)}
    return Call(found.certainty, found.lead.code if found.lead else None, shares)


def score(calls: Sequence[Call], reports: Reports) -> Reliability:
    """Compare what was said of reports with the truth."""
    return measure(calls, true_codes(reports), border_sigmas(reports))


def run(session: Session, reports: Reports, limits: Limits = LIMITS) -> Reliability:
    """Ask about all reports and compare with the truth."""
    return score([*ask(session, reports, limits)], reports)


def parts(calls: Sequence[Call], reports: Reports) -> Iterator[tuple[str, Reliability]]:
    """A run's reports by channel and by stated accuracy."""
    for channel, name in enumerate(CHANNELS):
        for stated in STATED_M:
            chosen = (reports.channel == channel) & (reports.stated == stated)
            some = [calls[n] for n in np.flatnonzero(chosen).tolist()]
            yield (
                f"{name}s that state {stated:g} m ({(68, 95)[channel]} %)",
                score(some, reports.where(chosen)),
            )


def further_runs(session: Session, seed: int, count: int) -> Iterator[tuple[str, Reliability]]:
    """Another seed, other places, and what the method does not bear."""
    yield "another seed", run(session, simulate(seed + 1, Plan(count=count)))
    yield "phones anywhere in the three townships", run(session, everywhere(count // 2, seed))
    receivers = simulate(seed, Plan(count=count, channels=(1,)))
    as_phones = replace(LIMITS, r95_channels=frozenset())
    yield "receivers, their 95 % read as 68 %", run(session, receivers, as_phones)
    one = displaced(simulate(seed, Plan(count=count)), np.array([0.0, LAYER_M]))
    yield "one layer for all, displaced by 5 m to the south", run(session, one)


def coverage_table(reports: Reports) -> str:
    """Markdown: how often the true place lies within the radius that a device states."""
    inside = np.hypot(*reports.gps.T) <= reports.stated
    rows = [
        f"| {name} | {(68, 95)[n]} % | {inside[reports.channel == n].mean():.1%} |"
        for n, name in enumerate(CHANNELS)
    ]
    head = "| channel | stated radius means | contained the true place, outliers included |"
    return "\n".join([head, "|---|---:|---:|", *rows])
