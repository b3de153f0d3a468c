"""`zhijie law …` on a real database."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
from click.testing import Result
from rich.console import Console
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from support.competence_lists import FOREST, PIGS, row, write_csv, write_xlsx
from support.program import zhijie_on
from typer.testing import CliRunner

from cli import law
from cli.options import parse_day
from core.errors import BadInput, ZhijieError
from core.settings import ROOT
from geo.place.location import Location
from law.book import LawBook
from law.completeness import check_competence, find_rule_gaps
from layers.lawbook.documents import LOCAL_LIST
from store.schema.datasets import Source
from verdict.judgement import check

DAY = "2022-08-21"
PLACE = Location.from_point(112.395, 35.625, "cgcs2000", 0.0, max_accuracy_m=50_000)
Run = Callable[..., Result]


@pytest.fixture
def run(http_engine: Engine) -> Iterator[Run]:
    """Run a command in this process; the local list is gone again after the test."""
    env = {"ZHIJIE_DATABASE_URL": http_engine.url.render_as_string(hide_password=False)}

    def call(*arguments: str, lang: str = "en") -> Result:
        return CliRunner().invoke(law.app, arguments, env=env | {"ZHIJIE_LANG": lang})

    yield call
    assert call("unload").exit_code == 0


@pytest.fixture
def refused(run: Run) -> Callable[..., str]:
    """Run a command that must be refused with an error that the user can fix; its line in English."""

    def call(*arguments: str) -> str:
        done = run(*arguments)
        assert isinstance(done.exception, ZhijieError), done.output
        assert done.stdout == ""
        return done.exception.line("en")

    return call


def _decides(engine: Engine, source_ids: list[int] | None = None) -> tuple[str, str, bool]:
    with Session(engine) as session:
        day = dt.date.fromisoformat(DAY)
        power = check(session, PLACE, "livestock_farm", day, source_ids=source_ids).competence
    return power.mode, power.in_the_name_of["zh"], power.sample


def _sources(engine: Engine) -> tuple[int, list[int]]:
    """How many versions the store has, and the ids of the current ones."""
    with Session(engine) as session:
        count = session.scalar(select(func.count()).select_from(Source)) or 0
        return count, list(session.scalars(select(Source.id).where(Source.retired_at.is_(None))))


def _all_matters(tmp_path: Path, **changed: str) -> tuple[str, ...]:
    matters = "、".join(LawBook.from_folder(ROOT / "data" / "law").categories)
    return row(**{"c0": matters, "c1": "", "c2": "1405", **changed})


def test_the_shipped_law_has_gaps_and_says_so(run: Run) -> None:
    done = run("check", "--as-of", DAY)
    book, day = LawBook.from_folder(ROOT / "data" / "law"), dt.date.fromisoformat(DAY)
    found = len(check_competence(book, ["140522201"], day)) + len(find_rule_gaps(book, day))
    assert done.exit_code == 1
    *lines, count = done.stdout.splitlines()
    assert count.startswith(f"{found} findings in 77 townships on {DAY}")
    assert "0 overlaps, 0 without a rule, 0 contradictions" in count
    assert all(line.split("\t")[0] == "gap" for line in lines)
    assert any("livestock farm" in line and "outside every zone" in line for line in lines)
    assert {line.split("\t")[3] for line in lines} == {"all 77 townships"}
    chinese = run("check", "--as-of", DAY, lang="zh").stdout
    assert "违规建设畜禽养殖场" in chinese and "各类区域之外" in chinese


def test_a_day_before_the_law_book_begins_has_zones_without_a_rule(run: Run) -> None:
    done = run("check", "--as-of", "2017-01-01", "--unit", "140522")
    assert done.exit_code == 1
    assert any(
        line.startswith("no rule known\tevery matter\tnature reserve") for line in done.stdout.splitlines()
    )


def test_one_township_is_named_and_a_unit_that_is_none_refused(run: Run, refused: Callable[..., str]) -> None:
    assert "寺头乡 140522201" in run("check", "--as-of", DAY, "--unit", "140522201").stdout
    assert refused("check", "--unit", "149900").startswith("unit: ")
    assert refused("check", "--as-of", "1949-10-01").startswith("as_of: ")
    assert refused("check", "--as-of", "yesterday").startswith("as_of: ")


def test_a_list_without_gap_or_overlap_ends_with_status_0(run: Run, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "list.csv", [_all_matters(tmp_path)])
    assert run("load", str(path)).exit_code == 0
    done = run("check", "--as-of", DAY)
    assert (done.exit_code, done.stdout) == (0, f"Nothing found in 77 townships on {DAY}.\n")


def test_two_deciders_are_an_overlap_with_their_names(run: Run, tmp_path: Path) -> None:
    rows = [_all_matters(tmp_path), row(c2="1405"), row(c2="1405", c4="阳城县人民政府")]
    run("load", str(write_csv(tmp_path / "list.csv", rows)))
    done = run("check", "--as-of", DAY, "--unit", "140522201", lang="zh")
    assert done.exit_code == 1
    line, count = done.stdout.splitlines()
    assert line.split("\t")[1:] == [
        PIGS[0],
        "自然保护区",
        "寺头乡 140522201",
        "寺头乡人民政府；阳城县人民政府",
    ]
    assert "1" in count


def test_a_terminal_shows_a_table(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=120, soft_wrap=True)
    for module in ("cli.law.check", "cli.console"):
        monkeypatch.setattr(f"{module}.out", terminal)
    run("check", "--as-of", DAY)
    told = screen.getvalue()
    for head in ("Finding", "Matter", "Place", "Townships", "Who decides"):
        assert head in told
    assert "redline" in told
    assert "…" not in told


def test_load_changes_who_decides_and_unload_changes_it_back(
    run: Run, http_engine: Engine, tmp_path: Path
) -> None:
    sample = _decides(http_engine)
    assert sample[0] == "statutory" and not sample[2]
    done = run("load", str(write_xlsx(tmp_path / "list.xlsx", [PIGS])), "--title", "阳城县清单")
    assert done.exit_code == 0
    assert "loaded: 1 entries" in done.stdout
    assert _decides(http_engine) == ("delegated", FOREST, False)
    assert "retired" in run("unload").stdout
    assert _decides(http_engine) == sample
    assert "No local" in run("unload").stdout


def test_a_replay_by_source_ids_sees_the_old_list(run: Run, http_engine: Engine, tmp_path: Path) -> None:
    run("load", str(write_csv(tmp_path / "old.csv", [PIGS], "gbk")))
    _, then = _sources(http_engine)
    run("load", str(write_csv(tmp_path / "new.csv", [row(c5="阳城县人民政府")], "gbk")))
    assert _decides(http_engine)[1] == "阳城县人民政府"
    assert _decides(http_engine, then)[1] == FOREST
    run("unload")
    assert _decides(http_engine, then)[1] == FOREST


def test_load_a_second_time_changes_nothing(run: Run, http_engine: Engine, tmp_path: Path) -> None:
    path = str(write_csv(tmp_path / "list.csv", [PIGS], "gbk"))
    run("load", path)
    before = _sources(http_engine)
    done = run("load", path)
    assert "is unchanged: 1 entries" in done.stdout
    assert _sources(http_engine) == before


def test_a_bad_row_is_refused_by_its_number_and_nothing_is_stored(
    refused: Callable[..., str], http_engine: Engine, tmp_path: Path
) -> None:
    before = _sources(http_engine)
    path = write_xlsx(tmp_path / "list.xlsx", [PIGS, row(c1="月球"), PIGS, row(c3="随便")])
    told = refused("load", str(path)).splitlines()
    assert told[0] == "file: Nothing was loaded, list.xlsx is wrong: "
    assert [line.split(",")[0].strip() for line in told[1:]] == ["row 3", "row 5"]
    assert _sources(http_engine) == before


def test_codes_without_a_township_are_told(run: Run, tmp_path: Path) -> None:
    done = run("load", str(write_csv(tmp_path / "list.csv", [row(c2="149922201")])))
    assert done.exit_code == 0
    assert "149922201" in done.stderr


def test_list_tells_what_is_current(run: Run, tmp_path: Path) -> None:
    path = str(write_csv(tmp_path / "list.csv", [PIGS]))
    assert LOCAL_LIST not in run("list").stdout
    run("load", path)
    lines = {line.split("\t")[0]: line.split("\t") for line in run("list").stdout.splitlines()}
    assert lines[LOCAL_LIST][2:4] == ["Competence list (list.csv)", "official"]
    assert lines["law/competence"][3] == "not official"
    assert dt.datetime.strptime(lines[LOCAL_LIST][4], "%Y-%m-%d %H:%M").year >= 2024
    run("load", path, "--sample", "--title", "演练")
    lines = {line.split("\t")[0]: line.split("\t") for line in run("list").stdout.splitlines()}
    assert lines[LOCAL_LIST][2:4] == ["演练", "not official"]


def test_whoever_listens_is_told(run: Run, http_engine: Engine, tmp_path: Path) -> None:
    address = http_engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg2.connect(address)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("LISTEN zhijie_source")
        run("load", str(write_csv(tmp_path / "list.csv", [PIGS])))
        run("unload")
        cursor.execute("SELECT 1")
        connection.poll()
    told = [notice.payload for notice in connection.notifies]
    connection.close()
    assert told == [LOCAL_LIST, LOCAL_LIST]


def test_a_term_is_counted_and_explained(run: Run) -> None:
    arguments = ("term", "service", "--from", "2024-09-27", "--pause", "2024-09-29:2024-09-30:鉴定")
    done = run(*arguments, "--extend", "1:working_days:批准延长", lang="zh")
    assert done.exit_code == 0, done.output
    for told in ("2024-10-16", "送达处罚决定书", "第六十一条", "鉴定", "批准延长"):
        assert told in done.stdout
    told = json.loads(run(*arguments, "--json").stdout)
    assert (told["clock"], told["start"], told["due"]) == ("service", "2024-09-27", "2024-10-15")
    assert any("suspended from 2024-09-29" in text["en"] for text in told["explained"])
    assert (told["local"], told["verified"], told["unit"]) == (False, True, "working_days")


def test_a_suspension_that_lasts_leaves_the_last_day_open(run: Run) -> None:
    arguments = ("term", "decision", "--from", "2024-03-01", "--pause", "2024-03-05：：等待检测结果")
    assert json.loads(run(*arguments, "--json").stdout)["due"] is None
    assert "not known yet" in run(*arguments).stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["service", "--from", "2026-12-30"], "calendar: No public holidays are known for 2027"),
        (["tea", "--from", DAY], "clock: The clock tea is unknown. Use one of: limitation, "),
        (["service", "--from", "30.12.2024"], "from: 30.12.2024 is not a date."),
        (["service", "--from", DAY, "--pause", "2022-09-01"], "pause: 2022-09-01 cannot be read."),
        (["service", "--from", DAY, "--pause", "2022-09-01:x:y"], "pause: x is not a date."),
        (["service", "--from", DAY, "--extend", "3:weeks:y"], "extend: 3:weeks:y cannot be read."),
        (["service", "--from", DAY, "--extend", "-3:days:y"], "extend: -3:days:y cannot be read."),
        (["service", "--from", DAY, "--extend", "3:days:"], "extend: A reason is required."),
    ],
)
def test_a_term_that_cannot_be_counted_names_the_field(
    refused: Callable[..., str], arguments: list[str], told: str
) -> None:
    line = refused("term", *arguments)
    assert line.startswith(told)
    assert len(line.splitlines()) == 1


def test_clocks_are_listed_with_length_article_and_standing(run: Run) -> None:
    rows = {line.split("\t")[0]: line.split("\t") for line in run("clocks").stdout.splitlines()}
    assert rows["decision"][2] == "90 days"
    assert "Art. 60" in rows["decision"][4] and rows["decision"][5] == "verified"
    assert rows["hearing_notice"][2] == "7 working days before"
    assert rows["whistle"][4:] == ["", "local, an example"]


def test_explain_shows_both_laws_and_which_binds(run: Run) -> None:
    arguments = ("explain", "--kind", "nature_reserve", "--grade", "core", "--category", "livestock_farm")
    told = run(*arguments, "--act", DAY, "--today", "2026-09-01").stdout
    for words in (
        "nature reserve · core zone",
        "Law at the act",
        "Law today",
        "Changed  2026-03-15",
        "Art. 32",
    ):
        assert words in told
    assert "Which law binds  the law at the act" in told
    assert "not verified" in told and "a person must compare" in told
    assert "Administrative Penalty Law, Art. 37" in told
    same = run(*arguments, "--act", DAY, "--today", DAY).stdout
    assert "Law today" not in same and "the same law on both days" in same
    chinese = run(*arguments, "--act", DAY, "--today", "2026-09-01", lang="zh").stdout
    for words in ("自然保护区 · 核心区", "第三十二条", "行政处罚法"):
        assert words in chinese


def test_explain_says_where_the_law_is_silent_and_where_the_book_is(run: Run) -> None:
    silent = ("explain", "--kind", "livestock_ban", "--category", "tomb", "--act", DAY, "--today", DAY)
    assert "Law at the act" in run(*silent).stdout
    unknown = ("explain", "--kind", "water_source", "--category", "livestock_farm", "--act", DAY)
    told = run(*unknown, "--today", "2026-09-01").stdout
    assert "the zone's grade is not known" in told
    assert "a person must compare" in told
    early = ("explain", "--kind", "nature_reserve", "--grade", "core", "--category", "livestock_farm")
    told = run(*early, "--act", "2016-05-01", "--today", DAY).stdout
    assert "known here from 2017-10-07" in told
    assert "Changed" not in told and "Only if" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["--kind", "moon", "--category", "tomb"],
            "kind: The zone kind moon is unknown. Use one of: nature_res",
        ),
        (["--kind", "nature_reserve", "--category", "dragon"], "category: The category dragon is unknown."),
        (
            ["--kind", "nature_reserve", "--grade", "rim", "--category", "tomb"],
            "grade: This kind of zone has no grade rim. Use one of: core, ",
        ),
        (
            ["--kind", "ecological_redline", "--grade", "core", "--category", "tomb"],
            "grade: This kind of zone has no grade core. Leave it out.",
        ),
        (
            ["--kind", "forest_land", "--category", "tomb", "--act", "2024-01-02", "--today", "2024-01-01"],
            "act: The act on 2024-01-02 is after the decision on 2024-01-01.",
        ),
    ],
)
def test_a_question_about_the_law_that_is_wrong_names_the_field(
    refused: Callable[..., str], arguments: list[str], told: str
) -> None:
    assert refused("explain", *arguments).startswith(told)


def test_the_fault_of_an_option_is_one_that_the_user_can_mend() -> None:
    with pytest.raises(BadInput) as caught:
        parse_day("act", "x")
    assert caught.value.field == "act"


def test_the_program_itself_ends_with_the_statuses_that_its_help_states(
    http_engine: Engine, tmp_path: Path
) -> None:
    zhijie = zhijie_on(http_engine, "law", ZHIJIE_LANG="en", COLUMNS="200")
    assert zhijie("check", "--as-of", DAY).returncode == 1
    bad = zhijie("load", str(write_csv(tmp_path / "list.csv", [row(c1="月球"), row(c2="寺头")])))
    assert (bad.returncode, bad.stdout) == (2, "")
    assert "row 2, zone_kinds: unknown zone kind: 月球" in bad.stderr
    assert "row 3, units: " in bad.stderr
    assert "Traceback" not in bad.stderr
    assert "Exit status" in zhijie("check", "--help").stdout
