"""The local competence list in the store: all or nothing, once, beside the data folder, kept for replays."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import pytest
import yaml
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from support.competence_lists import FOREST, PIGS, TOWN, row, write_csv, write_xlsx

from core.errors import BadData, BadInput, StoreUnavailable
from core.settings import ROOT
from geo.place.location import Location
from law.book import read_documents
from law.time_limits import Extension, Pause
from layers.lawbook.check import check_current_law, fetch_townships
from layers.lawbook.competence_list import (
    InvalidCompetenceList,
    fetch_law_versions,
    load_list,
    unit_prefix,
    unload_list,
)
from layers.lawbook.documents import LOCAL_LIST, InvalidLaw, build_book, current_book
from layers.lawbook.workdays import TermRequest, fetch_calendar, fetch_term
from layers.loading.load import load_folder
from store.schema.datasets import Source
from verdict.judgement import check

DAY = dt.date(2022, 8, 21)
RESERVE = "林业和草原主管部门、自然保护区管理机构"
PLACE = Location.from_point(112.395, 35.625, "cgcs2000", 0.0, max_accuracy_m=50_000)


def _decides(session: Session, source_ids: list[int] | None = None) -> tuple[str, str, bool]:
    power = check(session, PLACE, "livestock_farm", DAY, source_ids=source_ids).competence
    return power.mode, power.in_the_name_of["zh"], power.sample


def _current(session: Session) -> list[int]:
    return list(session.scalars(select(Source.id).where(Source.retired_at.is_(None)).order_by(Source.id)))


def _versions(session: Session) -> list[bool]:
    """Of each version of the local list, in the order of loading: is it current?"""
    query = select(Source.retired_at).where(Source.dataset == LOCAL_LIST).order_by(Source.id)
    return [retired is None for retired in session.scalars(query)]


def test_a_list_speaks_in_what_it_names_until_it_is_unloaded(session: Session, tmp_path: Path) -> None:
    statute = _decides(session)
    assert statute[0] == "statutory" and not statute[2]
    load_list(session, write_xlsx(tmp_path / "list.xlsx", [PIGS]))
    assert _decides(session) == ("delegated", FOREST, False)
    other = check(session, PLACE, "rural_dwelling", DAY).competence
    assert (other.mode, other.authority["zh"], other.list_loaded) == ("statutory", RESERVE, True)
    assert unload_list(session)
    assert _decides(session) == statute
    assert not check(session, PLACE, "rural_dwelling", DAY).competence.list_loaded
    assert not unload_list(session)


def test_a_list_of_two_rows_leaves_no_gap_and_no_reserve_without_its_authority(
    session: Session, tmp_path: Path
) -> None:
    before = check_current_law(session, DAY, "140522")
    rows = [row(c0="村民违法建住宅", c1="", c2="140522"), row(c0="倾倒垃圾废渣", c1="", c2="140522201")]
    load_list(session, write_csv(tmp_path / "county.csv", rows))
    after = check_current_law(session, DAY, "140522")
    assert (after.findings, after.contradictions) == (before.findings, ())
    power = check(session, PLACE, "livestock_farm", DAY).competence
    assert (power.mode, power.authority["zh"], power.list_loaded) == ("statutory", RESERVE, True)


def test_the_verdict_names_the_list_and_a_replay_sees_the_old_one(session: Session, tmp_path: Path) -> None:
    before, sample = _current(session), _decides(session)
    first = load_list(session, write_csv(tmp_path / "a.csv", [PIGS])).loaded
    used = {(one.dataset, one.version) for one in check(session, PLACE, "livestock_farm", DAY).data}
    assert (LOCAL_LIST, first.version) in used
    with_first = _current(session)
    load_list(session, write_csv(tmp_path / "a.csv", [row(c5="阳城县人民政府")]))
    assert _decides(session)[1] == "阳城县人民政府"
    assert _versions(session) == [False, True]
    assert _decides(session, with_first)[1] == FOREST
    assert _decides(session, before) == sample


def test_the_same_file_twice_changes_nothing_and_an_earlier_one_is_restored(
    session: Session, tmp_path: Path
) -> None:
    path = write_csv(tmp_path / "list.csv", [PIGS])
    first = load_list(session, path)
    again = load_list(session, path)
    assert (first.loaded.outcome, again.loaded.outcome) == ("loaded", "unchanged")
    assert first.loaded.version == again.loaded.version
    assert (first.entries, first.loaded.rows, again.loaded.rows) == (1, 1, 0)
    assert load_list(session, write_csv(path, [PIGS, row(c0="tomb")])).loaded.outcome == "loaded"
    back = load_list(session, write_csv(path, [PIGS]))
    assert (back.loaded.outcome, back.loaded.version) == ("restored", first.loaded.version)
    assert _versions(session) == [True, False]
    unload_list(session)
    assert load_list(session, path).loaded.outcome == "restored"


def test_loading_the_data_folder_leaves_the_list_alone(session: Session, tmp_path: Path) -> None:
    load_list(session, write_csv(tmp_path / "list.csv", [PIGS]))
    assert {one.outcome for one in load_folder(session, ROOT / "data")} == {"unchanged"}
    assert _versions(session) == [True]
    assert _decides(session)[1] == FOREST


def test_the_source_row_says_what_the_list_is(session: Session, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "list.csv", [PIGS])
    load_list(session, path, title="阳城县权责清单")
    (row_,) = session.scalars(select(Source).where(Source.dataset == LOCAL_LIST))
    assert (row_.role, row_.official, row_.origin, row_.reach) == ("law", True, "list.csv", "")
    assert row_.title == {"zh": "阳城县权责清单", "en": "阳城县权责清单"}
    assert len(row_.checksum) == 64
    told = {one.dataset: one for one in fetch_law_versions(session)}
    assert told[LOCAL_LIST].official and not told["law/competence"].official
    assert "law/rules" in told and "calendar/holidays" not in told


def test_a_list_that_is_no_official_one_is_marked_as_a_sample(session: Session, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "list.csv", [PIGS])
    load_list(session, path, official=False)
    assert _decides(session) == ("delegated", FOREST, True)
    assert load_list(session, path).loaded.outcome == "loaded"
    assert _decides(session) == ("delegated", FOREST, False)


def test_every_bad_row_is_named_and_nothing_is_stored(session: Session, tmp_path: Path) -> None:
    load_list(session, write_csv(tmp_path / "good.csv", [PIGS]))
    before = session.scalar(select(func.count()).select_from(Source)), _current(session)
    rows = [row(c1="月球"), PIGS, row(c2="寺头"), row(c7="2022-13-01"), row(c5="")]
    with pytest.raises(InvalidCompetenceList) as caught:
        load_list(session, write_csv(tmp_path / "bad.csv", rows))
    assert {one.row for one in caught.value.issues} == {"2", "4", "5", "6"}
    for lang, told in (("en", "row 2, zone_kinds: "), ("zh", "月球")):
        text = caught.value.detail("en" if lang == "en" else "zh")
        assert "bad.csv" in text and told in text
        assert len(text.splitlines()) == 5
    assert (session.scalar(select(func.count()).select_from(Source)), _current(session)) == before
    assert _decides(session)[1] == FOREST


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("gone.csv", None),
        ("damaged.xlsx", b"PK\x03\x04 and no more"),
        ("broken.xlsx", "workbook"),
        ("wide.csv", b"x" * 200_000),
        ("date.yaml", b"- {id: a, valid_from: 2024-13-01}"),
        ("list.docx", b"x"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(
    session: Session, tmp_path: Path, name: str, content: bytes | str | None
) -> None:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        _break_workbook(path)
    with pytest.raises(BadData) as caught:
        load_list(session, path)
    assert caught.value.field == "file"
    assert name in caught.value.line("en")
    assert len(caught.value.line("en").splitlines()) == 1


def _break_workbook(path: Path) -> None:
    whole = write_xlsx(path.with_name("whole.xlsx"), [PIGS])
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            target.writestr(name, b"<broken" if name == "xl/workbook.xml" else source.read(name))


def test_a_character_that_json_cannot_hold_is_refused(session: Session, tmp_path: Path) -> None:
    with pytest.raises(BadData, match="cannot be stored"):
        load_list(session, write_csv(tmp_path / "list.csv", [row(c4="乡\x00政府")]))
    assert _versions(session) == []


@pytest.mark.parametrize(
    ("code", "prefix"),
    [
        ("140000", "14"),
        ("140500", "1405"),
        ("140522", "140522"),
        ("140522000", "140522"),
        ("140522000000", "140522"),
        ("140522201000", "140522201"),
        ("140522201", "140522201"),
        ("140500000000", "1405"),
        ("140522201201", "140522201201"),
    ],
)
def test_a_code_reaches_what_lies_under_it(code: str, prefix: str) -> None:
    assert unit_prefix(code) == prefix


def test_codes_padded_with_zeros_reach_and_codes_without_a_township_are_told(
    session: Session, tmp_path: Path
) -> None:
    rows = [row(c2="140522000000"), row(c0="tomb", c2="149900、140522201999")]
    told = load_list(session, write_csv(tmp_path / "list.csv", rows))
    assert told.unknown_units == ("140522201999", "1499")
    assert _decides(session)[1] == FOREST


def test_a_list_that_does_not_fit_the_law_is_refused_with_its_row_and_the_way_out() -> None:
    documents = read_documents(ROOT / "data" / "law")
    path = ROOT / "data/law/authorities.yaml"
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))["authorities"]
    local = {"competence_local": {"entries": entries[:1]}}
    assert len(build_book(documents | local).entries) == len(entries) + 1
    stale = {"competence_local": {"entries": [{**entries[0], "basis": ["urp/6500"]}]}}
    with pytest.raises(InvalidLaw) as caught:
        build_book(documents | stale)
    for told in (entries[0]["id"], "urp/6500", "zhijie law unload"):
        assert told in caught.value.line("en")
    with pytest.raises(InvalidLaw, match="rows"):
        build_book(documents | {"competence_local": {"rows": []}})


def test_a_stale_list_can_still_be_replaced(session: Session, tmp_path: Path) -> None:
    load_list(session, write_csv(tmp_path / "list.csv", [PIGS]))
    (stored,) = session.scalars(select(Source).where(Source.dataset == LOCAL_LIST))
    stored.content = {"entries": [{**stored.content["entries"][0], "basis": ["no/1"]}]}  # type: ignore[index]
    stored.checksum = "0" * 64
    session.flush()
    with pytest.raises(InvalidLaw, match="no/1"):
        current_book(session)
    load_list(session, write_csv(tmp_path / "list.csv", [row(c5="阳城县人民政府")]))
    assert _decides(session)[1] == "阳城县人民政府"


def test_a_book_is_built_once_a_content(session: Session, tmp_path: Path) -> None:
    shipped = current_book(session)
    assert current_book(session) is shipped
    path = write_csv(tmp_path / "list.csv", [PIGS])
    load_list(session, path)
    local = current_book(session)
    assert local is not shipped and current_book(session) is local
    assert current_book(session, local=False) is shipped
    assert [entry.authority.zh for entry in local.entries if entry.listed] == [TOWN]


def test_a_store_without_law_or_calendar_says_how_to_load_it(session: Session) -> None:
    session.execute(delete(Source).where(Source.role.in_(["law", "calendar"])))
    for ask in (current_book, fetch_calendar):
        with pytest.raises(StoreUnavailable, match="zhijie load"):
            ask(session)


def test_the_check_runs_over_the_townships_of_the_day(session: Session) -> None:
    assert len(fetch_townships(session, DAY)) == 77
    assert len(fetch_townships(session, dt.date(2020, 1, 1))) > 77
    found = check_current_law(session, DAY, "140500")
    assert set(found.units) == set(fetch_townships(session, DAY))
    assert found.units["140522201"] == "寺头乡"
    assert [one.kind for one in found.findings].count("overlap") == 0
    assert found.findings and not found.clean
    with pytest.raises(BadInput, match="1499"):
        check_current_law(session, DAY, "149900")


def test_the_calendar_of_the_store_counts_a_term(session: Session) -> None:
    assert fetch_calendar(session) is fetch_calendar(session)
    # from Friday 2024-09-27: 29 Sep is a make-up Sunday, 1–7 Oct are off, 12 Oct a make-up Saturday
    term = fetch_term(session, TermRequest("service", dt.date(2024, 9, 27)))
    assert term.due == dt.date(2024, 10, 12)
    pauses = (Pause(dt.date(2024, 9, 29), dt.date(2024, 9, 30), "鉴定"),)
    extensions = (Extension(1, "working_days", "批准延长"),)
    longer = fetch_term(session, TermRequest("service", dt.date(2024, 9, 27), pauses, extensions))
    assert longer.due == dt.date(2024, 10, 16)


@pytest.mark.parametrize(
    ("asked", "field", "told"),
    [
        (TermRequest("service", dt.date(2026, 12, 30)), "calendar", "2027"),
        (TermRequest("tea", DAY), "clock", "limitation_safety"),
        (TermRequest("service", dt.date(2020, 1, 1)), "from", "2021-07-15"),
        (TermRequest("hearing_notice", DAY, (Pause(DAY, None, "x"),)), "clock", "before an event"),
        (TermRequest("decision", DAY, (Pause(DAY, DAY, " "),)), "pause", "reason"),
        (TermRequest("decision", DAY, (Pause(DAY, dt.date(2022, 8, 20), "x"),)), "pause", "2022-08-20"),
        (TermRequest("decision", DAY, (), (Extension(0, "days", "x"),)), "extend", "3650"),
        (TermRequest("decision", DAY, (), (Extension(10**9, "days", "x"),)), "extend", "3650"),
        (TermRequest("decision", dt.date(9999, 12, 1)), "from", "9999-12-01"),
        (TermRequest("limitation", dt.date(9999, 12, 1)), "from", "9999-12-01"),
    ],
)
def test_a_term_that_cannot_be_counted_is_one_line(
    session: Session, asked: TermRequest, field: str, told: str
) -> None:
    with pytest.raises(BadInput) as caught:
        fetch_term(session, asked)
    assert caught.value.field == field
    for lang in ("en", "zh"):
        line = caught.value.line("en" if lang == "en" else "zh")
        assert len(line.splitlines()) == 1
    assert told in caught.value.line("en")
    assert caught.value.hint_text("en")


def test_a_matter_that_the_book_lacks_is_loaded_and_decided_unverified(
    session: Session, tmp_path: Path
) -> None:
    path = write_csv(
        tmp_path / "list.csv", [row(c0="露天焚烧秸秆", c1="", c3="法定", c6="《大气条例》第九条")]
    )
    (new,) = load_list(session, path).listed.additions["categories"]
    verdict = check(session, PLACE, new["code"], DAY)
    power = verdict.competence
    assert (power.mode, power.authority["zh"]) == ("statutory", TOWN)
    assert verdict.category["unlawful"] == "listed"
    assert [(one.law["zh"], one.label["zh"], one.verified) for one in power.basis] == [
        ("大气条例", "第九条", False)
    ]


def test_a_list_for_one_unit_names_its_townships_or_says_nothing(session: Session, tmp_path: Path) -> None:
    load_list(session, write_csv(tmp_path / "list.csv", [row(c2="寺头乡")]), unit="140522")
    assert _decides(session)[0] == "delegated"
    load_list(session, write_csv(tmp_path / "list.csv", [row(c2="")]), unit="140522202")
    assert _decides(session)[0] != "delegated"
