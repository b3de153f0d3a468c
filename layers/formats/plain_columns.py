"""Converts columns to types that CSV and GDAL drivers support: no dictionaries, views or nested types."""

from __future__ import annotations

from typing import Final

import orjson
import pyarrow as pa

WIDE: Final = (pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)


def plain_schema(schema: pa.Schema, geometry: str | None) -> pa.Schema:
    """The schema with supported types; the column ``geometry`` (WKB) is left as it is."""
    fields = [
        field if field.name == geometry else pa.field(field.name, _plain(field.type, bool(geometry)))
        for field in schema
    ]
    return pa.schema(fields)


def plain_table(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table's columns in the types of ``plain_schema``."""
    return pa.Table.from_arrays(
        [_as(table.column(field.name), field.type) for field in schema], schema=schema
    )


def _plain(kind: pa.DataType, binary: bool) -> pa.DataType:
    """The supported type for a type; ``binary``: whether the format has binary columns."""
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type, binary)
    if any(is_kind(kind) for is_kind in WIDE) or pa.types.is_nested(kind):
        return pa.string()
    if pa.types.is_decimal(kind) or pa.types.is_uint64(kind) or pa.types.is_float16(kind):
        return pa.float64()
    if pa.types.is_duration(kind):
        return pa.int64()
    if _is_binary(kind):
        return pa.binary() if binary else pa.string()
    return kind


def _is_binary(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_binary_view(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def _as(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """The column as ``kind``: nested values as JSON, bytes as hexadecimal text."""
    if column.type == kind:
        return column
    if pa.types.is_nested(column.type):
        texts = [None if value is None else _text(value) for value in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, kind)])
    if _is_binary(column.type) and pa.types.is_string(kind):
        texts = [None if value is None else value.hex() for value in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, kind)])
    return column.cast(kind, safe=False)


def _text(value: object) -> str:
    return orjson.dumps(value, default=str).decode()
