"""A reserve of three parts: the probability that a prohibiting part holds a place, and how often one does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from benchmarks.calibration.errors import CONTAMINATED, R68, Floats, Law, Tries, draw
from benchmarks.calibration.reliability import tenths_of, tenths_table
from benchmarks.calibration.world import DAY, GRADES, LAYER_SIGMA, LIMITS, SEED, reserve, scene
from tests.support.scenes import degrees
from verdict.inquiry import Inquiry, answer
from verdict.model import Verdict

STATED_M: Final = (5.0, 15.0, 50.0)
MARGIN_M: Final = 120.0  # places are told so far outside the reserve too
# category → the grades in which the law of DAY prohibits it; in the others it asks for a permit at most
PROHIBITED: Final = {"quarrying": GRADES, "rural_dwelling": ("core", "buffer")}
SURE_MASS: Final = 0.60  # from this share a conflict decides
TOLERANCE: Final = 0.01  # of the mass found by trying errors


@dataclass(frozen=True)
class Places:
    """Simulated places, metres: where they are told and truly are, the stated accuracy, and the category."""

    told: Floats
    truth: Floats
    stated: Floats
    category: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.told)


def simulate(seed: int = SEED, count: int = 4000, law: Law = CONTAMINATED) -> Places:
    """Places told evenly in and around the reserve, with their true positions."""
    random = np.random.default_rng(seed)
    stated = np.array(STATED_M)[np.arange(count) % len(STATED_M)]
    category = np.array([*PROHIBITED])[np.arange(count) // len(STATED_M) % len(PROHIBITED)]
    west, south, east, north = shapely.buffer(prohibiting("quarrying"), MARGIN_M).bounds
    told = np.column_stack([random.uniform(west, east, count), random.uniform(south, north, count)])
    error = draw(law, stated / R68, random) + random.standard_normal((count, 2)) * LAYER_SIGMA
    return Places(told, told - error, stated, category)


def prohibiting(category: str) -> BaseGeometry:
    """The ground on which a category is prohibited, as one (prepared) area."""
    rings = reserve()
    area = shapely.union_all([shapely.Polygon(rings[grade]) for grade in PROHIBITED[category]])
    shapely.prepare(area)
    return area


def contained(points: Floats, category: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Whether each point lies on ground where its category is prohibited."""
    inside = {name: shapely.contains_xy(prohibiting(name), *points.T) for name in PROHIBITED}
    return np.select([category == name for name in inside], [*inside.values()])


def masses(places: Places, law: Law = CONTAMINATED) -> Floats:
    """The probability of prohibited ground for each place, by trying errors of a law."""
    tries, areas = Tries(law), {name: prohibiting(name) for name in PROHIBITED}
    rows = zip(places.told, places.stated, places.category, strict=True)
    return np.array([tries.mass(areas[name], at, stated / R68, LAYER_SIGMA) for at, stated, name in rows])


@dataclass(frozen=True)
class Said:
    """What a verdict says: the outcome, and the limits of the probability of prohibited ground."""

    effect: str
    at_least: float
    at_most: float


def said_of(found: Verdict) -> Said:
    """The outcome and its probability, as the verdict tells them.

    Where it tells no probability of the outcome as a whole, the largest told share of one prohibiting zone
    and their sum are its limits.
    """
    shares = [c.share for c in found.conflicts if c.effect == "prohibited" and c.relation != "near"]
    whole = getattr(found, "effect_share", None)
    if whole is None or whole.effect != "prohibited":
        return Said(found.effect, max(shares, default=0.0), min(1.0, sum(shares)))
    return Said(found.effect, float(whole.at_least), float(whole.at_most))


def ask(session: Session, places: Places) -> Iterator[Said]:
    """What the engine says of each place."""
    world = scene()
    for told, stated, category in zip(places.told, places.stated, places.category, strict=True):
        lon, lat = degrees(world, told)
        inquiry = Inquiry(str(category), lon, lat, accuracy_m=float(stated), as_of=DAY, channel="phone")
        yield said_of(answer(session, inquiry, LIMITS, DAY))


def missed(said: Sequence[Said], places: Places, mass: Floats) -> tuple[int, int]:
    """How many are unknown, of how many that are told on prohibited ground with 60 % of their mass there."""
    sure = contained(places.told, places.category) & (mass >= SURE_MASS + TOLERANCE)
    unknown = np.array([one.effect == "unknown" for one in said])
    return int((sure & unknown).sum()), int(sure.sum())


def outcome_table(said: Sequence[Said], places: Places) -> str:
    """Markdown: how often the place truly lies on prohibited ground, by outcome."""
    effect, came = np.array([one.effect for one in said]), contained(places.truth, places.category)
    rows = [
        f"| {name} | {(effect == name).sum():,} | {came[effect == name].mean():.1%} |"
        for name in np.unique(effect)
    ]
    return "\n".join(["| outcome | places | truly on prohibited ground |", "|---|---:|---:|", *rows])


def figures(session: Session, seed: int, count: int) -> str:
    """The run on the reserve, in Markdown. The session holds the world of the reserve."""
    places = simulate(seed, count)
    said = [*ask(session, places)]
    mass = masses(places)
    unknown, sure = missed(said, places, mass)
    came = contained(places.truth, places.category).astype(float)
    middle = np.array([(one.at_least + one.at_most) / 2 for one in said])
    widest = max(one.at_most - one.at_least for one in said)
    off = np.abs(middle - mass)[np.array([one.effect == "prohibited" for one in said])]
    sentence = (
        f"Of {sure:,} places told on prohibited ground with at least 60 % of their probability there, "
        f"{unknown} are called unknown ({unknown / sure:.1%}). The limits told of that probability are at "
        f"most {100 * widest:.2f} points apart; the table takes their middle. Where prohibited is told, "
        f"the probability differs from the one found by trying errors by {100 * off.mean():.2f} points "
        f"in the mean, {100 * off.max():.2f} at most."
    )
    tenths = tenths_table(tenths_of(middle, came), "told probability", "truly on prohibited ground")
    return f"{sentence}\n\n{tenths}\n\n{outcome_table(said, places)}"
