"""The units responsible for a place: lead, chain above it, others, and the certainty of the lead."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from facts import PlaceFacts, UnitHit
from geo import Location, contains
from store.schema import LEVELS
from verdict.model import (
    Bilingual,
    Certainty,
    Jurisdiction,
    Link,
    Step,
    UnitShare,
    round_metres,
    round_share,
)
from verdict.shares import (
    UnitShares,
    WeightedUnit,
    disagreements,
    join_levels,
    lead_probability,
    parent_weights,
    rank_shares,
    unit_weights,
    unmapped_units,
    weigh_units,
)
from verdict.thresholds import Thresholds
from verdict.trace import step


def decide(location: Location, facts: PlaceFacts, limits: Thresholds) -> tuple[Jurisdiction, list[Step]]:
    """The jurisdiction of a place, and the trace steps that explain it."""
    found = weigh_units(location, facts, limits.certain)
    weighed = found.counted
    weights = unit_weights(weighed)
    divided = join_levels(weights, unmapped_units(facts), parent_weights(location, facts, weighed, weights))
    units = _units(divided, facts)
    outside = round_share(divided.outside)
    split = disagreements(facts, weighed)
    approximate = _approximate(facts, weighed)
    leads = _lead_probability(location, facts, weighed, units)
    certainty = "disputed" if split else _certainty(units, outside, limits, leads, sure=not approximate)
    lead = None if certainty == "outside" else units[0]
    chance = units[0].share if units and leads is None else leads
    capped = certainty == "probable" and chance is not None and chance >= limits.certain
    jurisdiction = Jurisdiction(
        certainty=certainty,
        lead=lead,
        chain=_chain(lead, facts),
        others=tuple(unit for unit in units if unit is not lead),
        edge_distance_m=_edge(lead, facts),
        capped_by=approximate if capped else (),
        lead_probability=None if lead is None else leads,
        ignored=_titles(facts, {hit.source_id for hit in found.ignored}),
    )
    steps = [
        *_share_steps(units, outside),
        *(step("unit.disagree", dataset=dataset, code=code) for dataset, code in sorted(split.items())),
        *_steps(jurisdiction, outside, approximate, limits),
    ]
    return jurisdiction, steps


def _lead_probability(
    location: Location, facts: PlaceFacts, weighed: Sequence[WeightedUnit], units: Sequence[UnitShare]
) -> float | None:
    """Probability that the first unit holds the largest part of a footprint; None for a point."""
    if not units:
        return None
    found = lead_probability(location, facts, weighed, (units[0].level, units[0].code))
    return None if found is None else round_share(found)


def _units(divided: UnitShares, facts: PlaceFacts) -> list[UnitShare]:
    hits = {hit.code: hit for hit in facts.units}
    return [
        UnitShare(code, hits[code].name, hits[code].level, round_share(share))
        for code, share in rank_shares(divided.shares)
        if round_share(share) > 0
    ]


def _certainty(
    units: list[UnitShare], outside: float, limits: Thresholds, leads: float | None, *, sure: bool
) -> Certainty:
    # all units together against the outside: a place shared by three units of a third each is not outside
    if outside > sum(unit.share for unit in units):
        return "outside"
    return limits.certainty(units[0].share if leads is None else leads, sure=sure)


def _approximate(facts: PlaceFacts, weighed: Sequence[WeightedUnit]) -> tuple[Bilingual, ...]:
    """Titles of the layers of the weighed units that are not official."""
    used = {hit.source_id for hit, weight in weighed if round_share(weight) > 0}
    return _titles(facts, {id_ for id_ in used if not facts.source(id_).official})


def _titles(facts: PlaceFacts, sources: Collection[int]) -> tuple[Bilingual, ...]:
    # in the order of the datasets: that of ids is the order of loading
    return tuple(source.title for source in facts.sources if source.id in sources)


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
    found: Jurisdiction, outside: float, approximate: Sequence[Bilingual], limits: Thresholds
) -> Iterator[Step]:
    yield step(
        "unit.decided",
        code=found.lead.code if found.lead else None,
        share=found.lead.share if found.lead else outside,
        certainty=found.certainty,
        certain_share=limits.certain,
        disputed_share=limits.disputed,
    )
    if found.lead is not None and found.lead_probability is not None:
        yield step("unit.leads", code=found.lead.code, share=found.lead_probability)
    for title in found.ignored:
        yield step("unit.ignored", title=title)
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
