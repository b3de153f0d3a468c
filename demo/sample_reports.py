"""A year of fictional reports for the demonstration.

They are filed as all reports are (``reports.filing``): judged, stored with their verdict, written into the
journal. But they tell of the past: after filing, in the same transaction and as the owner of the database,
each gets a time of receipt within the year, a state, the day that is due in that state and who has it. The
journal keeps a line of that, "sample". Everything is marked as a sample.
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
from reports.filing import Submission, file_report
from reports.workflow.deadlines import first_due
from store.journal.append import append_step
from store.schema.datasets import CLOSED, Report
from store.schema.report_counts import AssignmentRow
from verdict.inquiry import Inquiry, Limits

PREFIX: Final = "demo-report-"  # of the idempotency keys
COUNT: Final = 400
SEED: Final = 140500
YEAR: Final = 365
BATCH: Final = 25  # reports a transaction: other writers wait no longer than for these
COUNTIES: Final = {"140502": 10, "140521": 14, "140522": 26, "140524": 14, "140525": 20, "140581": 16}
IN_TOWNS: Final = ("urban_building",)
BY_ROADS: Final = ("roadside_building", "dumping")
IN_HILLS: Final = ("quarrying", "land_clearing", "tomb", "polluting_project")
STATES: Final = (  # up to this age in days: how often a report is in which state
    (3, {"new": 70, "assigned": 30}),
    (14, {"new": 10, "assigned": 30, "verifying": 35, "confirmed": 13, "dismissed": 12}),
    (60, {"assigned": 6, "verifying": 12, "confirmed": 30, "dismissed": 17, "done": 35}),
    (YEAR + 1, {"verifying": 3, "confirmed": 6, "dismissed": 21, "done": 70}),
)
REASON: Final = f"{MARK}属地处置"


@dataclass(frozen=True, slots=True)
class Sample:
    """A fictional report: how it is filed, and what it is made to look like afterwards.

    ``days``: how long who has it in hand is given.
    """

    key: str
    submission: Submission
    received_at: dt.datetime
    status: str
    days: int


def plan(day: dt.date) -> list[Sample]:
    """The reports of the year before a day; for one day always the same."""
    random = Random(SEED)
    places = Places(random)
    return [_sample(day, number, random, places) for number in range(1, COUNT + 1)]


def missing(session: Session, day: dt.date) -> list[Sample]:
    """Those that are not filed yet, in the order of their days. (What was filed before stays as it is.)"""
    keys = select(Report.idempotency_key).where(
        Report.filed_by.is_(None), Report.idempotency_key.startswith(PREFIX, autoescape=True)
    )
    filed = set(session.scalars(keys))
    wanted = (sample for sample in plan(day) if sample.key not in filed)
    return sorted(wanted, key=lambda sample: sample.received_at)  # a feed shows the last number first


def batches(samples: list[Sample]) -> Iterator[list[Sample]]:
    """The reports in parts that are stored together."""
    yield from (samples[first : first + BATCH] for first in range(0, len(samples), BATCH))


def file_samples(session: Session, samples: Iterable[Sample], limits: Limits) -> int:
    """File reports and set them back into their past, in the caller's transaction; how many are new."""
    count = 0
    for sample in samples:
        filed = file_report(session, sample.submission, sample.key, limits)
        if filed.created:
            _set_back(session, filed.report, sample)
            count += 1
    return count


def _set_back(session: Session, report: Report, sample: Sample) -> None:
    report.received_at = sample.received_at
    report.status = sample.status
    report.due_on = _due_on(session, sample)
    report.overdue = sample.status not in CLOSED and report.due_on is not None and report.due_on < today()
    if _in_hand(sample) and report.unit_code is not None:
        report.holder_unit = report.unit_code
        since = sample.received_at + dt.timedelta(hours=4)
        hand = AssignmentRow(
            report_id=report.id, unit_code=report.unit_code, since=since, until=report.due_on
        )
        hand.reason = REASON
        session.add(hand)
    session.flush()
    told: dict[str, Any] = {"received_at": sample.received_at.isoformat(), "status": sample.status}
    due = report.due_on and report.due_on.isoformat()
    append_step(
        session, "sample", f"report/{report.id}", unit=report.unit_code, after={**told, "due_on": due}
    )


def _in_hand(sample: Sample) -> bool:
    """Whether somebody was given it; what is new, or was dismissed at once, nobody was."""
    return sample.status not in ("new", "dismissed")


def _due_on(session: Session, sample: Sample) -> dt.date | None:
    """By when the present step was due: the first look, or the day that was given with the report."""
    received = sample.received_at.astimezone(CHINA).date()
    return received + dt.timedelta(sample.days) if _in_hand(sample) else first_due(session, received)


def _sample(day: dt.date, number: int, random: Random, places: Places) -> Sample:
    every = list(TEXTS)  # each once at least
    category = every[number - 1] if number <= len(every) else _drawn(random, WEIGHTS)
    age = 1 + int((YEAR - 1) * random.random() ** 1.3)  # rather more of late
    at = dt.time(8 + int(11 * random.random()), random.randrange(60), random.randrange(60))
    received_at = dt.datetime.combine(day - dt.timedelta(age), at, CHINA)
    acted = received_at.date() - dt.timedelta(int(20 * random.random() ** 2))
    states = next(shares for most, shares in STATES if age <= most)
    return Sample(
        key=f"{PREFIX}{number:04d}",
        submission=_submission(category, _spot(category, random, places), acted, random),
        received_at=received_at,
        status=_drawn(random, states),
        days=random.randint(7, 60),
    )


def _spot(category: str, random: Random, places: Places) -> Spot:
    """A place where such a thing may be: some in a reserve, one in twenty by the story's site."""
    county, lot = _drawn(random, COUNTIES), random.random()
    if category in IN_TOWNS:
        return places.town(TOWN_COUNTY if lot < 0.4 else county)
    if lot < 0.05:
        return places.site()
    if lot < (0.3 if category in IN_HILLS else 0.12):
        return places.reserve()
    if category in BY_ROADS:
        return places.roadside(county)
    return places.hills(county) if category in IN_HILLS else places.hamlet(county)


def _submission(category: str, spot: Spot, acted: dt.date, random: Random) -> Submission:
    least, most = SIZES[category]
    size = round(least * (most / least) ** random.random(), -1 if least > 20 else 0)
    text = random.choice(TEXTS[category]).format(near=spot.near, n=f"{size:g}")
    accuracy_m = float(random.choice((5, 8, 10, 15, 25, 50)))
    turn, drawn = random.uniform(0, 3.14), random.random() < 0.15
    inquiry = Inquiry(category=category, accuracy_m=accuracy_m, as_of=acted, channel="demo")
    if drawn:
        sides = (size**0.5 * 1.5, size**0.5 / 1.5)
        inquiry = replace(inquiry, footprint=outline(spot, sides, turn))
    else:
        inquiry = replace(inquiry, x=spot.lon, y=spot.lat)
    return Submission(inquiry, description=MARK + text, sample=True)


def _drawn(random: Random, shares: dict[str, int]) -> str:
    return random.choices(list(shares), weights=list(shares.values()))[0]
