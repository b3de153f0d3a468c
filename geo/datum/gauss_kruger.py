"""Gauss–Krüger zones of CGCS2000: the EPSG codes of a longitude or of an easting.

EPSG numbers them in four runs (checked against PROJ's own database in the tests):

===============  =================  ==================
zone width       prefixed easting   plain easting
===============  =================  ==================
3°, zones 25–45  4513–4533          4534–4554
6°, zones 13–23  4491–4501          4502–4512
===============  =================  ==================

A prefixed easting carries its zone number in front: 38 395 764 m is 395 764 m in zone 38.
"""

from __future__ import annotations

import math
from typing import Final

from core.errors import BadInput
from core.i18n import N_

THREE_DEGREE: Final = range(25, 46)
SIX_DEGREE: Final = range(13, 24)
PREFIX_M: Final = 1_000_000.0
# The false easting is 500 km; more than 400 km from it (4.4° at 36°N) an easting belongs to another zone.
EASTINGS: Final = (100_000.0, 900_000.0)
# Jincheng, 111.9–113.6°E, lies between two central meridians: above 500 km an easting is counted from 111°.
CITY_EAST_OF: Final = 4546
CITY_WEST_OF: Final = 4547


def gauss_kruger_epsg(lon: float, *, prefixed: bool) -> int:
    """EPSG code of the CGCS2000 3° zone of a longitude (degrees).

    A longitude on the border of two zones goes to the eastern one. Raises BadInput outside
    zones 25–45 (73.5°E to 136.5°E).
    """
    zone = math.floor(lon / 3.0 + 0.5) if math.isfinite(lon) else 0
    if zone not in THREE_DEGREE:
        raise BadInput(
            N_("Longitude {lon} is outside the Gauss–Krüger zones of China."),
            field="lon",
            hint=N_("Give a longitude between 73.5° and 136.5°."),
            lon=f"{lon:.12g}",
        )
    return (4488 if prefixed else 4509) + zone


def three_degree_epsg(meridian: float, false_easting: float) -> int | None:
    """EPSG code (CGCS2000) of the 3° zone with a central meridian (degrees) and a false easting (metres)."""
    zone = round(meridian / 3.0)
    if zone not in THREE_DEGREE or meridian != 3.0 * zone:
        return None
    return {500_000.0: 4509 + zone, zone * PREFIX_M + 500_000.0: 4488 + zone}.get(false_easting)


def fitting_epsg(easting: float) -> list[int]:
    """EPSG codes (CGCS2000) to which an easting in metres may belong, the likeliest first; may be empty.

    A prefixed easting names its zone. A plain one does not: both central meridians of Jincheng are possible;
    inside the city an easting above 500 km means 111°E, one below means 114°E.
    """
    if not math.isfinite(easting) or not EASTINGS[0] <= easting % PREFIX_M <= EASTINGS[1]:
        return []
    zone = math.floor(easting / PREFIX_M)
    if zone == 0:
        pair = [CITY_EAST_OF, CITY_WEST_OF]
        return pair if easting > 500_000.0 else pair[::-1]
    if zone in THREE_DEGREE:
        return [4488 + zone]
    return [4478 + zone] if zone in SIX_DEGREE else []


def is_gauss_kruger(code: int) -> bool:
    """Whether an EPSG code is a CGCS2000 Gauss–Krüger zone."""
    return 4491 <= code <= 4554


def is_three_degree(code: int) -> bool:
    """Whether an EPSG code is a CGCS2000 zone 3° wide (the others are 6° wide)."""
    return 4513 <= code <= 4554


def is_prefixed(code: int) -> bool:
    """Whether eastings of this CGCS2000 code begin with the zone number."""
    return 4491 <= code <= 4501 or 4513 <= code <= 4533


def unprefixed(code: int) -> int:
    """The EPSG code of a zone with plain eastings, from its code with prefixed ones."""
    return code + (21 if is_three_degree(code) else 11)
