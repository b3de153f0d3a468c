"""Streams the answer to a batch in pieces: JSON rows, GeoJSON features or an Arrow stream."""

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
from geo.datum import frame
from layers.formats import EXTENSION, EXTENSION_METADATA, GEOMETRY, GIVEN_XY, encode_geometry, to_shapes
from screening.files import Column, PlaceBatch, place_geometries

ARROW: Final = "application/vnd.apache.arrow.stream"
TYPES: Final[dict[Form, str]] = {
    "json": "application/json",
    "geojson": "application/geo+json",
    "arrow": ARROW,
}
PIECE: Final = 4096  # rows that become Python objects at a time
ARROW_PIECE: Final = 65_536  # rows of an Arrow batch


@dataclass(frozen=True, slots=True)
class BatchResponse:
    """A batch with its verdicts. ``as_of``, ``asked_on``: the days of the acts and of the answer.

    ``default_m``: the accuracy of places that state none, metres.
    """

    batch: Batch
    places: PlaceBatch
    verdict: pa.Table
    as_of: dt.date
    asked_on: dt.date
    default_m: float


def choose_form(accept: str, sent: Form) -> Form | None:
    """The form that an Accept header asks for, ``sent`` where it does not matter; None where none fits."""
    accepted = [part.split(";")[0].strip().lower() for part in accept.split(",")]
    for kind in accepted:
        for form, name in TYPES.items():
            if kind == name:
                return form
        if kind in ("", "*/*", "application/*"):
            return sent
    return None


def pieces(answer: BatchResponse, form: Form) -> Iterator[bytes]:
    """The response body in a form, piece by piece."""
    return WRITERS[form](answer)


def _json(answer: BatchResponse) -> Iterator[bytes]:
    head = {
        "category": answer.batch.parameters.category,
        "as_of": answer.as_of,
        "asked_on": answer.asked_on,
        "datum": answer.batch.datum,
        **_accuracy(answer),
    }
    errors = [{"index": row, "error": why} for row, why in sorted(answer.places.errors.items())]
    yield orjson.dumps(head)[:-1] + b',"errors":' + orjson.dumps(errors) + b',"rows":['
    for start, rows in _rows(answer.verdict):
        yield (b"," if start else b"") + orjson.dumps(rows)[1:-1]
    yield b"]}"


def _accuracy(answer: BatchResponse) -> dict[str, Any]:
    """How many places got the default accuracy of the channel, and the accuracy of places that state none."""
    return {"assumed_accuracy": answer.places.assumed, "default_accuracy_m": answer.default_m}


def _rows(table: pa.Table) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Pieces of a table: the number of the first row, and the rows as dictionaries."""
    names = table.schema.names
    columns = [_values(table.column(name)) for name in names]
    for start in range(0, table.num_rows, PIECE):
        values = zip(*(column(start, start + PIECE) for column in columns), strict=True)
        yield start, [dict(zip(names, row, strict=True)) for row in values]


def _values(column: pa.ChunkedArray) -> Callable[[int, int], list[Any]]:
    """A function (start, end) → values of a column; texts of a dictionary column are decoded once."""
    if pa.types.is_dictionary(column.type):
        few = Column.of(column)
        texts = np.array([*few.values, None], dtype=object)
        return lambda start, end: list(texts[few.codes[start:end]])
    return lambda start, end: column.slice(start, end - start).to_pylist()


def _geojson(answer: BatchResponse) -> Iterator[bytes]:
    """Features in CGCS2000 degrees; the coordinates as given are added where they differ."""
    system = frame(answer.batch.datum)
    unchanged = system.kind == "plain" and system.unproject is None
    true = place_geometries(answer.places)
    head = {"type": "FeatureCollection", **_accuracy(answer)}
    yield orjson.dumps(head)[:-1] + b',"features":['
    for start, rows in _rows(answer.verdict):
        end = start + len(rows)
        shapes = to_shapes(true.xy[start:end], None if true.shapes is None else true.shapes[start:end])
        fragments = [None if text is None else orjson.Fragment(text) for text in shapely.to_geojson(shapes)]
        # Fragment: shapely has written the geometry as JSON already; parsing it again would be waste.
        features = [
            _feature(answer.batch, start + row, geometry, verdict, unchanged)
            for row, (geometry, verdict) in enumerate(zip(fragments, rows, strict=True))
        ]
        yield (b"," if start else b"") + orjson.dumps(features, default=str)[1:-1]
    yield b"]}"


def _feature(
    batch: Batch,
    row: int,
    geometry: Any,  # noqa: ANN401 - JSON
    verdict: dict[str, Any],
    unchanged: bool,
) -> dict[str, Any]:
    """The feature that was sent, or a new one, with the verdict in its properties."""
    feature: dict[str, Any] = {"type": "Feature"} if batch.features is None else {**batch.features[row]}
    properties: dict[str, Any] = {**(feature.get("properties") or {})}
    if batch.table is not None:
        properties |= _own_values(batch.table, row)
    if not unchanged:
        xy = batch.given.xy[row].tolist()
        properties |= dict(zip(GIVEN_XY, xy if np.isfinite(xy).all() else (None, None), strict=True))
    if batch.features is None or not unchanged:
        feature["geometry"] = geometry
    feature["properties"] = properties | verdict
    return feature


def _own_values(table: pa.Table, row: int) -> dict[str, Any]:
    """A row of an Arrow body without binary and nested values, which GeoJSON properties cannot hold."""
    return {
        field.name: table.column(field.name)[row].as_py()
        for field in table.schema
        if not (pa.types.is_nested(field.type) or pa.types.is_binary(field.type))
    }


def _arrow(answer: BatchResponse) -> Iterator[bytes]:
    table = _table(answer)
    sink = _Sink()
    with pa.ipc.new_stream(pa.PythonFile(sink, "w"), table.schema) as writer:
        for batch in table.to_batches(ARROW_PIECE):
            writer.write_batch(batch)
            yield sink.take()
    yield sink.take()


def _table(answer: BatchResponse) -> pa.Table:
    """The body's own columns, or the geometry of its places, followed by the verdict's."""
    own = answer.batch.table
    if own is None:
        true = place_geometries(answer.places)
        marks = {EXTENSION: b"geoarrow.wkb", EXTENSION_METADATA: b'{"crs": "EPSG:4490"}'}
        column = pa.field(GEOMETRY, pa.binary(), metadata=marks)
        own = pa.Table.from_arrays([encode_geometry(true.xy, true.shapes)], schema=pa.schema([column]))
    # A batch that has been judged before comes with our columns: they are replaced, not doubled.
    for field in answer.verdict.schema:
        if field.name in own.schema.names:
            own = own.drop_columns([field.name])
        own = own.append_column(field, answer.verdict.column(field.name))
    return own


class _Sink(io.RawIOBase):
    """A file in memory; ``take`` returns what was written since the last call, and drops it."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:  # noqa: ANN401 - any buffer
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def take(self) -> bytes:
        found = b"".join(self._parts)
        self._parts.clear()
        return found


WRITERS: Final[dict[Form, Callable[[BatchResponse], Iterator[bytes]]]] = {
    "json": _json,
    "geojson": _geojson,
    "arrow": _arrow,
}
