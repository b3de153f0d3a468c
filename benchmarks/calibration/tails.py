"""Outliers and heavy tails: how many certain verdicts are wrong, and how many points are certain at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from benchmarks.calibration.errors import CONTAMINATED, LAWS, NORMAL, Floats, Law, Tries
from benchmarks.calibration.points import Plan, Reports, ask, everywhere, score, simulate
from benchmarks.calibration.reliability import Call, runs_table
from benchmarks.calibration.world import LAYER_SIGMA, scene

SAFE_MASS: Final = 0.999  # a point with more than this in one township ought to be certain
EDGE: Final = (
    2.6,
    4.3,
    5.0,
)  # σ from the border: certain by the normal law, doubtful where errors have tails
SAFE_SIGMAS: Final = 36.0  # so far from every border no law here has a mass that counts beyond it


def largest_mass(reports: Reports, law: Law) -> Floats:
    """The largest probability of one township for each report, by trying errors of a law."""
    areas = [shapely.Polygon(township["ring"]) for township in scene()["townships"]]
    shapely.prepare(areas)
    lines = shapely.union_all(shapely.boundary(areas))
    far = shapely.distance(lines, shapely.points(reports.told)) > SAFE_SIGMAS * reports.sigma
    tries = Tries(law)
    return np.array(
        [
            1.0 if safe else max(tries.mass(area, at, device, LAYER_SIGMA) for area in areas)
            for safe, at, device in zip(far, reports.told, reports.device, strict=True)
        ]
    )


def certain(calls: Sequence[Call]) -> NDArray[np.bool_]:
    """Which are called certain."""
    return np.array([call.certainty == "certain" for call in calls])


def power_rows(name: str, reports: Reports, calls: Sequence[Call]) -> list[str]:
    """Rows of :func:`figures`: of the points that ought to be certain, by each law, how many are."""
    said, rows = certain(calls), []
    for law in (NORMAL, CONTAMINATED):
        safe = largest_mass(reports, law) > SAFE_MASS
        called = f"{said[safe].mean():.1%}" if safe.any() else "–"
        rows.append(f"| {name} | {law.name} | {safe.sum():,} of {len(reports):,} | {called} |")
    return rows


def figures(session: Session, seed: int, count: int) -> str:
    """What is wrong with each law of errors, and the power, in Markdown."""
    runs = []
    for law in LAWS:
        reports = simulate(seed, Plan(law, count))
        calls = [*ask(session, reports)]
        runs.append((f"within 9 σ of a border, {law.name}", score(calls, reports)))
    for law in LAWS:
        some = simulate(seed, Plan(law, count, band=EDGE))
        runs.append((f"2.6 to 5 σ from a border, {law.name}", score([*ask(session, some)], some)))
    wide = everywhere(min(2000, count), seed)
    wide_calls = [*ask(session, wide)]
    few = np.arange(len(reports)) % max(1, len(reports) // 1500) == 0
    near, near_calls = reports.where(few), [calls[n] for n in np.flatnonzero(few).tolist()]
    head = "| points | mass by | over 99.9 % of it in one township | of these called certain |"
    rows = [
        *power_rows("anywhere in the three townships", wide, wide_calls),
        *power_rows("within 9 σ of a border", near, near_calls),
    ]
    return f"{runs_table(runs)}\n\n" + "\n".join([head, "|---|---|---:|---:|", *rows])
