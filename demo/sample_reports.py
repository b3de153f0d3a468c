"""Fictional reports of one year for the demonstration.

They are filed like all reports (``reports.filing``): judged, stored with their verdict, recorded in the
journal. Then, in the same transaction and as the owner of the database, each is backdated: it gets a time of
receipt within the year, a status, a due date and an assignee. The journal records that as "sample".
Everything is marked as a sample.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import CHINA, today
from demo.places import TOWN_COUNTY, Places, Spot, outline
from demo.texts import MARK, SIZES, TEXTS, WEIGHTS
from reports import Submission, file_report
from reports.workflow import first_due
from store import append_step
from store.schema import CLOSED_STATES, AssignmentRow, Report
from verdict import Inquiry, Limits

PREFIX: Final = "demo-report-"  # of the idempotency keys
REPORTS: Final = 400
SEED: Final = 140500
YEAR_DAYS: Final = 365
BATCH: Final = 25  # reports a transaction: the journal's lock is held no longer than for these
COUNTIES: Final = {"140502": 10, "140521": 14, "140522": 26, "140524": 14, "140525": 20, "140581": 16}
IN_TOWNS: Final = ("urban_building",)
BY_ROADS: Final = ("roadside_building", "dumping")
IN_HILLS: Final = ("quarrying", "land_clearing", "tomb", "polluting_project")
STATES: Final = (  # up to an age in days: weights of the states
    (3, {"new": 70, "assigned": 30}),
    (14, {"new": 10, "assigned": 30, "verifying": 35, "confirmed": 13, "dismissed": 12}),
    (60, {"assigned": 6, "verifying": 12, "confirmed": 30, "dismissed": 17, "done": 35}),
    (YEAR_DAYS + 1, {"verifying": 3, "confirmed": 6, "dismissed": 21, "done": 70}),
)
REASON: Final = f"{MARK}属地处置"


@dataclass(frozen=True, slots=True)
class Sample:
    """A fictional report: its submission, and what it is backdated to.

    ``days``: the time that the assignee is given.
    """

    key: str
    submission: Submission
    received_at: dt.datetime
    status: str
    days: int


def plan(day: dt.date) -> list[Sample]:
    """The reports of the year before a day; the same day gives the same reports."""
    random = Random(SEED)
    places = Places(random)
    return [_sample(day, number, random, places) for number in range(1, REPORTS + 1)]


def missing(session: Session, day: dt.date) -> list[Sample]:
    """The samples that are not filed yet, by their dates. What was filed before stays as it is."""
    keys = select(Report.idempotency_key).where(
        Report.filed_by.is_(None), Report.idempotency_key.startswith(PREFIX, autoescape=True)
    )
    filed = set(session.scalars(keys))
    wanted = (sample for sample in plan(day) if sample.key not in filed)
    return sorted(wanted, key=lambda sample: sample.received_at)  # a feed shows the last number first


def batches(samples: list[Sample]) -> Iterator[list[Sample]]:
    """The samples in parts of one transaction each."""
    yield from (samples[first : first + BATCH] for first in range(0, len(samples), BATCH))


def file_samples(session: Session, samples: Iterable[Sample], limits: Limits) -> int:
    """File samples and backdate them, in the caller's transaction; returns the number of new ones."""
    count = 0
    for sample in samples:
        filed = file_report(session, sample.submission, sample.key, limits)
        if filed.created:
            _backdate(session, filed.report, sample)
            count += 1
    return count


def _backdate(session: Session, report: Report, sample: Sample) -> None:
    report.received_at = sample.received_at
    report.status = sample.status
    report.due_on = _due_on(session, sample)
    is_open = sample.status not in CLOSED_STATES
    report.overdue = is_open and report.due_on is not None and report.due_on < today()
    if _was_assigned(sample) and report.unit_code is not None:
        report.holder_unit = report.unit_code
        since = sample.received_at + dt.timedelta(hours=4)
        assignment = AssignmentRow(
            report_id=report.id, unit_code=report.unit_code, since=since, until=report.due_on
        )
        assignment.reason = REASON
        session.add(assignment)
    session.flush()
    after: dict[str, Any] = {"received_at": sample.received_at.isoformat(), "status": sample.status}
    due = report.due_on and report.due_on.isoformat()
    append_step(
        session, "sample", f"report/{report.id}", unit=report.unit_code, after={**after, "due_on": due}
    )


def _was_assigned(sample: Sample) -> bool:
    """Whether the report was assigned; new and at once dismissed ones were not."""
    return sample.status not in ("new", "dismissed")


def _due_on(session: Session, sample: Sample) -> dt.date | None:
    """The due date of the current step: of the first look, or the one given with the assignment."""
    received = sample.received_at.astimezone(CHINA).date()
    return received + dt.timedelta(sample.days) if _was_assigned(sample) else first_due(session, received)


def _sample(day: dt.date, number: int, random: Random, places: Places) -> Sample:
    """The sample with a number: its category, place, age and state, drawn in a fixed order."""
    every = list(TEXTS)  # each category at least once
    category = every[number - 1] if number <= len(every) else _choose(random, WEIGHTS)
    age = 1 + int((YEAR_DAYS - 1) * random.random() ** 1.3)  # more of the recent past
    at = dt.time(8 + int(11 * random.random()), random.randrange(60), random.randrange(60))
    received_at = dt.datetime.combine(day - dt.timedelta(age), at, CHINA)
    acted = received_at.date() - dt.timedelta(int(20 * random.random() ** 2))
    states = next(shares for most, shares in STATES if age <= most)
    return Sample(
        key=f"{PREFIX}{number:04d}",
        submission=_submission(category, _spot(category, random, places), acted, random),
        received_at=received_at,
        status=_choose(random, states),
        days=random.randint(7, 60),
    )


def _spot(category: str, random: Random, places: Places) -> Spot:
    """A plausible place for a category: some in a reserve, one in twenty at the story's site."""
    county, chance = _choose(random, COUNTIES), random.random()
    if category in IN_TOWNS:
        return places.town(TOWN_COUNTY if chance < 0.4 else county)
    if chance < 0.05:
        return places.site()
    if chance < (0.3 if category in IN_HILLS else 0.12):
        return places.reserve()
    if category in BY_ROADS:
        return places.roadside(county)
    return places.hills(county) if category in IN_HILLS else places.hamlet(county)


def _submission(category: str, spot: Spot, acted: dt.date, random: Random) -> Submission:
    least, most = SIZES[category]
    size = round(least * (most / least) ** random.random(), -1 if least > 20 else 0)
    text = random.choice(TEXTS[category]).format(near=spot.near, n=f"{size:g}")
    accuracy_m = float(random.choice((5, 8, 10, 15, 25, 50)))
    angle, has_footprint = random.uniform(0, 3.14), random.random() < 0.15
    inquiry = Inquiry(category=category, accuracy_m=accuracy_m, as_of=acted, channel="demo")
    if has_footprint:
        sides = (size**0.5 * 1.5, size**0.5 / 1.5)
        inquiry = replace(inquiry, footprint=outline(spot, sides, angle))
    else:
        inquiry = replace(inquiry, x=spot.lon, y=spot.lat)
    return Submission(inquiry, description=MARK + text, sample=True)


def _choose(random: Random, shares: dict[str, int]) -> str:
    return random.choices(list(shares), weights=list(shares.values()))[0]
