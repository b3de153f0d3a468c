"""The files that are shipped, as bytes: the same data always gives the same bytes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import fields

import shapely
from shapely.geometry.base import BaseGeometry

from tools.reference.facts import Village
from tools.reference.grid import Cell
from tools.reference.parcels import Parcel, Permit
from tools.reference.reserves import Zone
from tools.reference.townships import Unit

Row = Unit | Cell | Zone | Parcel | Permit


def collection(rows: Iterable[Row]) -> bytes:
    """FeatureCollection with one feature a line; coordinates are lon, lat degrees with 7 decimals."""
    features = ",\n".join(_dump(_feature(row)) for row in rows)
    return f'{{"type":"FeatureCollection","features":[\n{features}\n]}}\n'.encode()


def _feature(row: Row) -> dict[str, object]:
    names = [field.name for field in fields(row) if field.name != "geometry"]
    properties = {name: getattr(row, name) for name in names}
    return {"type": "Feature", "properties": properties, "geometry": _geometry(row.geometry)}


def _geometry(geometry: BaseGeometry | None) -> object:
    """GeoJSON of a geometry; its numbers lie on the 1e-7 grid, so their shortest form has 7 decimals."""
    return None if geometry is None else json.loads(shapely.to_geojson(geometry))


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def village_table(villages: Iterable[Village]) -> bytes:
    """CSV of code, name, township_code."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("code", "name", "township_code"))
    writer.writerows((village.code, village.name, village.township) for village in villages)
    return text.getvalue().encode()
