"""Gives the columns of a file the names of fields: as sources.yaml maps them, else by usual names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import yaml

from core.errors import BadData
from core.i18n import N_
from layers.readers.feature_table import cell_text
from layers.registry.sources import Dataset

ALIASES: Final = Path(__file__).with_name("column_aliases.yaml")


def named_fields(dataset: Dataset, features: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The features with their fields as columns, and ``values`` of the dataset where a field is empty.

    Raises BadData for a column in ``columns`` that the file does not have.
    """
    named = features.copy()
    for field, column in _fields(dataset, list(features.columns)).items():
        named[field] = features[column]
    for field, value in dataset.values.items():
        cells: Any = named[field] if field in named.columns else [None] * len(named)
        named[field] = [value if cell_text(cell) is None else cell for cell in cells]
    return named


def _fields(dataset: Dataset, columns: list[str]) -> dict[str, str]:
    """Field → the file's column that holds it."""
    present = {column.strip().lower(): column for column in reversed(columns)}
    found = {
        field: present[name.lower()]
        for field, names in _aliases().get(dataset.role, {}).items()
        if (name := next((n for n in (field, *names) if n.lower() in present), None)) is not None
    }
    for field, column in dataset.columns.items():
        if column.strip().lower() not in present:
            raise BadData(
                N_("{file} has no column {column}, which sources.yaml names for {what}."),
                field=dataset.dataset,
                hint=N_("Its columns are: {columns}."),
                file=dataset.file,
                column=column,
                what=field,
                columns=", ".join(columns),
            )
        found[field] = present[column.strip().lower()]
    return found


@cache
def _aliases() -> Mapping[str, Mapping[str, list[str]]]:
    aliases: Mapping[str, Mapping[str, list[str]]] = yaml.safe_load(ALIASES.read_text(encoding="utf-8"))
    return aliases
