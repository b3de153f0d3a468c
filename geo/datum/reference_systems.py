"""What a declared datum means: the names that are taken, and why the others are refused.

Nothing here shifts between datums. CGCS2000 and WGS84 agree to under a metre and PROJ treats them as
equal, so a projected code is only unprojected onto its own degrees, which are then read as CGCS2000:
no grid file, no region-dependent choice of an operation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from core.errors import DatumRefused
from core.i18n import N_
from geo.datum.gauss_kruger import is_three_degree

CANON: Final = "cgcs2000"
Kind = Literal["plain", "gcj02", "bd09"]

SECRET: Final = N_(
    "{datum} coordinates have no public transformation to CGCS2000: its parameters are secret, "
    "and taking the numbers as they are is about 100 m wrong."
)
SECRET_HINT: Final = N_("Ask the survey office for the CGCS2000 coordinates of the place.")
UNKNOWN: Final = N_("The datum {datum} is not known.")
OTHER: Final = N_("{datum} rests on {base}, neither CGCS2000 nor WGS84.")
KNOWN_HINT: Final = N_(
    "Use cgcs2000, wgs84, gcj02, bd09, or EPSG:n of a two-dimensional system on CGCS2000 or WGS84, "
    "such as EPSG:4490, EPSG:4526, EPSG:4547."
)


@dataclass(frozen=True, slots=True)
class Zone:
    """A transverse Mercator zone: central meridian and reach in degrees, false origin in metres.

    ``reach`` is how far from the meridian a point may lie before another zone must be meant.
    """

    meridian: float
    false_easting: float
    false_northing: float
    reach: float


@dataclass(frozen=True, slots=True)
class Frame:
    """An accepted datum: canonical name, kind of its degrees and, where it has one, its EPSG code.

    ``unproject`` leads from a projected system's metres to its degrees; None where numbers are degrees.
    pyproj keeps one PROJ object a thread inside each Transformer (since 3.1), so a Frame may be shared.
    """

    name: str
    kind: Kind
    code: int = 0
    zone: Zone | None = None
    unproject: Transformer | None = None


NAMED: Final[dict[str, Frame]] = {
    "cgcs2000": Frame("cgcs2000", "plain"),
    "wgs84": Frame("wgs84", "plain"),
    "gcj02": Frame("gcj02", "gcj02"),
    "bd09": Frame("bd09", "bd09"),
}
SECRET_NAMES: Final = {
    "Xian 1980": re.compile(r"(xi'?an|西安)(19)?80"),
    "Beijing 1954": re.compile(r"(beijing|北京)(19)?54"),
}
SECRET_DATUMS: Final = ("Xian 1980", "Beijing 1954", "New Beijing")
OPEN_DATUMS: Final = ("China 2000", "World Geodetic System 1984")


@lru_cache(maxsize=256)
def frame(datum: str) -> Frame:
    """The frame of a datum's name: cgcs2000, wgs84, gcj02, bd09 or EPSG:n, in any case.

    Raises DatumRefused (field ``datum``) for a name that is unknown, for Xian 1980 and Beijing 1954,
    and for every other datum that is not CGCS2000 or WGS84.
    """
    if match := re.fullmatch(r"epsg:([0-9]{1,7})", datum.strip().lower()):
        return _epsg_frame(int(match[1]))
    key = re.sub(r"[\s_-]", "", datum).lower()
    if key in NAMED:
        return NAMED[key]
    for name, pattern in SECRET_NAMES.items():
        if pattern.match(key):
            raise _secret(name)
    raise DatumRefused(UNKNOWN, field="datum", hint=KNOWN_HINT, datum=datum[:40])


@lru_cache(maxsize=64)
def _epsg_frame(code: int) -> Frame:
    crs = _accepted_crs(code)
    name = f"EPSG:{code}"
    if crs.is_geographic:
        return Frame(name, "plain", code)
    # always_xy: easting and longitude first, whatever the authority's axis order says.
    unproject = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    return Frame(name, "plain", code, _zone(crs, code), unproject)


def _accepted_crs(code: int) -> CRS:
    """The system of a code, if it is flat and rests on CGCS2000 or WGS84."""
    try:
        crs = CRS.from_epsg(code)
    except CRSError:
        raise DatumRefused(UNKNOWN, field="datum", hint=KNOWN_HINT, datum=f"EPSG:{code}") from None
    base = crs.geodetic_crs.datum.name if crs.geodetic_crs and crs.geodetic_crs.datum else crs.name
    if base in SECRET_DATUMS:
        raise _secret(f"{base} (EPSG:{code})")
    flat = (crs.is_geographic or crs.is_projected) and len(crs.axis_info) == 2
    if not flat:
        raise DatumRefused(UNKNOWN, field="datum", hint=KNOWN_HINT, datum=f"{crs.name} (EPSG:{code})")
    if not base.startswith(OPEN_DATUMS):
        raise DatumRefused(OTHER, field="datum", hint=KNOWN_HINT, datum=f"EPSG:{code}", base=base)
    return crs


def _secret(datum: str) -> DatumRefused:
    return DatumRefused(SECRET, field="datum", hint=SECRET_HINT, datum=datum)


def _zone(crs: CRS, code: int) -> Zone | None:
    """The transverse Mercator zone of a projected system; None for any other projection.

    3° zones reach 3°: a county on the border may use one meridian throughout. 6° zones (UTM too)
    reach 3° and the half degree by which neighbouring sheets overlap.
    """
    operation = crs.coordinate_operation
    if operation is None or operation.method_name != "Transverse Mercator":
        return None
    values = {param.name: float(param.value) for param in operation.params}
    reach = 3.0 if is_three_degree(code) else 3.5
    return Zone(
        values["Longitude of natural origin"], values["False easting"], values["False northing"], reach
    )
