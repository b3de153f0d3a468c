"""Initials of names in pinyin: every reading, the likeliest first, never endless."""

from __future__ import annotations

import pytest

from core.pinyin import MAX_READINGS, initials


@pytest.mark.parametrize(
    ("name", "expected"), [("寺头乡", "stx"), ("长治市", "czs"), ("开发区街道", "kfqjd"), ("A5单元", "a5dy")]
)
def test_a_name_has_its_reading_among_its_initials(name: str, expected: str) -> None:
    assert expected in initials(name).split(" ")


def test_a_name_of_many_readings_stays_short() -> None:
    assert 1 < len(initials("长长长长长长长长").split(" ")) <= MAX_READINGS + 1


def test_nothing_gives_nothing() -> None:
    assert initials("") == ""
