"""Places of reports: points with an accuracy, and footprints, validated and converted to CGCS2000."""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = ["check_crs", "normalized"]

if TYPE_CHECKING:
    from geo.place.footprint import check_crs, normalized
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "geo.place.footprint": ["check_crs", "normalized"],
        },
    )
