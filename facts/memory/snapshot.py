"""The store in memory: what is current on a span of days, with indexes, as one session sees it.

A snapshot is made of layers. Those whose versions and rows are the same are shared between snapshots, so that
another day, or a new version of one dataset, costs only what differs.
"""

from __future__ import annotations

import datetime as dt
import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from typing import Any, Final, TypeVar, cast

import numpy as np
from sqlalchemy.orm import Session

from facts.memory.cache import Read, SnapshotCache
from facts.memory.layer_codec import Areas
from facts.memory.queries import (
    GRID,
    PERMITS,
    UNITS,
    ZONES,
    Days,
    RowQuery,
    Version,
    fetch_changes,
    fetch_rows,
    fetch_versions,
)
from facts.model import CellHit, PermitHit, SourceRef
from geo.index.cell_index import Index, OverlapIndex
from geo.index.shapes import Floats, Shapes
from store.schema.datasets import LEVELS

__all__ = [
    "GridLayer",
    "PermitLayer",
    "Snapshot",
    "SnapshotCache",
    "UnitLayer",
    "UnitRow",
    "ZoneLayer",
    "ZoneRow",
    "snapshot_of",
    "versions_key",
]
DATED: Final = ("units", "zones", "grid")  # roles whose rows are filtered by the day
Changes = Mapping[int, Mapping[str, Days]]
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit. ``ends``: first day on which it is no more."""

    code: str
    name: str
    level: str
    ends: dt.date | None


@dataclass(frozen=True, slots=True)
class ZoneRow:
    """A zone. ``near_m``: how near its kind wants to be told of, 0 where it does not say."""

    source_id: int
    id: str
    kind: str
    grade: str | None
    name: str
    near_m: float = 0.0


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class UnitLayer:
    """The units of a level in one dataset version, by code."""

    source: SourceRef
    level: str
    rows: tuple[UnitRow, ...]
    shapes: Shapes
    index: Index
    _positions: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_positions", {row.code: n for n, row in enumerate(self.rows)})

    def position(self, code: str) -> int:
        """Where the unit of a code stands. Raises LookupError where there is none."""
        return self._positions[code]

    def find(self, code: str) -> UnitRow | None:
        """The unit of a code."""
        place = self._positions.get(code)
        return None if place is None else self.rows[place]

    def bounds(self) -> Floats:
        """West, south, east, north of each unit, (n, 4), degrees."""
        return self.shapes.bounds


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ZoneLayer:
    """The zones of all datasets together, by code and dataset version.

    ``accuracies``: 68 % error of each one's lines, metres. ``farthest_m``: the largest ``near_m``.
    """

    rows: tuple[ZoneRow, ...]
    shapes: Shapes
    index: OverlapIndex
    accuracies: Floats
    farthest_m: float


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class GridLayer:
    """The grid cells of all datasets together, by code."""

    rows: tuple[CellHit, ...]
    shapes: Shapes
    index: OverlapIndex


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PermitLayer:
    """The permits of all datasets together, by number and first day, in force or not."""

    rows: tuple[PermitHit, ...]
    shapes: Shapes
    index: OverlapIndex


@dataclass(frozen=True, slots=True)
class Span:
    """Days from ``begins`` on and before ``ends``; None: without a limit."""

    begins: dt.date | None = None
    ends: dt.date | None = None

    @classmethod
    def around(cls, day: dt.date, changes: Days) -> Span:
        """The days round one between which nothing changes. ``changes``: ascending."""
        after = bisect_right(changes, day)
        return cls(
            changes[after - 1] if after else None,
            changes[after] if after < len(changes) else None,
        )

    def __str__(self) -> str:
        return f"{self.begins or ''}..{self.ends or ''}"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Snapshot:
    """All that a verdict may ask of the store, on the days of a span. Equal keys mean equal content."""

    key: str
    begins: dt.date | None
    ends: dt.date | None
    sources: tuple[SourceRef, ...]
    units: tuple[UnitLayer, ...]
    zones: ZoneLayer | None
    cells: GridLayer | None
    permits: PermitLayer | None

    def covers(self, day: dt.date) -> bool:
        """Whether it tells of a day: no unit, zone or grid cell begins or ends between its days."""
        return (self.begins is None or self.begins <= day) and (self.ends is None or day < self.ends)


def versions_key(session: Session) -> str:
    """Changes whenever another version of any dataset becomes current."""
    return _digest(version.stamp for version in fetch_versions(session))


def snapshot_of(session: Session, day: dt.date, cache: SnapshotCache) -> Snapshot:
    """The store on a day, exactly as this session sees it now; one small query where the cache has it."""
    return snapshots_of(session, (day,), cache)[0]


def snapshots_of(session: Session, days: Sequence[dt.date], cache: SnapshotCache) -> list[Snapshot]:
    """The same on several days, with still one small query."""
    versions = fetch_versions(session)
    stamps = tuple(version.stamp for version in versions)
    dated = [version.ref.id for version in versions if version.ref.role in DATED]
    changes: Changes = cache.changes.get(stamps, lambda: fetch_changes(session, dated))
    every = sorted({change for parts in changes.values() for days in parts.values() for change in days})
    said = [json.dumps(asdict(v.ref), default=str) + json.dumps(dict(v.near)) for v in versions]
    found = []
    for day in days:
        span = Span.around(day, tuple(every))
        key = _digest([str(span), *stamps, *said])
        reader = _Reader(session, day, cache, versions, changes)
        found.append(cache.snapshots.get(key, lambda: reader.snapshot(key, span)))  # noqa: B023 - called here
    return found


def _digest(parts: Iterable[str]) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads what the cache does not have."""

    session: Session
    day: dt.date
    cache: SnapshotCache
    versions: Sequence[Version]
    changes: Changes

    def snapshot(self, key: str, span: Span) -> Snapshot:
        """All layers on the day."""
        sources = tuple(version.ref for version in self.versions)
        units = (self._units(version, level) for version in self._of_role("units") for level in LEVELS)
        return Snapshot(
            key=key,
            begins=span.begins,
            ends=span.ends,
            sources=sources,
            units=tuple(layer for layer in units if layer is not None),
            zones=self._zones(),
            cells=self._cells(),
            permits=self._permits(),
        )

    def _of_role(self, role: str) -> list[Version]:
        return [version for version in self.versions if version.ref.role == role]

    def _units(self, version: Version, level: str) -> UnitLayer | None:
        if level not in self.changes.get(version.ref.id, {}):
            return None
        key = f"unit {level} {self._dated(version, level)}"
        query = self._ask(UNITS, [version], level=level)
        found = self.cache.layer(key, "coverage", query, UnitRow)
        if found is None:
            return None
        if isinstance(found.index, OverlapIndex):
            self.cache.warn_once(
                f"{version.ref.dataset}: units of the level {level} overlap, or their borders do not match"
            )
        return UnitLayer(version.ref, level, found.rows, found.shapes, found.index)

    def _zones(self) -> ZoneLayer | None:
        found = self._together("zones", ZONES, ZoneRow)
        if found is None:
            return None
        near = self._near()
        rows = tuple(replace(row, near_m=near.get(row.kind) or 0.0) for row in found.rows)
        farthest = max(row.near_m for row in rows)
        of_lines = {version.ref.id: version.ref.accuracy_m for version in self.versions}
        accuracies = np.asarray([of_lines[row.source_id] for row in rows], dtype=np.float64)
        return ZoneLayer(rows, found.shapes, _overlaps(found), accuracies, farthest)

    def _near(self) -> dict[str, float]:
        """How near a zone of a kind is told of, metres, as the current versions say."""
        near: dict[str, float] = {}
        for version in self.versions:
            for kind, metres in version.near.items():
                near[kind] = max(metres, near.get(kind, 0.0))
        return near

    def _cells(self) -> GridLayer | None:
        found = self._together("grid", GRID, CellHit)
        return None if found is None else GridLayer(found.rows, found.shapes, _overlaps(found))

    def _permits(self) -> PermitLayer | None:
        found = self._together("permits", PERMITS, PermitHit)
        if found is None:
            return None
        rows = (replace(row, uses=tuple(row.uses), zone_kinds=tuple(row.zone_kinds)) for row in found.rows)
        return PermitLayer(tuple(rows), found.shapes, _overlaps(found))

    def _together(self, role: str, query: RowQuery, row: Callable[..., Row]) -> Areas[Row] | None:
        """The rows of all versions of a role in one layer."""
        versions = self._of_role(role)
        if not versions:
            return None
        key = " + ".join([role, *(self._dated(version, "") for version in versions)])
        return self.cache.layer(key, "overlaps", self._ask(query, versions), row)

    def _dated(self, version: Version, part: str) -> str:
        """Names a version's rows of the day."""
        span = Span.around(self.day, self.changes.get(version.ref.id, {}).get(part, ()))
        return f"{version.stamp} {span}"

    def _ask(self, query: RowQuery, versions: Sequence[Version], **more: str) -> Read:
        values = {"sources": [version.ref.id for version in versions], "day": self.day, **more}
        return lambda: fetch_rows(self.session, query, values)


def _overlaps(areas: Areas[Any]) -> OverlapIndex:
    return cast(OverlapIndex, areas.index)
