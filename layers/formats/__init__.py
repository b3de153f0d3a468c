"""Reads and writes files of places in batches: GeoParquet, Arrow, CSV and GDAL's vector formats."""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "ACCURACY",
    "BATCH_ROWS",
    "EXTENSION",
    "EXTENSION_METADATA",
    "Floats",
    "GEOMETRY",
    "GIVEN_XY",
    "GeometryBatch",
    "MULTIPOLYGON",
    "OutputBatch",
    "OutputPlan",
    "POLYGON",
    "PlaceColumns",
    "Shapes",
    "SourceBatch",
    "SourceFile",
    "can_be_sliced",
    "check_target",
    "encode_geometry",
    "file_fingerprint",
    "find_place_columns",
    "geometry_form",
    "keep_freed_memory",
    "map_in_order",
    "open_slice",
    "plan_output",
    "prefetch",
    "resolve_datum",
    "split_points",
    "to_floats",
    "to_shapes",
    "to_source_batch",
]

if TYPE_CHECKING:
    from layers.formats.geometry_columns import (
        MULTIPOLYGON,
        POLYGON,
        Floats,
        GeometryBatch,
        Shapes,
        encode_geometry,
        split_points,
        to_shapes,
    )
    from layers.formats.malloc import keep_freed_memory
    from layers.formats.output_plan import GEOMETRY, GIVEN_XY, OutputBatch, OutputPlan, plan_output
    from layers.formats.parquet_slice import can_be_sliced, file_fingerprint, open_slice
    from layers.formats.pipeline import map_in_order, prefetch
    from layers.formats.place_columns import (
        ACCURACY,
        EXTENSION,
        EXTENSION_METADATA,
        PlaceColumns,
        find_place_columns,
    )
    from layers.formats.source import (
        BATCH_ROWS,
        SourceBatch,
        SourceFile,
        resolve_datum,
        to_floats,
        to_source_batch,
    )
    from layers.formats.writer import check_target, geometry_form
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "layers.formats.geometry_columns": [
                "Floats",
                "GeometryBatch",
                "MULTIPOLYGON",
                "POLYGON",
                "Shapes",
                "encode_geometry",
                "split_points",
                "to_shapes",
            ],
            "layers.formats.malloc": ["keep_freed_memory"],
            "layers.formats.output_plan": [
                "GEOMETRY",
                "GIVEN_XY",
                "OutputBatch",
                "OutputPlan",
                "plan_output",
            ],
            "layers.formats.parquet_slice": ["can_be_sliced", "file_fingerprint", "open_slice"],
            "layers.formats.pipeline": ["map_in_order", "prefetch"],
            "layers.formats.place_columns": [
                "ACCURACY",
                "EXTENSION",
                "EXTENSION_METADATA",
                "PlaceColumns",
                "find_place_columns",
            ],
            "layers.formats.source": [
                "BATCH_ROWS",
                "SourceBatch",
                "SourceFile",
                "resolve_datum",
                "to_floats",
                "to_source_batch",
            ],
            "layers.formats.writer": ["check_target", "geometry_form"],
        },
    )
