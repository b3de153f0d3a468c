"""Conditions of rules that somebody has stated: met, not met, or still open."""

from __future__ import annotations

import datetime as dt

import pytest

from core.settings import ROOT
from law.book import LawBook

DAY = dt.date(2024, 3, 4)
WHERE = ("ecological_redline", None, "livestock_farm", DAY)


@pytest.fixture(scope="module")
def book() -> LawBook:
    return LawBook.from_folder(ROOT / "data" / "law")


def test_an_open_condition_stays(book: LawBook) -> None:
    (rule,) = book.rules_for(*WHERE)
    assert [condition.code for condition in rule.conditions] == ["not_limited_activity"]
    assert book.given(()) is book
    assert book.given((("obstructs_flow", False),)).rules_for(*WHERE) == (rule,)


def test_a_condition_that_is_met_needs_no_if(book: LawBook) -> None:
    given = book.given((("not_limited_activity", True),))
    (rule,) = given.rules_for(*WHERE)
    assert (rule.effect, rule.conditions) == ("prohibited", ())


def test_a_rule_with_an_unmet_condition_is_documented_as_absent(book: LawBook) -> None:
    given = book.given((("not_limited_activity", False),))
    assert given.rules_for(*WHERE) == ()
    coverage = given.coverage(*WHERE)
    assert coverage.state == "absent"
    assert coverage.reason.zh == "已说明不符合条件：不属于列明的有限人为活动"
    # on a day of another rule, which has no condition, the law is what it was
    before = (*WHERE[:3], dt.date(2020, 1, 1))
    assert given.rules_for(*before) == book.rules_for(*before)


def test_equal_statements_give_one_book(book: LawBook) -> None:
    stated = (("not_limited_activity", False),)
    assert book.given(stated) is book.given(tuple(stated))
    assert "not_limited_activity" in book.conditions
    assert "not_limited_activity" not in book.given(stated).conditions
