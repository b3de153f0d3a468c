"""Answers to batches, piece by piece: JSON rows, GeoJSON features or an Arrow stream."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
import shapely

from api.batch.request import Batch, Form
from geo.datum.reference_systems import frame
from layers.formats.geometry_columns import encode, geometries
from layers.formats.output_plan import GEOMETRY, GIVEN
from layers.formats.place_columns import EXTENSION, EXTENSION_SAYS
from screening.files.places import Places
from screening.files.run import true_places
from screening.files.summary import Column

ARROW: Final = "application/vnd.apache.arrow.stream"
TYPES: Final[dict[Form, str]] = {
    "json": "application/json",
    "geojson": "application/geo+json",
    "arrow": ARROW,
}
PIECE: Final = 4096
ARROW_PIECE: Final = 65_536


@dataclass(frozen=True, slots=True)
class BatchResponse:
    """A judged batch. ``as_of``, ``asked_on``: the days of the acts and of the answer."""

    batch: Batch
    places: Places
    verdict: pa.Table
    as_of: dt.date
    asked_on: dt.date


def wanted_form(accept: str, sent: Form) -> Form | None:
    """The form that an Accept header asks for, by default the one that was sent; None where it is none."""
    asked = [part.split(";")[0].strip().lower() for part in accept.split(",")]
    for kind in asked:
        for form, name in TYPES.items():
            if kind == name:
                return form
        if kind in ("", "*/*", "application/*"):
            return sent
    return None


def pieces(answer: BatchResponse, form: Form) -> Iterator[bytes]:
    """The body of an answer in a form."""
    return WRITERS[form](answer)


def _json(answer: BatchResponse) -> Iterator[bytes]:
    head = {
        "category": answer.batch.asked.category,
        "as_of": answer.as_of,
        "asked_on": answer.asked_on,
        "datum": answer.batch.datum,
    }
    errors = [{"index": row, "error": why} for row, why in sorted(answer.places.errors.items())]
    yield orjson.dumps(head)[:-1] + b',"errors":' + orjson.dumps(errors) + b',"rows":['
    for start, rows in _rows(answer.verdict):
        yield (b"," if start else b"") + orjson.dumps(rows)[1:-1]
    yield b"]}"


def _rows(table: pa.Table) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Pieces of a table: the number of the first row, and the rows as plain values."""
    names = table.schema.names
    columns = [_values(table.column(name)) for name in names]
    for start in range(0, table.num_rows, PIECE):
        values = zip(*(column(start, start + PIECE) for column in columns), strict=True)
        yield start, [dict(zip(names, row, strict=True)) for row in values]


def _values(column: pa.ChunkedArray) -> Callable[[int, int], list[Any]]:
    """Reads a stretch of a column as plain values; texts of a dictionary are made once."""
    if pa.types.is_dictionary(column.type):
        few = Column.of(column)
        texts = np.array([*few.values, None], dtype=object)
        return lambda start, end: list(texts[few.codes[start:end]])
    return lambda start, end: column.slice(start, end - start).to_pylist()


def _geojson(answer: BatchResponse) -> Iterator[bytes]:
    """Features in CGCS2000 degrees; the numbers given stand beside them where they are others."""
    kept = frame(answer.batch.datum)
    same = kept.kind == "plain" and kept.unproject is None
    true = true_places(answer.places)
    yield b'{"type":"FeatureCollection","features":['
    for start, rows in _rows(answer.verdict):
        end = start + len(rows)
        shapes = geometries(true.xy[start:end], None if true.shapes is None else true.shapes[start:end])
        drawn = [None if text is None else orjson.Fragment(text) for text in shapely.to_geojson(shapes)]
        features = [
            _feature(answer.batch, start + row, geometry, told, same)
            for row, (geometry, told) in enumerate(zip(drawn, rows, strict=True))
        ]
        yield (b"," if start else b"") + orjson.dumps(features, default=str)[1:-1]
    yield b"]}"


def _feature(batch: Batch, row: int, geometry: Any, told: dict[str, Any], same: bool) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """The feature that was sent, or one made for the row, with the verdict in its properties."""
    feature: dict[str, Any] = {"type": "Feature"} if batch.features is None else {**batch.features[row]}
    properties: dict[str, Any] = {**(feature.get("properties") or {})}
    if batch.table is not None:
        properties |= _own_values(batch.table, row)
    if not same:
        xy = batch.given.xy[row].tolist()
        properties |= dict(zip(GIVEN, xy if np.isfinite(xy).all() else (None, None), strict=True))
    if batch.features is None or not same:
        feature["geometry"] = geometry
    feature["properties"] = properties | told
    return feature


def _own_values(table: pa.Table, row: int) -> dict[str, Any]:
    """A row of an Arrow body, without bytes and what is nested: no GeoJSON property."""
    return {
        field.name: table.column(field.name)[row].as_py()
        for field in table.schema
        if not (pa.types.is_nested(field.type) or pa.types.is_binary(field.type))
    }


def _arrow(answer: BatchResponse) -> Iterator[bytes]:
    table = _table(answer)
    sink = _Pieces()
    with pa.ipc.new_stream(pa.PythonFile(sink, "w"), table.schema) as writer:
        for batch in table.to_batches(ARROW_PIECE):
            writer.write_batch(batch)
            yield sink.taken()
    yield sink.taken()


def _table(answer: BatchResponse) -> pa.Table:
    """The body's columns, or the geometry of its places; behind them the verdict's."""
    own = answer.batch.table
    if own is None:
        true = true_places(answer.places)
        marks = {EXTENSION: b"geoarrow.wkb", EXTENSION_SAYS: b'{"crs": "EPSG:4490"}'}
        column = pa.field(GEOMETRY, pa.binary(), metadata=marks)
        own = pa.Table.from_arrays([encode(true.xy, true.shapes)], schema=pa.schema([column]))
    for field in answer.verdict.schema:
        if field.name in own.schema.names:
            own = own.drop_columns([field.name])
        own = own.append_column(field, answer.verdict.column(field.name))
    return own


class _Pieces(io.RawIOBase):
    """What was written since it was last taken."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:  # noqa: ANN401 - any buffer
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def taken(self) -> bytes:
        found = b"".join(self._parts)
        self._parts.clear()
        return found


WRITERS: Final[dict[Form, Callable[[BatchResponse], Iterator[bytes]]]] = {
    "json": _json,
    "geojson": _geojson,
    "arrow": _arrow,
}
