"""Counts for those who may not see single reports: none of one or two, none that can be subtracted."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient
from support.credentials import bearer, hire

from accounts.postings import NewPosting
from reports.filing import Submission, file_report
from reports.public_view import CoarseFilter, fetch_coarse
from store.access import enter
from store.engine import open_session
from store.schema.datasets import Report
from verdict.inquiry import Inquiry, Limits

FEWEST = 3
SCATTERED, CROWDED = 300, 100
# Scattered over the county, and a crowd in a few squares of one matter and month.
COPIES = """
INSERT INTO report ({columns}) SELECT {values} FROM report, generate_series(1, :n) g, LATERAL (
    SELECT ST_SetSRID(ST_MakePoint({west} + random() * {width}, {south} + random() * {width}), 4490) AS place,
           CASE WHEN {mixed} THEN now() - g * interval '1 day' ELSE now() END AS moment,
           CASE WHEN {mixed} AND g % 3 = 0 THEN 'clear' ELSE 'prohibited' END AS outcome) drawn
WHERE report.id = :id"""
CHANGED = {"geom": "place", "received_at": "moment", "effect": "outcome", "idempotency_key": "NULL"}


def _copy(session: Session, number: int, n: int, **square: Any) -> None:
    columns = [c.name for c in Report.__table__.columns if c.computed is None and c.name != "id"]
    values = [CHANGED.get(name, f"report.{name}") for name in columns]
    values[columns.index("idempotency_key")] = f"'{square['mixed']}' || g"
    statement = COPIES.format(columns=", ".join(columns), values=", ".join(values), **square)
    session.execute(text(statement), {"n": n, "id": number})


@pytest.fixture(scope="module")
def total(http_engine: Engine, limits: Limits) -> int:
    """How many reports there are."""
    with open_session(http_engine) as session:
        session.execute(text("SELECT setseed(0.5)"))
        inquiry = Inquiry("livestock_farm", 112.395, 35.625, as_of=dt.date(2022, 8, 21))
        number = file_report(session, Submission(inquiry), "coarse", limits).report.id
        _copy(session, number, SCATTERED, west=112.1, south=35.3, width=0.5, mixed="true")
        _copy(session, number, CROWDED, west=112.39, south=35.62, width=0.03, mixed="false")
        return int(session.scalar(text("SELECT count(*) FROM report")) or 0)


@pytest.fixture
def session(http_engine: Engine, web_engine: Engine, total: int) -> Iterator[Session]:
    """A transaction of somebody who may see counts alone."""
    key = hire(http_engine, NewPosting("gis", "140581"))
    with open_session(web_engine) as session:
        assert enter(session, key) is not None
        yield session


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("category", "effect", "status", "month", "lon", "lat", "side"))


def test_no_count_singles_out_a_report_and_each_is_counted_once(session: Session, total: int) -> None:
    counts = fetch_coarse(session, CoarseFilter())
    assert min(row["reports"] for row in counts.rows) >= FEWEST
    assert sum(row["reports"] for row in counts.rows) + counts.withheld == total
    sides = Counter(row["side"] for row in counts.rows)
    assert set(sides) == {0.01, 0.05, 0.2}  # each width of squares is tried by these reports


def test_a_count_is_of_reports_within_its_square(session: Session, http_engine: Engine) -> None:
    with open_session(http_engine) as owner:
        spots = owner.execute(text("SELECT ST_X(geom) AS x, ST_Y(geom) AS y, effect FROM report")).all()
    for row in fetch_coarse(session, CoarseFilter()).rows:
        half = row["side"] / 2 + 1e-9
        inside = [
            spot
            for spot in spots
            if abs(spot.x - row["lon"]) <= half
            and abs(spot.y - row["lat"]) <= half
            and row["effect"] in (None, spot.effect)
        ]
        assert row["reports"] <= len(inside)


def test_what_is_asked_for_does_not_change_a_count(session: Session) -> None:
    """Or two questions, for a box with and without one report, would tell of it by their difference."""
    whole = fetch_coarse(session, CoarseFilter())
    known = {_key(row): row["reports"] for row in whole.rows}
    month = max(row["month"] for row in whole.rows if row["month"])
    boxes = [(112.1, 35.3, 112.1 + step, 35.3 + step) for step in (0.013, 0.111, 0.207, 0.309)]
    for criteria in [CoarseFilter(month=month), *(CoarseFilter(box) for box in boxes)]:
        part = fetch_coarse(session, criteria)
        assert {_key(row): row["reports"] for row in part.rows}.items() <= known.items()
        assert part.withheld == whole.withheld


def test_the_api_tells_the_sum_of_what_is_withheld(
    client: TestClient, http_engine: Engine, total: int
) -> None:
    key = hire(http_engine, NewPosting("gis", "140581"))
    told = client.get("/api/reports/coarse", headers=bearer(key)).json()
    counted = [feature["properties"]["reports"] for feature in told["features"]]
    assert min(counted) >= FEWEST
    assert sum(counted) + told["withheld"] == total
    near = client.get("/api/reports/coarse?bbox=0,0,1,1", headers=bearer(key)).json()
    assert (near["features"], near["withheld"]) == ([], told["withheld"])
