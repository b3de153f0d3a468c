"""Reads data files into checked rows, one module for each role of a dataset."""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "KIND",
    "current_classes",
    "read_foreign_file",
    "road_zones",
    "undescribed_dataset",
    "zones_to_geojson",
]

if TYPE_CHECKING:
    from layers.readers.foreign_file import read_foreign_file, undescribed_dataset
    from layers.readers.land_classes import current_classes
    from layers.readers.roads import KIND, road_zones
    from layers.readers.zones import zones_to_geojson
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "layers.readers.foreign_file": ["read_foreign_file", "undescribed_dataset"],
            "layers.readers.land_classes": ["current_classes"],
            "layers.readers.roads": ["KIND", "road_zones"],
            "layers.readers.zones": ["zones_to_geojson"],
        },
    )
