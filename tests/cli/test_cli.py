"""The command, run as a process of its own against a real database."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from support.program import Run, zhijie_on

from demo.sample_reports import REPORTS
from demo.story import STORY_KEY
from store.access import ROLES
from store.schema.datasets import Report

pytestmark = pytest.mark.long

STORY = ["--lon", "112.395", "--lat", "35.625", "--category", "livestock_farm", "--as-of", "2022-08-21"]
both_engines = pytest.mark.both_engines


@pytest.fixture
def run(http_engine: Engine, facts_engine: str) -> Run:
    return zhijie_on(http_engine, ZHIJIE_ENGINE=facts_engine)


@both_engines
def test_check_prints_the_verdict_in_chinese_and_in_english(run: Run) -> None:
    chinese, english = run("check", *STORY), run("check", *STORY, ZHIJIE_LANG="en")
    assert chinese.returncode == english.returncode == 0
    for word in ("禁止", "崦山", "寺头乡", "140522201", "近似数据", "自然保护区条例", "第三十二条"):
        assert word in chinese.stdout
    for word in ("Prohibited", "崦山", "140522201", "Approximate data"):
        assert word in english.stdout


def test_degrees_minutes_and_seconds_give_the_same_verdict(run: Run) -> None:
    more = ["--category", "livestock_farm", "--as-of", "2022-08-21", "--accuracy", "15", "--json"]
    plain = run("check", "--lon", "112.395", "--lat", "35.625", *more)
    assert plain.returncode == 0, plain.stderr
    for lon, lat in (("112°23′42″", "35°37′30″"), ("东经112度23分42秒", "35 37 30N")):
        assert run("check", "--lon", lon, "--lat", lat, *more).stdout == plain.stdout


@both_engines
def test_check_json_is_the_verdict(run: Run) -> None:
    verdict = json.loads(run("check", *STORY, "--json").stdout)
    assert verdict["jurisdiction"]["lead"]["code"] == "140522201"
    assert verdict["jurisdiction"]["certainty"] != "certain"
    assert verdict["conflicts"][0]["zone"]["id"] == "yanshan/core"
    assert verdict["effect"] == "prohibited"


@both_engines
def test_report_files_once_a_key(run: Run, http_engine: Engine) -> None:
    calls = [run("report", *STORY, "--key", "cli-1", "--description", "猪圈", "--json") for _ in range(2)]
    first, second = (json.loads(call.stdout) for call in calls)
    assert (first["created"], second["created"]) == (True, False)
    assert first["id"] == second["id"]
    with Session(http_engine) as session:
        assert session.scalar(select(func.count()).where(Report.idempotency_key == "cli-1")) == 1


@both_engines
def test_a_footprint_comes_from_a_file(run: Run, tmp_path: Path) -> None:
    ring = [[112.39, 35.62], [112.391, 35.62], [112.391, 35.621], [112.39, 35.62]]
    path = tmp_path / "site.geojson"
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}), encoding="utf-8")
    done = run("check", "--footprint", str(path), "--category", "livestock_farm", "--json")
    assert json.loads(done.stdout)["location"]["area_m2"] > 4000


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--lon", "35.6", "--lat", "112.4", "--category", "other"], "lon"),
        (["--lon", "nan", "--lat", "35.6", "--category", "other"], "lon"),
        (["--lon", "112.4", "--lat", "35.6", "--category", "nothing"], "category"),
        (["--lon", "112.4", "--lat", "35.6", "--category", "other", "--datum", "x"], "datum"),
        (["--lon", "112.4", "--lat", "35.6", "--category", "other", "--as-of", "21.8.2022"], "as_of"),
        (["--footprint", "no-such.geojson", "--category", "other"], "footprint"),
    ],
)
def test_a_fault_is_one_line_that_names_the_field(run: Run, arguments: list[str], told: str) -> None:
    done = run("check", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_load_a_second_time_is_unchanged(run: Run) -> None:
    done = run("load", ZHIJIE_LANG="en")
    assert done.returncode == 0, done.stderr
    assert {line.rpartition(": ")[2] for line in done.stdout.splitlines()} == {"unchanged"}


@both_engines
def test_the_demo_tells_the_story_and_a_second_run_changes_nothing(run: Run, http_engine: Engine) -> None:
    first, second = run("demo", "--no-serve"), run("demo", "--no-serve")
    assert first.returncode == second.returncode == 0, first.stderr
    assert "寺头乡" in first.stdout
    told, again = (done.stdout.partition("demo-")[0].splitlines()[1:] for done in (first, second))
    assert told == again
    words = [re.findall(r"^demo-\S+\t(\S+)\t", done.stdout, re.M) for done in (first, second)]
    assert len(words[0]) == len(words[1]) == len(ROLES)  # one of each role
    assert not set(words[0]) & set(words[1])
    with Session(http_engine) as session:
        assert session.scalar(select(func.count()).where(Report.idempotency_key == STORY_KEY)) == 1
        assert session.scalar(select(func.count()).where(Report.channel == "demo")) == 1 + REPORTS


def test_a_coordinate_that_is_none_is_one_line_that_shows_how_to_write_it(run: Run) -> None:
    done = run("check", "--lon", "east", "--category", "other")
    assert done.returncode == 2
    assert "lon：" in done.stderr or "lon:" in done.stderr
    assert "112°23′42″" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_without_tables_is_one_line(run: Run, empty_url: str) -> None:
    done = run("check", *STORY, ZHIJIE_DATABASE_URL=empty_url, ZHIJIE_LANG="en")
    assert done.returncode == 2
    assert "zhijie load" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_database_address_is_one_line(run: Run) -> None:
    done = run("check", *STORY, ZHIJIE_DATABASE_URL="mysql://x/y", ZHIJIE_LANG="en")
    assert done.returncode == 2
    assert "ZHIJIE_DATABASE_URL" in done.stderr
    gone = run("check", *STORY, ZHIJIE_DATABASE_URL="postgresql://x@127.0.0.1:9/none", ZHIJIE_LANG="en")
    assert gone.returncode == 2
    assert "not responding" in gone.stderr
    assert "Traceback" not in gone.stderr
