"""The units responsible for a place: lead, chain above it, others, and the certainty of the lead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from facts import PlaceFacts, UnitHit, width_m
from geo import Location, contains
from geo.measure import length_m
from store.schema import LEVELS
from verdict.model import (
    Bilingual,
    Certainty,
    Jurisdiction,
    Link,
    Sliver,
    Step,
    UnitShare,
    round_metres,
    round_share,
)
from verdict.shares import (
    UnitShares,
    WeightedUnit,
    best_hits,
    crossing_probability,
    disagreements,
    hit_weight,
    is_sliver,
    join_levels,
    parent_weights,
    rank_shares,
    sigma_m,
    unit_weights,
    unmapped_units,
    weigh_units,
)
from verdict.thresholds import Thresholds
from verdict.trace import step


def decide(location: Location, facts: PlaceFacts, limits: Thresholds) -> tuple[Jurisdiction, list[Step]]:
    """The jurisdiction of a place, and the trace steps that explain it."""
    weighed = weigh_units(location, facts)
    weights = unit_weights(location, facts, weighed)
    divided = join_levels(weights, unmapped_units(facts), parent_weights(location, facts, weights))
    units = _units(divided, facts)
    outside = round_share(divided.outside)
    split = disagreements(facts, weighed)
    approximate = _approximate(facts, weighed)
    sure = not approximate and bool(units) and _lead_is_robust(location, units[0], facts, limits)
    certainty = "disputed" if split else _certainty(units, outside, limits, sure=sure)
    lead = None if certainty == "outside" else units[0]
    jurisdiction = Jurisdiction(
        certainty=certainty,
        lead=lead,
        chain=_chain(lead, facts),
        others=tuple(unit for unit in units if unit is not lead),
        noise=_noise(location, facts, lead),
        edge_distance_m=_edge(lead, facts),
        capped_by=tuple(approximate) if certainty == "probable" and units[0].share >= limits.certain else (),
    )
    steps = [
        *_share_steps(units, outside),
        *(step("unit.disagree", dataset=dataset, code=code) for dataset, code in sorted(split.items())),
        *_steps(jurisdiction, outside, approximate, limits),
    ]
    return jurisdiction, steps


def _units(divided: UnitShares, facts: PlaceFacts) -> list[UnitShare]:
    hits = {hit.code: hit for hit in facts.units}
    return [
        UnitShare(code, hits[code].name, hits[code].level, round_share(share))
        for code, share in rank_shares(divided.shares)
        if round_share(share) > 0
    ]


def _noise(location: Location, facts: PlaceFacts, lead: UnitShare | None) -> tuple[Sliver, ...]:
    """Parts of a footprint at the lead's level that are thinner than the layer's accuracy."""
    return tuple(
        Sliver(
            hit.code,
            hit.name,
            round_metres(hit.overlap_m2),
            round_metres(width_m(hit.overlap_m2, hit.overlap_rim_m)),
        )
        for hit in best_hits(facts)
        if lead is not None and hit.level == lead.level and is_sliver(location, facts, hit)
    )


def _certainty(units: list[UnitShare], outside: float, limits: Thresholds, *, sure: bool) -> Certainty:
    # all units together against the outside: a place shared by three units of a third each is not outside
    if outside > sum(unit.share for unit in units):
        return "outside"
    return limits.certainty(units[0].share, sure=sure)


def _lead_is_robust(location: Location, lead: UnitShare, facts: PlaceFacts, limits: Thresholds) -> bool:
    """Whether a footprint would keep its lead, with probability ``limits.certain``, if the border were wrong.

    True of points: their probability mass includes the border's error already.
    """
    if location.footprint is None:
        return True
    own = [hit for hit in best_hits(facts) if hit.code == lead.code and hit.edge_m is not None]
    return all(
        crossing_probability(_depth_m(location, facts, hit), sigma_m(location, facts, hit))
        <= 1 - limits.certain
        for hit in own
    )


def _depth_m(location: Location, facts: PlaceFacts, hit: UnitHit) -> float:
    """How far a border must be wrong before its unit loses the largest part of a footprint, at least, m.

    From a border beside the footprint: its distance. From one that crosses it: the way to the line that
    halves the area, taken as the part beyond one half times the mean width 2A/P, which is at most the true
    width.
    """
    if hit.edge_m or location.footprint is None:
        return hit.edge_m or 0.0
    beyond_half = hit_weight(location, facts, hit) - 0.5
    return max(0.0, beyond_half) * width_m(location.area_m2 or 0.0, length_m(location.footprint))


def _approximate(facts: PlaceFacts, weighed: Sequence[WeightedUnit]) -> list[Bilingual]:
    """Titles of the layers of the weighed units that are not official."""
    used = {hit.source_id for hit, weight in weighed if round_share(weight) > 0}
    return [source.title for source in facts.sources if source.id in used and not source.official]


def _edge(lead: UnitShare | None, facts: PlaceFacts) -> float | None:
    if lead is None:
        return None if facts.outside_m is None else round_metres(facts.outside_m)
    # edge_m of a point is known for units that cover it. A lead that does not cover it is beyond the border
    # of the unit of its level that does
    at_level = [hit for hit in facts.units if hit.level == lead.level and hit.edge_m is not None]
    own = [hit for hit in at_level if hit.code == lead.code] or at_level
    return round_metres(min(hit.edge_m or 0.0 for hit in own)) if own else None


def _chain(lead: UnitShare | None, facts: PlaceFacts) -> tuple[Link, ...]:
    if lead is None:
        return ()
    above = {hit.level: hit for hit in facts.units if contains(hit.code, lead.code)}
    links = [_link(above[level]) for level in LEVELS if level in above]
    cells = [cell for cell in facts.cells if contains(lead.code, cell.township)]
    return (*links, *(Link("grid_cell", c.code, c.name, c.worker, c.team) for c in cells[:1]))


def _link(hit: UnitHit) -> Link:
    return Link(hit.level, hit.code, hit.name)


def _share_steps(units: list[UnitShare], outside: float) -> Iterator[Step]:
    for unit in units:
        yield step("unit.share", name=unit.name, code=unit.code, level=unit.level, share=unit.share)
    yield step("unit.outside", share=outside)


def _steps(
    found: Jurisdiction, outside: float, approximate: list[Bilingual], limits: Thresholds
) -> Iterator[Step]:
    yield step(
        "unit.decided",
        code=found.lead.code if found.lead else None,
        share=found.lead.share if found.lead else outside,
        certainty=found.certainty,
        certain_share=limits.certain,
        disputed_share=limits.disputed,
    )
    for noise in found.noise:
        yield step("unit.sliver", **asdict(noise))
    for title in approximate:
        yield step("unit.capped", title=title)
    if found.edge_distance_m is not None:
        yield step("unit.edge", distance_m=found.edge_distance_m)
    yield from _chain_steps(found)


def _chain_steps(found: Jurisdiction) -> Iterator[Step]:
    if found.lead is None:
        return
    if all(link.level != "village" for link in found.chain):
        yield step("unit.no_village")
    cell = next((link for link in found.chain if link.level == "grid_cell"), None)
    yield step("grid.cell", code=cell.code, team=cell.team) if cell else step("grid.none")
