"""Reads the grid cells of grid workers (网格员)."""

from __future__ import annotations

from typing import Any, Final

from layers.readers.feature_table import Feature, iter_features, to_element
from layers.readers.foreign_file import read_features
from layers.readers.units import Rows
from layers.registry.sources import Dataset

TEXTS: Final = ("code", "issuer", "township", "name", "worker", "team")


def read_grid(dataset: Dataset) -> Rows:
    """Rows for the table ``grid_cell``."""
    return [_cell(feature) for feature in iter_features(dataset, read_features(dataset))]


def _cell(feature: Feature) -> dict[str, Any]:
    return {
        **{field: feature.text(field) for field in TEXTS},
        "valid": feature.valid_range(),
        "geom": to_element(feature.area()),
    }
