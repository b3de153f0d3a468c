"""The engine is as sure as it says: simulated reports near a crooked border, asked and decided for real.

The same runs as ``benchmarks/calibration``, whose seed, method and bounds are in docs/calibration.md: points
in full, footprints, heavy tails and the parts of a reserve in small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import shapely
from scipy.stats import binom
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from support.scenes import Scene, load_scene

from benchmarks.calibration import footprints, points, tails, zones
from benchmarks.calibration.errors import CONTAMINATED, LAWS, NORMAL, R68, R95, STUDENT, Law, Tries
from benchmarks.calibration.points import CHANNELS, Plan, Reports, border_sigmas, simulate, true_codes
from benchmarks.calibration.reliability import Call, Reliability, measure, tenths_of
from benchmarks.calibration.world import (
    CODES,
    LAYER_SIGMA,
    LIMITS,
    border,
    branch,
    reserve,
    reserve_scene,
    scene,
)
from verdict.inquiry import Inquiry

pytestmark = pytest.mark.long

LEAST: Final = 20_000
PROMISE: Final = 0.005  # of the certain verdicts, fewer than this are wrong
CHANCE: Final = 0.001  # a bound is passed by chance in one run of a thousand
SHARES: Final = 0.03  # a tenth of some hundred true shares strays by chance no further


def most_wrong(certain: int, promise: float = PROMISE) -> int:
    """The largest number of wrong ones that chance allows where the promise is just kept."""
    return int(binom.ppf(1 - CHANCE, certain, promise))


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
def opened(
    clone: Callable[[str], Engine], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str, Scene], Session]]:
    """Opens a session on a database of its own that holds a scene."""
    with ExitStack() as sessions:

        def load(name: str, world: Scene) -> Session:
            session = sessions.enter_context(Session(clone(f"zhijie_calibration_{name}_test")))
            load_scene(session, world, Path(tmp_path_factory.mktemp(name)))
            session.commit()
            return session

        yield load


@pytest.fixture(scope="module")
def townships(opened: Callable[[str, Scene], Session]) -> Session:
    return opened("townships", scene())


@pytest.fixture(scope="module")
def reports() -> Reports:
    return simulate()


@pytest.fixture(scope="module")
def run(townships: Session, reports: Reports) -> Run:
    return Run(reports, [*points.ask(townships, reports)], true_codes(reports))


@pytest.fixture(scope="module")
def found(run: Run) -> Reliability:
    return run.part(np.full(len(run.reports), True))


@pytest.fixture(scope="module")
def drawn(townships: Session) -> footprints.Found:
    return footprints.run(townships, footprints.simulate(count=1500))


@pytest.fixture(scope="module")
def places() -> zones.Places:
    return zones.simulate(count=900)


@pytest.fixture(scope="module")
def said(opened: Callable[[str, Scene], Session], places: zones.Places) -> list[zones.Said]:
    return [*zones.ask(opened("reserve", reserve_scene()), places)]


# ---- points ---------------------------------------------------------------------------------------------


def test_there_are_twenty_thousand_reports_and_each_has_a_true_township(reports: Reports) -> None:
    assert len(reports) >= LEAST
    truth = true_codes(reports)
    assert set(truth) == set(CODES)
    assert min(truth.count(code) for code in CODES) > LEAST / 5


def test_devices_err_as_much_as_they_state() -> None:
    """68 % of the phones' true places, 95 % of the receivers', lie within the radius; outliers apart."""
    reports = simulate(plan=Plan(NORMAL))
    inside = np.hypot(*reports.gps.T) <= reports.stated
    for channel, holds in enumerate((0.68, 0.95)):
        assert inside[reports.channel == channel].mean() == pytest.approx(holds, abs=0.015)


def test_of_the_certain_verdicts_under_half_a_percent_name_the_wrong_township(found: Reliability) -> None:
    assert found.words["certain"] > 0
    assert found.wrong_share < PROMISE


def test_stated_shares_come_true_within_two_points_in_every_tenth(found: Reliability) -> None:
    assert [tenth.count > 500 for tenth in found.tenths] == [True] * 10
    off = {f"{n / 10:.1f}": round(100 * tenth.off, 2) for n, tenth in enumerate(found.tenths)}
    assert found.worst <= 0.02, off


def test_the_engine_does_not_hide_in_probable(found: Reliability) -> None:
    """Of what is told over 7 σ from every border over 95 % are certain.

    6.41 σ from a straight line 99.5 % of the probability is on one side if 5 % of the positions err five
    times as much as the others, so nothing nearer can be certain where the line itself is exact.
    """
    far = found.rings[-1]
    assert sum(far.values()) > 500
    assert far["certain"] / sum(far.values()) >= 0.95


def test_disputed_is_kept_for_the_border_itself(found: Reliability) -> None:
    assert [ring["disputed"] for ring in found.rings[1:]] == [0] * (len(found.rings) - 1)
    assert 0.2 < found.rings[0]["disputed"] / sum(found.rings[0].values()) < 0.35


def test_shares_are_calibrated_in_each_channel(run: Run) -> None:
    """Radii that mean 95 % serve as well as those that mean 68 %; with half the reports chance is larger."""
    for channel in range(len(CHANNELS)):
        part = run.part(run.reports.channel == channel)
        assert part.count > LEAST * 0.4
        assert part.worst <= 0.03
        assert part.wrong <= most_wrong(part.words["certain"])


def test_a_channel_of_95_percent_radii_is_read_as_such() -> None:
    inquiry = Inquiry("other", 112.6, 35.5, accuracy_m=30.0, channel="receiver")
    assert inquiry.location(LIMITS).accuracy_m == pytest.approx(30.0 * R68 / R95)
    phone = Inquiry("other", 112.6, 35.5, accuracy_m=30.0, channel="phone")
    assert phone.location(LIMITS).accuracy_m == 30.0


# ---- outliers and heavy tails ---------------------------------------------------------------------------


@pytest.mark.parametrize("law", [CONTAMINATED, STUDENT], ids=["outliers", "student"])
def test_heavy_tails_leave_certain_what_it_promises(townships: Session, law: Law) -> None:
    """Where the normal law would call everything certain: 2.6 to 5 σ from the border."""
    found = points.run(townships, simulate(7, Plan(law, 4000, channels=(0,), band=tails.EDGE)))
    assert found.words["certain"] > 100
    assert found.wrong <= most_wrong(found.words["certain"])


def test_a_point_well_inside_is_certain(townships: Session) -> None:
    """Of points with over 99.9 % of their normal mass in one township, over 95 % are certain."""
    reports = points.everywhere(600)
    said = tails.certain([*points.ask(townships, reports)])
    safe = tails.largest_mass(reports, NORMAL) > tails.SAFE_MASS
    assert safe.sum() > 500
    assert said[safe].mean() >= 0.95


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_laws_keep_the_stated_radius(law: Law) -> None:
    """68 % of the errors lie within it; of the outliers' law, of all but the outliers."""
    factors = law.factor((np.arange(200_000) + 0.5) / 200_000)
    normal = np.random.default_rng(5).standard_normal((200_000, 2))
    inside = np.hypot(*normal.T) * np.random.default_rng(6).permutation(factors) <= R68
    ordinary = 0.95 * 0.68 + 0.05 * (1 - np.exp(-((R68 / 5) ** 2) / 2)) if law is CONTAMINATED else 0.68
    assert inside.mean() == pytest.approx(ordinary, abs=0.005)


def test_tried_probabilities_are_those_of_the_law() -> None:
    """Half a plane at 2 σ, of device and layer together."""
    half = shapely.box(-1e6, -1e6, 1e6, 0)
    at = np.array([0.0, -2 * np.hypot(3.0, 4.0)])
    assert Tries(NORMAL).mass(half, at, 3.0, 4.0) == pytest.approx(0.97725, abs=0.001)


# ---- footprints -----------------------------------------------------------------------------------------


def test_outlines_are_of_all_sizes_and_shapes() -> None:
    outlines = footprints.simulate(count=600)
    assert shapely.is_valid(outlines.told).all()
    sides = [shapely.minimum_rotated_rectangle(told).length / 2 for told in outlines.told]
    assert min(sides) < 12
    assert max(sides) > 250
    assert np.allclose(footprints.true_shares(outlines.truth).sum(axis=1), 1)


def test_of_certain_footprints_under_half_a_percent_are_wrong(drawn: footprints.Found) -> None:
    certain = int(drawn.certain.sum())
    assert certain > 300
    assert (drawn.certain & ~drawn.right).sum() <= most_wrong(certain)


def test_stated_shares_of_area_are_the_mean_of_the_true_ones(drawn: footprints.Found) -> None:
    tenths = tenths_of(*footprints.share_pairs(drawn))
    off = {n: round(100 * t.off, 2) for n, t in enumerate(tenths) if abs(t.off) > SHARES + 2 * t.error}
    assert off == {}


def test_a_yard_far_inside_is_certain(townships: Session) -> None:
    """Clear of every border by more than 7 σ of position and line."""
    outlines = footprints.simulate(3, 400)
    lines = shapely.MultiLineString([border(), branch()])
    sigma = np.hypot(outlines.stated / R68, LAYER_SIGMA)
    far = outlines.where(shapely.distance(outlines.told, lines) > 7 * sigma)
    assert len(far) > 20
    assert footprints.run(townships, far).certain.all()


# ---- the parts of a reserve -----------------------------------------------------------------------------


def test_no_place_in_a_reserve_is_unknown_for_its_parts(said: list[zones.Said], places: zones.Places) -> None:
    """With 60 % of its probability on prohibited ground, whichever part it is in."""
    unknown, sure = zones.missed(said, places, zones.masses(places))
    assert sure > 300
    assert unknown == 0


def test_the_probability_of_any_prohibiting_part_is_that_of_the_union(
    said: list[zones.Said], places: zones.Places
) -> None:
    """To within a point of what trying 16,384 errors finds, wherever the outcome is prohibited."""
    mass = zones.masses(places)
    off = [
        round(100 * (limit - tried), 1)
        for one, tried in zip(said, mass, strict=True)
        for limit in (one.at_least, one.at_most)
        if one.effect == "prohibited" and abs(limit - tried) > zones.TOLERANCE
    ]
    assert off == []


def test_the_law_prohibits_in_the_parts_that_the_truth_takes(
    opened: Callable[[str, Scene], Session],
) -> None:
    """A place in the middle of each part, without error."""
    session = opened("parts", reserve_scene())
    rings = reserve()
    for category, grades in zones.PROHIBITED.items():
        told = np.array([shapely.Polygon(rings[grade]).representative_point().coords[0] for grade in rings])
        middles = zones.Places(told, told, np.full(len(told), 1.0), np.full(len(told), category))
        effects = [one.effect for one in zones.ask(session, middles)]
        assert [effect == "prohibited" for effect in effects] == [grade in grades for grade in rings]


# ---- the measure ----------------------------------------------------------------------------------------


def test_the_measure_can_fail() -> None:
    """An engine that is certain of what comes true half the time is found out."""
    calls = [Call("certain", "a", {"a": 0.95, "b": 0.05})] * 100
    truth = ["a"] * 50 + ["b"] * 50
    padding = [Call("probable", "a", {"a": n / 10 + 0.05, "b": 0.95 - n / 10}) for n in range(10)]
    found = measure([*calls, *padding], [*truth, *["a"] * 10], np.zeros(110))
    assert found.wrong_share == pytest.approx(0.5)
    assert found.worst > 0.4
