"""Files as an office has them: GBK shapefiles in Gauss–Krüger metres, with faults of a millimetre."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from core.settings import ROOT

COUNTY = "140522"
ZONE_38 = "EPSG:4526"
MILLIMETRE = 0.001
# As ArcGIS writes it.
ESRI_ZONE_38 = (
    'PROJCS["CGCS2000_3_Degree_GK_Zone_38",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",'
    'DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],'
    'UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",38500000.0],'
    'PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",114.0],PARAMETER["Scale_Factor",1.0],'
    'PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)


def townships(crs: str = ZONE_38, seed: int = 1) -> gpd.GeoDataFrame:
    """The present townships of 阳城县 with codes as numbers; each drawn on its own, a millimetre wrong."""
    shipped = gpd.read_file(ROOT / "data/boundaries/townships.geojson").set_crs(4490, allow_override=True)
    rows = shipped[shipped.code.str.startswith(COUNTY) & shipped.valid_to.isna() & shipped.geometry.notna()]
    rng = np.random.default_rng(seed)
    drawn = [_redrawn(area, rng) for area in rows.to_crs(ZONE_38).geometry]
    fields = {"XZQDM": rows.code.astype("int64").to_list(), "XZQMC": rows.name.to_list()}
    return gpd.GeoDataFrame(fields, geometry=drawn, crs=ZONE_38).to_crs(crs)


def county(crs: str = ZONE_38) -> gpd.GeoDataFrame:
    """阳城县: the union of its townships, nearly."""
    area = shapely.union_all(townships().geometry.to_numpy(), grid_size=0.01)
    largest = max(shapely.get_parts(area), key=shapely.area)
    fields = {"XZQDM": [int(COUNTY)], "XZQMC": ["阳城县"]}
    return gpd.GeoDataFrame(fields, geometry=[Polygon(largest.exterior)], crs=ZONE_38).to_crs(crs)


def reserves(crs: str = ZONE_38) -> gpd.GeoDataFrame:
    """The two reserves of 阳城县 with Chinese grades and without codes; one core consists of two patches."""
    shipped = gpd.read_file(ROOT / "data/protected_areas/reserves.geojson").set_crs(4490, allow_override=True)
    rows = shipped[shipped.code.str.match("yanshan|manghe")].to_crs(ZONE_38)
    grades = {"core": "核心区", "buffer": "缓冲区", "experimental": "实验区"}
    named = pd.DataFrame({"名称": rows.name.to_list(), "功能区": rows.grade.map(grades).to_list()})
    first = rows.geometry.iloc[0]
    west, south, east, north = first.bounds
    middle = (west + east) / 2.0
    halves = [
        first & shapely.box(west, south, middle, north),
        first & shapely.box(middle, south, east, north),
    ]
    fields = pd.concat([named.iloc[[0]], named], ignore_index=True)
    shapes = [*halves, *rows.geometry.to_list()[1:]]
    return gpd.GeoDataFrame(fields, geometry=shapes, crs=ZONE_38).to_crs(crs)


def write_shapefile(path: Path, features: gpd.GeoDataFrame, cpg: str | None = None, **more: Any) -> Path:
    """Write a shapefile in GBK, with the .cpg given, or without one, which is as common."""
    features.to_file(path, encoding="GBK", engine="pyogrio", **more)
    part = path.with_suffix(".cpg")
    part.unlink(missing_ok=True)
    if cpg is not None:
        part.write_text(cpg, encoding="ascii")
    return path


def _redrawn(area: BaseGeometry, rng: np.random.Generator) -> BaseGeometry:
    """The area with vertices of its own, each up to a millimetre off in both directions."""
    own = shapely.segmentize(area, rng.uniform(500.0, 3_000.0))
    parts = [
        Polygon(_shaken(part.exterior, rng), [_shaken(hole, rng) for hole in part.interiors])
        for part in shapely.get_parts(own)
    ]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def _shaken(ring: BaseGeometry, rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.float64]]:
    corners = np.round(shapely.get_coordinates(ring), 3)[:-1]
    corners = corners + rng.choice([-MILLIMETRE, 0.0, MILLIMETRE], size=corners.shape)
    return np.vstack([corners, corners[:1]])
