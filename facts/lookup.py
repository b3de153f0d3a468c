"""Facts about a place: from the store in memory where that is there, else from PostGIS, the referee."""

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
from geo.place.location import Location

OPTION: Final = "zhijie_memory"


class SnapshotSource(Protocol):
    """Snapshots that somebody else keeps in step with the store."""

    def at(self, day: dt.date) -> Snapshot | None:
        """The store on a day; None while it is being made."""


@dataclass(frozen=True, slots=True)
class Memory:
    """The store in memory of one engine.

    With ``live``, a server's, what is being rebuilt is not there, and PostGIS is asked; else a session's own
    view of the store is built on demand.
    """

    cache: SnapshotCache
    live: SnapshotSource | None = None

    def on(self, session: Session, days: Sequence[dt.date]) -> dict[dt.date, Snapshot] | None:
        """The store on some days, as this session sees it; None where that is not there for all of them."""
        if self.live is None:
            return dict(zip(days, snapshots_of(session, days, self.cache), strict=True))
        found = {day: self.live.at(day) for day in days}
        return None if None in found.values() else {day: snap for day, snap in found.items() if snap}


def memory_of(session: Session) -> Memory | None:
    """The memory of a session's engine; None where PostGIS alone answers."""
    bind = session.get_bind()  # of which the options are read without a connection
    memory: Memory | None = bind.get_execution_options().get(OPTION)
    return memory


def set_memory(engine: Engine, memory: Memory | None) -> None:
    """Let sessions of an engine be answered from memory; None: by PostGIS alone."""
    engine.update_execution_options(**{OPTION: memory})


def use_memory(engine: Engine, settings: Settings) -> Engine:
    """Let an engine's sessions be answered from memory, built on demand, where the settings say so.

    Returns the same engine. A server keeps its memory in step instead: see ``facts.memory.background``.
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
    """Facts about a place on several days; of the dataset versions ``source_ids``, or the current ones."""
    memory = memory_of(session) if source_ids is None else None
    snapshots = memory.on(session, tuple(dict.fromkeys(days))) if memory else None
    if snapshots is not None:
        return _facts(snapshots, location, days)
    return fetch_facts_of_days(session, location, days, source_ids)


def _facts(
    snapshots: dict[dt.date, Snapshot], location: Location, days: tuple[dt.date, ...]
) -> list[PlaceFacts]:
    """Days of one snapshot are asked once."""
    facts = {snap.key: facts_in(snap, location) for snap in {s.key: s for s in snapshots.values()}.values()}
    return [facts[snapshots[day].key] for day in days]


def fetch_facts(session: Session, location: Location, as_of: dt.date) -> PlaceFacts:
    """The same on one day."""
    return facts_of_days(session, location, (as_of,))[0]
