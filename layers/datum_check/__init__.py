"""Checks whether the coordinates of a batch are in the datum that is declared for them."""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "MAX_POINTS",
    "PlaceFile",
    "check_against_file",
    "check_batch",
    "check_degrees",
    "check_size",
    "describe_suspicion",
    "read_places",
    "suspicion_as_dict",
]

if TYPE_CHECKING:
    from layers.datum_check.check import (
        MAX_POINTS,
        check_against_file,
        check_batch,
        check_degrees,
        check_size,
    )
    from layers.datum_check.point_file import PlaceFile, read_places
    from layers.datum_check.wording import describe_suspicion, suspicion_as_dict
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "layers.datum_check.check": [
                "MAX_POINTS",
                "check_against_file",
                "check_batch",
                "check_degrees",
                "check_size",
            ],
            "layers.datum_check.point_file": ["PlaceFile", "read_places"],
            "layers.datum_check.wording": ["describe_suspicion", "suspicion_as_dict"],
        },
    )
