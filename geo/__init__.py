"""Pure geometry: datums and their conversion to CGCS2000, places and footprints, measures on the ellipsoid,
and the cell index that finds the areas a place lies in. Knows no database.
"""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = ["CoverageIndex", "Location", "OverlapIndex", "to_cgcs2000"]

if TYPE_CHECKING:
    from geo.datum.conversion import to_cgcs2000
    from geo.index.cell_index import CoverageIndex, OverlapIndex
    from geo.place.location import Location
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "CoverageIndex": "geo.index.cell_index",
            "Location": "geo.place.location",
            "OverlapIndex": "geo.index.cell_index",
            "to_cgcs2000": "geo.datum.conversion",
        },
    )
