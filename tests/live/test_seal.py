"""Sealed numbers of steps: opened by whom has the key, forged by nobody, another text each time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from live.seal import SEALED_LENGTH, Seal

SEAL = Seal(b"k" * 32)


@given(st.integers(0, 2**63 - 1))
def test_a_number_comes_back(step: int) -> None:
    hidden = SEAL.hide(step)
    assert SEAL.show(hidden) == step
    assert len(hidden) == SEALED_LENGTH
    assert hidden != SEAL.hide(step)


@given(st.integers(0, 2**40), st.integers(0, SEALED_LENGTH - 1), st.sampled_from("AZaz09-_"))
def test_a_changed_text_is_refused(step: int, at: int, letter: str) -> None:
    hidden = SEAL.hide(step)
    changed = hidden[:at] + letter + hidden[at + 1 :]
    try:
        assert SEAL.show(changed) == step  # the same bytes: the last character holds two bits too many
    except BadInput:
        return
    assert changed[:-1] == hidden[:-1]


@pytest.mark.parametrize(
    "text",
    ["", "4711", "A" * SEALED_LENGTH, "=" * 27, "号" * 27, Seal(b"x").hide(7)],
    ids=["empty", "plain number", "letters", "padding", "wide", "another key"],
)
def test_what_is_none_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        SEAL.show(text)
    assert refused.value.field == "after"


def test_marks_are_of_their_values_and_of_the_key() -> None:
    assert SEAL.mark(1, "a") == SEAL.mark(1, "a")
    assert len({SEAL.mark(1, "a"), SEAL.mark(2, "a"), SEAL.mark(1, "b"), Seal(b"x").mark(1, "a")}) == 4
