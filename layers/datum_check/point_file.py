"""Files of points that are no dataset: CSV with columns of coordinates, or any vector file."""

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
from geo.datum.detection import convert_batch
from geo.datum.offset_fit import Floats
from geo.datum.reference_systems import CANON, frame
from layers.readers.foreign_file import read_foreign_file, undescribed_dataset
from store.schema.datasets import SRID

TABLES: Final = (".csv", ".tsv", ".txt")
EAST: Final = ("经度", "lon", "lng", "longitude", "x", "东坐标", "easting")
NORTH: Final = ("纬度", "lat", "latitude", "y", "北坐标", "northing")
CODE: Final = ("代码", "编码", "编号", "code", "number", "id")
MAX_BYTES: Final = 50_000_000


@dataclass(frozen=True, slots=True)
class PlaceFile:
    """Places in CGCS2000 degrees, the datum that they were taken to be given in, their codes (or None)."""

    shapes: list[BaseGeometry]
    codes: list[str | None]
    declared: str

    def points(self) -> Floats:
        """Longitude and latitude, shape (n, 2); of an area or a line its centroid."""
        return np.asarray(shapely.get_coordinates(shapely.centroid(self.shapes)))


def read_places(path: Path, datum: str | None = None, layer: str | None = None) -> PlaceFile:
    """The places of a file. ``datum``: None means what the file says of itself; a table: cgcs2000.

    Columns of a table: 经度, lon, x … and 纬度, lat, y … (x is the easting, whatever surveyors call it),
    and a code where there is one; UTF-8 or GB 18030. Raises BadInput with the line, DatumRefused,
    BadData.
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
            N_("{file} has no columns of coordinates."),
            field="file",
            hint=N_("Name them 经度 and 纬度, lon and lat, or x and y."),
            file=path.name,
        )
    rows = [(table.line_num, row) for row in table]
    given = [[_number(path, line, row, str(column)) for column in columns] for line, row in rows]
    points = convert_batch(_array(path, given), declared, lambda row: f"{path.name}:{rows[row][0]}")
    code = _column(names, CODE)
    return PlaceFile(
        [Point(x, y) for x, y in points.tolist()],
        [_code(row[code]) if code else None for _, row in rows],
        declared,
    )


def _own_datum(path: Path, layer: str | None) -> str:
    """What a file that ``read_foreign_file`` took says of itself."""
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
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadInput(N_("{file} is neither UTF-8 nor GB 18030 text."), field="file", file=path.name)


def _column(names: Mapping[str, str], aliases: Iterable[str]) -> str | None:
    """The file's own name of the first alias that it has."""
    return next((names[alias] for alias in aliases if alias in names), None)


def _number(path: Path, line: int, row: Mapping[str, str | None], column: str) -> float:
    try:
        return float((row[column] or "").strip())
    except ValueError:
        raise BadInput(
            N_("{value} is no coordinate."),
            field=f"{path.name}:{line}",
            hint=N_("Give decimal degrees, or metres with a projected datum."),
            value=repr(row[column] or ""),
        ) from None


def _array(path: Path, given: list[list[float]]) -> Floats:
    if not given:
        raise BadInput(N_("{file} holds no feature."), field="file", file=path.name)
    return np.array(given, dtype=np.float64)


def _code(value: object) -> str | None:
    """A code as text; None where there is none (an empty number comes as not equal to itself)."""
    text = "" if value is None or value != value else str(value).strip()  # noqa: PLR0124
    return text or None
