"""Rows into a file, batch by batch: GeoParquet 1.1, Arrow IPC, CSV, GeoPackage, FlatGeobuf, GeoJSON.

Everything is written to a file beside the target, which takes its place when all is safe: nothing is half
stored, and a file that was there stays until then.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from pyproj import CRS

from core.errors import BadInput
from core.i18n import N_
from layers.formats.gdal_writer import GDAL_FAULTS, write_vector
from layers.formats.output_plan import GeometryForm, Layout, OutputBatch, geoarrow_metadata
from layers.formats.plain_columns import plain_schema, plain_table

Batches = Iterable[OutputBatch]
Write = Callable[
    [Path, str, Layout, Batches], None
]  # the file, a name for its layer, what it holds, the rows
ROW_GROUP: Final = 1 << 20
# Measured: zstd at its first level makes verdict columns a quarter smaller (33 bytes a row, not 43)
# and takes a third more time for all the writing. Dictionaries of units outgrow Parquet's usual limit.
COMPRESSION: Final = {"compression": "snappy", "dictionary_pagesize_limit": 1 << 24}
FAULTS: Final = (OSError, pa.ArrowException, *GDAL_FAULTS)


def geometry_form(target: Path) -> GeometryForm:
    """How geometry goes into a file of that name. Raises BadInput (field ``output``)."""
    return _writer(target)[0]


def check_target(target: Path, source: Path) -> None:
    """Refuse a target that cannot be written or is the input itself. Raises BadInput."""
    _writer(target)
    if target.exists() and target.samefile(source):
        raise BadInput(
            N_("{path} is the input itself."),
            field="output",
            hint=N_("Give another file; the input stays as it is."),
            path=target,
        )
    if not target.parent.is_dir() or target.is_dir():
        raise BadInput(
            N_("{path} cannot be written: {fault}"), field="output", path=target, fault=target.parent
        )


def write_stream(target: Path, layout: Layout, batches: Batches) -> None:
    """Write all batches, then let the file take the target's name. Raises BadInput (field ``output``)."""
    _, write = _writer(target)
    faults: list[Exception] = []
    with _temporary_file(target) as part:
        try:
            write(part, target.stem, layout, _recording_errors(batches, faults))
        except Exception as fault:
            if faults:  # the rows could not be made; what a driver says of that is not the reason
                raise faults[0] from None
            if not isinstance(fault, FAULTS):
                raise
            raise BadInput(
                N_("{path} cannot be written: {fault}"), field="output", path=target, fault=fault
            ) from fault


def _recording_errors(batches: Batches, faults: list[Exception]) -> Iterator[OutputBatch]:
    try:
        yield from batches
    except Exception as fault:
        faults.append(fault)
        raise


@contextmanager
def _temporary_file(target: Path) -> Iterator[Path]:
    """A file beside the target; it becomes the target, or goes."""
    part = target.with_name(f".{target.stem}.{os.getpid()}.part{target.suffix}")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _write_parquet(path: Path, _name: str, layout: Layout, batches: Batches) -> None:
    kinds: set[str] = set()
    boxes = []
    repeated = [field.name for field in layout.schema if _dictionary_may_pay(field.type)]
    told = [field.name for field in layout.schema if _needs_statistics(field.type)]
    with pq.ParquetWriter(
        path, layout.schema, use_dictionary=repeated, write_statistics=told, **COMPRESSION
    ) as writer:
        for batch in batches:
            writer.write_table(batch.table, ROW_GROUP)
            kinds |= batch.kinds
            boxes += [batch.box] if batch.box else []
        if layout.geometry is not None:
            writer.add_key_value_metadata({"geo": json.dumps(_geoparquet_metadata(layout, kinds, boxes))})


def _dictionary_may_pay(kind: pa.DataType) -> bool:
    """Whether a dictionary may pay for a column."""
    return bool(pa.types.is_dictionary(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _needs_statistics(kind: pa.DataType) -> bool:
    """Whether least and greatest help who looks for rows; of texts they cost more than all the rest."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_temporal(kind))


def _geoparquet_metadata(layout: Layout, kinds: Iterable[str], boxes: list[Any]) -> dict[str, Any]:
    """GeoParquet 1.1's metadata; further columns of geometry keep what was said of them."""
    entry: dict[str, Any] = {
        "encoding": layout.encoding.upper() if layout.encoding == "wkb" else layout.encoding,
        "geometry_types": sorted(kinds),
        "crs": CRS.from_epsg(layout.epsg).to_json_dict(),
    }
    if boxes:
        west, south, east, north = zip(*boxes, strict=True)
        entry["bbox"] = [min(west), min(south), max(east), max(north)]
    others = {
        name: said
        for name, said in (layout.extra or {}).items()
        if name in layout.schema.names and name != layout.geometry
    }
    return {
        "version": "1.1.0",
        "primary_column": layout.geometry,
        "columns": {layout.geometry: entry} | others,
    }


def _write_ipc_file(path: Path, _name: str, layout: Layout, batches: Batches) -> None:
    """One dictionary a column grows through the file: the format takes additions, not replacements."""
    schema = arrow_schema(layout)
    options = pa.ipc.IpcWriteOptions(compression="lz4", emit_dictionary_deltas=True)
    grown: dict[str, pa.Array] = {}
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema, options=options) as writer:
        for batch in batches:
            writer.write_table(_with_extended_dictionaries(batch.table, grown).cast(schema))


def _write_ipc_stream(path: Path, _name: str, layout: Layout, batches: Batches) -> None:
    schema = arrow_schema(layout)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, schema) as writer:
        for batch in batches:
            writer.write_table(batch.table.cast(schema))


def arrow_schema(layout: Layout) -> pa.Schema:
    """The schema of an Arrow file: the column of geometry says what it is."""
    if layout.geometry is None:
        return layout.schema
    place = layout.schema.get_field_index(layout.geometry)
    return layout.schema.set(place, layout.schema.field(place).with_metadata(geoarrow_metadata(layout)))


def _with_extended_dictionaries(table: pa.Table, grown: dict[str, pa.Array]) -> pa.Table:
    """The table with dictionaries that begin with those of the tables before."""
    for place, field in enumerate(table.schema):
        if not pa.types.is_dictionary(field.type):
            continue
        before = [grown[field.name]] if field.name in grown else []
        unified = pa.chunked_array([*before, *table.column(place).chunks], field.type).unify_dictionaries()
        chunks = unified.chunks[len(before) :]
        if chunks:
            grown[field.name] = chunks[0].slice(0, 0)
            table = table.set_column(place, field, pa.chunked_array(chunks, field.type))
    return table


def _write_csv(path: Path, _name: str, layout: Layout, batches: Batches) -> None:
    """UTF-8 with the mark that spreadsheets want."""
    schema = plain_schema(layout.schema, None)
    mark = "\t" if path.suffix.lower() == ".tsv" else ","
    with path.open("wb") as file:
        file.write(b"\xef\xbb\xbf")
        with pa_csv.CSVWriter(
            file, schema, write_options=pa_csv.WriteOptions(delimiter=mark, quoting_style="needed")
        ) as writer:
            for batch in batches:
                writer.write_table(plain_table(batch.table, schema))


WRITERS: Final[dict[str, tuple[GeometryForm, Write]]] = {
    ".parquet": ("native", _write_parquet),
    ".geoparquet": ("native", _write_parquet),
    ".arrow": ("native", _write_ipc_file),
    ".feather": ("native", _write_ipc_file),
    ".arrows": ("native", _write_ipc_stream),
    ".csv": ("text", _write_csv),
    ".tsv": ("text", _write_csv),
    ".gpkg": ("wkb", write_vector),
    ".fgb": ("wkb", write_vector),
    ".geojson": ("wkb", write_vector),
}


def _writer(target: Path) -> tuple[GeometryForm, Write]:
    found = WRITERS.get(target.suffix.lower())
    if found is None:
        raise BadInput(
            N_("{path} is of no format that can be written."),
            field="output",
            hint=N_("End its name with one of: {known}."),
            path=target.name,
            known=", ".join(sorted(WRITERS)),
        )
    return found
