"""Reads vector files of any format and reference system into CGCS2000 degrees."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NoReturn

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from core.errors import BadInput
from core.i18n import N_
from geo.datum import frame, to_cgcs2000_array
from geo.measure import STEP_DEG
from layers.readers.feature_table import BadFeature, read_table
from layers.registry.sources import Dataset, Role
from store.schema import SRID

STEP_M: Final = 400.0  # longest edge before conversion: one straight in projected metres stays so to 3 mm


def undescribed_dataset(path: Path, role: Role, kinds: list[str]) -> Dataset:
    """A dataset for a file without a description, so that the readers of datasets can read it."""
    return Dataset(
        dataset=path.name,
        file=path.name,
        role=role,
        title={},
        origin="",
        licence="",
        datum="",
        official=False,
        kinds=kinds,
        sha256="",
        folder=path.parent,
    )


def read_foreign_file(
    dataset: Dataset, datum: str | None = None, layer: str | None = None
) -> gpd.GeoDataFrame:
    """The features of a file that GDAL can read, in CGCS2000 degrees, with dates as text.

    Args:
        dataset: the file.
        datum: declares what the file does not or cannot state (its degrees may be gcj02 or bd09).
        layer: needed if the file has several.

    Raises:
        BadInput: the file cannot be read.
        DatumRefused: its reference system is not supported.
        BadData: a feature is wrong; with its number.
    """
    features = _read(dataset.path, layer)
    if features.empty:
        raise BadInput(N_("{file} contains no features."), field="file", file=dataset.file)
    source_datum = declared_datum(dataset.path, features.crs, datum)
    shapes = [
        _to_cgcs2000(dataset, n, shape, source_datum) for n, shape in enumerate(features.geometry, start=1)
    ]
    return features.set_geometry(gpd.GeoSeries(shapes, index=features.index, crs=SRID))


def _read(path: Path, layer: str | None) -> gpd.GeoDataFrame:
    try:
        return _read_layer(path, layer)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as fault:
        raise BadInput(
            N_("{file} cannot be read: {fault}"), field="file", file=path.name, fault=fault
        ) from fault


def _read_layer(path: Path, layer: str | None) -> gpd.GeoDataFrame:
    if not path.exists():  # GDAL would open an address as well
        raise BadInput(N_("There is no file {path}."), field="file", path=path)
    names = [str(name) for name, shape in pyogrio.list_layers(path) if shape is not None]
    if not names or (layer is None and len(names) > 1):
        raise BadInput(
            N_("{file} has {count} layers with geometry."),
            field="layer",
            hint=N_("Choose one of: {names}.") if names else "",
            file=path.name,
            count=len(names),
            names=", ".join(names),
        )
    return read_table(path, layer or names[0])


def declared_datum(path: Path, crs: CRS | None, declared: str | None) -> str:
    """The datum to convert from: the declared one if the file can have it, else the file's own.

    A declaration cannot contradict a projected system. Degrees are different: a GeoJSON file, for one, has no
    way to state that its degrees are GCJ-02.

    Args:
        path: for error messages.
        crs: what the file states.
        declared: what the user states.
    """
    code = None if crs is None else crs.to_epsg()
    if code is None:
        return declared or _refuse_unknown_crs(path, crs)
    stated = frame(f"EPSG:{code}")
    if declared is None:
        return stated.name
    if stated.unproject is not None and frame(declared).name != stated.name:
        raise BadInput(
            N_("{file} states {stated}, but {declared} is declared."),
            field="datum",
            hint=N_("Leave out the declaration, or correct the file."),
            file=path.name,
            stated=stated.name,
            declared=declared,
        )
    return declared


def _refuse_unknown_crs(path: Path, crs: CRS | None) -> NoReturn:
    raise BadInput(
        N_("{file} does not state its reference system as an EPSG code (it states: {crs})."),
        field="datum",
        hint=N_("Declare it: cgcs2000, wgs84, gcj02, bd09, or EPSG:n such as EPSG:4547."),
        file=path.name,
        crs="–" if crs is None else crs.name,
    )


def _to_cgcs2000(
    dataset: Dataset, number: int, shape: BaseGeometry | None, datum: str
) -> BaseGeometry | None:
    """A geometry in CGCS2000 degrees, with edges split so that they follow those of the source system."""
    step = STEP_M if frame(datum).unproject else STEP_DEG

    def convert(coordinates: NDArray[np.float64]) -> NDArray[Any]:
        return to_cgcs2000_array(coordinates, datum)

    try:
        return None if shape is None else shapely.transform(shapely.segmentize(shape, step), convert)
    except BadInput as fault:
        raise BadFeature(dataset, number, fault) from fault
