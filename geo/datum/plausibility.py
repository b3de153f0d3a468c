"""Checks whether coordinates are plausible in their declared datum; each raises BadInput with a hint.

The commonest faults of coordinates that people type or export: longitude and latitude (or northing and
easting) swapped, metres declared as degrees or the reverse, a wrong Gauss–Krüger zone.
"""

from __future__ import annotations

import math
from typing import Final

from core.errors import BadInput
from core.i18n import N_
from geo.datum import gauss_kruger as gauss
from geo.datum.reference_systems import Frame

# China with its seas, degrees: used to recognise swapped numbers only, never to refuse a place.
CHINA_LON: Final = (73.0, 136.0)
CHINA_LAT: Final = (3.0, 54.0)
CHINA_NORTHING: Final = (330_000.0, 6_100_000.0)
# Beyond these, the projection formulas give results without an error, and without meaning. In a zone: half a
# prefix step east or west of its false origin, a quarter meridian north or south; elsewhere half the equator.
EASTING_REACH_M: Final = 500_000.0
NORTHING_REACH_M: Final = 10_002_000.0
WORLD_M: Final = 20_040_000.0


def in_china(lon: float, lat: float) -> bool:
    """Whether degrees lie in the bounding box of China."""
    return CHINA_LON[0] <= lon <= CHINA_LON[1] and CHINA_LAT[0] <= lat <= CHINA_LAT[1]


def check_finite(x: float, y: float) -> None:
    """Refuse NaN and infinities, with field ``lon`` or ``lat``."""
    for field, value in (("lon", x), ("lat", y)):
        if not math.isfinite(value):
            raise BadInput(
                N_("The coordinate {value} is not a finite number."),
                field=field,
                hint=N_("Give decimal degrees, or metres with a projected datum."),
                value=value,
            )


def check_degrees(lon: float, lat: float, frame: Frame) -> None:
    """Check finite numbers that were declared as degrees."""
    if in_china(lon, lat):
        return
    if in_china(lat, lon) or (abs(lat) > 90.0 and abs(lon) <= 90.0 and abs(lat) <= 180.0):
        raise BadInput(
            N_("Longitude {lon} and latitude {lat} look swapped."),
            field="lon",
            hint=N_("Swap them: longitude {lat}, latitude {lon}."),
            **_numbers(lon=lon, lat=lat),
        )
    if abs(lon) > 180.0 or abs(lat) > 90.0:
        _refuse_metres(lon, lat, frame)
        raise BadInput(
            N_("Longitude {lon} and latitude {lat} are outside ±180° and ±90°."),
            field="lat" if abs(lon) <= 180.0 else "lon",
            hint=N_("Give decimal degrees, longitude first."),
            **_numbers(lon=lon, lat=lat),
        )


def check_metres(x: float, y: float, frame: Frame) -> None:
    """Check finite numbers that were declared as metres of a projected system, before they are converted."""
    if abs(x) <= 180.0 and abs(y) <= 180.0:
        raise BadInput(
            N_("{x}, {y} look like degrees, but {datum} is in metres."),
            field="datum",
            hint=N_("Declare the datum the degrees were taken in: cgcs2000, wgs84, gcj02 or bd09."),
            datum=frame.name,
            **_numbers(x=x, y=y),
        )
    if frame.zone is None:
        possible = abs(x) < WORLD_M and abs(y) < WORLD_M
    elif abs(x - frame.zone.false_easting) < EASTING_REACH_M:
        possible = abs(y - frame.zone.false_northing) < NORTHING_REACH_M
    else:
        raise swapped_metres(x, y) if _is_easting(y) and not _is_easting(x) else _wrong_zone(x, frame)
    if not possible:
        raise inconvertible(x, y, frame)


def check_reach(lon: float, frame: Frame) -> None:
    """Check that a converted longitude lies within reach of the declared zone's central meridian."""
    zone = frame.zone
    if zone is None or abs(lon - zone.meridian) <= zone.reach:
        return
    raise BadInput(
        N_("The point is {degrees}° from {datum}'s central meridian {meridian}°, outside its zone."),
        field="datum",
        hint=_HINT_FIT if (fit := _fit_of(lon, frame)) else _HINT_CHECK,
        degrees=f"{abs(lon - zone.meridian):.2f}",
        meridian=f"{zone.meridian:g}",
        datum=frame.name,
        fits=fit,
    )


def swapped_metres(x: float, y: float) -> BadInput:
    """The error for a northing given before its easting."""
    return BadInput(
        N_("{x}, {y}: northing and easting look swapped."),
        field="lon",
        hint=N_("Give the easting first: {y}, {x}."),
        **_numbers(x=x, y=y),
    )


def inconvertible(x: float, y: float, frame: Frame) -> BadInput:
    """The error for numbers outside the range of the projection."""
    return BadInput(
        N_("{x}, {y} is outside the range of {datum}."),
        field="lon",
        hint=_HINT_CHECK,
        datum=frame.name,
        **_numbers(x=x, y=y),
    )


_HINT_FIT: Final = N_("{fits} would fit: declare the zone that the coordinates were surveyed in.")
_HINT_CHECK: Final = N_("Check the coordinates and the zone that they were surveyed in.")


def _fit_of(lon: float, frame: Frame) -> str:
    """The 3° zone of a longitude, prefixed like the declared one; "" outside all zones."""
    if not gauss.is_gauss_kruger(frame.code):
        return ""
    try:
        return f"EPSG:{gauss.gauss_kruger_epsg(lon, prefixed=gauss.is_prefixed(frame.code))}"
    except BadInput:
        return ""


def _wrong_zone(easting: float, frame: Frame) -> BadInput:
    """The error for an easting of another zone, or with a wrong or missing prefix."""
    codes = gauss.fitting_epsg(easting)
    if gauss.is_prefixed(frame.code) and 0.0 < easting < gauss.PREFIX_M:
        codes = [gauss.unprefixed(frame.code)]
    return BadInput(
        N_("The easting {x} does not belong to {datum}."),
        field="datum",
        hint=_HINT_FIT if codes else _HINT_CHECK,
        datum=frame.name,
        fits=_names(codes),
        **_numbers(x=easting),
    )


def _refuse_metres(x: float, y: float, frame: Frame) -> None:
    """Raise where two numbers that were declared as degrees look like Gauss–Krüger metres."""
    pairs = [(e, n) for e, n in ((x, y), (y, x)) if _is_easting(e) and _is_northing(n)]
    if not pairs:
        return
    easting, northing = pairs[0]
    codes = gauss.fitting_epsg(easting)
    raise BadInput(
        N_("{x}, {y} look like Gauss–Krüger metres, but {datum} is in degrees."),
        field="datum",
        hint=_HINT_PREFIXED if len(codes) == 1 else _HINT_PLAIN,
        datum=frame.name,
        fits=_names(codes),
        likely=_names(codes[:1]),
        **_numbers(x=x, y=y, easting=easting, northing=northing),
    )


_HINT_PREFIXED: Final = N_("Declare the datum {fits} and give the easting first: {easting}, {northing}.")
_HINT_PLAIN: Final = N_(
    "Without a zone prefix, {fits} are possible; in Jincheng, {likely}: "
    "declare it as the datum and give the easting first: {easting}, {northing}."
)


def _is_easting(value: float) -> bool:
    return bool(gauss.fitting_epsg(value))


def _is_northing(value: float) -> bool:
    return CHINA_NORTHING[0] <= value <= CHINA_NORTHING[1]


def _names(codes: list[int]) -> str:
    return ", ".join(f"EPSG:{code}" for code in codes)


def _numbers(**values: float) -> dict[str, str]:
    """Numbers as text with 12 digits: as typed, without the rounding error of a double."""
    return {name: f"{value:.12g}" for name, value in values.items()}
