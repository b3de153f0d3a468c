"""Which columns of an Arrow schema say where a row is, and in which reference system."""

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
    """Where the places of a table are: a column of geometry, or two of coordinates.

    ``encoding``: wkb, wkt, point, polygon or multipolygon (GeoArrow). ``kind``: the one kind of geometry that
    there is ("Point", …) or "Unknown". ``crs``: what the table says of it. ``extra``: the columns' entries of
    GeoParquet's metadata.
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
        """Whether the numbers stand in plain columns or as text: nothing can say their system."""
        return self.geometry is None or self.encoding == "wkt"


def find_place_columns(schema: pa.Schema, name: str) -> PlaceColumns:
    """The columns of a schema, or a refusal that says what is wanted. ``name``: of the file or body."""
    found = _from_geoparquet(schema) or _from_geoarrow(schema) or _from_names(schema)
    if found is None:
        raise BadInput(
            N_("{file} has no columns of coordinates."),
            field="file",
            hint=N_("Name them 经度 and 纬度, lon and lat, or x and y; a geometry column: geometry, as WKB."),
            file=name,
        )
    return replace(found, accuracy=_first(schema, (ACCURACY,)))


def _from_geoparquet(schema: pa.Schema) -> PlaceColumns | None:
    """What GeoParquet's ``geo`` says of the primary column."""
    said = (schema.metadata or {}).get(b"geo")
    try:
        document = json.loads(said) if said else {}
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
        crs=_parse_crs(entry["crs"]) if "crs" in entry else CRS.from_epsg(WGS84),
        extra=document["columns"],
    )


def _from_geoarrow(schema: pa.Schema) -> PlaceColumns | None:
    """The first column that is marked as a GeoArrow one."""
    for field in schema:
        marks = field.metadata or {}
        if isinstance(field.type, pa.BaseExtensionType):
            mark, said = field.type.extension_name, field.type.__arrow_ext_serialize__()
        else:
            mark, said = marks.get(EXTENSION, b"").decode(), marks.get(EXTENSION_METADATA, b"")
        library, _, encoding = mark.partition(".")
        if library in ("geoarrow", "ogc"):
            _check_encoding(encoding)
            kind = encoding.capitalize().replace("Multip", "MultiP") if encoding in NATIVE else "Unknown"
            return PlaceColumns(geometry=field.name, encoding=encoding, kind=kind, crs=_geoarrow_crs(said))
    return None


def _from_names(schema: pa.Schema) -> PlaceColumns | None:
    """A column of WKB or WKT, or two of coordinates, by their names."""
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
    """The schema's own name of the first alias that it has."""
    names = {str(name).strip().lower(): str(name) for name in reversed(schema.names)}
    return next((names[alias] for alias in aliases if alias in names), None)


def _check_encoding(encoding: str) -> None:
    if encoding not in ("wkb", "wkt", *NATIVE):
        raise BadInput(
            N_("Geometry in the encoding {encoding} is neither points nor areas."),
            field="file",
            hint=N_("Give points or polygons, as WKB or in GeoArrow's encodings of them."),
            encoding=encoding[:40],
        )


def _geometry_type(types: Iterable[str]) -> str:
    """The one kind of geometry, without heights, or Unknown."""
    kinds = set(types)
    only = kinds.pop() if len(kinds) == 1 else "Unknown"
    return "Unknown" if " " in only else only


def _geoarrow_crs(said: bytes) -> CRS | None:
    """The system in a GeoArrow column's metadata."""
    try:
        document = json.loads(said) if said else {}
    except ValueError:
        return None
    return _parse_crs(document.get("crs")) if isinstance(document, dict) else None


def _parse_crs(said: object) -> CRS | None:
    """A system as PROJJSON or text; None where it says none that is known."""
    if said is None:
        return None
    try:
        crs = CRS.from_user_input(said)
    except CRSError:
        return None
    return normalize_crs(crs)


def normalize_crs(crs: CRS | None) -> CRS | None:
    """OGC's CRS84 as EPSG:4326: the same degrees, which stand longitude first in a file anyhow."""
    if crs is not None and crs.to_authority() == ("OGC", "CRS84"):
        return CRS.from_epsg(WGS84)
    return crs
