"""What the store says about a place: plain values that ``facts.postgis`` fetches and the verdict reads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from shapely.geometry.base import BaseGeometry


@dataclass(frozen=True, slots=True)
class SourceRef:
    """One dataset version in use. ``accuracy_m``: 68 % error of its lines, metres."""

    id: int
    dataset: str
    version: str
    role: str
    title: dict[str, str]
    official: bool
    accuracy_m: float
    reach: str
    kinds: tuple[str, ...]
    begins: dt.date | None
    checksum: str


@dataclass(frozen=True, slots=True)
class UnitHit:
    """A unit at or near a place; or one above such a unit, or another line of it, wherever that is.

    ``covers`` and ``pieces`` (lon/lat polygons within the search radius) are told of points,
    ``overlap_m2`` and the overlap's perimeter ``overlap_rim_m`` (ellipsoidal) of footprints.
    ``edge_m``: distance to the unit's own border, metres. ``ends``: first day on which it is no more.
    """

    source_id: int
    code: str
    name: str
    level: str
    edge_m: float | None
    ends: dt.date | None = None
    covers: bool = False
    pieces: tuple[BaseGeometry, ...] = ()
    overlap_m2: float = 0.0
    overlap_rim_m: float = 0.0


@dataclass(frozen=True, slots=True)
class ZoneHit:
    """A zone at or near a place; ``near_m`` is how near its kind wants to be told of.

    ``edge_m``: from a footprint to the zone's own border, metres; 0 where it crosses it.
    """

    source_id: int
    id: str
    kind: str
    grade: str | None
    name: str
    distance_m: float
    near_m: float
    covers: bool = False
    pieces: tuple[BaseGeometry, ...] = ()
    overlap_m2: float = 0.0
    overlap_rim_m: float = 0.0
    edge_m: float = 0.0


@dataclass(frozen=True, slots=True)
class CellHit:
    """The grid cell of a place, with its worker and team."""

    source_id: int
    code: str
    name: str
    worker: str
    team: str
    township: str


@dataclass(frozen=True, slots=True)
class PermitHit:
    """A permit at a place, in force or not. ``begins``, ``ends``: half-open span of days.

    ``edge_m``: of points, to the border of the permitted area, metres. Of footprints: what lies beyond that
    area, and its perimeter.
    """

    source_id: int
    number: str
    holder: str
    uses: tuple[str, ...]
    zone_kinds: tuple[str, ...]
    begins: dt.date | None
    ends: dt.date | None
    edge_m: float = 0.0
    excess_m2: float = 0.0
    excess_rim_m: float = 0.0


Hit = TypeVar("Hit", UnitHit, ZoneHit, CellHit, PermitHit)
Masses = Callable[[Sequence[UnitHit | ZoneHit], float], list[float]]


def sort_by_authority(standing: Mapping[int, tuple[bool, str, str]], hits: Iterable[Hit]) -> tuple[Hit, ...]:
    """In an order that the datasets decide, official ones last, and never that of their loading.

    ``standing``: of each dataset version, whether it is official, its name and version.
    """
    return tuple(sorted(hits, key=lambda hit: standing[hit.source_id]))


def width_m(area_m2: float, rim_m: float) -> float:
    """Mean width of a strip from its area and perimeter, metres: 2A/P (exact for a long thin one)."""
    return 2 * area_m2 / rim_m if rim_m > 0 else 0.0


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """Everything that one question to the store brings back.

    ``masses``: what each of some hits holds of a point's probability, for a σ in metres; None where the
    hits' ``pieces`` are to be integrated.
    """

    sources: tuple[SourceRef, ...]
    units: tuple[UnitHit, ...]
    zones: tuple[ZoneHit, ...]
    cells: tuple[CellHit, ...]
    permits: tuple[PermitHit, ...]
    outside_m: float | None
    masses: Masses | None = None
    _by_id: dict[int, SourceRef] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {source.id: source for source in self.sources})

    def source(self, source_id: int) -> SourceRef:
        """The dataset version with this id."""
        return self._by_id[source_id]

    def with_role(self, role: str) -> tuple[SourceRef, ...]:
        """The dataset versions of a role (units, zones, grid, law, …)."""
        return tuple(source for source in self.sources if source.role == role)
