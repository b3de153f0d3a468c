"""The engine is as sure as it says: 20,000 reports near a crooked border, asked and decided for real.

The same run as ``benchmarks/calibration.py``, whose seed, method and bounds are in docs/calibration.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from support.scenes import load_scene

from benchmarks.calibration import (
    CHANNELS,
    CODES,
    LIMITS,
    Reports,
    ask,
    border_sigmas,
    heavy_tailed,
    scene,
    simulate,
    true_codes,
)
from benchmarks.reliability import Call, Reliability, measure
from geo.measure.probability import R68, R95
from verdict.inquiry import Inquiry

pytestmark = pytest.mark.long

LEAST = 20_000


@dataclass(frozen=True)
class Run:
    """The reports, what the engine said of each, and the township that each truly lies in."""

    reports: Reports
    calls: list[Call]
    truth: list[str]

    def part(self, chosen: np.ndarray) -> Reliability:
        """Stated and observed for some of the reports."""
        picked = np.flatnonzero(chosen)
        sigmas = border_sigmas(self.reports)[picked]
        return measure([self.calls[n] for n in picked], [self.truth[n] for n in picked], sigmas)


@pytest.fixture(scope="module")
def reports() -> Reports:
    return simulate()


@pytest.fixture(scope="module")
def run(clone: Callable[[str], Engine], reports: Reports, tmp_path_factory: pytest.TempPathFactory) -> Run:
    with Session(clone("zhijie_calibration_test")) as session:
        load_scene(session, scene(), Path(tmp_path_factory.mktemp("calibration")))
        session.commit()
        return Run(reports, [*ask(session, reports)], true_codes(reports))


@pytest.fixture(scope="module")
def found(run: Run) -> Reliability:
    return run.part(np.full(len(run.reports), True))


def test_there_are_twenty_thousand_reports_and_each_has_a_true_township(reports: Reports) -> None:
    assert len(reports) >= LEAST
    truth = true_codes(reports)
    assert set(truth) == set(CODES)
    assert min(truth.count(code) for code in CODES) > LEAST / 5


def test_devices_err_as_much_as_they_state(reports: Reports) -> None:
    """68 % of the phones' true places, 95 % of the receivers', lie within the stated radius."""
    inside = np.hypot(*reports.gps.T) <= reports.stated
    for channel, holds in enumerate((0.68, 0.95)):
        assert inside[reports.channel == channel].mean() == pytest.approx(holds, abs=0.015)


def test_of_the_certain_verdicts_under_half_a_percent_name_the_wrong_township(found: Reliability) -> None:
    assert found.words["certain"] > 0
    assert found.wrong_share < 0.005


def test_stated_shares_come_true_within_two_points_in_every_tenth(found: Reliability) -> None:
    assert [tenth.count > 500 for tenth in found.tenths] == [True] * 10
    off = {f"{n / 10:.1f}": round(100 * tenth.off, 2) for n, tenth in enumerate(found.tenths)}
    assert found.worst <= 0.02, off


def test_the_engine_does_not_hide_in_probable(found: Reliability) -> None:
    """Of the whole band over 9 % are certain; of what is told over 2.576 σ from every border, over 95 %.

    2.576 σ from a straight line 99.5 % of the mass is on one side, so nothing nearer can be certain at all.
    """
    assert found.certain >= 0.09
    far = found.rings[-1]
    assert sum(far.values()) > 500
    assert far["certain"] / sum(far.values()) >= 0.95


def test_disputed_is_kept_for_the_border_itself(found: Reliability) -> None:
    assert [ring["disputed"] for ring in found.rings[1:]] == [0, 0, 0]
    assert 0.2 < found.rings[0]["disputed"] / sum(found.rings[0].values()) < 0.35


def test_shares_are_calibrated_in_each_channel(run: Run) -> None:
    """Radii that mean 95 % serve as well as those that mean 68 %; with half the reports chance is larger.

    Some 1,000 of a channel's verdicts are certain: at a true rate of 0.5 % chance alone makes that 1.2 % in
    one run of a thousand (three standard deviations of a Poisson count). The whole run is held to 0.5 %.
    """
    for channel in range(len(CHANNELS)):
        part = run.part(run.reports.channel == channel)
        assert part.count > LEAST * 0.4
        assert part.worst <= 0.03
        assert part.wrong_share < 0.005 + 3 * (0.005 / part.words["certain"]) ** 0.5


def test_a_channel_of_95_percent_radii_is_read_as_such() -> None:
    inquiry = Inquiry("other", 112.6, 35.5, accuracy_m=30.0, channel="receiver")
    assert inquiry.location(LIMITS).accuracy_m == pytest.approx(30.0 * R68 / R95)
    phone = Inquiry("other", 112.6, 35.5, accuracy_m=30.0, channel="phone")
    assert phone.location(LIMITS).accuracy_m == 30.0


def test_the_measure_can_fail() -> None:
    """An engine that is certain of what comes true half the time is found out."""
    calls = [Call("certain", "a", {"a": 0.95, "b": 0.05})] * 100
    truth = ["a"] * 50 + ["b"] * 50
    padding = [Call("probable", "a", {"a": n / 10 + 0.05, "b": 0.95 - n / 10}) for n in range(10)]
    found = measure([*calls, *padding], [*truth, *["a"] * 10], np.zeros(110))
    assert found.wrong_share == pytest.approx(0.5)
    assert found.worst > 0.4


def test_heavy_tails_keep_the_stated_radius(reports: Reports) -> None:
    """The comparison run's errors differ in their tails only."""
    normal = np.random.default_rng(5).standard_normal((200_000, 2))
    heavy = np.hypot(*heavy_tailed(normal, 5).T)
    assert (heavy <= R68).mean() == pytest.approx(0.68, abs=0.005)
    assert (heavy > 3 * R68).mean() > 10 * (np.hypot(*normal.T) > 3 * R68).mean()
