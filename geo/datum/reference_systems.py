"""The datums that may be declared, and why others are refused.

No datum shift is applied. CGCS2000 and WGS84 agree within a metre and PROJ treats them as equal, so projected
coordinates are only unprojected to degrees on their own ellipsoid, which are then read as CGCS2000. This
needs no grid file, and PROJ cannot choose different operations in different regions.
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
    "and using the numbers unchanged would be wrong by about 100 m."
)
SECRET_HINT: Final = N_("Ask the survey office for the CGCS2000 coordinates of the place.")
UNKNOWN: Final = N_("Unknown datum {datum}.")
OTHER: Final = N_("{datum} is based on {base}, which is neither CGCS2000 nor WGS84.")
KNOWN_HINT: Final = N_(
    "Use cgcs2000, wgs84, gcj02, bd09, or EPSG:n of a two-dimensional system on CGCS2000 or WGS84, "
    "such as EPSG:4490, EPSG:4526, EPSG:4547."
)


@dataclass(frozen=True, slots=True)
class Zone:
    """A transverse Mercator zone: central meridian and reach in degrees, false origin in metres.

    ``reach``: how far from the meridian a point may lie before another zone is assumed.
    """

    meridian: float
    false_easting: float
    false_northing: float
    reach: float


@dataclass(frozen=True, slots=True)
class Frame:
    """An accepted datum: canonical name, kind of its degrees and, where it has one, its EPSG code.

    ``unproject``: the transformation of a projected system's metres to degrees; None where numbers are
    degrees. A Frame may be shared by threads: a Transformer has one PROJ object for each (pyproj 3.1 and
    later).
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
    """The frame with a name: cgcs2000, wgs84, gcj02, bd09 or EPSG:n, in upper or lower case.

    Raises DatumRefused (field ``datum``) for an unknown name, for Xian 1980 and Beijing 1954, and for
    every other datum but CGCS2000 and WGS84.
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
    """The system of a code. Raises DatumRefused unless it is two-dimensional and on CGCS2000 or WGS84."""
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

    The reach of 3° zones is 3°: a county across two zones may use one meridian throughout. That of 6° zones
    (UTM too) is 3° and the half degree by which neighbouring map sheets overlap.
    """
    operation = crs.coordinate_operation
    if operation is None or operation.method_name != "Transverse Mercator":
        return None
    values = {param.name: float(param.value) for param in operation.params}
    reach = 3.0 if is_three_degree(code) else 3.5
    return Zone(
        values["Longitude of natural origin"], values["False easting"], values["False northing"], reach
    )
