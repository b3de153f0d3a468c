"""Facts about a place as plain values: what the engines return and the verdict reads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from shapely.geometry.base import BaseGeometry

from facts.overlap import FootprintRuler
from geo.measure import Spread


@dataclass(frozen=True, slots=True)
class SourceRef:
    """One dataset version in use.

    ``accuracy_m``: 68 % error of its lines, metres. ``reach``: code prefix of the units it covers. ``kinds``:
    kinds of zones it covers. ``begins``: first day it has data for; None: no limit.
    """

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
    """A unit at or near a place; also, at any distance, units above it and its lines in other datasets.

    Points: ``covers``, and ``pieces`` (lon/lat polygons within the search radius). Footprints: ``overlap_m2``
    and the overlap's perimeter ``overlap_rim_m``, ellipsoidal, and ``pieces`` where the unit's border is
    within the search radius. ``edge_m``: distance to the unit's own border,
    metres; None where it does not cover a point, or is not near. ``ends``: first day on which it no longer
    exists.
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
    """A zone at or near a place. Points and footprints: as for :class:`UnitHit`.

    ``near_m``: notice distance of its kind, metres; a zone is reported up to there. ``distance_m``: 0 inside.
    ``edge_m``: of a footprint, distance to the zone's own border, metres; 0 where the border crosses it.
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
    """A grid cell at a place, with its worker and team. ``township``: code of its unit."""

    source_id: int
    code: str
    name: str
    worker: str
    team: str
    township: str


@dataclass(frozen=True, slots=True)
class PermitHit:
    """A permit at a place, in force or not. ``begins``, ``ends``: half-open span of days.

    Points: ``edge_m``, distance to the border of the permitted area, metres. Footprints: area and perimeter
    of the part outside that area.
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
Masses = Callable[[Sequence[UnitHit | ZoneHit], Spread], list[float]]
Areas = Callable[[ZoneHit], Sequence[BaseGeometry]]


def sort_by_authority(authority: Mapping[int, tuple[bool, str, str]], hits: Iterable[Hit]) -> tuple[Hit, ...]:
    """Hits ordered by dataset, official ones last; hits of one dataset keep their order.

    ``authority``: by source id, (whether official, dataset, version). Ids would be an order of loading, and
    two databases with the same data would give different bytes.
    """
    return tuple(sorted(hits, key=lambda hit: authority[hit.source_id]))


def width_m(area_m2: float, rim_m: float) -> float:
    """Mean width of a strip, metres: 2A/P, exact in the limit of a long thin strip."""
    return 2 * area_m2 / rim_m if rim_m > 0 else 0.0


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """Everything known about a place on one day.

    ``outside_m``: distance to the nearest unit, metres; None where a unit covers or overlaps the place.
    ``masses``: probability of each of some hits for a point with a spread; None where the hits' ``pieces``
    must be integrated instead. ``zone_areas``: the polygons (lon/lat) of a zone near a point; None where they
    are its ``pieces``. ``ruler``: measures a footprint; None for a point.
    """

    sources: tuple[SourceRef, ...]
    units: tuple[UnitHit, ...]
    zones: tuple[ZoneHit, ...]
    cells: tuple[CellHit, ...]
    permits: tuple[PermitHit, ...]
    outside_m: float | None
    masses: Masses | None = None
    zone_areas: Areas | None = None
    ruler: FootprintRuler | None = None
    _by_id: dict[int, SourceRef] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # the way of a frozen dataclass to set a field that it computes itself
        object.__setattr__(self, "_by_id", {source.id: source for source in self.sources})

    def source(self, source_id: int) -> SourceRef:
        """The dataset version with this id."""
        return self._by_id[source_id]

    def with_role(self, role: str) -> tuple[SourceRef, ...]:
        """The dataset versions of a role (units, zones, grid, law, …)."""
        return tuple(source for source in self.sources if source.role == role)
