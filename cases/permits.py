"""What a permit does for a place: it allows only what it covers, for its use, while it is in force."""

from __future__ import annotations

import datetime as dt
from typing import Final

from cases.trace import step
from cases.value import PermitState, PermitStatus, Step, metres
from geo.facts import PermitHit, PlaceFacts, width_m

ORDER: Final = ("inside", "exceeds", "other_use", "expired")
EXACT_M2: Final = 0.01  # under this the difference of two equal outlines is rounding


def best_permit(
    facts: PlaceFacts, kind: str, category: str, as_of: dt.date
) -> tuple[PermitState | None, list[Step]]:
    """The permit that does most for a matter in a kind of zone, and a step for each one tried."""
    states = [_state(facts, hit, category, as_of) for hit in facts.permits if kind in hit.zone_kinds]
    states.sort(key=lambda state: (ORDER.index(state.status), state.excess_m2, state.number))
    return (states[0] if states else None), [_step(state) for state in states]


def _state(facts: PlaceFacts, hit: PermitHit, category: str, as_of: dt.date) -> PermitState:
    days = tuple(day.isoformat() if day else None for day in (hit.begins, hit.ends))
    excess = 0.0 if _is_noise(facts, hit) else metres(hit.excess_m2)
    return PermitState(
        hit.number, hit.holder, _status(hit, category, as_of, excess), excess, (days[0], days[1])
    )


def _status(hit: PermitHit, category: str, as_of: dt.date, excess: float) -> PermitStatus:
    if not ((hit.begins is None or hit.begins <= as_of) and (hit.ends is None or as_of < hit.ends)):
        return "expired"
    if category not in hit.uses:
        return "other_use"
    return "exceeds" if excess > EXACT_M2 else "inside"


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
