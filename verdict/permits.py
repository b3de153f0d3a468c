"""Permits at a place: a permit counts only where it covers the place, for its uses, while in force."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from facts import PermitHit, PlaceFacts, width_m
from geo import Location
from geo.measure import crossing_probability
from verdict.model import PermitState, PermitStatus, Step, round_metres
from verdict.shares import spread_to
from verdict.trace import step

BEST_FIRST: Final = ("inside", "not_sure", "exceeds", "other_use", "expired")
EXACT_M2: Final = 0.01  # under this the difference of two equal outlines is rounding


@dataclass(frozen=True, slots=True)
class PermitQuery:
    """What a permit must allow: a kind of zone, a category, a day.

    ``certain``: least probability that the place lies inside, for a point to count as covered.
    """

    kind: str
    category: str
    as_of: dt.date
    certain: float


def best_permit(
    location: Location, facts: PlaceFacts, query: PermitQuery
) -> tuple[PermitState | None, list[Step]]:
    """The most favourable permit, None where there is none, and a trace step for each one examined."""
    hits = [hit for hit in facts.permits if query.kind in hit.zone_kinds]
    states = [_state(location, facts, hit, query) for hit in hits]
    states.sort(key=lambda state: (BEST_FIRST.index(state.status), state.excess_m2, state.number))
    return (states[0] if states else None), [_step(state) for state in states]


def _state(location: Location, facts: PlaceFacts, hit: PermitHit, query: PermitQuery) -> PermitState:
    days = tuple(day.isoformat() if day else None for day in (hit.begins, hit.ends))
    excess = 0.0 if _is_noise(facts, hit) else round_metres(hit.excess_m2)
    status = _status(hit, query, excess)
    if status == "inside" and not _covers(location, facts, hit, query.certain):
        status = "not_sure"
    return PermitState(hit.number, hit.holder, status, excess, (days[0], days[1]))


def _status(hit: PermitHit, query: PermitQuery, excess: float) -> PermitStatus:
    day = query.as_of
    if not ((hit.begins is None or hit.begins <= day) and (hit.ends is None or day < hit.ends)):
        return "expired"
    if query.category not in hit.uses:
        return "other_use"
    return "exceeds" if excess > EXACT_M2 else "inside"


def _covers(location: Location, facts: PlaceFacts, hit: PermitHit, certain: float) -> bool:
    """Whether a point lies in the permitted area with probability ``certain``. True of footprints."""
    # a footprint's excess area was compared before; a point's distance to the border is all there is
    if location.footprint is not None:
        return True
    return crossing_probability(hit.edge_m, spread_to(location, facts, hit)) <= 1 - certain


def _is_noise(facts: PlaceFacts, hit: PermitHit) -> bool:
    """Whether the part outside the permit is a strip thinner than the accuracy of the permit's outline."""
    return width_m(hit.excess_m2, hit.excess_rim_m) < facts.source(hit.source_id).accuracy_m


def _step(state: PermitState) -> Step:
    return step(
        "permit.tried",
        number=state.number,
        permit=state.status,
        excess_m2=state.excess_m2,
        first=state.valid[0],
        last=state.valid[1],
    )
