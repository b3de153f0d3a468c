"""The law data that ship: complete, dated, honest about what nobody has read."""

from __future__ import annotations

import hashlib
from datetime import date

import pytest
import yaml

from core.settings import ROOT
from law.book import LawBook
from law.completeness import find_rule_gaps
from law.errors import UnknownCode
from law.values import chinese_number, number_from_chinese

LAW = ROOT / "data" / "law"
STORY = date(2022, 8, 21)
DAYS = [
    date(2020, 7, 1),
    date(2021, 8, 31),
    date(2021, 9, 1),
    STORY,
    date(2023, 3, 1),
    date(2025, 2, 28),
    date(2025, 3, 1),
    date(2026, 3, 14),
    date(2026, 3, 15),
    date(2026, 3, 30),
    date(2026, 8, 14),
    date(2026, 8, 15),
    date(2027, 1, 1),
]


@pytest.fixture(scope="module")
def book() -> LawBook:
    return LawBook.from_folder(LAW)


def cited(book: LawBook, kind: str, grade: str | None, category: str, on: date) -> set[str]:
    return {a.id for rule in book.rules_for(kind, grade, category, on) for a in rule.articles}


@pytest.mark.parametrize("folder", ["law", "calendar"])
def test_checksums_of_the_files_are_those_of_the_sources(folder: str) -> None:
    where = ROOT / "data" / folder
    for source in yaml.safe_load((where / "sources.yaml").read_text(encoding="utf-8")):
        digest = hashlib.sha256((where / source["file"]).read_bytes()).hexdigest()
        assert source["sha256"] == digest, f"{source['file']} is now {digest}"


def test_the_pig_farm_of_2022_meets_the_regulation_of_2017(book: LawBook) -> None:
    rules = book.rules_for("nature_reserve", "core", "livestock_farm", STORY)
    assert {rule.effect for rule in rules} == {"prohibited"}
    assert {"nrr2017/26", "nrr2017/32", "nrr2017/35", "lfr/11", "lfr/37"} <= cited(
        book, "nature_reserve", "core", "livestock_farm", STORY
    )
    assert all(rule.verified and article.verified for rule in rules for article in rule.articles)
    assert "300元以上1万元以下" in rules[0].consequence.zh
    assert rules[0].articles[3].citation().zh == "《自然保护区条例》第三十二条"


def test_the_same_farm_in_june_2026_meets_the_revised_regulation(book: LawBook) -> None:
    rules = book.rules_for("nature_reserve", "core", "livestock_farm", date(2026, 6, 1))
    ids = cited(book, "nature_reserve", "core", "livestock_farm", date(2026, 6, 1))
    assert {i for i in ids if i.startswith("nrr")} == {"nrr2026/26", "nrr2026/penalty"}
    assert {rule.effect for rule in rules} == {"prohibited"}
    assert not any(rule.verified for rule in rules)
    assert rules[0].severity.fine_max is None


@pytest.mark.parametrize(
    ("drawn", "read", "verified_in_2022"),
    [("buffer", "core", None), ("experimental", "general", None), ("ungraded", "core", True)],
)
def test_zones_drawn_under_the_old_division_still_have_rules(
    book: LawBook, drawn: str, read: str, verified_in_2022: bool | None
) -> None:
    day = date(2026, 3, 15)
    old = book.rules_for("nature_reserve", drawn, "quarrying", day)
    new = book.rules_for("nature_reserve", read, "quarrying", day)
    assert [r.id for r in old] == [r.id for r in new] != []
    assert not any(rule.verified for rule in old)
    assert all(rule.note is not None and "未核" in rule.note.zh for rule in old)
    if verified_in_2022:
        before = book.rules_for("nature_reserve", drawn, "quarrying", STORY)
        assert before and all(rule.verified for rule in before)
        assert "nrr2017/30" in cited(book, "nature_reserve", drawn, "quarrying", STORY)


def test_a_reserve_without_grades_is_kept_like_its_core(book: LawBook) -> None:
    assert book.rules_for("nature_reserve", None, "livestock_farm", STORY) == book.rules_for(
        "nature_reserve", "ungraded", "livestock_farm", STORY
    )


def test_a_doubtful_reading_makes_a_verified_rule_doubtful(book: LawBook) -> None:
    (as_drawn,) = book.rules_for("nature_reserve", "experimental", "quarrying", STORY)
    (as_read,) = book.rules_for("nature_reserve", "general", "quarrying", STORY)
    assert (as_drawn.id, as_drawn.verified, as_drawn.note) == (as_read.id, True, None)
    assert not as_read.verified and as_read.note is not None and "未核" in as_read.note.zh


def test_a_grade_has_the_name_of_its_day(book: LawBook) -> None:
    kind = book.zone_kinds["nature_reserve"]
    assert kind.grade_name("core", date(2026, 3, 14)).zh == "核心区"
    assert kind.grade_name("core", date(2026, 3, 15)).zh == "核心保护区"
    assert kind.grade_name("buffer", date(2026, 9, 1)).zh == "缓冲区"
    assert kind.grades["core"].zh == "核心区"


@pytest.mark.parametrize("day", DAYS)
def test_every_kind_grade_and_category_has_rules_or_a_documented_absence(book: LawBook, day: date) -> None:
    assert find_rule_gaps(book, day) == []


@pytest.mark.parametrize("day", DAYS)
def test_no_rule_and_no_entry_cites_an_article_that_is_not_in_force(book: LawBook, day: date) -> None:
    for rule in (rule for rule in book.rules if rule.period.covers(day)):
        assert all(article.period.covers(day) for article in rule.articles), rule.id
    for entry in (entry for entry in book.entries if entry.period.covers(day)):
        assert all(article.period.covers(day) for article in entry.basis), entry.id


def test_before_the_book_begins_it_says_no_data_and_not_allowed(book: LawBook) -> None:
    coverage = book.coverage("forest_land", None, "livestock_farm", date(2016, 5, 1))
    assert coverage.state == "no_data" and "2016-05-01" in coverage.reason.en
    assert book.rules_for("forest_land", None, "livestock_farm", date(2016, 5, 1)) == ()


def test_an_absence_says_why(book: LawBook) -> None:
    coverage = book.coverage("livestock_ban", None, "tomb", STORY)
    assert coverage.state == "absent" and "养殖场" in coverage.reason.zh
    assert book.coverage("livestock_ban", None, "livestock_farm", STORY).state == "rules"


def test_a_water_source_of_unknown_level_is_not_judged(book: LawBook) -> None:
    assert book.rules_for("water_source", None, "livestock_farm", STORY) == ()
    assert book.coverage("water_source", None, "livestock_farm", STORY).state == "no_data"


def test_water_law_ends_on_the_14th_of_august_2026(book: LawBook) -> None:
    last = cited(book, "water_source", "level1", "rural_building", date(2026, 8, 14))
    first = cited(book, "water_source", "level1", "rural_building", date(2026, 8, 15))
    assert last == {"wpl/64", "wpl/65", "wpl/91"}
    assert first == {"eec/water", "eec/water_penalty"}
    code = book.articles["eec/water"]
    assert (code.article, code.label.zh, code.verified) == ("", "（条文号未知）", False)
    (rule,) = book.rules_for("water_source", "level1", "rural_building", date(2026, 8, 15))
    assert rule.effect == "prohibited" and not rule.verified and "未核" in rule.consequence.zh


def test_the_redline_forbids_and_has_no_penalty_of_its_own(book: LawBook) -> None:
    (rule,) = book.rules_for("ecological_redline", None, "livestock_farm", STORY)
    assert (rule.effect, rule.severity.punishes, rule.severity.fine_max) == ("prohibited", False, 0)
    assert not rule.verified


@pytest.mark.parametrize(
    ("kind", "grade", "category", "effect", "articles"),
    [
        (
            "permanent_farmland",
            None,
            "rural_building",
            "prohibited",
            {"lal/35", "lal/37", "lal/75", "lal/77"},
        ),
        ("permanent_farmland", None, "rural_dwelling", "prohibited", {"lal/78"}),
        ("permanent_farmland", None, "orchard_pond", "prohibited", {"lal/37"}),
        ("permanent_farmland", None, "tomb", "prohibited", {"lal/37", "lal/75"}),
        ("forest_land", None, "livestock_farm", "permit_required", {"fl/37", "fl/73"}),
        ("public_welfare_forest", None, "land_clearing", "prohibited", {"fl/39", "fl/74"}),
        ("water_source", "level2", "polluting_project", "prohibited", {"wpl/66", "wpl/91"}),
        ("water_source", "quasi", "polluting_project", "prohibited", {"wpl/67", "wpl/91"}),
        ("heritage", "protection", "rural_building", "prohibited", {"crl2017/66"}),
        ("heritage", "control", "rural_building", "permit_required", {"crl2017/66"}),
        (
            "river",
            None,
            "rural_building",
            "prohibited",
            {"fcl/22", "fcl/27", "fcl/55", "fcl/57", "rmr/24", "rmr/44"},
        ),
        ("road_control", None, "roadside_building", "prohibited", {"hsr/11", "hsr/56", "hwl/56", "hwl/81"}),
        ("livestock_ban", None, "livestock_farm", "prohibited", {"lfr/11", "lfr/37"}),
        ("village_planning", None, "rural_dwelling", "permit_required", {"urp/65"}),
    ],
)
def test_the_table_of_the_domain_in_august_2022(
    book: LawBook, kind: str, grade: str | None, category: str, effect: str, articles: set[str]
) -> None:
    rules = book.rules_for(kind, grade, category, STORY)
    assert {rule.effect for rule in rules} == {effect}
    assert articles <= cited(book, kind, grade, category, STORY)
    assert all(rule.verified for rule in rules)


def test_heritage_cites_the_law_of_2024_from_march_2025(book: LawBook) -> None:
    ids = cited(book, "heritage", "protection", "rural_building", date(2025, 3, 1))
    assert ids == {"crl2024/28", "crl2024/83"}
    assert cited(book, "heritage", "control", "polluting_project", date(2025, 3, 1)) == {
        "crl2024/30",
        "crl2024/84",
    }


def test_only_farms_make_a_ban_area_relevant(book: LawBook) -> None:
    assert "livestock_ban" in book.relevant_kinds("livestock_farm", STORY)
    assert "livestock_ban" not in book.relevant_kinds("tomb", STORY)
    assert book.relevant_kinds("livestock_farm", STORY) == set(book.zone_kinds)


def test_road_widths_are_the_statutory_ones(book: LawBook) -> None:
    kind = book.zone_kinds["road_control"]
    assert {w.line_class: w.metres for w in kind.widths} == {
        "expressway": 30,
        "national": 20,
        "provincial": 15,
        "county": 10,
        "township": 5,
    }
    assert [article.id for article in kind.width_basis] == ["hsr/11"]


def test_the_statutes_are_no_samples_and_no_list_ships(book: LawBook) -> None:
    assert book.authorities == book.entries != ()
    assert not any(entry.sample or entry.listed for entry in book.entries)
    assert not book.has_list


def test_the_regulation_of_2026_cites_core_general_zone_and_residents(book: LawBook) -> None:
    day = date(2026, 6, 1)
    dwelling = {
        zone: cited(book, "nature_reserve", zone, "rural_dwelling", day) for zone in ("core", "general")
    }
    assert dwelling == {
        "core": {"nrr2026/26", "nrr2026/29", "nrr2026/penalty"},
        "general": {"nrr2026/27", "nrr2026/29", "nrr2026/penalty"},
    }
    assert cited(book, "nature_reserve", "general", "tomb", day) == {"nrr2026/27", "nrr2026/penalty"}
    assert book.articles["nrr2026/26"].verified and not book.articles["nrr2026/27"].verified


def test_the_size_of_a_farm_and_the_age_of_a_roadside_building_are_conditions(book: LawBook) -> None:
    for kind, grade, category, code in (
        ("livestock_ban", None, "livestock_farm", "provincial_scale"),
        ("nature_reserve", "core", "livestock_farm", "provincial_scale"),
        ("road_control", None, "roadside_building", "after_designation"),
    ):
        rules = book.rules_for(kind, grade, category, STORY)
        assert code in {condition.code for rule in rules for condition in rule.conditions}, kind


def test_the_past_of_a_law_that_the_book_does_not_know_is_no_change(book: LawBook) -> None:
    about = ("nature_reserve", "core", "livestock_farm")
    assert [c.on for c in book.changes(*about, (date(2016, 5, 1), date(2026, 6, 1)))] == [date(2026, 3, 15)]
    assert book.known_from("nature_reserve", "livestock_farm") == date(2017, 10, 7)
    assert book.changes("river", None, "dumping", (date(2016, 5, 1), date(2026, 6, 1))) == ()
    (began, _) = book.changes("ecological_redline", None, "tomb", (date(2018, 5, 1), date(2026, 6, 1)))
    assert (began.on, began.ended) == (date(2019, 11, 1), ())  # a new instrument: before it there was none


def test_a_category_says_what_makes_it_unlawful(book: LawBook) -> None:
    said = {code: category.unlawful for code, category in book.categories.items()}
    assert {code for code, by in said.items() if by == "itself"} == {"dumping", "land_clearing"}
    assert said["tomb"] == "place" and said["rural_dwelling"] == "permit"
    for day in DAYS:
        for code in ("dumping", "land_clearing"):
            basis = book.basis_of_category(code, day)
            assert basis or day < date(2020, 9, 1), (code, day)
            assert all(article.period.covers(day) for article in basis)


def test_changes_between_the_act_and_today(book: LawBook) -> None:
    (change,) = book.changes("nature_reserve", "core", "livestock_farm", (STORY, date(2026, 6, 1)))
    assert change.on == date(2026, 3, 15)
    assert {rule.id for rule in change.ended} == {"nr2017-facility-core", "nr2017-livestock"}
    assert {rule.id for rule in change.began} == {"nr2026-core", "nr2026-livestock"}
    assert book.changes("road_control", None, "rural_building", (STORY, date(2026, 6, 1))) == ()


@pytest.mark.parametrize(
    ("kind", "grade", "category"),
    [
        ("moon", None, "tomb"),
        ("river", "core", "tomb"),
        ("nature_reserve", "level1", "tomb"),
        ("river", None, "x"),
    ],
)
def test_unknown_codes_are_refused(book: LawBook, kind: str, grade: str | None, category: str) -> None:
    with pytest.raises(UnknownCode):
        book.rules_for(kind, grade, category, STORY)


def test_every_rule_tried_says_why(book: LawBook) -> None:
    trials = book.trials("nature_reserve", "core", "livestock_farm", STORY)
    assert len(trials) == sum(rule.zone_kind == "nature_reserve" for rule in book.rules)
    said = {trial.rule.id: (trial.applies, trial.reason.en) for trial in trials}
    assert said["nr2017-facility-core"] == (
        True,
        "applies: nature reserve, grade core zone, in force on 2022-08-21",
    )
    assert said["nr2026-core"][1] == "does not apply: in force only from 2026-03-15, asked for 2022-08-21"
    assert said["nr2017-facility-buffer"][1] == "does not apply: it is about other grades than core zone"
    assert said["nr2017-clearing"][1].endswith("other matters than unlawful livestock farm")
    later = {
        t.rule.id: t.reason.en for t in book.trials("nature_reserve", "buffer", "tomb", date(2026, 6, 1))
    }
    assert "buffer zone, read as core protection zone" in later["nr2026-core"]
    assert "only until 2026-03-15" in later["nr2017-entry-core"]


def test_article_numbers_are_written_as_statutes_write_them() -> None:
    written = {
        1: "一",
        10: "十",
        11: "十一",
        20: "二十",
        65: "六十五",
        100: "一百",
        101: "一百零一",
        110: "一百一十",
        203: "二百零三",
        1010: "一千零一十",
        1260: "一千二百六十",
    }
    assert {number: chinese_number(number) for number in written} == written
    assert all(number_from_chinese(chinese_number(number)) == number for number in range(1, 3000))
