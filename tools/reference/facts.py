"""The committed facts that everything is built from, read from ``data/*/facts/*.csv``."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
BOUNDARIES: Final = ROOT / "data" / "boundaries"
PROTECTED: Final = ROOT / "data" / "protected_areas"
PARCELS: Final = ROOT / "data" / "parcels"

CITY: Final = "140500"
CITY_NAME: Final = "晋城市"
# The lists that were compared begin in 2016; when the mergers took effect is not known. Both are assumed.
START: Final = "2016-01-01"
MERGED: Final = "2021-01-01"

Point = tuple[float, float]


class BuildError(Exception):
    """The reference data cannot be built, or what was built is wrong."""


@dataclass(frozen=True)
class Seat:
    """A township of today's list; the seat is lon, lat in degrees CGCS2000."""

    code: str
    name: str
    at: Point
    quality: str

    @property
    def county(self) -> str:
        return self.code[:6]


@dataclass(frozen=True)
class Merge:
    """A township that went into another one; ``at`` is its former seat, None where it is unknown."""

    code: str
    name: str
    successor: str
    successor_name: str
    at: Point | None

    @property
    def county(self) -> str:
        return self.code[:6]


@dataclass(frozen=True)
class Village:
    code: str
    name: str
    township: str


@dataclass(frozen=True)
class Reserve:
    """Published description of a reserve; areas in hectares, ``box`` west, south, east, north or None."""

    name: str
    level: str
    centre: Point
    area_ha: float
    zones_ha: tuple[float, float, float]
    box: tuple[float, float, float, float] | None
    basis: str


def read_seats() -> list[Seat]:
    """Today's townships, by code."""
    rows = _rows(BOUNDARIES / "facts" / "township_seats.csv")
    seats = [Seat(r["code"], r["name"], (float(r["lon"]), float(r["lat"])), r["quality"]) for r in rows]
    return sorted(seats, key=lambda seat: seat.code)


def read_merges() -> list[Merge]:
    """Townships that were merged into others, by their old code."""
    rows = _rows(BOUNDARIES / "facts" / "township_merges.csv")
    return sorted((_merge(row) for row in rows), key=lambda merge: merge.code)


def _merge(row: dict[str, str]) -> Merge:
    lon, lat = row["old_seat_lon"], row["old_seat_lat"]
    at = (float(lon), float(lat)) if lon and lat else None
    return Merge(row["old_code"], row["old_name"], row["current_code"], row["current_name"], at)


def read_villages() -> list[Village]:
    """Villages and communities, by code; no coordinates of them are known."""
    rows = _rows(BOUNDARIES / "facts" / "villages.csv")
    return sorted(
        (Village(r["code12"], r["name"], r["township_code"]) for r in rows), key=lambda village: village.code
    )


def read_reserves() -> list[Reserve]:
    """Nature reserves, in the order of the file."""
    return [_reserve(row) for row in _rows(PROTECTED / "facts" / "protected_areas.csv")]


def _reserve(row: dict[str, str]) -> Reserve:
    west, south, east, north = (row[side] for side in ("west", "south", "east", "north"))
    return Reserve(
        name=row["name"],
        level=row["level"],
        centre=(float(row["centre_lon"]), float(row["centre_lat"])),
        area_ha=float(row["area_ha"]),
        zones_ha=(float(row["core_ha"]), float(row["buffer_ha"]), float(row["experimental_ha"])),
        box=(float(west), float(south), float(east), float(north)) if west else None,
        basis=row["basis"],
    )


def check_facts(seats: Iterable[Seat], merges: Iterable[Merge], villages: Iterable[Village]) -> None:
    """Refuse facts that contradict each other: unknown successors or townships, codes used twice."""
    codes = [seat.code for seat in seats]
    old = [merge.code for merge in merges]
    twice = {code for code in codes + old if (codes + old).count(code) > 1}
    strays = {m.successor for m in merges} | {v.township for v in villages}
    if twice:
        raise BuildError(f"township codes used twice: {', '.join(sorted(twice))}")
    if unknown := strays - set(codes):
        raise BuildError(f"township codes without a seat: {', '.join(sorted(unknown))}")


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        raise BuildError(f"{path.relative_to(ROOT)} is missing: it is committed, restore it") from None
