"""Rows of a screening are the verdicts of the single check; the single check is the same from memory as from
PostGIS, to the byte."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session
from support import scenes

from core.clock import today
from core.errors import BadInput
from core.i18n import Lang
from core.settings import Settings
from facts.lookup import Memory, memory_of, set_memory
from facts.memory.snapshot import Snapshot, SnapshotCache, snapshot_of
from geo.place.location import Location
from layers.lawbook.documents import current_book
from screening.schema import VERDICT_SCHEMA, verdict_row
from screening.screener import Screener, ScreenTask
from store.access import Reach
from store.engine import open_session
from verdict.answer_cache import AnswerCache
from verdict.inquiry import Inquiry, Limits, answer
from verdict.judgement import Case, judge
from verdict.wording.verdict import verdict_with_words

ACT, ANSWER = dt.date(2022, 8, 1), dt.date(2026, 11, 24)
MATTERS = ("livestock_farm", "rural_dwelling")

PATCHWORK: dict[str, Any] = {
    "origin": [112.6, 35.5],
    "accuracy_m": 5,
    "townships": [
        {"code": "140591101", "name": "东镇", "east": [0, 3000], "north": [0, 3000]},
        {"code": "140591102", "name": "西镇", "east": [-3000, 0], "north": [0, 3000]},
        {
            "code": "140591201",
            "name": "南乡",
            "ring": [[-3000, -2000], [0, -2400], [3000, -2000], [3000, 0], [-3000, 0]],
        },
    ],
    "cells": [
        {
            "code": "G1",
            "name": "一格",
            "township": "140591101",
            "issuer": "t",
            "worker": "甲",
            "team": "一队",
            "east": [0, 1500],
            "north": [0, 3000],
        },
        {
            "code": "G2",
            "name": "二格",
            "township": "140591102",
            "issuer": "t",
            "worker": "乙",
            "team": "二队",
            "east": [-3000, 100],
            "north": [0, 3000],
        },
    ],
    "zones": [
        {
            "code": "z1",
            "name": "核心",
            "kind": "nature_reserve",
            "grade": "core",
            "east": [200, 900],
            "north": [200, 900],
            "from": "2016-01-01",
        },
        {
            "code": "z2",
            "name": "缓冲",
            "kind": "nature_reserve",
            "grade": "buffer",
            "east": [100, 1400],
            "north": [-300, 1400],
            "from": "2016-01-01",
        },
        {
            "code": "z3",
            "name": "红线",
            "kind": "ecological_redline",
            "ring": [[-900, -900], [900, -900], [0, 700]],
            "from": "2016-01-01",
        },
        {
            "code": "z4",
            "name": "水源",
            "kind": "water_source",
            "grade": "level2",
            "east": [-2500, -1500],
            "north": [500, 2500],
            "from": "2016-01-01",
        },
        {
            "code": "z5",
            "name": "旧区",
            "kind": "nature_reserve",
            "grade": "core",
            "east": [-1200, -700],
            "north": [1000, 1500],
            "from": "2016-01-01",
            "until": "2021-01-01",
        },
    ],
    "permits": [
        {
            "number": "P-1",
            "holder": "某场",
            "uses": ["livestock_farm"],
            "zone_kinds": ["ecological_redline", "nature_reserve"],
            "issuer": "局",
            "east": [-200, 400],
            "north": [-500, -100],
            "from": "2020-01-01",
        },
    ],
    "more_units": [
        {
            "dataset": "boundaries/rough",
            "official": False,
            "accuracy_m": 60,
            "townships": [
                {"code": "140591101", "name": "东镇", "east": [40, 3000], "north": [0, 3000]},
                {"code": "140591301", "name": "北乡", "east": [-3000, 3000], "north": [3000, 5000]},
            ],
        },
    ],
}
SCENES: dict[str, dict[str, Any]] = {
    "one layer a level": {key: value for key, value in PATCHWORK.items() if key != "more_units"},
    "two layers of townships": PATCHWORK,
    "no zone and no cell": {"townships": PATCHWORK["townships"], "origin": PATCHWORK["origin"]},
}


@pytest.fixture(scope="module", params=SCENES)
def world(
    request: pytest.FixtureRequest, clone: Callable[..., Engine], tmp_path_factory: Any
) -> Iterator[Session]:
    """A session on a scene; its facts come from memory."""
    engine = clone(f"zhijie_screening_{list(SCENES).index(request.param)}_test")
    with open_session(engine) as session:
        scenes.load_scene(session, SCENES[request.param], Path(tmp_path_factory.mktemp("scene")))
    with open_session(engine) as session:
        yield session


def hard_places(seed: int, count: int) -> list[Location]:
    """Points anywhere, close to borders, exactly on them and outside; with and without an accuracy."""
    rng = np.random.default_rng(seed)
    lines = [-3000, -2000, -900, -300, 0, 100, 200, 700, 900, 1400, 3000, 5000]
    found = []
    for n in range(count):
        east, north = rng.uniform(-4000, 4000), rng.uniform(-3500, 6000)
        kind = n % 4
        if kind == 1:
            east = float(rng.choice(lines)) + rng.normal(0, 8)
        elif kind == 2:
            north = float(rng.choice(lines)) + rng.normal(0, 8)
        elif kind == 3:
            east, north = float(rng.choice(lines)), float(rng.choice(lines))
        where = {"east": east, "north": north, "accuracy_m": float(rng.choice([0, 0, 8, 40, 300]))}
        found.append(scenes.place(PATCHWORK, where))
    return found


def sites(seed: int, count: int) -> list[Location]:
    """Footprints of all sizes."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        east, north = rng.uniform(-3200, 3200), rng.uniform(-2500, 5200)
        wide, deep = rng.uniform(5, 400, 2)
        where = {
            "east": [east, east + wide],
            "north": [north, north + deep],
            "accuracy_m": float(rng.choice([0, 10])),
        }
        found.append(scenes.place(PATCHWORK, where))
    return found


def both_ways(session: Session, location: Location, case: Case) -> tuple[str, str]:
    """The verdict from memory and from PostGIS alone, as canonical JSON with the versions seen."""
    engine = session.get_bind()
    assert isinstance(engine, Engine)
    memory = memory_of(session)
    assert memory is not None
    told = []
    for source in (memory, None):
        set_memory(engine, source)
        try:
            judged = judge(session, location, case)
        finally:
            set_memory(engine, memory)
        told.append(f"{judged.source_ids} {judged.verdict.to_json()}")
    return told[0], told[1]


@pytest.mark.parametrize("matter", MATTERS)
def test_memory_and_postgis_give_the_same_bytes(world: Session, matter: str) -> None:
    places = [*hard_places(1, 120), *sites(2, 60)]
    effects = set()
    for location in places:
        from_memory, from_postgis = both_ways(world, location, Case(matter, ACT, ANSWER))
        assert from_memory == from_postgis
        effects.add(from_memory.partition('"effect":')[2][:12])
    assert len(effects) > 1, "all alike: nothing is tested"


EVERYWHERE = Reach(frozenset({""}))


class Kept:
    """Snapshots of a session, as a server has them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def at(self, day: dt.date) -> Snapshot | None:
        memory = memory_of(self._session)
        assert memory is not None
        return snapshot_of(self._session, day, memory.cache)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("act", [ACT, today()])
def test_answers_filled_into_others_are_those_judged_by_themselves(
    world: Session, act: dt.date, lang: Lang
) -> None:
    limits = Limits.of(Settings())
    current_book(world)  # known from now on
    answers = AnswerCache(Kept(world), limits)
    for place in hard_places(6, 400):
        asked = Inquiry(MATTERS[0], place.lon, place.lat, accuracy_m=place.accuracy_m, as_of=act)
        assert answers.get(asked, lang, EVERYWHERE) == verdict_with_words(
            answer(world, asked, limits), lang, EVERYWHERE
        )
    assert answers.templates > 5, "no ground was conflicts twice: nothing is tested"


def screener_of(session: Session, matter: str, act: dt.date, answer: dt.date = ANSWER) -> Screener:
    memory = memory_of(session)
    assert memory is not None
    then, now = (snapshot_of(session, day, memory.cache) for day in (act, answer))
    return Screener(then, now, current_book(session), ScreenTask(matter, act, answer))


@pytest.mark.parametrize("matter", MATTERS)
@pytest.mark.parametrize("act", [dt.date(2018, 5, 1), ACT])
def test_rows_of_points_are_the_verdicts_of_single_checks(world: Session, matter: str, act: dt.date) -> None:
    places = hard_places(3, 400)
    screener = screener_of(world, matter, act)
    lonlat = np.array([(place.lon, place.lat) for place in places])
    accuracy = np.array([place.accuracy_m for place in places])
    table = screener.points(lonlat, accuracy)
    assert table.schema == VERDICT_SCHEMA
    for place, row in zip(places, table.to_pylist(), strict=True):
        expected = verdict_row(judge(world, place, Case(matter, act, ANSWER)).verdict)
        assert row == expected, (place, {k: (row[k], expected[k]) for k in row if row[k] != expected[k]})
    assert table.equals(screener.points(lonlat, accuracy, threads=2))


def test_rows_of_footprints_are_the_verdicts_of_single_checks(world: Session) -> None:
    places = sites(4, 60)
    table = screener_of(world, "livestock_farm", ACT).footprints(
        [place.footprint for place in places if place.footprint is not None],
        np.array([place.accuracy_m for place in places]),
        threads=2,
    )
    for place, row in zip(places, table.to_pylist(), strict=True):
        assert row == verdict_row(judge(world, place, Case("livestock_farm", ACT, ANSWER)).verdict)


def test_most_points_are_told_by_arrays(world: Session) -> None:
    """Else the rows would be right, and slow."""
    screener = screener_of(world, "livestock_farm", ACT)
    lonlat = np.array([(p.lon, p.lat) for p in hard_places(5, 400) if p.accuracy_m < 100])
    division, _, conflicts = screener._decide(lonlat, np.zeros(len(lonlat)))
    assert (division.plain & conflicts.plain).mean() > 0.5


def test_on_the_reference_data(engine: Engine) -> None:
    """Rough layers of kilometres, a merger between the days, points in and round the city."""
    rng = np.random.default_rng(6)
    with open_session(engine) as session:
        for act in (dt.date(2018, 1, 1), ACT):
            screener = screener_of(session, "livestock_farm", act)
            lonlat = rng.uniform((111.9, 35.15), (113.7, 36.1), (120, 2))
            accuracy = rng.choice([0.0, 10.0, 2000.0], len(lonlat))
            for n, row in enumerate(screener.points(lonlat, accuracy).to_pylist()):
                place = Location.from_point(*lonlat[n].tolist(), accuracy_m=float(accuracy[n]))
                assert row == verdict_row(judge(session, place, Case("livestock_farm", act, ANSWER)).verdict)


def test_what_is_no_place_is_told_in_its_row(world: Session) -> None:
    lonlat = np.array([[112.61, 35.51], [np.nan, 35.5], [112.6, np.inf]])
    rows = screener_of(world, "livestock_farm", ACT).points(lonlat, np.array([0.0, 0.0, 5.0])).to_pylist()
    assert rows[0]["zj_error"] is None
    assert rows[0]["zj_effect"] is not None
    for row in rows[1:]:
        assert row.pop("zj_error")
        assert set(row.values()) == {None}


def test_an_unknown_matter_is_refused(world: Session) -> None:
    with pytest.raises(BadInput, match="category"):
        screener_of(world, "no_such_matter", ACT)


def test_equal_tasks_on_equal_data_have_equal_keys(world: Session) -> None:
    assert screener_of(world, "livestock_farm", ACT).key == screener_of(world, "livestock_farm", ACT).key
    assert screener_of(world, "livestock_farm", ACT).key != screener_of(world, "rural_dwelling", ACT).key


def test_units_that_overlap_are_judged_one_by_one(clone: Callable[..., Engine], tmp_path: Path) -> None:
    """The loader refuses them; the index must cope with what somebody else has put into the store."""
    engine = clone("zhijie_screening_overlap_test")
    with open_session(engine) as session:
        scenes.load_scene(session, SCENES["no zone and no cell"], tmp_path)
        session.execute(text("UPDATE unit SET geom = ST_Translate(geom, -5e-4, 0) WHERE code = '140591101'"))
    with open_session(engine) as session:
        screener = screener_of(session, "livestock_farm", ACT)
        assert not screener.units.complete
        places = hard_places(7, 40)
        rows = screener.points(np.array([(p.lon, p.lat) for p in places])).to_pylist()
        for place, row in zip(places, rows, strict=True):
            plain = Location.from_point(place.lon, place.lat)
            assert row == verdict_row(judge(session, plain, Case("livestock_farm", ACT, ANSWER)).verdict)


def test_a_memory_without_a_folder_keeps_everything_in_the_process() -> None:
    assert Memory(SnapshotCache(None)).live is None
