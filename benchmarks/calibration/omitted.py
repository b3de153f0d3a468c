"""Reports of telephones that state no accuracy: which default the engine takes, and how often it is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from sqlalchemy.orm import Session

from benchmarks.calibration.points import CHANNELS, Plan, Reports, call_of, score, simulate
from benchmarks.calibration.reliability import Call, runs_table
from benchmarks.calibration.world import DAY, LIMITS, scene
from tests.support.scenes import degrees
from verdict.inquiry import Inquiry, locate

TRUE_M: Final = (5.0, 15.0, 30.0)  # 68 % radii of the telephones' true errors


def ask(session: Session, reports: Reports) -> Iterator[tuple[Call, float]]:
    """What the engine says of each report without an accuracy, and the accuracy that it took, metres."""
    world = scene()
    for told, channel in zip(reports.told, reports.channel, strict=True):
        lon, lat = degrees(world, told)
        inquiry = Inquiry("other", lon, lat, as_of=DAY, channel=CHANNELS[channel])
        location, found = locate(session, inquiry, LIMITS)
        yield call_of(found), location.accuracy_m


def figures(session: Session, seed: int, count: int) -> str:
    """A run for each true error, in Markdown."""
    rows, taken = [], set[float]()
    for true_m in TRUE_M:
        reports = simulate(seed, Plan(count=count, stated=(true_m,), channels=(0,)))
        said = [*ask(session, reports)]
        taken |= {accuracy for _, accuracy in said}
        name = f"telephones that err by {true_m:g} m (68 %) and state nothing"
        rows.append((name, score([call for call, _ in said], reports)))
    defaults = ", ".join(f"{value:g} m" for value in np.unique([*taken]))
    return f"The verdict's location says that an accuracy of {defaults} was taken.\n\n{runs_table(rows)}"
