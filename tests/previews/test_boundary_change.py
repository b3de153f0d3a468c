"""A boundary change previewed: units, ground, and open reports from whom to whom."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapely
from click.testing import Result
from geoalchemy2.shape import to_shape
from shapely.geometry import mapping, shape
from sqlalchemy import Engine, select, true, update
from sqlalchemy.orm import Session
from support.previews import (
    CIYING,
    GULONG,
    GULONG_SEAT,
    SITOU,
    hand_over,
    merge,
    report_at,
    report_story,
    store_digest,
    townships,
)
from typer.testing import CliRunner

from cli import units
from core.clock import today
from core.errors import BadData, BadInput, ZhijieError
from core.settings import ROOT
from facts.model import PlaceFacts
from facts.postgis import fetch_facts_of_days
from geo.measure.geodesic import area_m2
from layers.loading.candidate import read_candidate
from layers.loading.staging import fetch_current_versions, stage_candidate
from previews.boundary_change import UnitPreview, preview_units, unit_side
from previews.past_reports import PastReport, stream_reports
from reports.filing import Submission, file_report
from reports.workflow.states import STATUSES
from store.engine import open_session
from store.queries.unit_changes import UnitChange
from store.schema.datasets import Report, Source, Unit
from verdict.inquiry import Inquiry, Limits
from verdict.jurisdiction import decide

pytestmark = pytest.mark.both_engines

BEFORE, AFTER = dt.date(2020, 12, 31), dt.date(2021, 1, 1)


def _preview(
    session: Session, limits: Limits, days: tuple[dt.date, dt.date], unit: str | None = None
) -> UnitPreview:
    current = fetch_current_versions(session)
    sides = unit_side(session, days[0], current), unit_side(session, days[1], current)
    return preview_units(session, sides, limits, unit)


def _with_file(session: Session, limits: Limits, file: Path) -> UnitPreview:
    with stage_candidate(session, read_candidate(session, file)) as versions:
        sides = unit_side(session, today(), versions.current), unit_side(session, today(), versions.changed)
        return preview_units(session, sides, limits)


def _by_code(found: UnitPreview) -> dict[str, UnitChange]:
    return {unit.code: unit for unit in found.units}


def test_the_merger_of_2021_ends_one_unit_and_gives_all_its_ground_to_the_other(
    session: Session, limits: Limits
) -> None:
    units = _by_code(_preview(session, limits, (BEFORE, AFTER)))
    gone, grown = units[GULONG], units[CIYING]
    assert (gone.kinds, grown.kinds) == (("ends",), ("area",))
    assert gone.before is not None
    assert gone.before.name == "固隆乡"
    assert gone.before.ends == AFTER
    assert [part.code for part in gone.lost] == [CIYING]
    assert [(part.code, part.name) for part in grown.gained] == [(GULONG, "固隆乡")]
    assert gone.lost_m2 == grown.gained_m2 == pytest.approx(gone.before.area_m2, rel=1e-6)
    assert grown.after is not None
    assert grown.before is not None
    assert grown.after.area_m2 == pytest.approx((grown.before.area_m2 or 0) + grown.gained_m2, rel=1e-4)


def test_areas_are_those_of_the_ellipsoid(session: Session, limits: Limits) -> None:
    gone = _by_code(_preview(session, limits, (BEFORE, AFTER)))[GULONG]
    row = session.scalars(select(Unit).where(Unit.code == GULONG)).one()
    assert gone.before is not None
    assert row.geom is not None
    assert gone.before.area_m2 == pytest.approx(area_m2(to_shape(row.geom)), rel=1e-6)


def test_every_merger_of_that_day_is_told_and_nothing_else(session: Session, limits: Limits) -> None:
    found = _preview(session, limits, (BEFORE, AFTER))
    kinds = [unit.kinds for unit in found.units]
    assert kinds.count(("ends",)) == 8
    assert set(kinds) == {("ends",), ("area",)}
    ground = sum(unit.gained_m2 for unit in found.units), sum(unit.lost_m2 for unit in found.units)
    assert ground[0] == pytest.approx(ground[1], rel=1e-9)


def test_an_open_report_on_merged_ground_moves_and_one_far_away_is_not_even_judged(
    session: Session, limits: Limits
) -> None:
    moving = report_at(session, *GULONG_SEAT, limits)
    far = report_at(session, 113.50, 35.60, limits)
    found = _preview(session, limits, (BEFORE, AFTER))
    (move,) = found.moves
    assert (move.report, move.category) == (moving, "rural_building")
    assert move.before.unit is not None
    assert move.after.unit is not None
    assert (move.before.unit.code, move.after.unit.code) == (GULONG, CIYING)
    assert move.after.unit.share > move.before.unit.share
    assert move.after.certainty in ("probable", "disputed")
    assert found.judged == 1
    assert far != moving


def test_leaving_out_far_reports_leaves_out_no_move(session: Session, limits: Limits) -> None:
    """Against asking the store about every report of a net over the county, coarse positions among them."""
    for column in range(12):
        for row in range(12):
            accuracy = (5.0, 300.0, 4000.0)[(column + row) % 3]
            report_at(session, 112.0 + column * 0.06, 35.25 + row * 0.05, limits, accuracy_m=accuracy)
    found = _preview(session, limits, (BEFORE, AFTER))
    changed, moved = {unit.code for unit in found.units}, {move.report for move in found.moves}
    meeting = set()
    for report in stream_reports(session, true()):
        days = fetch_facts_of_days(session, report.location, (BEFORE, AFTER))
        if any(hit.code in changed for facts in days for hit in facts.units):
            meeting.add(report.id)
        leads = {_lead(report, facts, limits) for facts in days}
        assert (len(leads) > 1) == (report.id in moved)
    assert len(moved) < len(meeting) <= found.judged < 144


def _lead(report: PastReport, facts: PlaceFacts, limits: Limits) -> str | None:
    lead = decide(report.location, facts, limits.shares)[0].lead
    return lead.code if lead else None


def test_a_footprint_moves_with_its_larger_part(session: Session, limits: Limits) -> None:
    lon, lat = GULONG_SEAT
    ring = [[lon, lat], [lon + 0.001, lat], [lon + 0.001, lat + 0.001], [lon, lat + 0.001], [lon, lat]]
    inquiry = Inquiry("rural_building", footprint={"type": "Polygon", "coordinates": [ring]}, as_of=AFTER)
    number = file_report(session, Submission(inquiry), "yard", limits).report.id
    (move,) = _preview(session, limits, (BEFORE, AFTER)).moves
    assert move.report == number
    assert move.before.unit is not None
    assert move.before.unit.code == GULONG
    assert 0.5 < move.before.unit.share < 1.0  # drawn in one township; the rough lines may be wrong


@pytest.mark.parametrize("status", STATUSES)
def test_only_open_reports_are_judged_again(session: Session, limits: Limits, status: str) -> None:
    number = report_at(session, *GULONG_SEAT, limits)
    session.execute(update(Report).where(Report.id == number).values(status=status))
    found = _preview(session, limits, (BEFORE, AFTER))
    is_open = status not in ("dismissed", "done")
    assert (len(found.moves), found.judged) == (is_open, is_open)


def test_a_unit_narrows_the_preview_to_what_concerns_it(session: Session, limits: Limits) -> None:
    number = report_at(session, *GULONG_SEAT, limits)
    own = _preview(session, limits, (BEFORE, AFTER), CIYING)
    assert {unit.code for unit in own.units} == {CIYING, GULONG}
    assert [move.report for move in own.moves] == [number]
    county = _preview(session, limits, (BEFORE, AFTER), "140522")
    assert all(unit.code.startswith("140522") for unit in county.units)
    assert len(county.units) > len(own.units)
    other = _preview(session, limits, (BEFORE, AFTER), "140524")
    assert other.units
    assert other.moves == ()


def test_between_two_days_of_one_map_nothing_changes(session: Session, limits: Limits) -> None:
    report_at(session, *GULONG_SEAT, limits)
    found = _preview(session, limits, (AFTER, dt.date(2022, 1, 1)))
    assert (found.units, found.moves, found.judged) == ((), (), 0)


def test_a_day_before_the_boundaries_and_a_strange_unit_are_refused(session: Session, limits: Limits) -> None:
    with pytest.raises(BadInput) as early:
        _preview(session, limits, (dt.date(2010, 1, 1), AFTER))
    assert early.value.field == "from"
    assert "2016-01-01" in early.value.line("en")
    with pytest.raises(BadInput) as strange:
        _preview(session, limits, (BEFORE, AFTER), "999999")
    assert strange.value.field == "unit"


def test_a_candidate_file_that_is_the_map_of_today_changes_nothing(
    session: Session, limits: Limits, tmp_path: Path
) -> None:
    report_story(session, limits)
    found = _with_file(session, limits, townships(tmp_path / "same.geojson", lambda units: None))
    assert (found.units, found.moves, found.judged) == ((), (), 0)


def test_vertices_in_another_order_are_no_change(session: Session, limits: Limits, tmp_path: Path) -> None:
    def turn(units: dict[str, dict[str, Any]]) -> None:
        units[SITOU]["geometry"] = mapping(shape(units[SITOU]["geometry"]).reverse())

    number = report_story(session, limits)
    found = _with_file(session, limits, townships(tmp_path / "turned.geojson", turn))
    assert (found.units, found.moves) == ((), ())
    assert found.judged == 1, "the report is judged, and stays"
    assert number


def test_a_candidate_merger_moves_the_open_reports(session: Session, limits: Limits, tmp_path: Path) -> None:
    number = report_story(session, limits)
    neighbour: list[str] = []

    def join(units: dict[str, dict[str, Any]]) -> None:
        own = shape(units[SITOU]["geometry"])
        touching = [
            c
            for c, f in units.items()
            if c[:6] == SITOU[:6] and c != SITOU and own.touches(shape(f["geometry"]))
        ]
        neighbour.append(touching[0])
        merge(units, SITOU, touching[0])

    before = store_digest(session)
    found = _with_file(session, limits, townships(tmp_path / "merged.geojson", join))
    assert _by_code(found)[SITOU].kinds == ("ends",)
    assert [(m.report, m.after.unit and m.after.unit.code) for m in found.moves] == [(number, neighbour[0])]
    assert store_digest(session) == before


def test_a_border_that_moves_moves_ground_and_the_reports_on_it(
    session: Session, limits: Limits, tmp_path: Path
) -> None:
    handed: list[Any] = []
    file = townships(tmp_path / "moved.geojson", lambda units: handed.extend(hand_over(units, SITOU)))
    neighbour, ground, place = handed
    number = report_at(session, *place, limits)
    found = _with_file(session, limits, file)
    units = _by_code(found)
    assert units.keys() == {SITOU, neighbour}
    assert units[SITOU].kinds == units[neighbour].kinds == ("area",)
    assert units[SITOU].gained == ()
    assert [part.code for part in units[SITOU].lost] == [neighbour]
    assert units[SITOU].lost_m2 == units[neighbour].gained_m2 == pytest.approx(area_m2(ground), rel=1e-3)
    (move,) = found.moves
    assert move.report == number
    assert [side.unit.code for side in (move.before, move.after) if side.unit] == [SITOU, neighbour]


def test_a_new_name_is_no_move(session: Session, limits: Limits, tmp_path: Path) -> None:
    def rename(units: dict[str, dict[str, Any]]) -> None:
        units[SITOU]["properties"]["name"] = "寺头镇"

    report_story(session, limits)
    found = _with_file(session, limits, townships(tmp_path / "named.geojson", rename))
    (unit,) = found.units
    assert unit.kinds == ("renamed",)
    assert (unit.before and unit.before.name, unit.now.name) == ("寺头乡", "寺头镇")
    assert found.moves == ()


def test_ground_that_no_unit_has_any_more_is_told(session: Session, limits: Limits, tmp_path: Path) -> None:
    number = report_story(session, limits)
    found = _with_file(
        session, limits, townships(tmp_path / "hole.geojson", lambda units: _drop(units, SITOU))
    )
    (unit,) = found.units
    assert [part.code for part in unit.lost] == [None]
    assert unit.lost_m2 == pytest.approx(unit.before.area_m2 if unit.before else 0)
    (move,) = found.moves
    assert move.report == number
    assert move.after.unit is not None
    assert move.after.unit.code != SITOU


def _drop(units: dict[str, dict[str, Any]], code: str) -> None:
    del units[code]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda f: f["properties"].pop("name"), "Feature 3 has no name"),
        (lambda f: f["properties"].update(level="hamlet"), "Feature 3 has the unknown level hamlet"),
        (lambda f: f["properties"].update(valid_from="soon"), "Feature 3: valid_from is not a date"),
        (
            lambda f: f.update(geometry={"type": "Point", "coordinates": [112.5, 35.5]}),
            "Feature 3 has no area",
        ),
    ],
)
def test_a_bad_feature_is_refused_by_its_number(
    session: Session, tmp_path: Path, spoil: Callable[[dict[str, Any]], Any], told: str
) -> None:
    file = townships(tmp_path / "bad.geojson", lambda units: spoil(list(units.values())[2]) and None)
    with pytest.raises(BadData) as fault:
        read_candidate(session, file)
    line = fault.value.line("en")
    assert line.startswith("bad.geojson: ")
    assert told in line
    assert "\n" not in line


def test_swapped_degrees_strangers_and_other_files_are_refused(session: Session, tmp_path: Path) -> None:
    def swap(units: dict[str, dict[str, Any]]) -> None:
        for unit in units.values():
            unit["geometry"] = mapping(shapely.transform(shape(unit["geometry"]), lambda xy: xy[:, ::-1]))

    def strange(units: dict[str, dict[str, Any]]) -> None:
        for unit in units.values():
            unit["properties"]["code"] = "9" + unit["properties"]["code"][1:]

    (tmp_path / "words.geojson").write_text("no map", encoding="utf-8")
    (tmp_path / "table.txt").write_text("a,b", encoding="utf-8")
    empty = {"type": "FeatureCollection", "features": []}
    (tmp_path / "empty.geojson").write_text(json.dumps(empty), encoding="utf-8")
    point = {
        "type": "Feature",
        "properties": {"a": 1},
        "geometry": {"type": "Point", "coordinates": [112, 35]},
    }
    (tmp_path / "other.geojson").write_text(json.dumps(empty | {"features": [point]}), encoding="utf-8")
    shapeless = {"type": "Feature", "properties": {"code": "1", "level": "township"}, "geometry": None}
    (tmp_path / "flat.geojson").write_text(json.dumps(empty | {"features": [shapeless]}), encoding="utf-8")
    files = {
        townships(tmp_path / "swapped.geojson", swap): "swap",
        townships(tmp_path / "strange.geojson", strange): "No current dataset has a code of strange.geojson.",
        tmp_path / "words.geojson": "cannot be read",
        tmp_path / "table.txt": "not of a type",
        tmp_path / "empty.geojson": "contains no features",
        tmp_path / "other.geojson": "neither units nor zones",
        tmp_path / "flat.geojson": "No current dataset",
        tmp_path / "gone.geojson": "There is no file",
    }
    for file, told in files.items():
        with pytest.raises(ZhijieError) as fault:
            read_candidate(session, file)
        line = fault.value.line("en")
        assert told in line
        assert "\n" not in line


def test_which_dataset_is_meant_can_be_said_and_is_checked(session: Session, tmp_path: Path) -> None:
    file = townships(tmp_path / "same.geojson", lambda units: None)
    assert read_candidate(session, file).dataset.dataset == "boundaries/townships"
    assert read_candidate(session, file, "boundaries/counties").dataset.dataset == "boundaries/counties"
    for name, told in (
        ("boundaries/nowhere", "boundaries/townships"),
        ("protected_areas/reserves", "contains zones"),
        ("law/rules", "contains law"),
    ):
        with pytest.raises(BadInput) as fault:
            read_candidate(session, file, name)
        assert fault.value.field == "dataset"
        assert told in fault.value.line("en")


def test_two_datasets_with_the_same_codes_must_be_told_apart(session: Session, tmp_path: Path) -> None:
    file = townships(tmp_path / "same.geojson", lambda units: None)
    source = session.scalars(select(Source).where(Source.dataset == "boundaries/townships")).one()
    twin = {c.name: getattr(source, c.name) for c in Source.__table__.columns if c.name != "id"}
    other = Source(**twin | {"dataset": "boundaries/second"})
    session.add(other)
    session.flush()
    for unit in session.scalars(select(Unit).where(Unit.source_id == source.id)).all():
        row = {c.name: getattr(unit, c.name) for c in Unit.__table__.columns if c.name != "id"}
        session.add(Unit(**row | {"source_id": other.id}))
    session.flush()
    with pytest.raises(BadInput) as fault:
        read_candidate(session, file)
    assert "boundaries/second, boundaries/townships" in fault.value.line("en")


@pytest.fixture
def run(http_engine: Engine) -> Callable[..., Result]:
    env = {"ZHIJIE_DATABASE_URL": http_engine.url.render_as_string(hide_password=False)}

    def call(*arguments: str, lang: str = "en") -> Result:
        return CliRunner().invoke(units.app, ["changes", *arguments], env=env | {"ZHIJIE_LANG": lang})

    return call


def test_the_command_tells_the_merger_in_both_languages_and_as_json(
    run: Callable[..., Result], http_engine: Engine, limits: Limits
) -> None:
    with open_session(http_engine) as session:
        number = report_at(session, *GULONG_SEAT, limits)
    days = ("--from", "2020-12-31", "--to", "2021-01-01", "--unit", CIYING)
    chinese, english = run(*days, lang="zh"), run(*days)
    for done in (chinese, english):
        assert done.exit_code == 0, done.output
        assert f"固隆乡 {GULONG}" in done.stdout
        assert f"次营镇 {CIYING}" in done.stdout
    assert "changed units: 2;" in english.stdout
    found = json.loads(run(*days, "--json").stdout)
    assert (found["from"], found["to"]) == ("2020-12-31", "2021-01-01")
    gone = next(unit for unit in found["units"] if unit["code"] == GULONG)
    assert gone["changes"] == ["ends"]
    assert gone["before"]["ends"] == "2021-01-01"
    assert gone["after"] is None
    (move,) = found["reports"]["moves"]
    assert (move["report"], move["from"]["unit"]["code"]) == (number, GULONG)
    assert 0 < move["to"]["unit"]["share"] <= 1


def test_the_command_compares_with_a_file_and_keeps_nothing(
    run: Callable[..., Result], http_engine: Engine, limits: Limits, tmp_path: Path
) -> None:
    with open_session(http_engine) as session:
        number = report_story(session, limits)
        before = store_digest(session)
    file = townships(tmp_path / "hole.geojson", lambda units: _drop(units, SITOU))
    found = json.loads(run("--file", str(file), "--json").stdout)
    assert [move["report"] for move in found["reports"]["moves"]] == [number]
    with open_session(http_engine) as session:
        assert store_digest(session) == before


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ((), "from"),
        (("--from", "2021-01-01"), "to"),
        (("--from", "2021-01-01", "--to", "2020-01-01"), "to"),
        (("--from", "soon", "--to", "2020-01-01"), "from"),
        (("--from", "2010-01-01", "--to", "2020-01-01"), "from"),
    ],
)
def test_days_that_cannot_be_are_refused(
    run: Callable[..., Result], options: tuple[str, ...], field: str
) -> None:
    fault = run(*options).exception
    assert isinstance(fault, BadInput)
    assert fault.field == field


def test_a_file_of_zones_is_no_boundary_change(run: Callable[..., Result]) -> None:
    fault = run("--file", str(ROOT / "data/protected_areas/reserves.geojson")).exception
    assert isinstance(fault, BadInput)
    assert "contains no units" in fault.line("en")
