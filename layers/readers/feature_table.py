"""Reads the features of a dataset, and checks their properties and geometry."""

from __future__ import annotations

import datetime as dt
import math
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from geoalchemy2.shape import from_shape
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry
from sqlalchemy.dialects.postgresql import Range

from core.errors import BadData, BadInput
from core.i18n import N_, Lang, say
from layers.readers.shapefile import text_encoding
from layers.registry.sources import Dataset
from store.schema import SRID

DAY: Final = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[T ].*)?")


class BadFeature(BadData):
    """An error of one feature that another check found: its message, preceded by the feature's number."""

    def __init__(self, dataset: Dataset, number: int, fault: BadInput) -> None:
        super().__init__(fault.message, field=dataset.dataset, hint=fault.hint, **fault.values)
        self.number = number

    def detail(self, lang: Lang) -> str:
        """What is wrong, in words."""
        return say(lang, N_("Feature {number}: {fault}"), number=self.number, fault=super().detail(lang))


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature of a dataset: its number, from 1, and its properties with ``geometry``.

    The methods check what they return, and raise :class:`BadData` with the feature's number.
    """

    dataset: Dataset
    number: int
    properties: Mapping[str, Any]

    def error(self, message: str, *, hint: str = "", **values: object) -> BadData:
        """An error about this feature; ``message`` is a message id that may name ``{number}``."""
        return BadData(message, field=self.dataset.dataset, hint=hint, number=self.number, **values)

    def text(self, field: str) -> str:
        """A text that is required."""
        value = self.optional_text(field)
        if value is None:
            raise self.error(N_("Feature {number} has no {what}."), what=field)
        return value

    def optional_text(self, field: str) -> str | None:
        """A text, or a whole number as text; None where the column is missing or empty."""
        return cell_text(self.properties.get(field))

    def valid_range(self) -> Range[dt.date]:
        """The days from ``valid_from`` to ``valid_to``, excluded, in which the feature is in force."""
        lower, upper = (self._day(field) for field in ("valid_from", "valid_to"))
        if lower and upper and lower >= upper:
            message = N_("Feature {number} ends on {upper}, before it begins on {lower}.")
            raise self.error(message, upper=upper, lower=lower)
        return Range(lower, upper, bounds="[)")

    def _day(self, field: str) -> dt.date | None:
        value = self.optional_text(field)
        if value is None:
            return None
        written = DAY.fullmatch(value)
        try:
            return dt.date(*map(int, written.groups())) if written else dt.date.fromisoformat(value)
        except ValueError as fault:
            message = N_("Feature {number}: {what} is not a date (YYYY-MM-DD): {value}")
            raise self.error(message, what=field, value=value) from fault

    def area(self) -> MultiPolygon:
        """The geometry as a valid, non-empty MultiPolygon without heights."""
        return self.checked_area(self.properties["geometry"])

    def checked_area(self, geometry: BaseGeometry | None) -> MultiPolygon:
        """``area`` for a geometry that was derived from the feature's own."""
        if geometry is None or geometry.is_empty or geometry.geom_type not in ("Polygon", "MultiPolygon"):
            raise self.error(N_("Feature {number} has no area."))
        if not geometry.is_valid:
            reason = shapely.is_valid_reason(geometry)
            raise self.error(N_("Feature {number} is not a valid area: {reason}"), reason=reason)
        flat = shapely.force_2d(geometry)
        return MultiPolygon(list(shapely.get_parts(flat)))


def cell_text(value: object) -> str | None:
    """A cell as text: codes in a column of numbers, 140522201 or 140522201.0, as their digits."""
    if isinstance(value, np.floating | float) and math.isfinite(value) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, np.integer | int) and not isinstance(value, bool):
        return str(int(value))
    return value.strip() or None if isinstance(value, str) else None


def read_table(path: Path, layer: str | None = None) -> gpd.GeoDataFrame:
    """A layer of a file as GDAL reads it, with dates as text and Chinese text as it was written."""
    with warnings.catch_warnings():
        # Raised for a column that holds both numbers and texts, which is then read as text: as wanted.
        warnings.filterwarnings("ignore", "Could not parse column")
        return pyogrio.read_dataframe(
            path, layer=layer, datetime_as_string=True, encoding=text_encoding(path)
        )


def iter_features(dataset: Dataset, frame: gpd.GeoDataFrame) -> Iterator[Feature]:
    """The features of a table, in order."""
    columns = list(frame.columns)
    for number, values in enumerate(frame.itertuples(index=False, name=None), start=1):
        yield Feature(dataset, number, dict(zip(columns, values, strict=True)))


def to_element(geometry: MultiPolygon) -> Any:  # noqa: ANN401 - geoalchemy2's element is untyped here
    """The geometry as a value for a geometry column of the store."""
    return from_shape(geometry, srid=SRID)
