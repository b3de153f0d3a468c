"""The states of a report until it becomes a case, and the transitions between them."""

from __future__ import annotations

from typing import Final

from core.i18n import N_
from store.schema import CLOSED_STATES

STATUSES: Final = {
    "new": N_("new report"),
    "assigned": N_("assigned"),
    "verifying": N_("being verified on site"),
    "confirmed": N_("violation confirmed"),
    "dismissed": N_("dismissed"),
    "done": N_("dealt with"),
}
OPEN_STATUSES: Final = tuple(state for state in STATUSES if state not in CLOSED_STATES)
TRANSITIONS: Final[dict[str, tuple[str, ...]]] = {
    "new": ("assigned", "verifying", "dismissed"),
    "assigned": ("verifying", "dismissed"),
    "verifying": ("confirmed", "dismissed"),
    "confirmed": ("done", "dismissed"),
    "dismissed": ("verifying",),
    "done": ("verifying",),
}


def next_statuses(status: str) -> tuple[str, ...]:
    """The allowed next states; from an unknown one of an older program, every open state."""
    return TRANSITIONS.get(status, OPEN_STATUSES)
