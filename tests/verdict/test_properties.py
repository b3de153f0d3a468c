"""What holds of every verdict: shares, growing zones, moved scenes, the order of loading, replays.

All on small official scenes; hypothesis looks for places, accuracies and days, always the same ones.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from support import scenes

from core.errors import BadInput
from facts.postgis import fetch_facts_of_days
from layers.loading.load import load_folder
from reports.filing import Submission, file_report
from store.schema.datasets import StoredVerdict
from verdict.inquiry import Inquiry, Limits
from verdict.judgement import Case, judge
from verdict.jurisdiction import decide
from verdict.model import Verdict
from verdict.replays import replay
from verdict.thresholds import DEFAULT, Thresholds

DAY = dt.date(2024, 6, 1)
WEST = {"code": "140591201", "name": "上河乡", "east": [-4000, 0], "north": [-4000, 4000]}
NORTH = {"code": "140591101", "name": "下河镇", "east": [0, 4000], "north": [0, 4000]}
SOUTH = {"code": "140591102", "name": "南河镇", "east": [0, 4000], "north": [-4000, 0]}
WORLD: dict[str, Any] = {
    "accuracy_m": 5,
    "townships": [WEST, NORTH, SOUTH],
    "cells": [
        {
            **{"code": "140591201000001", "name": "一格", "township": "140591201", "issuer": "示例县"},
            **{"worker": "张某", "team": "一队", "east": [-4000, 0], "north": [-4000, 4000]},
        }
    ],
    "zones": [
        {
            **{"code": "reserve/core", "name": "青山", "kind": "nature_reserve", "grade": "core"},
            **{"east": [-900, 300], "north": [-500, 500]},
        },
        {
            **{"code": "plan", "name": "安平村", "kind": "village_planning"},
            "ring": [[200, 200], [900, 300], [800, 900], [100, 700]],
        },
        {
            **{"code": "forest", "name": "集体林地", "kind": "forest_land", "from": "2020-01-01"},
            **{"east": [-2000, -400], "north": [-1500, 900]},
        },
    ],
    "roads": [
        {
            **{"code": "expressway", "name": "高速", "class": "expressway", "land_half_width_m": 14},
            "line": [[-3000, -800], [200, -300], [3500, -1200]],
        }
    ],
    "permits": [
        {
            **{
                "number": "1",
                "holder": "李某",
                "issuer": "示例县",
                "uses": ["rural_dwelling", "livestock_farm"],
            },
            **{
                "zone_kinds": ["village_planning", "forest_land"],
                "from": "2023-01-01",
                "until": "2025-01-01",
            },
            **{"east": [300, 340], "north": [400, 430]},
        }
    ],
}
CHANGED: dict[str, Any] = {  # every layer of WORLD drawn anew: borders moved, names and zones other
    **{"accuracy_m": 20, "zones": [{**zone, "name": "新划"} for zone in WORLD["zones"][1:]]},
    "townships": [
        {**WEST, "name": "新乡", "east": [-4000, 300]},
        {**NORTH, "east": [300, 4000]},
        {**SOUTH, "east": [300, 4000]},
    ],
    "cells": [{**WORLD["cells"][0], "worker": "王某"}],
    "roads": [{**WORLD["roads"][0], "class": "national"}],
    "permits": [{**WORLD["permits"][0], "until": "2024-01-01"}],
}
SHIFTS = (-8.7, 0.0, 3.14159)
SEVERITY = {"clear": 0, "unknown": 1, "permit_required": 2, "prohibited": 3}
MATTERS = ("livestock_farm", "rural_dwelling", "quarrying", "roadside_building", "other")


def steady(examples: int) -> Any:
    """Always the same examples, with fixtures that outlive them."""
    checks = [HealthCheck.function_scoped_fixture]
    return settings(derandomize=True, deadline=None, max_examples=examples, suppress_health_check=checks)


near = st.integers(-1100, 1100) | st.sampled_from([0, 100, 200, 300, -900, 500, -500])
anywhere = st.integers(-4600, 4600) | near
accuracies = st.sampled_from([0.0, 3.0, 12.0, 30.0, 100.0, 400.0, 2000.0])


@st.composite
def places(draw: Callable[[Any], Any], position: Any = anywhere, longest: int = 900) -> dict[str, Any]:
    """A point, or a rectangle, in the words of a scene."""
    east, north, accuracy = draw(position), draw(position), draw(accuracies)
    if draw(st.booleans()):
        return {"east": east, "north": north, "accuracy_m": accuracy}
    width, height = (draw(st.floats(2.0, longest)) for _ in range(2))
    return {"east": [east, east + width], "north": [north, north + height], "accuracy_m": accuracy}


@pytest.fixture(scope="module")
def stage(clone: Callable[[str], Engine]) -> Engine:
    return clone("zhijie_properties_test")


@pytest.fixture(scope="module")
def store(stage: Engine) -> Iterator[Session]:
    """A session that reads what the fixtures below have loaded and committed."""
    with Session(stage) as session:
        scenes.clear(session)
        yield session


@pytest.fixture
def bare(stage: Engine) -> Iterator[Session]:
    """A session of the test's own without any data, rolled back."""
    with Session(stage) as session:
        scenes.clear(session)
        yield session
        session.rollback()


Worlds = Mapping[float, list[int]]


@pytest.fixture(scope="module")
def worlds(store: Session, tmp_path_factory: pytest.TempPathFactory) -> Worlds:
    """The world as it is and moved by some degrees: ids of the versions, by the shift."""
    found = {}
    for number, shift in enumerate(SHIFTS):
        load_folder(store, scenes.write_scene(WORLD, tmp_path_factory.mktemp(f"world{number}"), shift))
        found[shift] = scenes.current(store)
    store.commit()
    return found


def asked(
    session: Session, scene: scenes.Scene, where: Mapping[str, Any], case: Case, **more: Any
) -> Verdict:
    shift = more.pop("shift", 0.0)
    return judge(session, scenes.place(scene, where, shift), case, **more).verdict


# ---------------------------------------------------------------- shares


@steady(300)
@given(where=places(longest=6000))
def test_shares_of_all_units_and_outside_sum_to_one(
    where: dict[str, Any], store: Session, worlds: Worlds
) -> None:
    place = scenes.place(WORLD, where)
    found, steps = decide(place, fetch_facts_of_days(store, place, (DAY,), worlds[0.0])[0], DEFAULT)
    units = [*([found.lead] if found.lead else []), *found.others]
    outside = next(step.numbers["share"] for step in steps if step.rule == "unit.outside")
    shares = [unit.share for unit in units] + [outside]
    assert all(0 <= share <= 1 for share in shares)
    assert sum(shares) == pytest.approx(1, abs=5e-6)  # each is rounded to a millionth
    assert len({unit.code for unit in units}) == len(units)
    assert found.lead is None or found.lead.share >= max(unit.share for unit in units) - 1e-6


# ---------------------------------------------------------------- a zone that grows

GROWTH = (  # each holds the one before it; the last steps put out thin tongues along other edges
    [[-40, -40], [40, -40], [40, 40], [-40, 40]],
    [[-120, -40], [40, -40], [40, 200], [-120, 200]],
    [[-300, -60], [250, -60], [250, 200], [-300, 260]],
    [[-300, -60], [250, -60], [250, 200], [600, 200.4], [600, 201], [249, 200.6], [-300, 260]],
    [[-320, -90], [640, -90], [640, 260], [-320, 270]],
    [[-900, -800], [900, -800], [700, 900], [-900, 900]],
)
FIRST = dt.date(2024, 1, 1)
TONGUES = (
    [[0, 0], [10, 0], [10, 10], [0, 10]],
    [[0, 0], [300, 0], [300, 0.4], [10, 0.4], [10, 10], [0, 10]],
    [[0, 0], [300, 0], [300, 0.4], [10, 0.4], [10, 10], [0.4, 10], [0.4, 300], [0, 300]],
    [[0, 0], [300, 0], [300, 300], [0, 300]],
)


def _grown(code: str, kind: str, rings: tuple[Any, ...], **more: Any) -> list[dict[str, Any]]:
    """A zone that is drawn larger every day."""
    days = [FIRST + dt.timedelta(days=n) for n in range(len(rings) + 1)]
    spans = zip(rings, days, [*days[1:-1], None], strict=False)
    return [
        {"code": code, "name": code, "kind": kind, "ring": ring, "from": first, "until": last, **more}
        for ring, first, last in spans
    ]


def _around(rings: tuple[Any, ...], east: float, north: float) -> tuple[Any, ...]:
    return tuple([[x + east, y + north] for x, y in ring] for ring in rings)


GROWING: dict[str, Any] = {
    "accuracy_m": 1,
    "townships": [WEST, NORTH, SOUTH],
    "zones": [
        *_grown("core", "nature_reserve", GROWTH, grade="core"),
        *_grown("forest", "forest_land", _around(GROWTH, 150, 100)),
        *_grown("farmland", "permanent_farmland", _around(TONGUES, -600, 500)),
    ],
}


@pytest.fixture(scope="module")
def growing(store: Session, worlds: Worlds, tmp_path_factory: pytest.TempPathFactory) -> list[int]:
    load_folder(store, scenes.write_scene(GROWING, tmp_path_factory.mktemp("growing")))
    found = scenes.current(store)
    store.commit()
    return found


def _outcomes(store: Session, growing: list[int], where: Mapping[str, Any], matter: str) -> list[str]:
    """The outcome on each day of the growth."""
    days = [FIRST + dt.timedelta(days=n) for n in range(len(GROWTH))]
    return [asked(store, GROWING, where, Case(matter, day, day), source_ids=growing).effect for day in days]


points = st.fixed_dictionaries({"east": near, "north": near, "accuracy_m": accuracies})


@steady(40)
@given(where=points, matter=st.sampled_from(MATTERS[:3]))
def test_of_a_point_a_growing_zone_only_makes_the_outcome_stricter(
    where: dict[str, Any], matter: str, store: Session, growing: list[int]
) -> None:
    """prohibited ≥ permit_required ≥ unknown ≥ clear, day by day, for every point and accuracy."""
    found = _outcomes(store, growing, where, matter)
    severities = [SEVERITY[effect] for effect in found]
    assert severities == sorted(severities), found


@steady(40)
@given(where=places(near, 300), matter=st.sampled_from(MATTERS[:3]))
def test_a_growing_zone_never_clears_what_it_had_forbidden_or_put_in_doubt(
    where: dict[str, Any], matter: str, store: Session, growing: list[int]
) -> None:
    """For footprints this much holds: once the outcome is not clear it never becomes clear again.

    More does not: a zone may grow by a tongue so thin that its whole overlap turns into a sliver, and then
    the outcome falls from prohibited to unknown (next test).
    """
    found = _outcomes(store, growing, where, matter)
    first = next((n for n, effect in enumerate(found) if effect != "clear"), len(found))
    assert "clear" not in found[first:], found


def test_a_tongue_may_turn_a_ban_into_a_doubt_but_not_into_an_all_clear(
    store: Session, growing: list[int]
) -> None:
    """10 m by 10 m of farmland under a footprint of 300 m, then tongues 0.4 m wide along two of its edges."""
    where = {"east": [-600, -300], "north": [500, 800]}
    found = _outcomes(store, growing, where, "quarrying")
    assert found[:4] == ["prohibited", "unknown", "unknown", "prohibited"]


# ---------------------------------------------------------------- a scene that moves


@steady(60)
@given(
    where=places(),
    matter=st.sampled_from(MATTERS),
    days=st.tuples(st.dates(dt.date(2019, 6, 1), DAY), st.dates(DAY, dt.date(2026, 10, 1))),
    shift=st.sampled_from([SHIFTS[0], SHIFTS[2]]),
)
def test_moving_the_whole_scene_moves_nothing_in_the_answer(
    where: dict[str, Any],
    matter: str,
    days: tuple[dt.date, dt.date],
    shift: float,
    store: Session,
    worlds: Worlds,
) -> None:
    """Along a parallel nothing changes on the ellipsoid; only coordinates and versions of the data differ."""
    case = Case(matter, *days)
    here, there = (
        asked(store, WORLD, where, case, shift=moved, source_ids=worlds[moved]) for moved in (0.0, shift)
    )
    _check_alike(_answer(here), _answer(there))


def _answer(verdict: Verdict) -> dict[str, Any]:
    """A verdict without coordinates and versions."""
    told = verdict.as_dict()
    told["location"] = {"area_m2": told["location"]["area_m2"]}
    told["data"] = [{**used, "version": ""} for used in told["data"]]
    told["trace"] = [{"rule": step["rule"], **_numbers(step["numbers"])} for step in told["trace"]]
    return told


def _numbers(numbers: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in numbers.items() if name not in ("lon", "lat", "x", "y", "version")}


def _check_alike(here: Any, there: Any, path: str = "") -> None:
    """Equal, but for the last digit that a verdict rounds to: a millionth of a share, a centimetre."""
    if isinstance(here, Mapping):
        assert here.keys() == there.keys(), path
        for key, value in here.items():
            _check_alike(value, there[key], f"{path}.{key}")
    elif isinstance(here, list | tuple):
        assert len(here) == len(there), path
        for number, pair in enumerate(zip(here, there, strict=True)):
            _check_alike(*pair, f"{path}[{number}]")
    elif isinstance(here, float) and isinstance(there, float):
        digit = 1.1e-6 if path.endswith("share") else 0.011
        assert here == pytest.approx(there, abs=digit), path
    else:
        assert here == there, path


# ---------------------------------------------------------------- the order of loading

TWICE: dict[str, Any] = {  # some things told by two layers, in other words: what is shown must not be chance
    **WORLD,
    "more_units": [
        {
            **{"dataset": "survey/townships", "official": True, "accuracy_m": 2},
            "townships": [{**WEST, "name": "上河乡（勘界）"}, {**NORTH, "name": "下河镇（勘界）"}, SOUTH],
        }
    ],
    "more_zones": [
        {
            **{"dataset": "forestry/zones", "official": True, "accuracy_m": 2},
            **{"knows": ["nature_reserve", "forest_land"], "zones": WORLD["zones"][:1]},
        },
        {
            **{"dataset": "other/zones", "official": True, "accuracy_m": 5, "knows": ["nature_reserve"]},
            "zones": [{**WORLD["zones"][0], "name": "青山（另一份）"}],
        },
    ],
}
ORDERED = (  # places that meet much of the world
    ({"east": -3, "north": 40, "accuracy_m": 12}, "livestock_farm"),
    ({"east": [-700, 30], "north": [-900, 60]}, "roadside_building"),
    ({"east": 320, "north": 415, "accuracy_m": 5}, "rural_dwelling"),
    ({"east": [310, 330], "north": [405, 440]}, "livestock_farm"),
    ({"east": 5000, "north": 0, "accuracy_m": 30}, "other"),
    ({"east": -2000, "north": -500, "accuracy_m": 400}, "quarrying"),
)


def _loaded_in(order: list[str], scene: scenes.Scene, session: Session, folder: Path) -> list[str]:
    """The bytes of some verdicts after the layers were loaded one by one in an order."""
    scenes.clear(session)
    for count in range(1, len(order) + 1):  # a folder that lacks a dataset would retire it
        load_folder(session, scenes.write_scene(scene, folder / str(count), only=order[:count]))
    case = [Case(matter, dt.date(2023, 5, 1), DAY) for _, matter in ORDERED]
    return [
        asked(session, scene, where, one).to_json() for (where, _), one in zip(ORDERED, case, strict=True)
    ]


@pytest.mark.parametrize(
    "scene",
    [
        pytest.param(WORLD, id="one layer each"),
        pytest.param(TWICE, id="two"),
    ],
)
def test_the_order_of_loading_does_not_matter(scene: scenes.Scene, bare: Session, tmp_path: Path) -> None:
    """The bytes are the same; the verdicts name versions, never the numbers under which they were stored."""
    names = list(scenes.layers_of(scene))
    orders = [names, names[::-1], random.Random(5).sample(names, len(names))]
    bytes_of = [_loaded_in(order, scene, bare, tmp_path / str(n)) for n, order in enumerate(orders)]
    for others in bytes_of[1:]:
        for first, other in zip(bytes_of[0], others, strict=True):
            _check_alike(json.loads(first), json.loads(other))
            assert first == other


def test_the_order_of_features_in_a_file_does_not_matter(bare: Session, tmp_path: Path) -> None:
    turned = {name: value[::-1] if isinstance(value, list) else value for name, value in WORLD.items()}
    answers = []
    for number, scene in enumerate((WORLD, turned)):
        scenes.load_scene(bare, scene, tmp_path / str(number))
        answers.append(
            [_answer(asked(bare, scene, where, Case(matter, DAY, DAY))) for where, matter in ORDERED]
        )
    assert answers[0] == answers[1]


# ---------------------------------------------------------------- replays


def _submissions() -> Iterator[Submission]:
    for number, (where, matter) in enumerate(ORDERED):
        point = not isinstance(where["east"], list)
        channel = "receiver" if number % 2 else "phone"
        ring = [scenes.degrees(WORLD, xy) for xy in ([] if point else scenes.ring_of(where))]
        lon, lat = scenes.degrees(WORLD, (where["east"], where["north"])) if point else (None, None)
        footprint = None if point else {"type": "Polygon", "coordinates": [ring]}
        # every third omits its accuracy: the default that was assumed is part of what is replayed
        accuracy = None if number % 3 == 2 else float(where.get("accuracy_m", 0))
        asked_for = {"accuracy_m": accuracy, "footprint": footprint, "as_of": dt.date(2022, 8, 1)}
        yield Submission(Inquiry(matter, lon, lat, channel=channel, **asked_for))


def _new_law(folder: Path) -> None:
    """Change every document of law and calendar: each rule is a notice now, the rest gains a line."""
    scenes.rewrite_law(
        folder, "rules", lambda document: [row.update(effect="notice") for row in document["rules"]]
    )
    for path in [*folder.glob("law/*.yaml"), folder / "calendar/holidays.yaml"]:
        if path.name not in ("sources.yaml", "rules.yaml"):
            path.write_text(path.read_text(encoding="utf-8") + "# revised\n", encoding="utf-8")
            scenes.sign(path)


def test_replays_give_the_same_bytes_whatever_was_loaded_and_set_since(
    bare: Session, tmp_path: Path, limits: Limits
) -> None:
    scenes.load_scene(bare, WORLD, tmp_path / "old")
    old = set(scenes.current(bare))
    before = replace(limits, r95_channels=frozenset({"receiver"}))
    for number, submission in enumerate(_submissions()):
        file_report(bare, submission, f"before-{number}", before)
    stored = list(bare.scalars(select(StoredVerdict).order_by(StoredVerdict.id)))
    bytes_of = {row.id: row.body for row in stored}

    folder = scenes.write_scene(CHANGED, tmp_path / "new")
    _new_law(folder)
    assert {loaded.outcome for loaded in load_folder(bare, folder)} == {"loaded"}
    assert not old & set(scenes.current(bare))
    after = replace(
        limits, shares=Thresholds(0.9, 0.4, 0.2), accuracies=(("phone", 90.0), ("receiver", 70.0))
    )
    for number, submission in enumerate(_submissions()):
        file_report(bare, submission, f"after-{number}", after)

    for verdict_id, body in bytes_of.items():
        again = replay(bare, verdict_id)
        assert again.computed == body
        assert again.same
    fresh = bare.scalars(select(StoredVerdict).where(StoredVerdict.id.not_in(bytes_of))).all()
    changed = [new.body != old.body for new, old in zip(fresh, stored, strict=True)]
    assert all(changed), "the new data and thresholds must matter, else this shows nothing"
    assert all(replay(bare, row.id).same for row in fresh)


# ---------------------------------------------------------------- before the data


@steady(25)
@given(where=places(), day=st.dates(dt.date(1900, 1, 1), dt.date(2015, 12, 31)))
def test_a_day_before_the_data_is_refused(
    where: dict[str, Any], day: dt.date, store: Session, worlds: Worlds
) -> None:
    with pytest.raises(BadInput) as caught:
        asked(store, WORLD, where, Case("other", day, DAY), source_ids=worlds[0.0])
    assert caught.value.field == "as_of"
    assert "2016-01-01" in caught.value.hint_text("en")


def test_the_first_day_of_the_data_is_answered(store: Session, worlds: Worlds) -> None:
    first = dt.date(2016, 1, 1)
    verdict = asked(store, WORLD, ORDERED[0][0], Case("other", first, DAY), source_ids=worlds[0.0])
    assert verdict.jurisdiction.lead is not None
