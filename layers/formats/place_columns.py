"""Finds the columns of an Arrow schema that hold a row's place, and their reference system."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import pyarrow as pa
from pyproj import CRS
from pyproj.exceptions import CRSError

from core.errors import BadInput
from core.i18n import N_
from layers.datum_check.point_file import EAST, NORTH

ACCURACY: Final = "accuracy_m"
GEOMETRY: Final = ("geometry", "geom", "wkb_geometry", "wkb", "the_geom", "shape")
TEXTS: Final = ("wkt", *GEOMETRY)
NATIVE: Final = ("point", "polygon", "multipolygon")
EXTENSION: Final = b"ARROW:extension:name"
EXTENSION_METADATA: Final = b"ARROW:extension:metadata"
WGS84: Final = 4326


@dataclass(frozen=True, slots=True)
class PlaceColumns:
    """The columns with the places of a table: one of geometry, or two of coordinates.

    Attributes:
        geometry: name of the geometry column; None: coordinates are in ``east`` and ``north``.
        encoding: of the geometry: wkb, wkt, or GeoArrow's point, polygon or multipolygon.
        kind: the geometry type, such as "Point", if all rows have the same; else "Unknown".
        accuracy: name of the column with each row's accuracy, metres.
        crs: the reference system that the table states.
        extra: GeoParquet's metadata of the columns.
    """

    geometry: str | None = None
    encoding: str = ""
    kind: str = "Unknown"
    east: str | None = None
    north: str | None = None
    accuracy: str | None = None
    crs: CRS | None = None
    extra: Mapping[str, Any] | None = None

    @property
    def lacks_crs(self) -> bool:
        """Whether the places are plain numbers or text, which cannot state a reference system."""
        return self.geometry is None or self.encoding == "wkt"


def find_place_columns(schema: pa.Schema, name: str) -> PlaceColumns:
    """The place columns, as stated by GeoParquet or GeoArrow metadata, else guessed from names.

    Args:
        schema: with its metadata.
        name: of the file or request body, for the error.

    Raises:
        BadInput: there are none (field ``file``), or their encoding is not supported.
    """
    found = _from_geoparquet(schema) or _from_geoarrow(schema) or _from_names(schema)
    if found is None:
        raise BadInput(
            N_("{file} has no coordinate columns."),
            field="file",
            hint=N_("Name them 经度 and 纬度, lon and lat, or x and y; a geometry column: geometry, as WKB."),
            file=name,
        )
    return replace(found, accuracy=_first(schema, (ACCURACY,)))


def _from_geoparquet(schema: pa.Schema) -> PlaceColumns | None:
    """The primary column of GeoParquet's ``geo`` metadata."""
    metadata = (schema.metadata or {}).get(b"geo")
    try:
        document = json.loads(metadata) if metadata else {}
        column = document["primary_column"]
        entry = document["columns"][column]
        encoding = str(entry["encoding"]).lower()
    except (ValueError, KeyError, TypeError):
        return None
    if column not in schema.names:
        return None
    _check_encoding(encoding)
    return PlaceColumns(
        geometry=column,
        encoding=encoding,
        kind=_geometry_type(entry.get("geometry_types") or ()),
        # The format's rule: a missing crs means CRS84, a null one that it is not known.
        crs=_parse_crs(entry["crs"]) if "crs" in entry else CRS.from_epsg(WGS84),
        extra=document["columns"],
    )


def _from_geoarrow(schema: pa.Schema) -> PlaceColumns | None:
    """The first column that is marked as GeoArrow, by an extension type or by field metadata."""
    for field in schema:
        marks = field.metadata or {}
        if isinstance(field.type, pa.BaseExtensionType):
            mark, metadata = field.type.extension_name, field.type.__arrow_ext_serialize__()
        else:
            mark, metadata = marks.get(EXTENSION, b"").decode(), marks.get(EXTENSION_METADATA, b"")
        library, _, encoding = mark.partition(".")
        if library in ("geoarrow", "ogc"):
            _check_encoding(encoding)
            kind = encoding.capitalize().replace("Multip", "MultiP") if encoding in NATIVE else "Unknown"
            return PlaceColumns(
                geometry=field.name, encoding=encoding, kind=kind, crs=_geoarrow_crs(metadata)
            )
    return None


def _from_names(schema: pa.Schema) -> PlaceColumns | None:
    """A column of WKB or WKT, or two of coordinates, by name."""
    for aliases, encoding, kinds in ((GEOMETRY, "wkb", BINARIES), (TEXTS, "wkt", STRINGS)):
        column = _first(schema, aliases)
        if column is not None and any(kind(schema.field(column).type) for kind in kinds):
            return PlaceColumns(geometry=column, encoding=encoding)
    east, north = _first(schema, EAST), _first(schema, NORTH)
    if east is None or north is None:
        return None
    return PlaceColumns(east=east, north=north, kind="Point")


BINARIES: Final = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view)
STRINGS: Final = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)


def _first(schema: pa.Schema, aliases: Iterable[str]) -> str | None:
    """The name, as spelt in the schema, of the first alias that is a column."""
    names = {str(name).strip().lower(): str(name) for name in reversed(schema.names)}
    return next((names[alias] for alias in aliases if alias in names), None)


def _check_encoding(encoding: str) -> None:
    if encoding not in ("wkb", "wkt", *NATIVE):
        raise BadInput(
            N_("The geometry encoding {encoding} is not supported."),
            field="file",
            hint=N_("Use points or polygons, encoded as WKB or GeoArrow."),
            encoding=encoding[:40],
        )


def _geometry_type(types: Iterable[str]) -> str:
    """The geometry type if there is just one, without heights; else "Unknown"."""
    distinct = set(types)
    single = distinct.pop() if len(distinct) == 1 else "Unknown"
    return "Unknown" if " " in single else single


def _geoarrow_crs(metadata: bytes) -> CRS | None:
    """The reference system in the metadata of a GeoArrow column."""
    try:
        document = json.loads(metadata) if metadata else {}
    except ValueError:
        return None
    return _parse_crs(document.get("crs")) if isinstance(document, dict) else None


def _parse_crs(value: object) -> CRS | None:
    """A reference system from PROJJSON or text; None where it cannot be interpreted."""
    if value is None:
        return None
    try:
        crs = CRS.from_user_input(value)
    except CRSError:
        return None
    return normalize_crs(crs)


def normalize_crs(crs: CRS | None) -> CRS | None:
    """EPSG:4326 for OGC:CRS84: they differ in the order of axes, which files ignore."""
    if crs is not None and crs.to_authority() == ("OGC", "CRS84"):
        return CRS.from_epsg(WGS84)
    return crs
