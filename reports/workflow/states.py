"""The states of a report until it becomes a case, and how it may move between them."""

from __future__ import annotations

from typing import Final

from core.i18n import N_
from store.schema.datasets import CLOSED

STATUSES: Final = {
    "new": N_("new report"),
    "assigned": N_("given to somebody"),
    "verifying": N_("being verified on site"),
    "confirmed": N_("violation confirmed"),
    "dismissed": N_("dismissed"),
    "done": N_("dealt with"),
}
OPEN_STATUSES: Final = tuple(state for state in STATUSES if state not in CLOSED)
TRANSITIONS: Final[dict[str, tuple[str, ...]]] = {
    "new": ("assigned", "verifying", "dismissed"),
    "assigned": ("verifying", "dismissed"),
    "verifying": ("confirmed", "dismissed"),
    "confirmed": ("done", "dismissed"),
    "dismissed": ("verifying",),
    "done": ("verifying",),
}


def next_statuses(status: str) -> tuple[str, ...]:
    """Where a report may go from a state; from one that an older program wrote, to any that is open."""
    return TRANSITIONS.get(status, OPEN_STATUSES)
