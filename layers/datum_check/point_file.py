"""Reads files of places that are not datasets: CSV with coordinate columns, or any vector file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyogrio
import shapely
from pyproj import CRS
from shapely import Point
from shapely.geometry.base import BaseGeometry

from core.errors import BadInput
from core.i18n import N_
from core.text_encoding import decode_text
from geo.datum import CANON, Floats, convert_batch, frame, read_coordinate
from layers.readers.foreign_file import read_foreign_file, undescribed_dataset
from store.schema import SRID

TABLES: Final = (".csv", ".tsv", ".txt")
EAST: Final = ("经度", "lon", "lng", "longitude", "x", "东坐标", "easting")
NORTH: Final = ("纬度", "lat", "latitude", "y", "北坐标", "northing")
CODE: Final = ("代码", "编码", "编号", "code", "number", "id")
MAX_BYTES: Final = 50_000_000


@dataclass(frozen=True, slots=True)
class PlaceFile:
    """Places of a file.

    Attributes:
        shapes: geometries in CGCS2000 degrees.
        codes: their codes, None where missing.
        declared: the datum that they were converted from.
    """

    shapes: list[BaseGeometry]
    codes: list[str | None]
    declared: str

    def points(self) -> Floats:
        """Longitude and latitude, shape (n, 2); the centroid of an area or a line."""
        return np.asarray(shapely.get_coordinates(shapely.centroid(self.shapes)))


def read_places(path: Path, datum: str | None = None, layer: str | None = None) -> PlaceFile:
    """Read the places of a file.

    Columns of a table: 经度, lon, x … and 纬度, lat, y … (x is the easting, though Chinese surveyors call the
    northing X), and optionally a code; encoded in UTF-8 or GB 18030.

    Args:
        path: of the file.
        datum: the declared datum; by default what the file states, and cgcs2000 for a table.
        layer: needed if the file has several.

    Raises:
        BadInput: the file cannot be read; the field names the line of a table.
        DatumRefused: the datum is not supported.
        BadData: a feature is wrong; with its number.
    """
    if path.suffix.lower() in TABLES:
        return _read_table(path, frame(datum or CANON).name)
    features = read_foreign_file(undescribed_dataset(path, "zones", []), datum, layer)
    features = features[features.geometry.notna() & ~features.geometry.is_empty]
    declared = datum or _own_datum(path, layer)
    names = {str(name).lower(): name for name in features.columns if name != "geometry"}
    column = _column(names, CODE)
    codes = features[column] if column else [None] * len(features)
    return PlaceFile(list(features.geometry), [_code(code) for code in codes], frame(declared).name)


def _read_table(path: Path, declared: str) -> PlaceFile:
    lines = _text(path).splitlines()
    head = lines[0] if lines else ""
    table = csv.DictReader(lines, delimiter=max(",;\t", key=head.count))
    names = {str(name).strip().lower(): name for name in table.fieldnames or ()}
    columns = [_column(names, aliases) for aliases in (EAST, NORTH)]
    if None in columns:
        raise BadInput(
            N_("{file} has no coordinate columns."),
            field="file",
            hint=N_("Name them 经度 and 纬度, lon and lat, or x and y."),
            file=path.name,
        )
    rows = [(table.line_num, row) for row in table]
    numbers = [[_number(path, line, row, str(column)) for column in columns] for line, row in rows]
    if not numbers:
        raise BadInput(N_("{file} contains no features."), field="file", file=path.name)
    coordinates = np.array(numbers, dtype=np.float64)
    points = convert_batch(coordinates, declared, lambda row: f"{path.name}:{rows[row][0]}")
    code = _column(names, CODE)
    return PlaceFile(
        [Point(x, y) for x, y in points.tolist()],
        [_code(row[code]) if code else None for _, row in rows],
        declared,
    )


def _own_datum(path: Path, layer: str | None) -> str:
    """The datum that a file states, CGCS2000 if none; for files that ``read_foreign_file`` accepted."""
    return f"EPSG:{CRS(pyogrio.read_info(path, layer=layer)['crs'] or SRID).to_epsg()}"


def _text(path: Path) -> str:
    if not path.is_file():
        raise BadInput(N_("There is no file {path}."), field="file", path=path)
    if path.stat().st_size > MAX_BYTES:
        raise BadInput(
            N_("{file} is larger than {most} MB."),
            field="file",
            file=path.name,
            most=round(MAX_BYTES / 1e6),
        )
    content = decode_text(path.read_bytes())
    if content is None:
        raise BadInput(N_("{file} is neither UTF-8 nor GB 18030 text."), field="file", file=path.name)
    return content


def _column(names: Mapping[str, str], aliases: Iterable[str]) -> str | None:
    """The name, as spelt in the file, of the first alias that is a column."""
    return next((names[alias] for alias in aliases if alias in names), None)


def _number(path: Path, line: int, row: Mapping[str, str | None], column: str) -> float:
    return read_coordinate(f"{path.name}:{line}", row[column] or "")


def _code(value: object) -> str | None:
    """A code as text; None where it is missing."""
    # NaN is not equal to itself: it stands for a missing value in a column of numbers.
    text = "" if value is None or value != value else str(value).strip()  # noqa: PLR0124
    return text or None
