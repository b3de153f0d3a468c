"""Reading the features of a dataset: geometry made sound, dates and texts checked, or a clear refusal."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyogrio
import shapely
from geoalchemy2.shape import from_shape
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry
from sqlalchemy.dialects.postgresql import Range

from core.errors import BadData, BadInput
from core.i18n import N_, Lang, say
from layers.registry.sources import Dataset
from store.schema.datasets import SRID


class BadFeature(BadData):
    """A feature that a rule of its own refuses: the rule's sentence after the feature's number."""

    def __init__(self, dataset: Dataset, number: int, fault: BadInput) -> None:
        super().__init__(fault.message, field=dataset.dataset, hint=fault.hint, **fault.values)
        self.number = number

    def detail(self, lang: Lang) -> str:
        """What is wrong, in words."""
        return say(lang, N_("Feature {number}: {fault}"), number=self.number, fault=super().detail(lang))


def read_features(dataset: Dataset) -> gpd.GeoDataFrame:
    """The dataset's features as they stand, dates left as text."""
    try:
        frame = read_table(dataset.path)
    except pyogrio.errors.DataSourceError as fault:
        raise BadData(
            N_("{file} cannot be read: {fault}"), field=dataset.dataset, file=dataset.file, fault=fault
        ) from fault
    if frame.empty:
        raise BadData(N_("{file} holds no feature."), field=dataset.dataset, file=dataset.file)
    return frame


def read_table(path: Path, layer: str | None = None) -> gpd.GeoDataFrame:
    """A layer of a file as GDAL reads it; one column of numbers and texts comes as texts."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Could not parse column")
        return pyogrio.read_dataframe(path, layer=layer, datetime_as_string=True)


def rows_of(dataset: Dataset, frame: gpd.GeoDataFrame) -> Iterator[tuple[int, dict[str, Any]]]:
    """(row number from 1, properties and geometry) of each feature."""
    columns = list(frame.columns)
    for number, values in enumerate(frame.itertuples(index=False, name=None), start=1):
        yield number, dict(zip(columns, values, strict=True))


def need_text(dataset: Dataset, number: int, row: dict[str, Any], field: str) -> str:
    """A text that must be there."""
    value = optional_text(row, field)
    if value is None:
        raise BadData(N_("Feature {number} has no {what}."), field=dataset.dataset, number=number, what=field)
    return value


def optional_text(row: dict[str, Any], field: str) -> str | None:
    """A text, or None where the column is missing or empty."""
    value = row.get(field)
    return value if isinstance(value, str) and value else None


def valid_range(dataset: Dataset, number: int, row: dict[str, Any]) -> Range[dt.date]:
    """The half-open span of days in which the feature is in force."""
    lower, upper = (_day(dataset, number, row, field) for field in ("valid_from", "valid_to"))
    if lower and upper and lower >= upper:
        raise BadData(
            N_("Feature {number} ends on {upper}, before it begins on {lower}."),
            field=dataset.dataset,
            number=number,
            upper=upper,
            lower=lower,
        )
    return Range(lower, upper, bounds="[)")


def _day(dataset: Dataset, number: int, row: dict[str, Any], field: str) -> dt.date | None:
    value = optional_text(row, field)
    try:
        return dt.date.fromisoformat(value[:10].replace("/", "-")) if value else None
    except ValueError as fault:
        raise BadData(
            N_("Feature {number}: {what} is no date (YYYY-MM-DD): {value}"),
            field=dataset.dataset,
            number=number,
            what=field,
            value=value,
        ) from fault


def sound_area(dataset: Dataset, number: int, geometry: BaseGeometry | None) -> MultiPolygon:
    """A valid, non-empty MultiPolygon, or a refusal that names the feature and the fault."""
    if geometry is None or geometry.is_empty or geometry.geom_type not in ("Polygon", "MultiPolygon"):
        raise BadData(N_("Feature {number} has no area."), field=dataset.dataset, number=number)
    if not geometry.is_valid:
        raise BadData(
            N_("Feature {number} is no valid area: {reason}"),
            field=dataset.dataset,
            number=number,
            reason=shapely.is_valid_reason(geometry),
        )
    flat = shapely.force_2d(geometry)
    return MultiPolygon(list(shapely.get_parts(flat)))


def stored(geometry: MultiPolygon) -> Any:  # noqa: ANN401 - geoalchemy2's element is untyped here
    """The geometry as the store takes it."""
    return from_shape(geometry, srid=SRID)
