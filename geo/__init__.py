"""Pure geometry: datums and their conversion to CGCS2000, places and footprints, measures on the ellipsoid,
and the cell index that finds the areas a place lies in. Knows no database.
"""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = ["CoverageIndex", "Location", "OverlapIndex", "ancestor_codes", "contains", "stem", "to_cgcs2000"]

if TYPE_CHECKING:
    from geo.datum.conversion import to_cgcs2000
    from geo.index.cell_index import CoverageIndex, OverlapIndex
    from geo.place.location import Location
    from geo.unit_codes import ancestor_codes, contains, stem
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "geo.datum.conversion": ["to_cgcs2000"],
            "geo.index.cell_index": ["CoverageIndex", "OverlapIndex"],
            "geo.place.location": ["Location"],
            "geo.unit_codes": ["ancestor_codes", "contains", "stem"],
        },
    )
