"""Wrong law data are refused with the row and the field; old and new law are weighed honestly."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.settings import ROOT
from law.applicable_law import choose_law, combined_severity
from law.book import LawBook, read_documents
from law.errors import LawDataError
from law.parsing import read_yaml
from law.rules import Rule, Severity
from law.values import Period

LAW = ROOT / "data" / "law"
SHIPPED: dict[str, Any] = read_documents(LAW)
BOOK = LawBook.from_documents(SHIPPED)
STORY, JUNE_2026 = date(2022, 8, 21), date(2026, 6, 1)

Row = dict[str, Any]


def changed(document: str, section: str, key: str, edit: Callable[[Row], object]) -> dict[str, Any]:
    """The shipped documents with one row edited; ``key`` is the row's first value."""
    documents = copy.deepcopy(SHIPPED)
    row = next(r for r in documents[document][section] if next(iter(r.values())) == key or key in r.values())
    edit(row)
    return documents


def refused(documents: dict[str, Any]) -> LawDataError:
    with pytest.raises(LawDataError) as caught:
        LawBook.from_documents(documents)
    return caught.value


def put(field: str, value: object) -> Callable[[Row], object]:
    return lambda row: row.update({field: value})


@pytest.mark.parametrize(
    ("document", "section", "key", "edit", "field", "words"),
    [
        (
            "rules",
            "rules",
            "fl-use",
            put("articles", ["fl/37", "fl/999"]),
            "articles",
            "unknown article: fl/999",
        ),
        ("rules", "rules", "fl-use", put("valid_to", date(2020, 1, 1)), "valid_to", "ends before it starts"),
        ("rules", "rules", "fl-use", put("valid_to", date(2020, 7, 1)), "valid_to", "ends before it starts"),
        ("rules", "rules", "fl-use", put("zone_kind", "forest"), "zone_kind", "unknown zone kind: forest"),
        ("rules", "rules", "fl-use", put("grades", ["core"]), "grades", "unknown grade: core"),
        ("rules", "rules", "fl-use", put("categories", ["pigs"]), "categories", "unknown category: pigs"),
        ("rules", "rules", "fl-use", put("categories", []), "categories", "does not fit"),
        ("rules", "rules", "fl-use", put("effect", "forbidden"), "effect", "does not fit"),
        ("rules", "rules", "fl-use", put("authority", {"zh": "林业"}), "authority.en", "does not fit"),
        ("rules", "rules", "fl-use", put("colour", "red"), "colour", "does not fit"),
        ("rules", "rules", "fl-use", put("valid_from", None), "articles", "is in force 2020-07-01"),
        ("rules", "rules", "nr2017-clearing", put("valid_to", date(2026, 3, 16)), "articles", "nrr2017/26"),
        ("rules", "rules", "pf-building-2020", put("verified", True), "verified", "lair2014/42 is not"),
        (
            "rules",
            "rules",
            "fl-tomb",
            put("categories", ["land_clearing", "other"]),
            "effect",
            "contradicts rule",
        ),
        (
            "rules",
            "rules",
            "rd-other",
            put("severity", {"fine_min": 2, "fine_max": 1}),
            "severity",
            "exceeds the maximum",
        ),
        (
            "rules",
            "absences",
            "absent-road-planting",
            put("categories", ["other"]),
            "categories",
            "rule rd-other",
        ),
        ("zone_kinds", "kinds", "nature_reserve", put("ungraded", "inner"), "grades", "unknown grade: inner"),
        ("zone_kinds", "kinds", "river", put("near_m", -1), "near_m", "does not fit"),
        ("categories", "categories", "tomb", put("name", "墓"), "name", "does not fit"),
        ("articles", "laws", "cc", put("valid_to", date(2020, 1, 1)), "valid_to", "ends before it starts"),
        ("articles", "laws", "cc", put("source", ""), "source", "does not fit"),
        ("clocks", "clocks", "decision", put("articles", []), "articles", "must cite its article"),
        ("clocks", "clocks", "service", put("roll", True), "roll", "never ends on a day off"),
        ("clocks", "clocks", "hearing_notice", put("unit", "days"), "direction", "in working days"),
        ("clocks", "clocks", "service", put("length", 0), "length", "does not fit"),
    ],
)
def test_a_wrong_row_is_refused_by_its_name(
    document: str, section: str, key: str, edit: Callable[[Row], object], field: str, words: str
) -> None:
    error = refused(changed(document, section, key, edit))
    found = [f for f in error.issues if (f.document, f.field) == (document, field) and words in f.line("en")]
    assert found, str(error)
    assert key in found[0].row or "contradicts" in words


def test_all_faults_are_reported_at_once() -> None:
    documents = copy.deepcopy(SHIPPED)
    for row in documents["rules"]["rules"][:3]:
        row["categories"] = ["pigs"]
    assert len({fault.row for fault in refused(documents).issues}) == 3


def test_a_rule_given_twice_is_refused() -> None:
    documents = copy.deepcopy(SHIPPED)
    documents["rules"]["rules"].append(copy.deepcopy(documents["rules"]["rules"][0]))
    assert "used by two rows" in str(refused(documents))
    documents["rules"]["rules"][-1]["id"] = "again"
    error = refused(documents)
    assert (error.row, error.message[:7]) == ("again", "repeats")


def test_misspelt_documents_and_sections_are_refused() -> None:
    assert "is not a document" in str(refused({**SHIPPED, "rulez": {}}))
    assert refused({**SHIPPED, "rules": {"rule": []}}).field == "rule"
    assert "list of rows" in str(refused({**SHIPPED, "rules": {"rules": {}}}))
    assert "mapping of sections" in str(refused({**SHIPPED, "rules": []}))


def test_a_key_given_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("rules:\n  - {id: a, effect: notice, effect: prohibited}\n", encoding="utf-8")
    with pytest.raises(LawDataError, match="repeated key: effect"):
        read_yaml(path)
    path.write_text("rules: [", encoding="utf-8")
    with pytest.raises(LawDataError, match="cannot be read"):
        read_yaml(path)


@settings(max_examples=20)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(chance: random.Random) -> None:
    documents = copy.deepcopy(SHIPPED)
    for section in documents["rules"].values():
        chance.shuffle(section)
    book = LawBook.from_documents(documents)
    kind = chance.choice(list(BOOK.zone_kinds.values()))
    asked = (kind.kind, chance.choice([*kind.grades, None]), chance.choice(list(BOOK.categories)), STORY)
    assert set(book.rules_for(*asked)) == set(BOOK.rules_for(*asked))


# ------------------------------------------------------------------ old and new law


def binds(kind: str, grade: str | None, category: str, act: date, today: date) -> tuple[str, bool, str]:
    found = BOOK.applicable_law(kind, grade, category, (act, today))
    return found.law, found.review, found.reason.en


def test_the_story_keeps_its_old_law_until_a_person_has_compared() -> None:
    found = BOOK.applicable_law("nature_reserve", "core", "livestock_farm", (STORY, JUNE_2026))
    assert (found.law, found.review) == ("old", True)
    assert "cannot be compared" in found.reason.en
    assert {rule.id for rule in found.rules} == {"nr2017-facility-core", "nr2017-livestock"}
    assert found.basis.id == "apl/37"


@pytest.mark.parametrize(
    ("case", "law", "review", "words"),
    [
        (("road_control", None, "rural_building", STORY, JUNE_2026), "same", False, "not changed"),
        (("heritage", "protection", "rural_building", STORY, JUNE_2026), "old", False, "heavier"),
        (("permanent_farmland", None, "rural_building", date(2021, 1, 1), STORY), "old", True, "heavier"),
        (("livestock_ban", None, "livestock_farm", STORY, JUNE_2026), "old", False, "not lighter"),
        (
            ("water_source", "level1", "rural_building", STORY, date(2026, 9, 1)),
            "old",
            True,
            "cannot be compared",
        ),
        (("forest_land", None, "quarrying", date(2015, 1, 1), STORY), "old", True, "not in the law book"),
    ],
)
def test_old_and_new_law_of_the_shipped_data(
    case: tuple[str, str | None, str, date, date], law: str, review: bool, words: str
) -> None:
    found = binds(*case)
    assert found[:2] == (law, review) and words in found[2]


PLAIN = next(rule for rule in BOOK.rules if rule.id == "rd-building")
BASIS = BOOK.articles["apl/37"]


def rule(name: str, **changes: Any) -> Rule:
    severity = replace(PLAIN.severity, **changes)
    return replace(PLAIN, id=name, severity=severity)


@pytest.mark.parametrize(
    ("new", "law", "review"),
    [
        ({"fine_max": 10_000.0}, "new", False),
        ({"fine_max": 90_000.0}, "old", False),
        ({"fine_min": 10_000.0}, "old", False),
        ({}, "old", False),
        ({"punishes": False, "fine_max": 0.0}, "new", False),
        ({"demolish": False}, "new", False),
        ({"demolish": False, "fine_max": 90_000.0}, "old", True),
        ({"fine_max": None}, "old", True),
        ({"per": "m2", "fine_max": 10.0}, "old", True),
    ],
)
def test_the_new_law_binds_only_when_nothing_in_it_is_heavier(
    new: dict[str, Any], law: str, review: bool
) -> None:
    found = choose_law((rule("old"),), (rule("new", **new),), BASIS)
    assert (found.law, found.review) == (law, review)
    assert found.rules[0].id == law


def test_a_lower_effect_is_lighter_and_a_repealed_rule_frees() -> None:
    lower = replace(rule("new"), effect="permit_required")
    assert choose_law((rule("old"),), (lower,), BASIS).law == "new"
    freed = choose_law((rule("old"),), (), BASIS)
    assert (freed.law, freed.rules, "no longer unlawful" in freed.reason.en) == ("new", (), True)


def test_what_was_allowed_then_is_not_punished_now() -> None:
    found = choose_law((), (rule("new"),), BASIS)
    assert (found.law, found.rules) == ("old", ())
    assert "not punished now" in found.reason.en


def test_rules_in_force_on_both_days_do_not_count() -> None:
    both_days = rule("both", fine_max=None)
    found = choose_law((both_days, rule("old")), (both_days, rule("new", fine_max=1.0)), BASIS)
    assert (found.law, found.review) == ("new", False)
    assert [r.id for r in found.rules] == ["both", "new"]


def test_what_is_not_verified_asks_for_a_person() -> None:
    doubtful = replace(rule("new", fine_max=1.0), verified=False)
    assert choose_law((rule("old"),), (doubtful,), BASIS).review


def test_one_act_is_fined_once_by_the_highest() -> None:
    assert combined_severity((rule("a", fine_max=5.0), rule("b", fine_min=2.0, fine_max=9.0))) == Severity(
        True, 2.0, 9.0, "act", True
    )
    assert combined_severity((rule("a"), rule("b", per="m2", fine_max=9.0))).fine_max is None


amounts = st.one_of(st.none(), st.integers(0, 5).map(float))
severities = st.builds(
    Severity,
    punishes=st.sampled_from([True, False, None]),
    fine_min=amounts,
    fine_max=amounts,
    per=st.sampled_from(["act", "m2"]),
    demolish=st.sampled_from([True, False, None]),
)


@given(severities, severities)
def test_the_new_law_never_binds_where_it_is_heavier_or_unknown(old: Severity, new: Severity) -> None:
    sides = (replace(PLAIN, id="old", severity=old),), (replace(PLAIN, id="new", severity=new),)
    found = choose_law(*sides, BASIS)
    if found.law == "new":
        assert new.fine_max is not None and old.fine_max is not None
        assert new.fine_max <= old.fine_max
        assert not (new.demolish and not old.demolish) and not (new.punishes and not old.punishes)
        assert not found.review


days = st.one_of(st.none(), st.dates(date(2020, 1, 1), date(2020, 2, 1)))


@given(days, days, days, days)
def test_periods_overlap_as_their_days_do(
    a: date | None, b: date | None, c: date | None, d: date | None
) -> None:
    one, other = Period(a, b), Period(c, d)
    span = [date.fromordinal(n) for n in range(date(2019, 12, 1).toordinal(), date(2020, 3, 1).toordinal())]
    shared = any(one.covers(day) and other.covers(day) for day in span)
    assert one.overlaps(other) == other.overlaps(one)
    if not (one.reversed or other.reversed):
        assert one.overlaps(other) == shared
        inside = all(one.covers(day) for day in span if other.covers(day))
        assert one.contains(other) <= inside
