"""Facts about a place: from a snapshot in memory where there is one, else from PostGIS, the reference."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core.settings import Settings
from facts.memory.cache import cache_folder
from facts.memory.facts import facts_in
from facts.memory.snapshot import Snapshot, SnapshotCache, snapshots_of
from facts.model import PlaceFacts
from facts.postgis import fetch_facts_of_days
from geo import Location

# an option of the engine: found from any session, without a global or an argument through every caller
MEMORY_OPTION: Final = "zhijie_memory"


class SnapshotSource(Protocol):
    """A source of current snapshots, such as ``facts.memory.background.SnapshotService``."""

    def at(self, day: dt.date) -> Snapshot | None:
        """The snapshot of a day; None while there is none."""


@dataclass(frozen=True, slots=True)
class Memory:
    """How sessions of one engine get snapshots.

    With ``live`` (a server), a day that is still being built has none, and PostGIS answers. Without it, a
    snapshot of what the session itself sees is built on demand.
    """

    cache: SnapshotCache
    live: SnapshotSource | None = None

    def on(self, session: Session, days: Sequence[dt.date]) -> dict[dt.date, Snapshot] | None:
        """A snapshot for each day; None where any is missing."""
        if self.live is None:
            return dict(zip(days, snapshots_of(session, days, self.cache), strict=True))
        # all days or none: the two engines must not answer for one verdict
        found = {day: self.live.at(day) for day in days}
        return None if None in found.values() else {day: snap for day, snap in found.items() if snap}


def memory_of(session: Session) -> Memory | None:
    """The memory of a session's engine; None where only PostGIS answers."""
    bind = session.get_bind()  # its options can be read without opening a connection
    memory: Memory | None = bind.get_execution_options().get(MEMORY_OPTION)
    return memory


def set_memory(engine: Engine, memory: Memory | None) -> None:
    """Set the memory that answers an engine's sessions; None: only PostGIS answers."""
    engine.update_execution_options(**{MEMORY_OPTION: memory})


def use_memory(engine: Engine, settings: Settings) -> Engine:
    """Give an engine a memory built on demand, where the settings ask for one; returns the engine.

    A server keeps its snapshots current in the background instead: see ``facts.memory.background``.
    """
    if settings.engine == "cells":
        set_memory(engine, Memory(SnapshotCache(cache_folder(settings))))
    return engine


def facts_of_days(
    session: Session,
    location: Location,
    days: tuple[dt.date, ...],
    source_ids: Iterable[int] | None = None,
) -> list[PlaceFacts]:
    """Facts about a place on each of several days, from memory or from PostGIS.

    ``source_ids``: dataset versions to use; None: the current ones. Both engines return equal facts.
    """
    # snapshots hold current versions only, so that a replay always asks PostGIS
    memory = memory_of(session) if source_ids is None else None
    snapshots = memory.on(session, tuple(dict.fromkeys(days))) if memory else None
    if snapshots is None:
        return fetch_facts_of_days(session, location, days, source_ids)
    # days of one snapshot share one object: the verdict compares facts by identity
    facts = {snap.key: facts_in(snap, location) for snap in {s.key: s for s in snapshots.values()}.values()}
    return [facts[snapshots[day].key] for day in days]


def fetch_facts(session: Session, location: Location, as_of: dt.date) -> PlaceFacts:
    """Facts about a place on one day, from the current dataset versions."""
    return facts_of_days(session, location, (as_of,))[0]
