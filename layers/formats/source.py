"""Opens files of places of any size, to be read in batches, in order and without changing a column.

Formats: GeoParquet and Parquet, Arrow IPC, text tables, and those of ``gdal.DRIVERS``. Only local files are
read, never an address.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyogrio

from core.errors import BadInput
from core.i18n import N_
from geo.datum import CANON, frame, parse_coordinate
from layers.formats.arrow import open_ipc, open_parquet
from layers.formats.gdal import open_vector
from layers.formats.geometry_columns import Floats, GeometryBatch, decode_geometry
from layers.formats.place_columns import PlaceColumns, find_place_columns
from layers.formats.table_reader import TableReader
from layers.formats.text_table import open_table
from layers.readers.foreign_file import declared_datum as datum_of

BATCH_ROWS: Final = 196_608
OPENERS: Final[dict[str, Callable[[Path], TableReader]]] = {
    **dict.fromkeys((".parquet", ".geoparquet", ".pq"), open_parquet),
    **dict.fromkeys((".arrow", ".arrows", ".ipc", ".feather"), open_ipc),
    **dict.fromkeys((".csv", ".tsv", ".txt"), open_table),
}
NUMBER: Final = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
READ_ERRORS: Final = (pa.ArrowException, OSError, UnicodeError, pyogrio.errors.DataSourceError)


@dataclass(frozen=True, slots=True)
class SourceBatch:
    """Rows of the input.

    Attributes:
        table: all columns.
        places: the geometries, in the coordinates of the file.
        accuracy_m: accuracy of each row in metres, shape (n,), NaN where missing; None without such a column.
    """

    table: pa.RecordBatch
    places: GeometryBatch
    accuracy_m: Floats | None


@dataclass(frozen=True, slots=True)
class SourceFile:
    """An opened file with its place columns and its datum."""

    path: Path
    opened: TableReader
    places: PlaceColumns
    datum: str

    @property
    def schema(self) -> pa.Schema:
        """All columns of the file."""
        return self.opened.schema

    @property
    def rows(self) -> int | None:
        """Number of rows; None where the file does not state it."""
        return self.opened.rows

    def batches(self, rows: int = BATCH_ROWS) -> Generator[SourceBatch]:
        """Yield all rows in order, at most ``rows`` at once. Raises BadInput where the file is damaged."""
        try:
            for batch in self.opened.read(rows):
                for start in range(0, batch.num_rows, rows):
                    yield to_source_batch(batch.slice(start, rows), self.places)
        except READ_ERRORS as fault:
            raise _unreadable(self.path, fault) from fault


def open_source(path: Path, datum: str | None = None, layer: str | None = None) -> SourceFile:
    """Open a file of points, areas or both.

    Args:
        path: a local file.
        datum: declares what the file does not or cannot state (its degrees may be gcj02 or bd09). By default
            the file's own, and cgcs2000 for coordinates in plain columns.
        layer: needed if the file has several.

    Raises:
        BadInput: field ``file``, ``layer`` or ``datum``.
        DatumRefused: the datum is not supported.
    """
    if not path.exists():  # GDAL would open an address as well
        raise BadInput(N_("There is no file {path}."), field="file", path=path)
    opener = OPENERS.get(path.suffix.lower())
    try:
        opened = opener(path) if opener else open_vector(path, layer)
    except READ_ERRORS as fault:
        raise _unreadable(path, fault) from fault
    places = opened.places or find_place_columns(opened.schema, path.name)
    return SourceFile(path, opened, places, resolve_datum(places, path.name, datum))


def resolve_datum(places: PlaceColumns, name: str, declared: str | None) -> str:
    """The datum to convert from: as declared, else the table's own; cgcs2000 for plain columns."""
    if places.lacks_crs:
        return frame(declared or CANON).name
    return frame(datum_of(Path(name), places.crs, declared)).name


def to_source_batch(table: pa.RecordBatch, columns: PlaceColumns) -> SourceBatch:
    """A table with its decoded places and accuracy."""
    accuracy = None if columns.accuracy is None else to_floats(table.column(columns.accuracy))
    if columns.geometry is not None:
        places = decode_geometry(table.column(columns.geometry), columns.encoding)
    else:
        pair = [_coordinates(table.column(name)) for name in (columns.east, columns.north)]
        places = GeometryBatch(np.column_stack(pair))
    return SourceBatch(table, places, accuracy)


def _coordinates(column: pa.Array) -> Floats:
    """A column of coordinates as ``to_floats`` gives it; degrees, minutes and seconds are read as well."""
    floats = to_floats(column)
    texts, unread = _decoded(column), np.flatnonzero(np.isnan(floats))
    if not len(unread) or not _is_text(texts.type):
        return floats
    # Row by row, but only those that are not plain numbers: few files have any.
    values = [parse_coordinate(text or "") for text in texts.take(pa.array(unread)).to_pylist()]
    floats = floats.copy()
    floats[unread] = np.array(values, dtype=np.float64)  # None becomes NaN
    return floats


def to_floats(column: pa.Array) -> Floats:
    """A column as floats, shape (n,): NaN for null and for text that is not a number."""
    column = _decoded(column)
    if _is_text(column.type):
        column = _parsed(pc.utf8_trim_whitespace(column))
    floats = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.asarray(floats, dtype=np.float64)


def _decoded(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _parsed(texts: pa.Array) -> pa.Array:
    """Texts as numbers; null where a text is not one."""
    try:
        return texts.cast(pa.float64())
    except pa.ArrowInvalid:
        # A cast fails as a whole: only now, for one bad cell, pay for a regular expression on every cell.
        is_number = pc.match_substring_regex(texts, NUMBER)
        unsigned = pc.utf8_ltrim(pc.if_else(is_number, texts, None), "+")
        return unsigned.cast(pa.float64())


def _unreadable(path: Path, fault: Exception) -> BadInput:
    return BadInput(N_("{file} cannot be read: {fault}"), field="file", file=path.name, fault=fault)
