"""Coordinates as people write them."""

from __future__ import annotations

import math

import pytest
from support.spellings import EXACT, OTHERS, SPELLINGS

from core.errors import BadInput
from geo.datum.degrees import parse_coordinate, read_coordinate


@pytest.mark.parametrize("text", SPELLINGS)
def test_every_usual_spelling_is_read(text: str) -> None:
    assert parse_coordinate(text) == pytest.approx(EXACT, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-75°30′", -75.5),
        ("75°30′W", -75.5),
        ("西经75°30′", -75.5),
        ("35°S", -35.0),
        ("38395764.25", 38395764.25),
        ("-0°30′", -0.5),
        ("1e5", 1e5),
        ("35°", 35.0),
    ],
)
def test_signs_hemispheres_and_metres(text: str, value: float) -> None:
    assert parse_coordinate(text) == pytest.approx(value)


@pytest.mark.parametrize("text", OTHERS)
def test_other_text_is_no_coordinate(text: str) -> None:
    assert parse_coordinate(text) is None
    with pytest.raises(BadInput) as refused:
        read_coordinate("lat", text)
    assert refused.value.field == "lat"
    assert "112°23′42″" in refused.value.hint_text("zh")


def test_what_is_not_finite_is_left_to_the_plausibility_checks() -> None:
    assert math.isnan(parse_coordinate("nan") or 0.0)
    assert parse_coordinate("inf") == math.inf
