"""Gauss–Krüger zones of CGCS2000: which EPSG code a longitude or an easting belongs to.

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
# Plain eastings run from their false easting of 500 km; past ±400 km (4.4° at 36°N) they are another zone's.
EASTINGS: Final = (100_000.0, 900_000.0)
# The product's city, 111.9–113.6°E, lies between two meridians: an easting past 500 km is counted from 111°.
CITY_EAST_OF: Final = 4546
CITY_WEST_OF: Final = 4547


def gauss_kruger_epsg(lon: float, *, prefixed: bool) -> int:
    """EPSG code of the CGCS2000 3° zone that holds a longitude (degrees).

    A longitude on the border of two zones goes to the eastern one. Raises BadInput outside
    zones 25–45 (73.5°E to 136.5°E).
    """
    zone = math.floor(lon / 3.0 + 0.5) if math.isfinite(lon) else 0
    if zone not in THREE_DEGREE:
        raise BadInput(
            N_("No Gauss–Krüger zone of China holds longitude {lon}."),
            field="lon",
            hint=N_("Give a longitude between 73.5° and 136.5°."),
            lon=f"{lon:.12g}",
        )
    return (4488 if prefixed else 4509) + zone


def fitting_epsg(easting: float) -> list[int]:
    """EPSG codes (CGCS2000) that an easting in metres may belong to, the likeliest first; may be empty.

    A prefixed easting names its zone. A plain one does not: both central meridians of the city are
    possible, and inside it an easting past 500 km means 111°E, one below 114°E.
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
    """Tell whether an EPSG code is a CGCS2000 Gauss–Krüger zone."""
    return 4491 <= code <= 4554


def is_three_degree(code: int) -> bool:
    """Tell whether an EPSG code is a CGCS2000 zone of 3° (the others are of 6°)."""
    return 4513 <= code <= 4554


def is_prefixed(code: int) -> bool:
    """Tell whether eastings of this CGCS2000 code carry the zone number."""
    return 4491 <= code <= 4501 or 4513 <= code <= 4533


def unprefixed(code: int) -> int:
    """The code of the same zone without the prefix, for a prefixed code."""
    return code + (21 if is_three_degree(code) else 11)
