"""The grid workers' net."""

from __future__ import annotations

from typing import Any

from layers.readers.feature_table import need_text, read_features, rows_of, sound_area, stored, valid_range
from layers.readers.units import Rows
from layers.registry.sources import Dataset

TEXTS = ("code", "issuer", "township", "name", "worker", "team")


def read_grid(dataset: Dataset) -> Rows:
    """Rows for ``grid_cell``."""
    return [_cell(dataset, number, row) for number, row in rows_of(dataset, read_features(dataset))]


def _cell(dataset: Dataset, number: int, row: dict[str, Any]) -> dict[str, Any]:
    texts = {field: need_text(dataset, number, row, field) for field in TEXTS}
    return {
        **texts,
        "valid": valid_range(dataset, number, row),
        "geom": stored(sound_area(dataset, number, row["geometry"])),
    }
