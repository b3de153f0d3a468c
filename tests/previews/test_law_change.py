"""Simulation: what would have been decided differently, and that nothing of it stays."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from shapely.geometry import mapping, shape
from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.orm import Session
from support.competence_lists import PIGS, row, write_csv, write_xlsx
from support.previews import (
    GULONG_SEAT,
    SITOU,
    allow_in_core,
    law_file,
    merge,
    report_at,
    report_story,
    store_digest,
    townships,
)
from typer import Typer
from typer.testing import CliRunner

from cli.law.simulate import simulate as command
from core.clock import CHINA
from core.errors import BadData, BadInput, ZhijieError
from core.settings import ROOT
from layers.lawbook.competence_list import load_list
from layers.lawbook.documents import LOCAL_LIST
from layers.loading.candidate import read_candidate
from layers.loading.staging import fetch_current_versions, stage_candidate
from previews.boundary_change import without_progress
from previews.law_change import Comparison, Period, Summary, preview_law
from previews.law_wording import CSV_HEAD
from previews.past_reports import PAGE, stream_reports
from store.engine import open_session
from store.schema.datasets import Report, Source, StoredVerdict, Zone
from verdict.inquiry import Limits
from verdict.judgement import check

pytestmark = pytest.mark.both_engines

DOCUMENTS = ("rules", "articles", "categories", "zone_kinds", "authorities", "competence", "clocks")

ALWAYS = Period()
RESERVES = ROOT / "data" / "protected_areas" / "reserves.geojson"


def _run(session: Session, limits: Limits, file: Path, period: Period = ALWAYS) -> list[Comparison]:
    return list(preview_law(session, read_candidate(session, file), period, limits))


@pytest.fixture
def allowing(tmp_path: Path) -> Path:
    """Rules under which the story's farm in the core needs a permit."""
    return law_file(tmp_path / "rules.yaml", "rules", allow_in_core)


def _written(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def test_a_changed_rule_changes_the_storys_effect_and_leaves_the_store_as_it_was(
    session: Session, limits: Limits, allowing: Path
) -> None:
    number = report_story(session, limits)
    other = report_at(session, *GULONG_SEAT, limits)
    before = store_digest(session)
    story, elsewhere = _run(session, limits, allowing)
    assert (story.report, story.before.effect, story.after.effect) == (
        number,
        "prohibited",
        "permit_required",
    )
    assert {"effect", "articles"} <= set(story.changed)
    assert {"lead", "certainty"}.isdisjoint(story.changed)
    assert (elsewhere.report, elsewhere.changed) == (other, ())
    assert elsewhere.before == elsewhere.after
    assert store_digest(session) == before


def test_what_it_says_of_today_is_what_a_check_says(session: Session, limits: Limits, allowing: Path) -> None:
    report_story(session, limits)
    (report,) = stream_reports(session, ALWAYS.condition())
    stored = json.loads(session.scalars(select(StoredVerdict.body)).one())
    (found,) = _run(session, limits, allowing)
    fresh = check(session, report.location, report.case.category, report.case.as_of, report.case.asked_on)
    assert found.before.effect == fresh.effect == stored["effect"]
    assert found.before.lead is not None
    assert found.before.lead.code == stored["jurisdiction"]["lead"]["code"]
    assert found.before.certainty == stored["jurisdiction"]["certainty"]
    assert found.before.authority == stored["competence"]["authority"]
    assert json.loads(fresh.to_json())["conflicts"] == stored["conflicts"]


def test_no_other_session_sees_the_change_or_waits_for_it(
    clone: Callable[[str], Engine], limits: Limits, allowing: Path
) -> None:
    engine = clone("zhijie_simulate_seen_test")
    with open_session(engine) as session:
        report_story(session, limits)
        before = store_digest(session)
    with open_session(engine) as session:
        run = preview_law(session, read_candidate(session, allowing), ALWAYS, limits)
        assert next(run).after.effect == "permit_required"
        assert (session.scalar(select(func.count()).select_from(Source)) or 0) > before["source"][0]
        with open_session(engine) as other:
            other.execute(text("SET LOCAL lock_timeout = '2s'"))
            assert store_digest(other) == before
            other.execute(update(Source).where(Source.dataset == "law/rules").values(note=None))
            other.execute(text("SELECT pg_advisory_xact_lock(hashtext('zhijie load'))"))
            other.rollback()
        run.close()
    with open_session(engine) as session:
        assert store_digest(session) == before


def test_two_simulations_of_one_file_go_on_beside_each_other(
    clone: Callable[[str], Engine], limits: Limits, allowing: Path
) -> None:
    engine = clone("zhijie_simulate_twice_test")
    with open_session(engine) as session:
        report_story(session, limits)
    with open_session(engine) as one, open_session(engine) as two:
        two.execute(text("SET LOCAL lock_timeout = '2s'"))
        runs = [preview_law(s, read_candidate(s, allowing), ALWAYS, limits) for s in (one, two)]
        assert [next(run).after.effect for run in runs] == ["permit_required"] * 2
        for run in runs:
            run.close()


@pytest.mark.parametrize("how", ["given up", "failed"])
def test_a_simulation_that_is_given_up_or_fails_leaves_nothing(
    session: Session, limits: Limits, allowing: Path, how: str
) -> None:
    report_story(session, limits)
    before = store_digest(session)

    def break_off(reports: Iterable[Any], _total: int) -> Iterable[Any]:
        yield from reports
        raise RuntimeError("broken off")

    progress = break_off if how == "failed" else without_progress
    run = preview_law(session, read_candidate(session, allowing), ALWAYS, limits, progress)
    next(run)
    if how == "failed":
        with pytest.raises(RuntimeError):
            next(run)
    run.close()
    assert store_digest(session) == before


def test_a_database_fault_inside_leaves_nothing_and_the_session_usable(
    session: Session, allowing: Path
) -> None:
    before = store_digest(session)
    with (
        pytest.raises(Exception, match="nowhere"),
        stage_candidate(session, read_candidate(session, allowing)),
    ):
        session.execute(text("SELECT * FROM nowhere"))
    assert store_digest(session) == before


def test_the_same_file_decides_nothing_otherwise(session: Session, limits: Limits) -> None:
    report_story(session, limits)
    for name in DOCUMENTS:
        (found,) = _run(session, limits, ROOT / "data" / "law" / f"{name}.yaml")
        assert found.changed == ()
        assert found.before == found.after


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_law_document_is_recognised_by_its_sections(session: Session, tmp_path: Path, name: str) -> None:
    file = law_file(tmp_path / "anything.yml", name, lambda document: None)
    assert read_candidate(session, file).dataset.dataset == f"law/{name}"


def test_how_near_a_zone_is_told_of_is_tried_out_too(
    session: Session, limits: Limits, tmp_path: Path
) -> None:
    def far(document: Any) -> None:
        for kind in document["kinds"]:
            kind["near_m"] = 20_000

    file = law_file(tmp_path / "kinds.yaml", "zone_kinds", far)
    lon, lat = 112.395, 35.50
    report_at(session, lon, lat, limits)
    (report,) = stream_reports(session, ALWAYS.condition())
    with stage_candidate(session, read_candidate(session, file)) as versions:
        counts = [
            len(
                check(session, report.location, "rural_building", report.case.as_of, source_ids=ids).conflicts
            )
            for ids in (versions.current, versions.changed)
        ]
    assert counts[0] < counts[1]


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_a_competence_list_changes_the_authority(
    session: Session, limits: Limits, tmp_path: Path, write: Callable[..., Path]
) -> None:
    number = report_story(session, limits)
    suffix = "csv" if write is write_csv else "xlsx"
    (found,) = _run(session, limits, write(tmp_path / f"powers.{suffix}", [PIGS]))
    assert found.report == number
    assert "authority" in found.changed
    assert "effect" not in found.changed
    assert (found.before.mode == "delegated", found.after.mode) == (False, "delegated")
    assert found.after.authority is not None
    assert found.after.authority["zh"] == PIGS[4]


def test_a_list_is_tried_out_against_the_list_that_is_loaded(
    session: Session, limits: Limits, tmp_path: Path
) -> None:
    load_list(session, write_csv(tmp_path / "now.csv", [PIGS]))
    report_story(session, limits)
    (same,) = _run(session, limits, write_csv(tmp_path / "again.csv", [PIGS]))
    assert same.changed == ()
    (found,) = _run(session, limits, write_csv(tmp_path / "next.csv", [row(c4="阳城县林业局执法队")]))
    assert (found.before.authority["zh"], found.after.authority["zh"]) == (
        PIGS[4],
        "阳城县林业局执法队",
    )
    assert session.scalars(select(Source.dataset).where(Source.dataset == LOCAL_LIST)).all() == [LOCAL_LIST]


def test_a_boundary_changes_the_lead_unit(session: Session, limits: Limits, tmp_path: Path) -> None:
    number = report_story(session, limits)

    def join(units: dict[str, dict[str, Any]]) -> None:
        own = shape(units[SITOU]["geometry"])
        near = [c for c, f in units.items() if c.startswith("140522") and own.touches(shape(f["geometry"]))]
        merge(units, SITOU, near[0])

    def hold(units: dict[str, dict[str, Any]]) -> None:
        join(units)
        for unit in units.values():
            unit["properties"]["valid_from"] = "2016-01-01"

    (found,) = _run(session, limits, townships(tmp_path / "merged.geojson", hold))
    assert found.report == number
    assert "lead" in found.changed
    assert found.before.lead is not None
    assert found.after.lead is not None
    assert found.before.lead.code == SITOU
    assert found.after.lead.code != SITOU
    summary = Summary()
    summary.add(found)
    assert dict(summary.leads) == {(SITOU, found.after.lead.code): 1}
    assert summary.names[SITOU] == "寺头乡"


def test_a_zone_that_moves_away_changes_effect_and_articles(
    session: Session, limits: Limits, tmp_path: Path
) -> None:
    report_story(session, limits)
    content = json.loads(RESERVES.read_text(encoding="utf-8"))
    for feature in content["features"]:
        feature["geometry"] = mapping(shape(feature["geometry"]).buffer(0).intersection(_west(112.2)))
    content["features"] = [f for f in content["features"] if f["geometry"]["coordinates"]]
    file = tmp_path / "reserves.geojson"
    file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    assert read_candidate(session, file).dataset.dataset == "protected_areas/reserves"
    (found,) = _run(session, limits, file)
    assert (found.before.effect, found.after.effect) == ("prohibited", "unknown")
    assert {"effect", "articles"} <= set(found.changed)
    assert any("自然保护区条例" in text["zh"] for text in found.before.articles)
    assert not any("自然保护区条例" in text["zh"] for text in found.after.articles)


def _west(lon: float) -> Any:
    return shape(
        {"type": "Polygon", "coordinates": [[[110, 30], [lon, 30], [lon, 40], [110, 40], [110, 30]]]}
    )


def test_townships_that_begin_after_the_act_leave_its_day_to_the_county(
    session: Session, limits: Limits, tmp_path: Path
) -> None:
    report_story(session, limits)

    def late(units: dict[str, dict[str, Any]]) -> None:
        for unit in units.values():
            unit["properties"]["valid_from"] = "2025-01-01"

    (found,) = _run(session, limits, townships(tmp_path / "late.geojson", late))
    assert found.after.lead is not None
    assert found.after.lead.code == "140522"


def test_a_category_that_only_the_changed_law_has_was_refused_before(
    session: Session, limits: Limits, tmp_path: Path
) -> None:
    number = report_at(session, *GULONG_SEAT, limits)
    session.execute(update(Report).where(Report.id == number).values(category="tent"))

    def add(document: Any) -> None:
        document["categories"].append({"code": "tent", "name": {"zh": "帐篷", "en": "tent"}})

    (found,) = _run(session, limits, law_file(tmp_path / "categories.yaml", "categories", add))
    assert (found.before.effect, found.before.lead) == (None, None)
    assert found.before.refused is not None
    assert "tent" in found.before.refused["en"]
    assert found.after.refused is None
    assert "effect" in found.changed
    summary = Summary()
    summary.add(found)
    assert dict(summary.effects) == {("refused", found.after.effect): 1}


def test_zone_kinds_that_leave_out_a_kind_in_use_are_refused(session: Session) -> None:
    zone = session.scalars(select(Zone)).first()
    assert zone is not None
    zone.kind = "odd"
    session.flush()
    before = store_digest(session)
    candidate = read_candidate(session, ROOT / "data" / "law" / "zone_kinds.yaml")
    with pytest.raises(BadData) as fault, stage_candidate(session, candidate):
        pytest.fail("the kinds were taken")
    assert "odd" in fault.value.line("en")
    assert store_digest(session) == before


def test_only_reports_of_the_period_are_judged_both_days_included(
    session: Session, limits: Limits, allowing: Path
) -> None:
    times = {
        report_at(session, *GULONG_SEAT, limits, accuracy_m=float(n)): dt.datetime(*when, tzinfo=CHINA)
        for n, when in enumerate(
            [(2022, 4, 30, 23, 59), (2022, 5, 1, 0, 0), (2022, 5, 2, 23, 59), (2022, 5, 3, 0, 0)]
        )
    }
    for number, when in times.items():
        session.execute(update(Report).where(Report.id == number).values(received_at=when))
    first, second, third, last = times
    days = dt.date(2022, 5, 1), dt.date(2022, 5, 2)
    judged = {
        period: [one.report for one in _run(session, limits, allowing, period)]
        for period in (Period(*days), Period(days[0]), Period(None, days[1]), Period())
    }
    assert list(judged.values()) == [
        [second, third],
        [second, third, last],
        [first, second, third],
        [first, second, third, last],
    ]


def test_an_empty_period_gives_nothing_and_a_bad_file_is_refused_even_then(
    session: Session, limits: Limits, allowing: Path, tmp_path: Path
) -> None:
    report_story(session, limits)
    long_ago = Period(None, dt.date(2000, 1, 1))
    assert _run(session, limits, allowing, long_ago) == []

    def spoil(document: Any) -> None:
        document["rules"][0]["effect"] = "perhaps"

    with pytest.raises(ZhijieError):
        _run(session, limits, law_file(tmp_path / "bad.yaml", "rules", spoil), long_ago)
    with pytest.raises(BadInput) as fault:
        _run(session, limits, allowing, Period(dt.date(2022, 2, 1), dt.date(2022, 1, 1)))
    assert fault.value.field == "to"


def test_reports_are_read_in_pages_by_rising_id(session: Session, limits: Limits) -> None:
    first = report_at(session, *GULONG_SEAT, limits)
    own = ("id", "idempotency_key", "spot")
    columns = [c.name for c in Report.__table__.columns if c.name not in own]
    listed = ", ".join(columns)
    copies = PAGE + 7
    session.execute(
        text(
            f"INSERT INTO report (idempotency_key, {listed}) "
            f"SELECT 'copy ' || n, {listed} FROM report, generate_series(1, {copies}) AS n WHERE id = {first}"
        )
    )
    read = [report.id for report in stream_reports(session, ALWAYS.condition())]
    assert len(read) == copies + 1
    assert read == sorted(set(read))


def test_a_report_comes_back_with_the_place_and_the_days_that_were_asked(
    session: Session, limits: Limits
) -> None:
    point = report_at(session, 112.6, 35.6, limits, datum="gcj02", accuracy_m=12.5)
    ring = [[112.3, 35.5], [112.301, 35.5], [112.301, 35.501], [112.3, 35.5]]
    yard = {"type": "Polygon", "coordinates": [ring]}
    area = _report_footprint(session, yard, limits)
    session.execute(update(StoredVerdict).values(inquiry=None).where(StoredVerdict.report_id == area))
    when = dt.datetime(2023, 1, 1, 17, 0, tzinfo=dt.UTC)  # already the next day in China
    session.execute(update(Report).where(Report.id == area).values(received_at=when))
    found = {report.id: report for report in stream_reports(session, ALWAYS.condition())}
    stored = session.get_one(Report, point).location
    assert found[point].location.footprint is None
    assert (found[point].location.accuracy_m, found[point].location.datum) == (12.5, "gcj02")
    assert found[point].location.lon == pytest.approx(stored["lon"], abs=1e-8)
    assert found[point].location.as_dict() == stored
    assert found[area].location.footprint is not None
    assert found[area].location.area_m2 == pytest.approx(session.get_one(Report, area).location["area_m2"])
    assert found[area].case.asked_on == dt.date(2023, 1, 2)


def _report_footprint(session: Session, footprint: dict[str, Any], limits: Limits) -> int:
    return report_at(session, None, None, limits, footprint=footprint)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("bad.yaml", "rules: [1, 2", "cannot be read"),
        ("bad.yaml", "rules:\n  - {id: a, zone_kind: x}\n", "rules, a"),
        ("bad.yaml", "laws: 5\n", "articles, laws"),
        ("bad.yaml", "nothing: []\n", "has no section of the law data"),
        ("bad.yaml", "", "has no section of the law data"),
        ("bad.yaml", "rules: []\nrulez: []\n", "rulez"),
        ("bad.csv", "事项,行政区划代码\n养殖,1405\n", "bad.csv"),
        ("bad.yaml", "entries: [{id: a}]\n", "row 1"),
    ],
)
def test_a_bad_file_is_refused_with_its_row(
    session: Session, limits: Limits, tmp_path: Path, name: str, content: str, told: str
) -> None:
    before = store_digest(session)
    with pytest.raises(ZhijieError) as fault:
        _run(session, limits, _written(tmp_path / name, content))
    assert told in fault.value.line("en")
    assert store_digest(session) == before


def test_a_wrong_row_of_a_list_is_refused_by_its_number(session: Session, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "list.csv", [PIGS, row(c1="no such kind")])
    with pytest.raises(BadData) as fault:
        read_candidate(session, file)
    line = fault.value.line("en")
    assert "row 3" in line
    assert "\n" not in line


def test_a_file_is_a_version_of_one_dataset_only(session: Session, allowing: Path, tmp_path: Path) -> None:
    assert read_candidate(session, allowing, "law/rules").dataset.dataset == "law/rules"
    for file in (allowing, write_csv(tmp_path / "list.csv", [PIGS])):
        with pytest.raises(BadInput) as fault:
            read_candidate(session, file, "law/articles")
        assert fault.value.field == "dataset"


def test_the_current_versions_are_the_ones_that_are_not_retired(session: Session, allowing: Path) -> None:
    current = fetch_current_versions(session)
    with stage_candidate(session, read_candidate(session, allowing)) as versions:
        assert versions.current == current
        assert sorted(versions.changed.values()) == sorted(current.values())
        assert len(versions.changed.keys() - current.keys()) == 1


@pytest.fixture
def run(http_engine: Engine) -> Callable[..., Result]:
    app = Typer()
    app.command()(command)
    env = {"ZHIJIE_DATABASE_URL": http_engine.url.render_as_string(hide_password=False)}

    def call(*arguments: str, lang: str = "en") -> Result:
        return CliRunner().invoke(app, arguments, env=env | {"ZHIJIE_LANG": lang})

    return call


@pytest.fixture
def filed(http_engine: Engine, limits: Limits) -> int:
    with open_session(http_engine) as session:
        report_at(session, *GULONG_SEAT, limits)
        return report_story(session, limits)


def test_the_command_tells_counts_and_differences(
    run: Callable[..., Result], filed: int, allowing: Path
) -> None:
    english, chinese = run(str(allowing)), run(str(allowing), lang="zh")
    assert english.exit_code == chinese.exit_code == 0, english.output + chinese.output
    assert "1 of 2 reports would have been decided differently." in english.stdout
    assert "Prohibited\tPermit needed\t1" in english.stdout
    assert "Prohibited → Permit needed" in english.stdout
    assert "禁止" in chinese.stdout
    assert f"\n{filed}\t" in english.stdout


def test_the_command_gives_json_and_a_csv_of_all_differences(
    run: Callable[..., Result], filed: int, allowing: Path, tmp_path: Path
) -> None:
    output = tmp_path / "differences.csv"
    done = run(str(allowing), "--json", "--limit", "0", "-o", str(output))
    found = json.loads(done.stdout)
    assert (found["dataset"], found["reports"], found["differ"], found["differences"]) == (
        "law/rules",
        2,
        1,
        [],
    )
    assert {"before": "prohibited", "after": "permit_required", "reports": 1} in found["effects"]
    with output.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    assert tuple(head) == CSV_HEAD
    (only,) = rows
    told = dict(zip(head, only, strict=True))
    assert (told["report"], told["changed"]) == (str(filed), "effect authority articles")
    assert (told["effect_before"], told["effect_after"]) == ("Prohibited", "Permit needed")
    assert told["lead_before"] == told["lead_after"] == f"寺头乡 {SITOU}"
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []
    (one,) = json.loads(run(str(allowing), "--json").stdout)["differences"]
    assert (one["before"]["effect"], one["after"]["effect"]) == ("prohibited", "permit_required")


def test_the_command_says_what_it_did_not_list_and_when_there_is_nothing(
    run: Callable[..., Result], filed: int, allowing: Path
) -> None:
    assert "1 more not listed" in run(str(allowing), "--limit", "0").stdout
    nothing = run(str(allowing), "--to", "2000-01-01")
    assert nothing.exit_code == 0
    assert "No report was received in this period." in nothing.stdout
    assert filed


def test_the_command_refuses_in_one_line_and_leaves_no_csv(
    run: Callable[..., Result], filed: int, allowing: Path, tmp_path: Path
) -> None:
    bad = _written(tmp_path / "bad.yaml", "rules:\n  - {id: a, zone_kind: x}\n")
    output = tmp_path / "out.csv"
    for arguments in (
        (str(bad), "-o", str(output)),
        (str(allowing), "--from", "soon"),
        (str(allowing), "-o", str(tmp_path / "no" / "folder.csv")),
        (str(allowing), "-o", str(allowing / "file.csv")),
    ):
        fault = run(*arguments).exception
        assert isinstance(fault, ZhijieError), fault
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.yaml", "rules.yaml"]
    assert filed
