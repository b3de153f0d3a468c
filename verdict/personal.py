"""Names of people in a verdict: whom they are shown to, and how they are left out.

Stored verdicts keep them. Whoever tells a verdict over HTTP asks here; ``docs/access.md`` has the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:  # the words of an answer are told without the store, too
    from store import Identity, Reach

RIGHT: Final = "parcels"  # which shows the same holders on a parcel's card
NAMING: Final = ("jurisdiction", "conflicts")  # members of a verdict that name people
Json = Mapping[str, Any]


def reach_of_names(who: Identity) -> Reach:
    """Where an account is shown the names of permit holders and grid workers."""
    return who.reach(RIGHT)


def tellable(verdict: Json, names: Reach) -> dict[str, Any]:
    """A verdict's JSON form (at least ``NAMING``) as it may be told: with names where ``names`` covers it.

    The words of the result leave out what it leaves out.
    """
    if shows_names(verdict, names):
        return dict(verdict)
    jurisdiction = verdict["jurisdiction"]
    conflicts = [{**one, "permit": _without_holder(one.get("permit"))} for one in verdict["conflicts"]]
    chain = without_workers(jurisdiction["chain"])
    return {**verdict, "jurisdiction": {**jurisdiction, "chain": chain}, "conflicts": conflicts}


def shows_names(verdict: Json, names: Reach) -> bool:
    """Whether a verdict (its JSON form) is told with names: whether ``names`` covers its responsible unit."""
    lead = verdict["jurisdiction"]["lead"]
    return names.covers(lead and lead["code"])


def without_workers(rows: Iterable[Json]) -> list[dict[str, Any]]:
    """Links of a chain, or grid cells, without the names of workers."""
    return [{**row, "worker": None} if "worker" in row else dict(row) for row in rows]


def workers_within(cells: Iterable[Json], names: Reach) -> list[dict[str, Any]]:
    """Grid cells with the names of workers in the townships that ``names`` covers."""
    return [dict(cell) if names.covers(cell["township"]) else without_workers([cell])[0] for cell in cells]


def _without_holder(permit: Json | None) -> dict[str, Any] | None:
    return None if permit is None else {**permit, "holder": None}
