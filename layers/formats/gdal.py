"""Reads vector files by GDAL as streams of Arrow, with drivers that read nothing but the file itself."""

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
from layers.readers.shapefile import text_encoding

# An allow-list, since files come from strangers: drivers such as VRT, GDALG or WFS open addresses and other
# files, or run queries.
DRIVERS: Final = frozenset(
    {
        *("ESRI Shapefile", "GPKG", "FlatGeobuf", "OpenFileGDB", "MapInfo File", "SQLite"),
        *("GeoJSON", "GeoJSONSeq", "ESRIJSON", "TopoJSON", "KML", "LIBKML", "GPX", "DXF", "XLSX", "ODS"),
    }
)
INDIRECT_MARKS: Final = (b"OGRVRT", b"VRTDataset", b"OGRWFS", b"gdal_streamed_alg", b"<GDAL_", b"OGRGMLAS")
HEAD_BYTES: Final = 1 << 16  # how far into a file the marks are looked for


def open_vector(path: Path, layer: str | None) -> TableReader:
    """Open a layer of a vector file. Raises BadInput (field ``file`` or ``layer``), DataSourceError."""
    _check_head(path)
    chosen = _layer(path, layer)
    info = pyogrio.read_info(path, layer=chosen)
    if info["driver"] not in DRIVERS:
        raise _unsupported(path, str(info["driver"]))
    encoding = text_encoding(path)
    with pyogrio.open_arrow(path, layer=chosen, encoding=encoding, use_pyarrow=True) as (_meta, reader):
        schema: pa.Schema = reader.schema
    rows = int(info["features"])

    def read(rows: int) -> Iterator[pa.RecordBatch]:
        with pyogrio.open_arrow(path, layer=chosen, batch_size=rows, encoding=encoding, use_pyarrow=True) as (
            _meta,
            reader,
        ):
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
    """Refuse a file that refers to other files or to addresses, before GDAL opens it."""
    if path.is_dir() or path.suffix.lower() == ".zip":
        return
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if any(mark in head for mark in INDIRECT_MARKS):
        raise _unsupported(path, path.suffix)


def _unsupported(path: Path, kind: str) -> BadInput:
    return BadInput(
        N_("{file} is of an unsupported type: {kind}."),
        field="file",
        hint=N_("Give GeoParquet, GeoPackage, Shapefile, GeoJSON, FlatGeobuf, Arrow or CSV."),
        file=path.name,
        kind=kind,
    )


def _layer(path: Path, layer: str | None) -> str:
    """The given layer, else the only one with geometry, else the only one (a sheet of a workbook)."""
    layers = [(str(name), shape is not None) for name, shape in pyogrio.list_layers(path)]
    with_geometry = [name for name, has_geometry in layers if has_geometry]
    names = with_geometry or [name for name, _ in layers]
    if layer is not None and layer in dict(layers):
        return layer
    if layer is None and len(names) == 1:
        return names[0]
    unknown = N_("{file} has no layer {layer}.")
    several = N_("{file} has {count} layers with geometry.")
    raise BadInput(
        several if layer is None else unknown,
        field="layer",
        hint=N_("Choose one of: {names}.") if names else "",
        file=path.name,
        layer=layer,
        count=len(with_geometry),
        names=", ".join(names),
    )
