"""Vector files that GDAL reads, as streams of Arrow. Only drivers that read a local file are taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyogrio
from pyproj import CRS
from pyproj.exceptions import CRSError

from core.errors import BadInput
from core.i18n import N_
from layers.formats.place_columns import find_place_columns, normalize_crs
from layers.formats.table_reader import TableReader

# Drivers that follow addresses, run queries or stand for other files (VRT, GDALG, WFS, …) are not among them.
DRIVERS: Final = frozenset(
    {
        *("ESRI Shapefile", "GPKG", "FlatGeobuf", "OpenFileGDB", "MapInfo File", "SQLite"),
        *("GeoJSON", "GeoJSONSeq", "ESRIJSON", "TopoJSON", "KML", "LIBKML", "GPX", "DXF", "XLSX", "ODS"),
    }
)
INDIRECT_MARKS: Final = (b"OGRVRT", b"VRTDataset", b"OGRWFS", b"gdal_streamed_alg", b"<GDAL_", b"OGRGMLAS")
HEAD_BYTES: Final = 1 << 16


def open_vector(path: Path, layer: str | None) -> TableReader:
    """A layer of a vector file. Raises BadInput (fields ``file``, ``layer``), DataSourceError."""
    _check_head(path)
    chosen = _layer(path, layer)
    info = pyogrio.read_info(path, layer=chosen)
    if info["driver"] not in DRIVERS:
        raise _unsupported(path, str(info["driver"]))
    with pyogrio.open_arrow(path, layer=chosen, use_pyarrow=True) as (_meta, reader):
        schema: pa.Schema = reader.schema
    rows = int(info["features"])

    def read(rows: int) -> Iterator[pa.RecordBatch]:
        with pyogrio.open_arrow(path, layer=chosen, batch_size=rows, use_pyarrow=True) as (_meta, reader):
            yield from reader

    kind = str(info["geometry_type"] or "Unknown")
    places = replace(find_place_columns(schema, path.name), kind="Unknown" if " " in kind else kind)
    if places.geometry is not None and places.crs is None:
        places = replace(places, crs=_crs(info))
    return TableReader(schema, rows if rows >= 0 else None, read, places)


def _crs(info: dict[str, Any]) -> CRS | None:
    try:
        return normalize_crs(CRS.from_user_input(info["crs"])) if info["crs"] else None
    except CRSError:
        return None


def _check_head(path: Path) -> None:
    """Refuse, before GDAL opens it, a file that stands for others or for addresses."""
    if path.is_dir() or path.suffix.lower() == ".zip":
        return
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if any(mark in head for mark in INDIRECT_MARKS):
        raise _unsupported(path, path.suffix)


def _unsupported(path: Path, kind: str) -> BadInput:
    return BadInput(
        N_("{file} is of a kind that is not taken: {kind}."),
        field="file",
        hint=N_("Give GeoParquet, GeoPackage, Shapefile, GeoJSON, FlatGeobuf, Arrow or CSV."),
        file=path.name,
        kind=kind,
    )


def _layer(path: Path, layer: str | None) -> str:
    """The layer that is named, or the only one with geometry; a workbook's only sheet where none has."""
    listed = pyogrio.list_layers(path)
    drawn = [str(name) for name, shape in listed if shape is not None]
    names = drawn or [str(name) for name, _ in listed]
    if layer is not None and layer in [str(name) for name, _ in listed]:
        return layer
    if layer is None and len(names) == 1:
        return names[0]
    if layer is not None:
        raise BadInput(
            N_("{file} has no layer {layer}."),
            field="layer",
            hint=N_("Name one of them: {names}.") if names else "",
            file=path.name,
            layer=layer,
            names=", ".join(names),
        )
    raise BadInput(
        N_("{file} has {count} layers with geometry."),
        field="layer",
        hint=N_("Name one of them: {names}.") if names else "",
        file=path.name,
        count=len(drawn),
        names=", ".join(names),
    )
