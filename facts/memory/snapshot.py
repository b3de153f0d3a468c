"""Snapshots: the data current on a span of days, in memory with indexes, as one session sees them.

A snapshot is made of layers. Snapshots share the layers whose versions and rows are equal, so that another
day, or a new version of one dataset, costs only what differs.
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
from geo import OverlapIndex
from geo.index import Floats, Index, Shapes
from store.schema import LEVELS

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
    """A unit. ``ends``: first day on which it no longer exists."""

    code: str
    name: str
    level: str
    ends: dt.date | None


@dataclass(frozen=True, slots=True)
class ZoneRow:
    """A zone. ``near_m``: notice distance of its kind, metres, 0 where it has none."""

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
        """Position of the unit with a code. Raises LookupError where there is none."""
        return self._positions[code]

    def find(self, code: str) -> UnitRow | None:
        """The unit with a code; None where there is none."""
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
    """Days from ``begins`` to before ``ends``; None: no limit."""

    begins: dt.date | None = None
    ends: dt.date | None = None

    @classmethod
    def around(cls, day: dt.date, changes: Days) -> Span:
        """The longest span around a day without a change in it. ``changes``: days, ascending."""
        after = bisect_right(changes, day)
        return cls(
            changes[after - 1] if after else None,
            changes[after] if after < len(changes) else None,
        )

    def __str__(self) -> str:
        return f"{self.begins or ''}..{self.ends or ''}"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Snapshot:
    """All facts that a verdict may need, on the days of a span. Equal keys mean equal content."""

    key: str
    begins: dt.date | None
    ends: dt.date | None
    sources: tuple[SourceRef, ...]
    units: tuple[UnitLayer, ...]
    zones: ZoneLayer | None
    cells: GridLayer | None
    permits: PermitLayer | None

    def covers(self, day: dt.date) -> bool:
        """Whether a day lies in its span, within which no unit, zone or grid cell begins or ends."""
        return (self.begins is None or self.begins <= day) and (self.ends is None or day < self.ends)


def versions_key(session: Session) -> str:
    """A digest of the current versions; it changes whenever another version of a dataset becomes current."""
    return _digest(version.stamp for version in fetch_versions(session))


def snapshot_of(session: Session, day: dt.date, cache: SnapshotCache) -> Snapshot:
    """The snapshot of a day, exactly as this session sees it now. One small query where it is cached."""
    return snapshots_of(session, (day,), cache)[0]


def snapshots_of(session: Session, days: Sequence[dt.date], cache: SnapshotCache) -> list[Snapshot]:
    """The snapshots of several days, as this session sees them now. One small query where all are cached."""
    versions = fetch_versions(session)
    stamps = tuple(version.stamp for version in versions)
    dated = [version.ref.id for version in versions if version.ref.role in DATED]
    # the days of change depend on the rows alone, which the stamps name
    changes: Changes = cache.changes.get(stamps, lambda: fetch_changes(session, dated))
    boundaries = sorted({change for parts in changes.values() for days in parts.values() for change in days})
    # a stamp names rows; title, accuracy and the like are facts, too, and an edit of them keeps the stamp
    described = [json.dumps(asdict(v.ref), default=str) + json.dumps(dict(v.near)) for v in versions]
    found = []
    for day in days:
        span = Span.around(day, tuple(boundaries))
        key = _digest([str(span), *stamps, *described])
        reader = _Reader(session, day, cache, versions, changes)
        found.append(cache.snapshots.get(key, lambda: reader.snapshot(key, span)))  # noqa: B023 - called here
    return found


def _digest(parts: Iterable[str]) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the layers of a snapshot that the cache does not have."""

    session: Session
    day: dt.date
    cache: SnapshotCache
    versions: Sequence[Version]
    changes: Changes

    def snapshot(self, key: str, span: Span) -> Snapshot:
        """The snapshot of the day, under the given key and span."""
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
        # changes have an entry for every level with rows: no query for the levels that a dataset lacks
        if level not in self.changes.get(version.ref.id, {}):
            return None
        key = f"unit {level} {self._rows_key(version, level)}"
        query = self._row_reader(UNITS, [version], level=level)
        found = self.cache.layer(key, "coverage", query, UnitRow)
        if found is None:
            return None
        if isinstance(found.index, OverlapIndex):
            self.cache.warn_once(
                f"{version.ref.dataset}: units of the level {level} overlap, or their borders do not match"
            )
        return UnitLayer(version.ref, level, found.rows, found.shapes, found.index)

    def _zones(self) -> ZoneLayer | None:
        found = self._merged_layer("zones", ZONES, ZoneRow)
        if found is None:
            return None
        near = self._notice_distances()
        # set here, not in the cached layer: notice distances come from versions other than the zones' own
        rows = tuple(replace(row, near_m=near.get(row.kind) or 0.0) for row in found.rows)
        farthest = max(row.near_m for row in rows)
        accuracy_of = {version.ref.id: version.ref.accuracy_m for version in self.versions}
        accuracies = np.asarray([accuracy_of[row.source_id] for row in rows], dtype=np.float64)
        return ZoneLayer(rows, found.shapes, _overlaps(found), accuracies, farthest)

    def _notice_distances(self) -> dict[str, float]:
        """Kind of zone → notice distance, metres: the largest that a current version states."""
        near: dict[str, float] = {}
        for version in self.versions:
            for kind, metres in version.near.items():
                near[kind] = max(metres, near.get(kind, 0.0))
        return near

    def _cells(self) -> GridLayer | None:
        found = self._merged_layer("grid", GRID, CellHit)
        return None if found is None else GridLayer(found.rows, found.shapes, _overlaps(found))

    def _permits(self) -> PermitLayer | None:
        found = self._merged_layer("permits", PERMITS, PermitHit)
        if found is None:
            return None
        rows = (replace(row, uses=tuple(row.uses), zone_kinds=tuple(row.zone_kinds)) for row in found.rows)
        return PermitLayer(tuple(rows), found.shapes, _overlaps(found))

    def _merged_layer(self, role: str, query: RowQuery, row: Callable[..., Row]) -> Areas[Row] | None:
        """One layer with the rows of all versions of a role."""
        versions = self._of_role(role)
        if not versions:
            return None
        # all versions together: these areas may overlap within a version already, so one index serves
        key = " + ".join([role, *(self._rows_key(version, "") for version in versions)])
        return self.cache.layer(key, "overlaps", self._row_reader(query, versions), row)

    def _rows_key(self, version: Version, part: str) -> str:
        """A key for a version's rows of the day; the same for all days between two changes of those rows."""
        span = Span.around(self.day, self.changes.get(version.ref.id, {}).get(part, ()))
        return f"{version.stamp} {span}"

    def _row_reader(self, query: RowQuery, versions: Sequence[Version], **more: str) -> Read:
        values = {"sources": [version.ref.id for version in versions], "day": self.day, **more}
        return lambda: fetch_rows(self.session, query, values)


def _overlaps(areas: Areas[Any]) -> OverlapIndex:
    return cast(OverlapIndex, areas.index)
