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

from core.errors import BadData, BadInput
from core.i18n import N_
from geo.datum import CANON, frame, three_degree_epsg, to_cgcs2000_array
from geo.measure import STEP_DEG
from layers.readers.columns import named_fields
from layers.readers.feature_table import BadFeature, read_table
from layers.registry.sources import Dataset, Role
from store.schema import SRID

DATUM_NAMES: Final = {"China 2000": CANON, "World Geodetic System 1984": "wgs84"}
"""Name of a datum in a file's reference system → its name in a declaration."""
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


def read_features(dataset: Dataset) -> gpd.GeoDataFrame:
    """The features of a dataset's file in CGCS2000 degrees, with its role's fields as columns.

    The declared ``datum`` and the reference system of the file must agree; a dataset that declares none is
    in the file's own.

    Raises:
        BadData: the file cannot be read, its datum is refused, or a feature cannot be converted.
    """
    try:
        features = read_foreign_file(dataset, dataset.datum or None, dataset.layer)
    except BadInput as fault:
        raise _unreadable_dataset(dataset, fault) from fault
    return named_fields(dataset, features)


def with_stated_datum(dataset: Dataset) -> Dataset:
    """The dataset with the datum of its file, if it declares none. Raises as :func:`read_features`."""
    if dataset.datum:
        return dataset
    try:
        layer = _layer(dataset.path, dataset.layer)
        crs = pyogrio.read_info(dataset.path, layer=layer)["crs"]
        datum = declared_datum(dataset.path, None if crs is None else CRS.from_user_input(crs), None)
    except (BadInput, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as fault:
        raise _unreadable_dataset(dataset, fault) from fault
    return dataset.model_copy(update={"datum": datum})


def _unreadable_dataset(dataset: Dataset, fault: Exception) -> BadData:
    if isinstance(fault, BadInput):
        return BadData(fault.message, field=dataset.dataset, hint=fault.hint, **fault.values)
    return BadData(
        N_("{file} cannot be read: {fault}"), field=dataset.dataset, file=dataset.file, fault=fault
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
    return read_table(path, _layer(path, layer))


def _layer(path: Path, layer: str | None) -> str:
    """The given layer, else the only one with geometry."""
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
    return layer or names[0]


def declared_datum(path: Path, crs: CRS | None, declared: str | None) -> str:
    """The datum to convert from: the declared one if the file can have it, else the file's own.

    A declaration cannot contradict a projected system. Degrees are different: a GeoJSON file, for one, has no
    way to state that its degrees are GCJ-02.

    Args:
        path: for error messages.
        crs: what the file states.
        declared: what the user states.
    """
    if crs is None:
        return declared or _refuse_unknown_crs(path, crs)
    code = epsg_code(crs)
    if code is None:
        return _declared_for_unknown(path, crs, declared)
    stated = frame(f"EPSG:{code}")
    if declared is None or _names_its_datum(crs, declared):
        return stated.name
    if stated.unproject is not None and frame(declared).name != stated.name:
        raise _contradiction(path, stated.name, declared)
    return declared


def epsg_code(crs: CRS) -> int | None:
    """The EPSG code of a reference system; of CGCS2000 Gauss–Krüger also where only its name is unusual."""
    code: int | None = crs.to_epsg()
    operation = crs.coordinate_operation
    if code is not None or operation is None or _datum_name(crs) != "China 2000":
        return code
    if operation.method_name not in ("Transverse Mercator", "Gauss-Kruger"):
        return None
    values = {param.name: float(param.value) for param in operation.params}
    if values.get("Scale factor at natural origin", 1.0) != 1.0 or values.get("False northing", 0.0) != 0.0:
        return None
    return three_degree_epsg(values["Longitude of natural origin"], values["False easting"])


def _datum_name(crs: CRS) -> str:
    base = crs.geodetic_crs
    return "" if base is None or base.datum is None else base.datum.name.replace("D_China_2000", "China 2000")


def _names_its_datum(crs: CRS, declared: str) -> bool:
    """Whether a declaration of cgcs2000 or wgs84 names the datum of a file's projected system."""
    return crs.is_projected and DATUM_NAMES.get(_datum_name(crs)) == frame(declared).name


def _declared_for_unknown(path: Path, crs: CRS, declared: str | None) -> str:
    """The declared datum, for a file whose reference system has no code: it may not contradict it."""
    for secret in ("Xian 1980", "Beijing 1954"):
        if secret in _datum_name(crs).replace("_", " "):
            frame(secret)  # refuses it with the reason
    if declared is None:
        _refuse_unknown_crs(path, crs)
    if crs.is_projected:
        raise _contradiction(path, crs.name, declared)
    return declared


def _contradiction(path: Path, stated: str, declared: str) -> BadInput:
    return BadInput(
        N_("{file} states {stated}, but {declared} is declared."),
        field="datum",
        hint=N_("Leave out the declaration, or correct the file."),
        file=path.name,
        stated=stated,
        declared=declared,
    )


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
    source = frame(datum)
    step = STEP_M if source.unproject else STEP_DEG

    def convert(coordinates: NDArray[np.float64]) -> NDArray[Any]:
        return to_cgcs2000_array(coordinates, datum)

    try:
        if shape is None:
            return None
        if source.kind == "plain" and source.unproject is None:
            convert(shapely.get_coordinates(shape))  # degrees stay as they are, if they are plausible
            return shape
        return shapely.transform(shapely.segmentize(shape, step), convert)
    except BadInput as fault:
        raise BadFeature(dataset, number, fault) from fault
