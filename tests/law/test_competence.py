"""Who decides, in whose name, and what the township may do: the situations of DOMAIN §4 by hand."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from core.settings import ROOT
from law.book import LawBook, read_documents
from law.competence import CompetenceEntry, EntryRow, Matter
from law.completeness import check_competence
from law.consistency import (
    NO_POWER_WORDS,
    NOBODY_RULE,
    POWER_WORDS,
    WHISTLES_ITSELF,
    check_consistency,
)
from law.errors import LawDataError, UnknownCode

LAW = ROOT / "data" / "law"
SHIPPED: dict[str, Any] = read_documents(LAW)
BOOK = LawBook.from_documents(SHIPPED)
BARE = replace(BOOK, authorities=(), entries=())  # no power at all: what a list alone gives
SITOU, GAOPING = "140522201", "140581100"
OLD, STORY, NEW, CODE = date(2021, 8, 1), date(2022, 8, 21), date(2026, 6, 1), date(2026, 9, 1)

TOWNSHIP, LAND, FARM, FOREST = "乡镇人民政府", "自然资源主管部门", "农业农村主管部门", "林业和草原主管部门"
RESERVE, ECOLOGY, HERITAGE = "林业和草原主管部门、自然保护区管理机构", "生态环境主管部门", "文物主管部门"
WATER, ROAD, PLANNING = "水行政主管部门", "交通运输主管部门（公路管理机构）", "城乡规划主管部门"
NOBODY = "（清单未列明有权机关）"
CIVIL, WASTE = "民政部门", "环境卫生主管部门（生活垃圾、建筑垃圾）、生态环境主管部门（工业固体废物）"
PERMITTED = ("livestock_farm", "polluting_project", "roadside_building")

# matter, zones, day → who decides, does the township, who may demolish, article
SITUATIONS: list[tuple[str, set[str], date, str, str, str]] = [
    ("rural_dwelling", {"village_planning"}, STORY, TOWNSHIP, "可以拆除", "urp/65"),
    ("rural_building", {"village_planning"}, STORY, TOWNSHIP, "可以拆除", "urp/65"),
    ("rural_dwelling", set(), STORY, FARM, "人民法院", "lal/78"),
    ("rural_dwelling", {"permanent_farmland"}, STORY, FARM, "人民法院", "lal/78"),
    ("rural_dwelling", {"permanent_farmland", "village_planning"}, STORY, FARM, "人民法院", "lal/62"),
    ("urban_building", set(), STORY, PLANNING, "人民政府责成", "urp/64"),
    ("urban_building", {"permanent_farmland"}, STORY, LAND, "人民法院", "lal/77"),
    ("rural_building", set(), STORY, LAND, "人民法院", "lal/77"),
    ("rural_building", {"permanent_farmland"}, STORY, LAND, "人民法院", "lal/83"),
    ("livestock_farm", {"permanent_farmland"}, STORY, LAND, "人民法院", "lal/77"),
    ("orchard_pond", {"permanent_farmland"}, STORY, LAND, "人民法院", "lal/77"),
    ("quarrying", {"permanent_farmland"}, STORY, LAND, "人民法院", "lal/77"),
    ("livestock_farm", {"forest_land"}, STORY, FOREST, "代为履行", "fl/73"),
    ("land_clearing", {"forest_land"}, STORY, FOREST, "代为履行", "fl/74"),
    ("rural_dwelling", {"public_welfare_forest"}, STORY, FOREST, "人民法院", "fl/73"),
    ("livestock_farm", {"nature_reserve"}, STORY, RESERVE, "未核", "nrr2017/35"),
    ("livestock_farm", {"nature_reserve"}, NEW, RESERVE, "未核", "nrr2026/penalty"),
    (
        "livestock_farm",
        {"nature_reserve", "forest_land", "livestock_ban"},
        STORY,
        RESERVE,
        "未核",
        "nrr2017/35",
    ),
    ("rural_dwelling", {"nature_reserve", "village_planning"}, STORY, RESERVE, "未核", "nrr2017/35"),
    ("livestock_farm", {"livestock_ban"}, STORY, ECOLOGY, "未规定", "lfr/37"),
    ("livestock_farm", {"livestock_ban", "forest_land"}, STORY, FOREST, "人民法院", "fl/73"),
    ("polluting_project", {"water_source"}, STORY, ECOLOGY, "责令拆除或者关闭", "wpl/91"),
    ("polluting_project", {"water_source"}, CODE, ECOLOGY, "未核", "eec/water_penalty"),
    ("rural_building", {"heritage"}, STORY, HERITAGE, "未核", "crl2017/66"),
    ("rural_building", {"heritage"}, NEW, HERITAGE, "未核", "crl2024/83"),
    ("dumping", {"river"}, STORY, WATER, "强行拆除", "fcl/55"),
    ("roadside_building", {"road_control"}, STORY, ROAD, "可以自行拆除", "hsr/56"),
    ("rural_building", {"ecological_redline", "forest_land"}, STORY, FOREST, "人民法院", "fl/73"),
    *((c, {"village_planning"}, STORY, TOWNSHIP, "可以拆除", "urp/65") for c in PERMITTED),
    ("tomb", set(), STORY, CIVIL, "强制执行", "fmr/20"),
    ("tomb", {"road_control"}, CODE, CIVIL, "未核", "fmr2026/graves"),
    ("dumping", {"road_control"}, STORY, WASTE, "人民法院", "swl/111"),
    ("dumping", set(), CODE, WASTE, "未核", "eec/waste"),
    ("land_clearing", set(), STORY, FOREST, "代为履行", "fl/74"),
    ("polluting_project", {"heritage"}, STORY, ECOLOGY, "未核", "crl2017/67"),
    ("livestock_farm", set(), STORY, NOBODY, "乡镇无权", "apl/23"),
    ("livestock_farm", {"ecological_redline"}, STORY, NOBODY, "乡镇无权", "apl/23"),
]


@pytest.mark.parametrize(("matter", "zones", "day", "authority", "enforcement", "article"), SITUATIONS)
def test_the_situations_of_the_domain(
    matter: str, zones: set[str], day: date, authority: str, enforcement: str, article: str
) -> None:
    found = BOOK.competence_for(matter, zones, SITOU, day)
    assert found.authority.zh == authority
    assert found.mode == ("none" if authority == NOBODY else "statutory")
    assert found.by_township == (authority == TOWNSHIP)
    assert found.in_the_name_of == found.authority
    assert enforcement in found.enforcement.zh
    assert article in {a.id for a in found.basis}
    assert all(a.period.covers(day) for a in found.basis)
    assert not found.sample
    assert 1 <= len(found.township_may) <= 4 and found.documents
    assert found.rivals == ()


def test_the_pig_farm_whistles_for_everybody_whose_zone_it_meets() -> None:
    zones = {"nature_reserve", "forest_land", "livestock_ban"}
    found = BOOK.competence_for("livestock_farm", zones, SITOU, STORY)
    assert [text.zh for text in found.whistle] == [RESERVE, FOREST, ECOLOGY]


def test_a_township_that_decides_does_not_whistle_for_itself() -> None:
    found = BOOK.competence_for("rural_dwelling", {"village_planning"}, SITOU, STORY)
    assert TOWNSHIP not in {text.zh for text in found.whistle}
    assert "责令停止建设" in {text.zh for text in found.township_may}


def test_no_power_stops_records_reports_hands_over_and_whistles_for_the_zones() -> None:
    found = BARE.competence_for("dumping", {"road_control"}, SITOU, STORY)
    assert found.mode == "none" and not found.by_township and found.entries == ()
    assert [text.zh for text in found.whistle] == [ROAD]
    said = " ".join(text.zh for text in found.township_may)
    assert all(word in said for word in ("制止", "记录", "报告", "移交"))
    assert {"告知函", "移送函"} <= {text.zh for text in found.documents}
    assert any(text.zh.startswith("现场勘验笔录") for text in found.documents)
    assert BARE.competence_for("tomb", (), SITOU, STORY).whistle == ()


def test_outside_the_city_and_before_the_list_nobody_has_power() -> None:
    assert BOOK.competence_for("rural_dwelling", (), "140106001", STORY).mode == "none"
    assert BOOK.competence_for("rural_dwelling", (), SITOU, date(2019, 12, 31)).mode == "none"


def test_unknown_matters_and_zones_are_refused() -> None:
    with pytest.raises(UnknownCode, match="category: pigs"):
        BOOK.competence_for("pigs", (), SITOU, STORY)
    with pytest.raises(UnknownCode, match="zone kind: moon"):
        BOOK.competence_for("tomb", {"moon"}, SITOU, STORY)


# ------------------------------------------------------------------ lists of our own


def row(name: str, **fields: Any) -> EntryRow:
    plain = {
        "id": name,
        "categories": ["dumping"],
        "units": ["1405"],
        "mode": "statutory",
        "authority": {"zh": name, "en": name},
        "by_township": True,
        "enforcement": {"zh": "无", "en": "none"},
        "basis": ["apl/23"],
        "valid_from": date(2021, 7, 15),
    }
    return EntryRow.model_validate({**plain, **fields})


def listed(*rows: EntryRow) -> LawBook:
    return BARE.with_entries(rows)


DELEGATED = {
    "mode": "delegated",
    "basis": ["apl/20"],
    "granted_by": {"zh": "县水务局", "en": "county water bureau"},
}
EMPOWERED = {
    "mode": "empowered",
    "basis": ["apl/24"],
    "granted_by": {"zh": "省政府决定", "en": "provincial decision"},
}


def test_a_delegated_power_is_used_in_the_name_of_the_body_that_delegates() -> None:
    found = listed(row("镇", **DELEGATED)).competence_for("dumping", (), SITOU, STORY)
    assert (found.mode, found.authority.zh, found.in_the_name_of.zh) == ("delegated", "镇", "县水务局")
    assert found.by_township and not found.sample


def test_an_empowered_township_acts_in_its_own_name() -> None:
    found = listed(row("镇", **EMPOWERED)).competence_for("dumping", (), SITOU, STORY)
    assert (found.mode, found.in_the_name_of.zh) == ("empowered", "镇")


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({**DELEGATED, "basis": ["apl/23"]}, "basis", "a delegation must cite apl/20"),
        ({**DELEGATED, "granted_by": None}, "basis", "name the delegating body"),
        ({**DELEGATED, "in_the_name_of": {"zh": "镇", "en": "x"}}, "in_the_name_of", "the delegating body"),
        ({**EMPOWERED, "basis": ["apl/20"]}, "basis", "an empowerment must cite apl/24"),
        ({**EMPOWERED, "granted_by": None}, "basis", "provincial decision"),
        ({"in_the_name_of": {"zh": "县", "en": "county"}}, "in_the_name_of", "own name"),
        ({"mode": "none"}, "mode", "grants power"),
        ({"basis": ["apl/999"]}, "articles", "unknown article"),
        ({"valid_from": None}, "articles", "is in force 2021-07-15"),
        ({"valid_to": date(2021, 1, 1)}, "valid_to", "ends before it starts"),
        ({"categories": ["pigs"]}, "categories", "unknown category"),
        ({"zone_kinds": ["moon"]}, "zone_kinds", "unknown zone kind"),
        ({"units": ["寺头乡"]}, "units", "digits only"),
    ],
)
def test_power_that_the_law_does_not_give_is_refused(fields: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(LawDataError) as caught:
        listed(row("镇", **fields))
    assert any(f.row == "镇" and f.field == field and words in f.line("en") for f in caught.value.issues)


def test_zone_specific_entries_go_before_general_ones_and_longer_prefixes_before_shorter() -> None:
    book = listed(
        row("市"),
        row("县", units=["140522"]),
        row("乡", units=["140522201"]),
        row("水", zone_kinds=["river"], units=["1405"]),
    )
    assert book.competence_for("dumping", (), SITOU, STORY).authority.zh == "乡"
    assert book.competence_for("dumping", (), "140522100", STORY).authority.zh == "县"
    assert book.competence_for("dumping", (), GAOPING, STORY).authority.zh == "市"
    assert book.competence_for("dumping", {"river"}, SITOU, STORY).authority.zh == "水"
    assert book.competence_for("dumping", {"heritage"}, SITOU, STORY).authority.zh == "乡"


def test_dates_decide_which_entry_speaks() -> None:
    book = listed(row("旧", valid_to=date(2024, 1, 1)), row("新", valid_from=date(2024, 1, 1)))
    assert book.competence_for("dumping", (), SITOU, date(2023, 12, 31)).authority.zh == "旧"
    assert book.competence_for("dumping", (), SITOU, date(2024, 1, 1)).authority.zh == "新"
    assert book.competence_for("dumping", (), SITOU, OLD).authority.zh == "旧"


def test_two_equal_deciders_are_named_as_rivals() -> None:
    found = listed(row("甲"), row("乙")).competence_for("dumping", (), SITOU, STORY)
    assert {found.authority.zh, *(text.zh for text in found.rivals)} == {"甲", "乙"}


def test_the_order_of_the_list_does_not_matter() -> None:
    entries = BOOK.entries
    turned: LawBook = replace(BOOK, entries=tuple(reversed(entries)))
    for category in BOOK.categories:
        for kind in BOOK.zone_kinds:
            asked = (category, {kind, "forest_land"}, SITOU, STORY)
            assert turned.competence_for(*asked) == BOOK.competence_for(*asked)


def test_the_document_needs_exactly_one_default() -> None:
    documents = copy.deepcopy(SHIPPED)
    documents["competence"]["default"] = []
    with pytest.raises(LawDataError, match="exactly one row"):
        LawBook.from_documents(documents)
    documents["competence"]["default"] = [{**SHIPPED["competence"]["default"][0], "basis": ["x/1"]}]
    with pytest.raises(LawDataError, match="unknown article: x/1"):
        LawBook.from_documents(documents)


# ------------------------------------------------------------------ a list beside the statutes

COUNTY_LIST = (
    row("乡所", categories=["rural_dwelling"], units=["140522"], **EMPOWERED),
    row("林地", categories=["livestock_farm"], zone_kinds=["forest_land"], units=["140522201"], **EMPOWERED),
)


def test_a_list_of_two_rows_leaves_every_other_power_where_it_was() -> None:
    book, units = BOOK.with_entries(COUNTY_LIST), [SITOU, "140522100", GAOPING]
    reserve = book.competence_for("livestock_farm", {"nature_reserve"}, SITOU, STORY)
    assert (reserve.authority.zh, reserve.mode) == (RESERVE, "statutory")
    before, after = (check_competence(b, units, STORY) for b in (BOOK, book))
    assert after == before
    assert BARE.with_entries(COUNTY_LIST).competence_for("tomb", (), SITOU, STORY).mode == "none"


def test_a_list_replaces_what_it_names_where_it_names_it() -> None:
    book = BOOK.with_entries(COUNTY_LIST)
    decides = {
        unit: [
            book.competence_for(matter, kinds, unit, STORY).authority.zh
            for matter, kinds in (("rural_dwelling", ()), ("livestock_farm", {"forest_land"}))
        ]
        for unit in (SITOU, "140522100", GAOPING)
    }
    assert decides == {SITOU: ["乡所", "林地"], "140522100": ["乡所", FOREST], GAOPING: [FARM, FOREST]}
    both = book.competence_for("livestock_farm", {"forest_land", "nature_reserve"}, SITOU, STORY)
    assert both.authority.zh == RESERVE


def test_a_list_for_the_whole_city_comes_before_the_statute_of_the_whole_city() -> None:
    book = BOOK.with_entries([row("市局", categories=["dumping"], units=["1405"])])
    found = book.competence_for("dumping", (), SITOU, STORY)
    assert (found.authority.zh, found.rivals) == ("市局", ())
    assert book.has_list and not BOOK.has_list


def test_a_statutory_power_is_no_sample_and_no_delegation() -> None:
    documents = copy.deepcopy(SHIPPED)
    documents["authorities"]["authorities"][0]["mode"] = "empowered"
    with pytest.raises(LawDataError, match="belong in a list"):
        LawBook.from_documents(documents)


def test_a_book_that_has_the_departments_in_its_list_is_read_as_before() -> None:
    documents = copy.deepcopy(SHIPPED)
    documents["competence"]["entries"] = documents.pop("authorities")["authorities"]
    book = LawBook.from_documents(documents)
    found = book.competence_for("livestock_farm", {"nature_reserve"}, SITOU, STORY)
    assert found.authority.zh == RESERVE
    assert book.with_entries(COUNTY_LIST).competence_for("tomb", (), SITOU, STORY).mode == "none"


def test_a_township_keeps_its_own_power_where_another_body_decides() -> None:
    found = BOOK.competence_for("livestock_farm", {"nature_reserve", "village_planning"}, SITOU, STORY)
    assert (found.authority.zh, found.by_township) == (RESERVE, False)
    (own,) = found.own_powers
    assert (own.authority.zh, [a.id for a in own.basis]) == (TOWNSHIP, ["urp/65"])
    assert "限期拆除通知书" in {text.zh for text in own.documents}
    assert TOWNSHIP not in {text.zh for text in found.whistle}


def test_a_subdistrict_office_is_no_township_government() -> None:
    found = BOOK.competence_for("rural_dwelling", {"village_planning"}, "140502001", STORY)
    assert (found.authority.zh, found.by_township, found.verified) == (PLANNING, False, False)


# ------------------------------------------------------------------ answers that contradict themselves

UNIT_KINDS = [SITOU, "140522100", "140502001"]  # a township, a town, a subdistrict


def test_no_answer_contradicts_itself_on_any_day() -> None:
    assert check_consistency(BOOK, UNIT_KINDS) == []


def test_what_the_village_planning_area_used_to_say_is_found() -> None:
    documents = copy.deepcopy(SHIPPED)
    documents["authorities"]["authorities"][0]["categories"] = ["rural_dwelling", "rural_building"]
    del documents["competence"]["default"][0]["township"]
    found = check_consistency(LawBook.from_documents(documents), [SITOU], [STORY])
    assert {(c.category, c.zone_kind) for c in found} == {(c, "village_planning") for c in PERMITTED}
    assert {c.what for c in found} == {NOBODY_RULE}


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        (
            {"by_township": False, "township_may": [{"zh": "责令停止建设", "en": "order the works to stop"}]},
            POWER_WORDS,
        ),
        (
            {
                "enforcement": {
                    "zh": "乡镇无权处罚和强制拆除",
                    "en": "the township may neither impose penalties nor demolish",
                }
            },
            NO_POWER_WORDS,
        ),
        (
            {"authority": {"zh": "乡镇人民政府", "en": "township government"}, "by_township": False},
            WHISTLES_ITSELF,
        ),
    ],
)
def test_each_kind_of_contradiction_is_found(fields: dict[str, Any], what: str) -> None:
    book = BOOK.with_entries([row("镇", categories=["other"], zone_kinds=["village_planning"], **fields)])
    assert what in {c.what for c in check_consistency(book, [SITOU], [STORY]) if c.category == "other"}


# ------------------------------------------------------------------ the whole matrix


def test_the_matrix_finds_a_gap_with_its_units() -> None:
    book = listed(row("县", units=["140522"]))
    found = check_competence(book, [SITOU, "140522100", GAOPING], STORY)
    (gap,) = (f for f in found if f.category == "dumping" and f.zone_kind is None)
    assert (gap.kind, gap.units, gap.entries) == ("gap", (GAOPING,), ())


def test_the_matrix_finds_an_overlap_with_its_entries() -> None:
    book = listed(row("甲"), row("乙", units=["1405"]), row("丙", units=["140522201"]))
    overlaps = [f for f in check_competence(book, [SITOU, GAOPING], STORY) if f.kind == "overlap"]
    general = next(f for f in overlaps if f.zone_kind is None)
    assert (general.units, general.entries) == ((GAOPING,), ("乙", "甲"))
    assert not check_competence(listed(row("甲"), row("甲二", authority={"zh": "甲", "en": "甲"})), [], STORY)


def test_one_authority_in_two_entries_is_no_overlap() -> None:
    book = listed(row("甲"), row("甲二", authority={"zh": "甲", "en": "甲"}))
    assert [f for f in check_competence(book, [SITOU], STORY) if f.kind == "overlap"] == []


@pytest.mark.parametrize("day", [OLD, STORY, NEW, CODE])
def test_the_statutes_do_not_overlap_and_every_gap_answers_no_power(day: date) -> None:
    findings = check_competence(BOOK, [SITOU, GAOPING], day)
    assert [f for f in findings if f.kind == "overlap"] == []
    for gap in findings:
        kinds = {gap.zone_kind} - {None}
        assert BOOK.competence_for(gap.category, kinds, gap.units[0], day).mode == "none"  # type: ignore[arg-type]


def test_ranked_entries_leave_out_who_has_no_say() -> None:
    groups: list[list[CompetenceEntry]] = BOOK.ranked_entries(
        Matter("tomb", frozenset({"river"}), SITOU, STORY)
    )
    assert [[entry.id for entry in group] for group in groups] == [["river"], ["tomb-2013"]]
