"""The parts of the decision, each with facts made by hand: no database."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, replace

import pytest
from shapely.geometry import Polygon, box, mapping

from core.settings import Settings
from facts.model import PermitHit, PlaceFacts, SourceRef, UnitHit, width_m
from facts.overlap import FootprintRuler
from geo.measure.geodesic import Plane
from geo.measure.probability import R68, R95, crossing_probability, spread_of
from geo.place.location import Location
from geo.unit_codes import contains, stem
from verdict.inquiry import Inquiry, Limits
from verdict.jurisdiction import decide
from verdict.permits import PermitQuery, best_permit
from verdict.shares import join_levels, rank_shares
from verdict.thresholds import DEFAULT
from verdict.wording.verdict import certainty_text

LON, LAT = 112.4, 35.6
PLANE = Plane(LON, LAT)
DAY = dt.date(2024, 5, 1)


def _source(id_: int, *, official: bool = True, accuracy_m: float = 1.0, role: str = "units") -> SourceRef:
    title = {"zh": f"图层{id_}", "en": f"layer {id_}"}
    return SourceRef(id_, f"layers/{id_}", "v", role, title, official, accuracy_m, "", (), None, "c")


def _area(west: float, south: float, east: float, north: float) -> Polygon:
    """A rectangle in metres from the point, in degrees."""
    kx, ky = PLANE.kx, PLANE.ky
    return box(LON + west / kx, LAT + south / ky, LON + east / kx, LAT + north / ky)


def _unit(code: str, source_id: int, area: Polygon, *, edge_m: float = 0.0) -> UnitHit:
    covers = area.covers(_point())
    return UnitHit(source_id, code, f"乡{code}", "township", edge_m, None, covers, (area,))


def _point() -> Polygon:
    return box(LON, LAT, LON, LAT).centroid


def _facts(
    sources: list[SourceRef], units: list[UnitHit], permits: list[PermitHit] | None = None
) -> PlaceFacts:
    return PlaceFacts(tuple(sources), tuple(units), (), (), tuple(permits or ()), None)


def _by_a_border(distance_m: float, accuracy_m: float) -> tuple[Location, PlaceFacts]:
    """A point so far east of a long straight border between two townships."""
    west, east = _area(-90_000, -90_000, -distance_m, 90_000), _area(-distance_m, -90_000, 90_000, 90_000)
    units = [_unit("140522100", 1, west), _unit("140522200", 1, east, edge_m=distance_m)]
    return Location.from_point(LON, LAT, accuracy_m=accuracy_m), _facts([_source(1)], units)


def test_a_share_near_a_straight_border_is_that_of_the_normal_distribution() -> None:
    location, facts = _by_a_border(10.0, 12.0)
    found, _ = decide(location, facts, DEFAULT)
    spread = spread_of(12.0, 1.0)
    assert found.lead is not None
    assert found.lead.code == "140522200"
    assert found.lead.share == pytest.approx(1 - crossing_probability(10.0, spread), abs=1e-5)


@pytest.mark.parametrize(
    ("distance_m", "accuracy_m", "certainty"),
    [(100, 12, "certain"), (10, 12, "probable"), (0.5, 12, "disputed")],
)
def test_certainty_follows_distance(distance_m: float, accuracy_m: float, certainty: str) -> None:
    found, _ = decide(*_by_a_border(distance_m, accuracy_m), DEFAULT)
    assert found.certainty == certainty


def test_exactly_on_a_border_without_any_error_the_lower_code_leads() -> None:
    location, facts = _by_a_border(0.0, 0.0)
    facts = replace(facts, sources=(_source(1, accuracy_m=0.0),))
    found, _ = decide(location, facts, DEFAULT)
    assert found.lead is not None
    assert (found.lead.code, found.lead.share, found.certainty) == ("140522100", 0.5, "disputed")


def test_two_official_layers_that_disagree_make_it_disputed() -> None:
    here = _area(-90_000, -90_000, 90_000, 90_000)
    units = [_unit("140522100", 1, here, edge_m=9e4), _unit("140522200", 2, here, edge_m=9e4)]
    found, steps = decide(Location.from_point(LON, LAT), _facts([_source(1), _source(2)], units), DEFAULT)
    assert found.certainty == "disputed"
    assert {step.numbers["code"] for step in steps if step.rule == "unit.disagree"} == {
        "140522100",
        "140522200",
    }


def test_an_official_layer_silences_an_approximate_one() -> None:
    here = _area(-90_000, -90_000, 90_000, 90_000)
    units = [_unit("140522100", 1, here, edge_m=9e4), _unit("140522200", 2, here, edge_m=9e4)]
    sources = [_source(1, official=False), _source(2)]
    found, _ = decide(Location.from_point(LON, LAT), _facts(sources, units), DEFAULT)
    assert found.lead is not None
    assert (found.lead.code, found.certainty) == ("140522200", "certain")


def _over_a_rough_county(distance_m: float) -> tuple[Location, PlaceFacts]:
    """An official township over a county whose lines are good to 3 km, so far from the township's border."""
    township, county = _area(-distance_m, -5000, 9000, 5000), _area(-distance_m, -5000, 9000, 5000)
    units = [
        replace(_unit("140522", 1, county, edge_m=distance_m), level="county"),
        _unit("140522200", 2, township, edge_m=distance_m),
    ]
    sources = [_source(1, official=False, accuracy_m=3000.0), _source(2, accuracy_m=2.0)]
    return Location.from_point(LON, LAT, accuracy_m=5.0), _facts(sources, units)


def test_a_rough_county_does_not_cap_its_official_township() -> None:
    found, steps = decide(*_over_a_rough_county(500.0), DEFAULT)
    assert found.lead is not None
    assert (found.lead.code, found.certainty, found.lead.share) == ("140522200", "certain", 1.0)
    assert found.ignored == ({"zh": "图层1", "en": "layer 1"},)
    assert [link.level for link in found.chain] == ["county", "township"]
    assert [step.numbers["title"]["en"] for step in steps if step.rule == "unit.ignored"] == ["layer 1"]
    told = certainty_text(json.loads(json.dumps(asdict(found))), "zh")
    assert "有官方图层可用，未采用：图层1" in told


def test_a_rough_county_counts_where_the_township_is_not_certain() -> None:
    found, _ = decide(*_over_a_rough_county(8.0), DEFAULT)
    assert found.certainty != "certain"
    assert found.ignored == ()


@pytest.mark.parametrize(("official", "accuracy_m"), [(False, 2.0), (False, 90_000.0), (True, 2.0)])
def test_a_full_share_that_is_not_certain_says_by_which_layer(official: bool, accuracy_m: float) -> None:
    """A share that is not full, or is certain, has no such layer."""
    here = _area(-5000, -5000, 5000, 5000)
    units = [_unit("140522200", 1, here, edge_m=5e3)]
    source = _source(1, official=official, accuracy_m=accuracy_m)
    found, _ = decide(Location.from_point(LON, LAT), _facts([source], units), DEFAULT)
    told = certainty_text(json.loads(json.dumps(asdict(found))), "zh")
    capped = not official and accuracy_m < 100
    assert found.capped_by == ((source.title,) if capped else ())
    assert (f"因下列图层不是官方数据，不判为确定：{source.title['zh']}" in told) == capped


def _across(width_m: float, overhang_m: float, accuracy_m: float) -> tuple[Location, PlaceFacts]:
    """A yard 20 m deep that reaches so far over the straight border of two townships."""
    yard = _area(-overhang_m, -10, width_m - overhang_m, 10)
    location = Location.from_footprint(mapping(yard))
    units = [
        UnitHit(
            1,
            code,
            "乡",
            "township",
            0.0,
            overlap_m2=part * 20,
            overlap_rim_m=2 * (part + 20),
            pieces=(area,),
        )
        for code, part, area in (
            ("140522100", overhang_m, _area(-900, -900, 0, 900)),
            ("140522200", width_m - overhang_m, _area(0, -900, 900, 900)),
        )
    ]
    facts = _facts([_source(1, accuracy_m=accuracy_m)], units)
    return location, replace(facts, ruler=FootprintRuler(location))


def test_a_barn_half_across_a_border_is_never_certain() -> None:
    """15 m wide, 8 m of it in one township and 7 m in the other, under lines exact to 5 m.

    The lead is lost where the line is wrong by half a metre.
    """
    found, _ = decide(*_across(15.0, 7.0, 5.0), DEFAULT)
    assert found.lead is not None
    assert (found.lead.code, found.certainty) == ("140522200", "disputed")
    assert found.lead_probability == pytest.approx(1 - crossing_probability(0.5, spread_of(0, 5)), abs=2e-3)
    assert found.lead.share == pytest.approx(8 / 15, abs=5e-3)


@pytest.mark.parametrize(
    ("overhang_m", "certainty"), [(0.5, "certain"), (10.0, "certain"), (17.5, "probable"), (19.7, "disputed")]
)
def test_a_footprint_across_a_border_is_certain_where_its_largest_part_is(
    overhang_m: float, certainty: str
) -> None:
    """Half of the yard is 20 m, and its lines are exact to 2 m."""
    found, steps = decide(*_across(40.0, overhang_m, 2.0), DEFAULT)
    assert found.certainty == certainty
    expected = 1 - crossing_probability(20.0 - overhang_m, spread_of(0, 2))
    assert found.lead_probability == pytest.approx(expected, abs=2e-3)
    assert [unit.share for unit in found.others] == pytest.approx([overhang_m / 40], abs=0.015)
    assert [step.numbers["share"] for step in steps if step.rule == "unit.leads"] == [found.lead_probability]


def test_the_width_of_a_strip_is_twice_its_area_over_its_perimeter() -> None:
    assert width_m(1000.0, 2002.0) == pytest.approx(1.0, abs=2e-3)
    assert width_m(0.0, 0.0) == 0.0


def test_a_95_percent_radius_of_a_channel_is_brought_to_68() -> None:
    limits = Limits.of(Settings(r95_channels="survey, gnss"))
    inquiry = Inquiry("other", LON, LAT, accuracy_m=10.0, channel="gnss")
    assert inquiry.location(limits).accuracy_m == pytest.approx(10.0 * R68 / R95)
    assert replace(inquiry, channel="app").location(limits).accuracy_m == 10.0


def _permit(**changes: object) -> PermitHit:
    hit = PermitHit(
        9,
        "许2023-1",
        "示例农场",
        ("livestock_farm",),
        ("forest_land",),
        dt.date(2023, 1, 1),
        dt.date(2025, 1, 1),
    )
    return replace(hit, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "inside"),
        ({"excess_m2": 20.0, "excess_rim_m": 18.0}, "exceeds"),
        (
            {"excess_m2": 20.0, "excess_rim_m": 400.0},
            "inside",
        ),  # a strip of 0.1 m, the outline is good to 0.5
        ({"ends": DAY}, "expired"),
        ({"begins": dt.date(2024, 5, 2)}, "expired"),
        ({"uses": ("tomb",)}, "other_use"),
    ],
)
def test_a_permit_covers_only_what_it_covers(changes: dict[str, object], status: str) -> None:
    facts = _facts([_source(9, accuracy_m=0.5, role="permits")], [], [_permit(**changes)])
    yard = Location.from_footprint(mapping(_area(-10, -10, 10, 10)))
    state, steps = best_permit(yard, facts, PermitQuery("forest_land", "livestock_farm", DAY, 0.995))
    assert state is not None
    assert state.status == status
    assert len(steps) == 1
    other = PermitQuery("nature_reserve", "livestock_farm", DAY, 0.995)
    assert best_permit(yard, facts, other) == (None, [])


@pytest.mark.parametrize(("edge_m", "status"), [(5.0, "not_sure"), (100.0, "inside")])
def test_a_point_must_be_surely_in_the_permitted_area(edge_m: float, status: str) -> None:
    facts = _facts([_source(9, accuracy_m=0.5, role="permits")], [], [_permit(edge_m=edge_m)])
    point = Location.from_point(LON, LAT, accuracy_m=12.0)
    state, _ = best_permit(point, facts, PermitQuery("forest_land", "livestock_farm", DAY, 0.995))
    assert state is not None
    assert state.status == status


def test_levels_join_from_the_top() -> None:
    weights = {"county": {"140521": 0.9, "140522": 0.1}, "township": {"140521100": 0.5, "140522100": 0.3}}
    division = join_levels(weights)
    assert division.shares == pytest.approx({"140521100": 0.9, "140522100": 0.1})
    assert division.outside == pytest.approx(0.0)
    assert join_levels({}).outside == 1.0


def test_equal_shares_are_ranked_by_code() -> None:
    assert [code for code, _ in rank_shares({"b": 0.5, "a": 0.5, "c": 0.6})] == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("ancestor", "code", "is_it"),
    [
        ("140500", "140522201", True),
        ("140000", "140522", True),
        ("140522", "140522201", True),
        ("140522201", "140522201", True),
        ("140521", "140522201", False),
        ("140522201", "140522", False),
        ("140522200", "140522201", False),
    ],
)
def test_a_prefix_is_an_ancestor(ancestor: str, code: str, is_it: bool) -> None:
    assert contains(ancestor, code) is is_it
    assert contains(ancestor, ancestor)
    assert code.startswith(stem(ancestor)) is is_it
