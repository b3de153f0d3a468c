"""An omitted accuracy never means 0: the channel's default is assumed, and said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from core.errors import BadInput
from core.settings import CHANNEL_ACCURACIES, Settings
from verdict.channels import CHANNELS, channel_name, default_accuracy_m, parse_accuracies
from verdict.inquiry import Inquiry, Limits
from verdict.wording.verdict import place_text

LIMITS = Limits.of(Settings())
SPOT = Inquiry("other", 112.395, 35.625)
RING = [[112.394, 35.624], [112.396, 35.624], [112.396, 35.626], [112.394, 35.626], [112.394, 35.624]]
SQUARE: dict[str, Any] = {"type": "Polygon", "coordinates": [RING]}
SITE = Inquiry("other", footprint=SQUARE)


@pytest.mark.parametrize("inquiry", [SPOT, SITE], ids=["point", "footprint"])
@pytest.mark.parametrize(
    ("channel", "metres"),
    [("phone", 15.0), ("drone_rtk", 1.0), ("drone", 5.0), ("map", 20.0), ("file", 10.0)],
)
def test_an_omitted_accuracy_is_the_channel_s(inquiry: Inquiry, channel: str, metres: float) -> None:
    place = replace(inquiry, channel=channel).location(LIMITS)
    assert (place.accuracy_m, place.assumed_from) == (metres, channel)
    told = place.as_dict()
    assert (told["accuracy_m"], told["accuracy_given"], told["assumed_from"]) == (metres, False, channel)


@pytest.mark.parametrize("inquiry", [SPOT, SITE], ids=["point", "footprint"])
@pytest.mark.parametrize("stated", [0.0, 7.5])
def test_an_accuracy_that_is_stated_is_kept_and_0_stays_0(inquiry: Inquiry, stated: float) -> None:
    told = replace(inquiry, accuracy_m=stated, channel="phone").location(LIMITS).as_dict()
    assert (told["accuracy_m"], told["accuracy_given"], told["assumed_from"]) == (stated, True, None)


def test_a_channel_that_is_not_listed_gets_the_most_cautious() -> None:
    assert replace(SPOT, channel="hotline_12345").location(LIMITS).accuracy_m == 20.0
    few = Limits.of(Settings(channel_accuracies="phone=3, other = 250"))
    assert replace(SPOT, channel="map").location(few).accuracy_m == 250.0
    assert default_accuracy_m(few.accuracies, "phone") == 3.0


def test_a_default_is_a_68_percent_radius_whatever_the_channel_states() -> None:
    limits = Limits.of(Settings(r95_channels="phone"))
    assert replace(SPOT, channel="phone").location(limits).accuracy_m == 15.0
    assert replace(SPOT, channel="phone", accuracy_m=15.0).location(limits).accuracy_m < 10.0


@pytest.mark.parametrize(
    "text", ["", " , ", "phone", "phone=", "=5", "phone=-1", "phone=nan", "phone=5;map=9"]
)
def test_a_setting_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        Limits.of(Settings(channel_accuracies=text))
    assert refused.value.field == "ZHIJIE_CHANNEL_ACCURACIES"
    assert "phone=15" in refused.value.hint_text("zh")


def test_every_channel_of_the_setting_has_a_name_in_both_languages() -> None:
    listed = {name for name, _ in parse_accuracies(CHANNEL_ACCURACIES)}
    assert listed == set(CHANNELS)
    for name in listed:
        told = channel_name(name)
        assert told["zh"] != told["en"]
    assert channel_name("hotline") == {"zh": "hotline", "en": "hotline"}


def test_the_words_say_what_was_assumed() -> None:
    told = replace(SPOT, channel="phone").location(LIMITS).as_dict()
    assert "未给出位置误差，按渠道“电话”的默认值 15 米计" in place_text(told, "zh")
    assert "no position error given: the default of the channel “telephone”, 15 m, is taken" in place_text(
        told, "en"
    )
    stated = replace(SPOT, accuracy_m=15.0).location(LIMITS).as_dict()
    assert "未给出" not in place_text(stated, "zh")
    older = {name: value for name, value in stated.items() if name not in ("accuracy_given", "assumed_from")}
    assert place_text(older, "zh") == place_text(stated, "zh")


@pytest.mark.parametrize("place", [{"lon": 112.395, "lat": 35.625}, {"footprint": SQUARE}])
def test_a_check_says_it_in_location_words_and_trace(client: TestClient, place: dict[str, Any]) -> None:
    asked = {**place, "category": "livestock_farm", "channel": "phone"}
    told = client.post("/api/check", json=asked).json()
    assert told["verdict"]["location"]["accuracy_m"] == 15.0
    assert told["verdict"]["location"]["accuracy_given"] is False
    line = next(line["text"] for line in told["words"]["lines"] if line["label"] == "位置")
    assert "未给出位置误差，按渠道“电话”的默认值 15 米计" in line
    assert "未给出位置误差，按渠道“电话”的默认值 15.0 米计" in told["verdict"]["trace"][0]["words"]
    stated = client.post("/api/check", json={**asked, "accuracy_m": 0}).json()["verdict"]
    assert (stated["location"]["accuracy_m"], stated["location"]["accuracy_given"]) == (0.0, True)
    assert stated["trace"][0]["rule"] in ("location.point", "location.footprint")


def test_the_units_of_a_point_take_its_accuracy(client: TestClient) -> None:
    where = {"lon": 112.395, "lat": 35.625}
    told = client.get("/api/units/at", params=where).json()["location"]
    assert (told["accuracy_m"], told["assumed_from"]) == (15.0, "api")
    stated = client.get("/api/units/at", params=where | {"accuracy_m": 3}).json()["location"]
    assert (stated["accuracy_m"], stated["accuracy_given"]) == (3.0, True)


def test_a_batch_says_what_it_assumed(client: TestClient) -> None:
    asked = {"category": "livestock_farm", "points": [[112.395, 35.625], None]}
    told = client.post("/api/check/batch", json=asked).json()
    assert (told["assumed_accuracy"], told["default_accuracy_m"]) == (1, 15.0)
    stated = client.post("/api/check/batch", json={**asked, "accuracy_m": 15}).json()
    assert (stated["assumed_accuracy"], stated["rows"]) == (0, told["rows"])
    exact = client.post("/api/check/batch", json={**asked, "accuracy_m": 0}).json()
    assert (exact["assumed_accuracy"], exact["default_accuracy_m"]) == (0, 0.0)
