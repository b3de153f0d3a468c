"""Footprints near an irregular border: barns of 5 m to yards of 300 m, their stated and their true areas.

The truth is measured with shapely: the outline is moved back by the errors of its position and of the
border's line, and intersected with the townships. Right is the township that holds the largest part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import affinity
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from benchmarks.calibration.errors import CONTAMINATED, R68, Floats, Law, draw
from benchmarks.calibration.points import call_of
from benchmarks.calibration.reliability import Call, tenths_of, tenths_table, wrong_of
from benchmarks.calibration.world import (
    CODES,
    DAY,
    HALF_LENGTH_M,
    LAYER_SIGMA,
    LIMITS,
    SEED,
    border,
    branch,
    north_of,
    scene,
)
from tests.support.scenes import degrees
from verdict.inquiry import Inquiry, locate
from verdict.model import Jurisdiction

STATED_M: Final = (1.0, 5.0, 15.0)
SIZES_M: Final = (5.0, 20.0, 80.0, 300.0)  # limits of the classes
SHAPES: Final = ("rectangle", "L-shape", "jagged")
NEAR, FAR, MOSTLY_NEAR = (
    3.0,
    9.0,
    0.6,
)  # 60 % cross the border or come within 3 σ of it, the others within 9 σ
Shapes = NDArray[np.object_]


@dataclass(frozen=True)
class Outlines:
    """Simulated footprints, metres: as drawn (``told``), where they truly are, and what is stated of them."""

    told: Shapes
    truth: Shapes
    stated: Floats
    size: Floats
    shape: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.told)

    def where(self, chosen: NDArray[np.bool_]) -> Outlines:
        """Some of the footprints."""
        return Outlines(*(getattr(self, field.name)[chosen] for field in fields(self)))


def outline(shape: int, size: float, random: np.random.Generator) -> BaseGeometry:
    """An outline about the origin, ``size`` metres long, turned at random; ``shape``: index into SHAPES."""
    width = size if size < SIZES_M[1] else size * random.uniform(0.3, 1.0)
    if shape == 0:
        drawn: BaseGeometry = shapely.box(-size / 2, -width / 2, size / 2, width / 2)
    elif shape == 1:
        corner = shapely.box(0, 0, size, width)
        cut = random.uniform(0.3, 0.7, 2)
        drawn = corner - shapely.box(size * cut[0], width * cut[1], 2 * size, 2 * width)
    else:
        angles = np.sort(random.uniform(0, 2 * np.pi, 14))
        angles = np.unique(np.round(np.r_[angles, np.arange(0, 6, 2)], 3))
        radii = size / 2 * random.uniform(0.35, 1.0, len(angles))
        drawn = shapely.Polygon(
            np.column_stack([radii * np.cos(angles), radii * np.sin(angles) * width / size])
        )
    centre = shapely.centroid(drawn)
    centred = affinity.translate(drawn, -centre.x, -centre.y)
    return affinity.rotate(centred, random.uniform(0, 360), origin=(0, 0))


def simulate(seed: int = SEED, count: int = 9000, law: Law = CONTAMINATED) -> Outlines:
    """Footprints told near the border and their true outlines; sizes are even in their logarithm."""
    random = np.random.default_rng(seed)
    shape = np.arange(count) % len(SHAPES)
    stated = np.array(STATED_M)[np.arange(count) // len(SHAPES) % len(STATED_M)]
    size = np.exp(random.uniform(np.log(SIZES_M[0]), np.log(SIZES_M[-1]), count))
    device = stated / R68
    sigma = np.hypot(device, LAYER_SIGMA)
    distance = np.interp(random.random(count), [0, MOSTLY_NEAR, 1], [0, 1, FAR / NEAR]) * NEAR * sigma
    east = random.uniform(-HALF_LENGTH_M, HALF_LENGTH_M, count)
    # the edge of a small distance lies in the footprint: half its length is added to what is drawn
    stray = distance + random.uniform(0, 0.5, count) * size
    offset = north_of(east) + random.choice([-1, 1], count) * stray
    told = _moved((outline(s, m, random) for s, m in zip(shape.tolist(), size, strict=True)), east, offset)
    error = draw(law, device, random) + random.standard_normal((count, 2)) * LAYER_SIGMA
    truth = _moved(told, *-error.T)
    return Outlines(told, truth, stated, size, shape)


def _moved(outlines: Iterable[BaseGeometry], east: Floats, north: Floats) -> Shapes:
    """The outlines, each moved by its own metres."""
    moved = [affinity.translate(o, x, y) for o, x, y in zip(outlines, east, north, strict=True)]
    return np.array(moved, dtype=np.object_)


def true_shares(outlines: Shapes) -> Floats:
    """The part of each outline in each township of CODES, shape (n, 3)."""
    areas = [shapely.Polygon(township["ring"]) for township in scene()["townships"]]
    parts = [shapely.area(shapely.intersection(outlines, area)) for area in areas]
    return np.asarray(np.column_stack(parts) / shapely.area(outlines)[:, None])


def lead_probability(found: Jurisdiction) -> float | None:
    """The told probability that the lead holds the largest part; None where the verdict does not tell it."""
    value = getattr(found, "lead_probability", None)
    return None if value is None else float(value)


def geojson(told: BaseGeometry) -> dict[str, Any]:
    """An outline of the world's metres as GeoJSON in degrees."""
    world = scene()
    ring = [degrees(world, xy) for xy in shapely.get_coordinates(told)]
    return dict(mapping(shapely.Polygon(ring)))


def ask(session: Session, outlines: Outlines) -> Iterator[tuple[Call, float | None]]:
    """What the engine says of each footprint, and the told probability of its lead."""
    for told, stated in zip(outlines.told, outlines.stated, strict=True):
        inquiry = Inquiry(
            "other", accuracy_m=float(stated), footprint=geojson(told), as_of=DAY, channel="phone"
        )
        found = locate(session, inquiry, LIMITS)[1]
        yield call_of(found), lead_probability(found)


@dataclass(frozen=True)
class Found:
    """What was said of footprints, and what is true. ``right``: the lead holds the largest part."""

    outlines: Outlines
    calls: Sequence[Call]
    probabilities: Sequence[float | None]
    true: Floats

    @property
    def certain(self) -> NDArray[np.bool_]:
        """Which are called certain."""
        return np.array([call.certainty == "certain" for call in self.calls])

    @property
    def right(self) -> NDArray[np.bool_]:
        """Of which the lead is right."""
        best = np.array(CODES)[self.true.argmax(axis=1)]
        return np.asarray(np.array([call.lead for call in self.calls]) == best)

    @property
    def crossing(self) -> NDArray[np.bool_]:
        """Which are drawn across a border."""
        lines = shapely.MultiLineString([border(), branch()])
        return np.asarray(shapely.intersects(self.outlines.told, lines))

    def wrong_share(self, chosen: NDArray[np.bool_] | None = None) -> float:
        """Part of the certain ones that is wrong."""
        certain = self.certain if chosen is None else self.certain & chosen
        return float((certain & ~self.right).sum() / max(1, certain.sum()))


def run(session: Session, outlines: Outlines) -> Found:
    """Ask about all footprints and measure the truth."""
    said = [*ask(session, outlines)]
    calls, probabilities = [call for call, _ in said], [told for _, told in said]
    return Found(outlines, calls, probabilities, true_shares(outlines.truth))


def groups(found: Found) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """The footprints by accuracy, size, shape and position, with a name for each group."""
    drawn = found.outlines
    yield "**all**", np.full(len(drawn), True)
    for stated in STATED_M:
        yield f"accuracy {stated:g} m", drawn.stated == stated
    for low, high in zip(SIZES_M, SIZES_M[1:], strict=False):
        yield f"{low:g}–{high:g} m long", (drawn.size >= low) & (drawn.size < high)
    for n, name in enumerate(SHAPES):
        yield name, drawn.shape == n
    yield "drawn across a border", found.crossing
    yield "drawn clear of every border", ~found.crossing


def groups_table(rows: Iterable[tuple[str, Found, NDArray[np.bool_]]]) -> str:
    """Markdown: a row a group."""
    lines = [
        f"| {name} | {chosen.sum():,} | {found.certain[chosen].mean():.1%} "
        f"| {wrong_of((found.certain & ~found.right)[chosen].sum(), found.certain[chosen].sum())} "
        f"| {found.right[chosen].mean():.1%} |"
        for name, found, chosen in rows
    ]
    head = "| footprints | number | called certain | certain and wrong | lead correct |"
    return "\n".join([head, "|---|---:|---:|---:|---:|", *lines])


def words_table(found: Found) -> str:
    """Markdown: how often the lead is right where it is called certain, probable, disputed."""
    said = np.array([call.certainty for call in found.calls])
    rows = [
        f"| {word} | {(said == word).sum():,} | {found.right[said == word].mean():.1%} |"
        for word in ("certain", "probable", "disputed")
        if (said == word).any()
    ]
    return "\n".join(["| certainty | footprints | lead correct |", "|---|---:|---:|", *rows])


def share_pairs(found: Found) -> tuple[Floats, Floats]:
    """Every stated share of a township, and the true one."""
    stated = np.array([[call.shares.get(code, 0.0) for code in CODES] for call in found.calls])
    told = stated > 0
    return stated[told], found.true[told]


def certainty_pairs(found: Found) -> tuple[Floats, Floats]:
    """Every told probability of a lead, and whether that lead is right; empty where none is told."""
    told = np.array([value is not None for value in found.probabilities])
    values = np.array([value for value in found.probabilities if value is not None], dtype=float)
    return values, found.right[told].astype(float)


def figures(session: Session, seed: int, count: int, laws: Sequence[Law]) -> str:
    """The runs with each law of errors, in Markdown; details for the first."""
    runs = [(law.name, run(session, simulate(seed, count, law))) for law in laws]
    main = runs[0][1]
    rows = [(name, main, chosen) for name, chosen in groups(main)]
    rows += [(f"all, with {name}", other, np.full(len(other.outlines), True)) for name, other in runs[1:]]
    told, came = certainty_pairs(main)
    certainty = (
        tenths_table(tenths_of(told, came), "told probability of the lead", "lead was right")
        if len(told)
        else "The verdict tells no probability of the lead, only the word for it."
    )
    shares = tenths_table(tenths_of(*share_pairs(main)), "stated share of the area", "mean of true shares")
    return "\n\n".join([groups_table(rows), shares, words_table(main), certainty])
