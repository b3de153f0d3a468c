"""Files of places of any size, read batch by batch: what a row says stays as it is, in its order.

GeoParquet and Parquet, Arrow IPC, tables of text, and the vector formats of GDAL that are listed. Nothing is
fetched from elsewhere: a file must be one on disk and of a driver that only reads files.
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
from geo.datum.reference_systems import CANON, frame
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
FAULTS: Final = (pa.ArrowException, OSError, UnicodeError, pyogrio.errors.DataSourceError)


@dataclass(frozen=True, slots=True)
class SourceBatch:
    """Rows as they stand: every column, the places, and each row's accuracy (metres, NaN where none)."""

    table: pa.RecordBatch
    places: GeometryBatch
    accuracy_m: Floats | None


@dataclass(frozen=True, slots=True)
class SourceFile:
    """An opened file: its columns, which of them are the place, the datum, and the rows where known."""

    path: Path
    opened: TableReader
    places: PlaceColumns
    datum: str

    @property
    def schema(self) -> pa.Schema:
        """The columns of the file."""
        return self.opened.schema

    @property
    def rows(self) -> int | None:
        """The number of rows; None where the file does not say it."""
        return self.opened.rows

    def batches(self, rows: int = BATCH_ROWS) -> Generator[SourceBatch]:
        """All rows in their order, at most ``rows`` at once. Raises BadInput where the file breaks off."""
        try:
            for batch in self.opened.read(rows):
                for start in range(0, batch.num_rows, rows):
                    yield to_source_batch(batch.slice(start, rows), self.places)
        except FAULTS as fault:
            raise _unreadable(self.path, fault) from fault


def open_source(path: Path, datum: str | None = None, layer: str | None = None) -> SourceFile:
    """Open a file of points, areas or both.

    ``datum`` declares what the file does not say, or cannot (degrees may be gcj02 or bd09); numbers in plain
    columns are cgcs2000 where nothing is declared. ``layer``: needed where the file has several.
    Raises BadInput (field ``file``, ``layer`` or ``datum``), DatumRefused.
    """
    if not path.exists():  # GDAL would take a web address, too
        raise BadInput(N_("There is no file {path}."), field="file", path=path)
    opener = OPENERS.get(path.suffix.lower())
    try:
        opened = opener(path) if opener else open_vector(path, layer)
    except FAULTS as fault:
        raise _unreadable(path, fault) from fault
    places = opened.places or find_place_columns(opened.schema, path.name)
    return SourceFile(path, opened, places, resolve_datum(places, path.name, datum))


def resolve_datum(places: PlaceColumns, name: str, declared: str | None) -> str:
    """The datum to convert from: declared, or the table's own; cgcs2000 for numbers in plain columns."""
    if places.lacks_crs:
        return frame(declared or CANON).name
    return frame(datum_of(Path(name), places.crs, declared)).name


def to_source_batch(table: pa.RecordBatch, columns: PlaceColumns) -> SourceBatch:
    """The places in the rows of a table."""
    accuracy = None if columns.accuracy is None else to_floats(table.column(columns.accuracy))
    if columns.geometry is not None:
        places = decode_geometry(table.column(columns.geometry), columns.encoding)
    else:
        pair = [to_floats(table.column(name)) for name in (columns.east, columns.north)]
        places = GeometryBatch(np.column_stack(pair))
    return SourceBatch(table, places, accuracy)


def to_floats(column: pa.Array) -> Floats:
    """A column as floats, shape (n,): NaN for null and for text that is no number."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if any(is_text(column.type) for is_text in (pa.types.is_string, pa.types.is_large_string)):
        column = _parsed(pc.utf8_trim_whitespace(column))
    found = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.asarray(found, dtype=np.float64)


def _parsed(texts: pa.Array) -> pa.Array:
    try:
        return texts.cast(pa.float64())
    except pa.ArrowInvalid:
        wanted = pc.match_substring_regex(texts, NUMBER)
        bare = pc.utf8_ltrim(pc.if_else(wanted, texts, None), "+")
        return bare.cast(pa.float64())


def _unreadable(path: Path, fault: Exception) -> BadInput:
    return BadInput(N_("{file} cannot be read: {fault}"), field="file", file=path.name, fault=fault)
