"""`zhijie datum convert`: a coordinate in another datum."""

from __future__ import annotations

from typing import Annotated

from cli.console import out
from cli.options import Datum, Lat, Lon
from core.i18n import N_, say
from core.settings import Settings
from geo import to_cgcs2000
from geo.datum import frame, from_cgcs2000
from geo.measure import distance_m


def convert(
    lon: Annotated[float, Lon],
    lat: Annotated[float, Lat],
    datum: Datum = "cgcs2000",
    to: Datum = "cgcs2000",
) -> None:
    """Print x and y of a coordinate in another datum: degrees to 8 digits, metres to 3."""
    settings = Settings()
    x, y = from_cgcs2000(*to_cgcs2000(lon, lat, datum), to)
    # 8 decimals of a degree and 3 of a metre are both about a millimetre.
    digits = 3 if frame(to).unproject else 8
    out.print(f"{x:.{digits}f} {y:.{digits}f}")
    if frame(datum).unproject is None and frame(to).unproject is None:
        moved = N_("Read as the same degrees, {metres} m apart.")
        out.print(say(settings.lang, moved, metres=f"{distance_m(lon, lat, x, y):.2f}"))
