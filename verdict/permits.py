"""What a permit does for a place: it allows only what it covers, for its use, while it is in force."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from facts.model import PermitHit, PlaceFacts, width_m
from geo.place.location import Location
from verdict.model import PermitState, PermitStatus, Step, metres
from verdict.shares import crossing_probability, sigma_m
from verdict.trace import step

ORDER: Final = ("inside", "not_sure", "exceeds", "other_use", "expired")
EXACT_M2: Final = 0.01  # under this the difference of two equal outlines is rounding


@dataclass(frozen=True, slots=True)
class Sought:
    """What a permit is sought for: a kind of zone, a matter, a day. ``certain``: the chance it takes."""

    kind: str
    category: str
    as_of: dt.date
    certain: float


def best_permit(
    location: Location, facts: PlaceFacts, sought: Sought
) -> tuple[PermitState | None, list[Step]]:
    """The permit that does most for a matter in a kind of zone, and a step for each one tried."""
    hits = [hit for hit in facts.permits if sought.kind in hit.zone_kinds]
    states = [_state(location, facts, hit, sought) for hit in hits]
    states.sort(key=lambda state: (ORDER.index(state.status), state.excess_m2, state.number))
    return (states[0] if states else None), [_step(state) for state in states]


def _state(location: Location, facts: PlaceFacts, hit: PermitHit, sought: Sought) -> PermitState:
    days = tuple(day.isoformat() if day else None for day in (hit.begins, hit.ends))
    excess = 0.0 if _is_noise(facts, hit) else metres(hit.excess_m2)
    status = _status(hit, sought, excess)
    if status == "inside" and not _covers(location, facts, hit, sought.certain):
        status = "not_sure"
    return PermitState(hit.number, hit.holder, status, excess, (days[0], days[1]))


def _status(hit: PermitHit, sought: Sought, excess: float) -> PermitStatus:
    day = sought.as_of
    if not ((hit.begins is None or hit.begins <= day) and (hit.ends is None or day < hit.ends)):
        return "expired"
    if sought.category not in hit.uses:
        return "other_use"
    return "exceeds" if excess > EXACT_M2 else "inside"


def _covers(location: Location, facts: PlaceFacts, hit: PermitHit, certain: float) -> bool:
    """Whether a point is surely in the permitted area. (Of a footprint the excess has told.)"""
    if location.footprint is not None:
        return True
    return crossing_probability(hit.edge_m, sigma_m(location, facts, hit)) <= 1 - certain


def _is_noise(facts: PlaceFacts, hit: PermitHit) -> bool:
    """Whether what lies beyond the permit is thinner than the permit's outline is accurate."""
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
