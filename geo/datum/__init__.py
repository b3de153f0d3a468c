"""Datums: conversion to CGCS2000 and back, plausibility of coordinates, detection of wrong declarations."""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "CANON",
    "Floats",
    "Suspicion",
    "check_finite",
    "compare_with_known",
    "convert_batch",
    "find_wrong_zone",
    "frame",
    "from_cgcs2000",
    "has_plain_easting",
    "other_zones",
    "parse_coordinate",
    "read_coordinate",
    "three_degree_epsg",
    "to_cgcs2000_array",
]

if TYPE_CHECKING:
    from geo.datum.conversion import from_cgcs2000, to_cgcs2000_array
    from geo.datum.degrees import parse_coordinate, read_coordinate
    from geo.datum.detection import Suspicion, compare_with_known, convert_batch
    from geo.datum.gauss_kruger import three_degree_epsg
    from geo.datum.offset_fit import Floats
    from geo.datum.plausibility import check_finite
    from geo.datum.reference_systems import CANON, frame
    from geo.datum.wrong_zone import find_wrong_zone, has_plain_easting, other_zones
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "geo.datum.conversion": ["from_cgcs2000", "to_cgcs2000_array"],
            "geo.datum.degrees": ["parse_coordinate", "read_coordinate"],
            "geo.datum.detection": ["Suspicion", "compare_with_known", "convert_batch"],
            "geo.datum.gauss_kruger": ["three_degree_epsg"],
            "geo.datum.offset_fit": ["Floats"],
            "geo.datum.plausibility": ["check_finite"],
            "geo.datum.reference_systems": ["CANON", "frame"],
            "geo.datum.wrong_zone": ["find_wrong_zone", "has_plain_easting", "other_zones"],
        },
    )
