"""Writes GeoPackage, GeoJSON and FlatGeobuf by GDAL, each from one stream of Arrow."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyogrio

from layers.formats.output_plan import Layout, OutputBatch
from layers.formats.plain_columns import plain_schema, plain_table

GDAL_ERRORS: Final = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.FieldError,
    pyogrio.errors.FeatureError,
    pyogrio.errors.GeometryError,
)
# FlatGeobuf's spatial index would reorder the rows, and it cannot hold rows without geometry.
OPTIONS: Final = {".fgb": {"SPATIAL_INDEX": "NO"}}
# For inputs with a column ``fid``: GeoPackage's own key must then have another name.
RENAMED_FID: Final = {"FID": "zj_fid"}


def write_vector(path: Path, name: str, layout: Layout, batches: Iterable[OutputBatch]) -> None:
    """Write all rows to a layer ``name``, by the driver for the path's suffix."""
    schema = plain_schema(layout.schema, layout.geometry)
    rows = (part for batch in batches for part in plain_table(batch.table, schema).to_batches())
    has_fid = path.suffix.lower() == ".gpkg" and "fid" in map(str.lower, schema.names)
    pyogrio.write_arrow(
        pa.RecordBatchReader.from_batches(schema, rows),
        path,
        layer=name,
        geometry_name=layout.geometry,
        geometry_type="Point" if layout.kind == "Point" else "Unknown",
        crs=f"EPSG:{layout.epsg}",
        layer_options=RENAMED_FID if has_fid else OPTIONS.get(path.suffix.lower()),
    )
