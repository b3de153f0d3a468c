"""Cells of a spreadsheet hold text and never a formula."""

from __future__ import annotations

import pytest

from core.spreadsheet import inert_cell


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "﹦"])
@pytest.mark.parametrize(
    "before", ["", " ", "\n", "\r\n", "\t", "\u3000", "\u200b", "\ufeff", "\xa0 \n", "\x00"]
)
def test_what_begins_a_formula_gets_an_apostrophe(before: str, sign: str) -> None:
    text = f"{before}{sign}HYPERLINK(1)"
    assert inert_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["\tx", "\rx", "\nx"])
def test_a_leading_break_does_not_stand_alone(text: str) -> None:
    assert inert_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", " ", "采石", " a=b", "1-2", "'=1", "≥5", "a\n=1", "①"])
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert inert_cell(text) == text
