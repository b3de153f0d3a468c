"""Rows into GDAL's vector files: GeoPackage, GeoJSON and FlatGeobuf, each from one stream of Arrow."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyogrio

from layers.formats.output_plan import Layout, OutputBatch
from layers.formats.plain_columns import plain_schema, plain_table

GDAL_FAULTS: Final = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.FieldError,
    pyogrio.errors.FeatureError,
    pyogrio.errors.GeometryError,
)
# FlatGeobuf's index would put the rows in another order, and takes none without a place.
OPTIONS: Final = {".fgb": {"SPATIAL_INDEX": "NO"}}
OWN_FID: Final = {
    "FID": "zj_fid"
}  # where the input has a column of the name that GeoPackage takes for itself


def write_vector(path: Path, name: str, layout: Layout, batches: Iterable[OutputBatch]) -> None:
    """Write all rows by the driver of the path's name; ``name``: of the layer."""
    schema = plain_schema(layout.schema, layout.geometry)
    rows = (part for batch in batches for part in plain_table(batch.table, schema).to_batches())
    taken = path.suffix.lower() == ".gpkg" and "fid" in map(str.lower, schema.names)
    pyogrio.write_arrow(
        pa.RecordBatchReader.from_batches(schema, rows),
        path,
        layer=name,
        geometry_name=layout.geometry,
        geometry_type="Point" if layout.kind == "Point" else "Unknown",
        crs=f"EPSG:{layout.epsg}",
        layer_options=OWN_FID if taken else OPTIONS.get(path.suffix.lower()),
    )
