"""Vector tiles (MVT) of reports and areas, made by PostGIS within what the transaction's credential may see.

A tile with few reports has a point for each in the layer "reports". A tile with many has the layer
"clusters", with a point for each cell and the numbers of its reports, of prohibited and of overdue ones; far
out, these come from precomputed counts (``report_tally``). A point is in exactly one tile; areas extend
beyond its edge by a buffer.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from store.queries.report_filter import ReportFilter
from store.schema.datasets import OPEN_CONDITION

MAX_ZOOM: Final = 22
CELL_LEVELS: Final = 3  # a cluster is a tile this many levels below: 8 × 8 of them in a tile
TALLIED_MAX_ZOOM: Final = 13  # deepest zoom whose clusters are precomputed
MAX_POINTS_FAR: Final = 300  # reports drawn one by one in a tile up to that zoom; more become clusters
MAX_POINTS_NEAR: Final = 2_000  # and in a tile of a deeper zoom
HALF_SIDE_M: Final = 20037508.342789244  # of the Web Mercator square: π · 6,378,137 m

_CLUSTERS: Final = """
SELECT coalesce(sum(n), 0)::bigint, ST_AsMVT(t, 'clusters', 4096, 'geom') FROM (
    SELECT n, prohibited, overdue, ST_AsMVTGeom(
        ST_SetSRID(ST_MakePoint(x / n, y / n), 3857), ST_TileEnvelope(:z, :x, :y), 4096, 0, false) AS geom
    FROM ({cells}) cell) t"""
_TALLY: Final = """
    SELECT sum(n)::integer AS n, sum(prohibited)::integer AS prohibited, sum(overdue)::integer AS overdue,
           sum(sum_x) AS x, sum(sum_y) AS y
    FROM report_tally
    WHERE level = :level AND cell BETWEEN :first AND :last {unit}
    GROUP BY cell HAVING sum(n) > 0"""
_INSIDE: Final = """
    spot && ST_TileEnvelope(:z, :x, :y)
    AND ST_X(spot) >= :west AND ST_X(spot) < :east AND ST_Y(spot) > :south AND ST_Y(spot) <= :north"""
_COUNTED_NOW: Final = """
    SELECT count(*)::integer AS n, (count(*) FILTER (WHERE effect = 'prohibited'))::integer AS prohibited,
           (count(*) FILTER (WHERE overdue))::integer AS overdue, sum(ST_X(spot)) AS x, sum(ST_Y(spot)) AS y
    FROM report WHERE {inside}{criteria}
    GROUP BY floor((ST_X(spot) - :west) / :step), floor((:north - ST_Y(spot)) / :step)"""
_POINTS: Final = """
SELECT count(*), ST_AsMVT(t, 'reports', 4096, 'geom', 'id') FROM (
    SELECT id, category, effect, certainty, status, sample, urgent,
           CASE WHEN NOT ({open}) OR due_on IS NULL THEN 0 WHEN overdue OR due_on < :today THEN 3
                WHEN due_on = :today THEN 2 ELSE 1 END AS clock,
           ST_AsMVTGeom(spot, ST_TileEnvelope(:z, :x, :y), 4096, 0, false) AS geom
    FROM report WHERE {inside}{criteria} LIMIT :most) t"""
# What row security shows of a tile far out, repeated as a condition that an index can answer: reports of the
# units that have a count here, and those shown for another reason than the reach. With the policy alone,
# PostgreSQL would evaluate it for every report of the tile.
_VISIBLE: Final = """
    AND (unit_code = ANY(:units) OR unit_code IS NULL OR filed_by = (SELECT zhijie_account())
         OR holder_account = (SELECT zhijie_account()) OR holder_unit <> unit_code)"""
_UNITS_OF: Final = text(
    "SELECT DISTINCT unit_code FROM report_tally"
    " WHERE level = :level AND cell BETWEEN :first AND :last AND n > 0"
)
_BY_UNIT: Final = "AND unit_code ^@ :unit"
_PLAIN: Final = text(_CLUSTERS.format(cells=_TALLY.format(unit="")))
_OF_UNIT: Final = text(_CLUSTERS.format(cells=_TALLY.format(unit=_BY_UNIT)))


def _spread(value: int) -> int:
    """Return a number with a zero bit inserted before each of its bits."""
    return int(f"{value:b}", 4)  # binary digits read in base 4


def tile_number(x: int, y: int) -> int:
    """Return x and y of a tile with interleaved bits (Morton code).

    The numbers of its descendants at any deeper zoom are consecutive, so one range of an index has them all.
    """
    return _spread(x) | _spread(y) << 1


def _tile_parameters(z: int, x: int, y: int) -> dict[str, Any]:
    """Return a tile's address, its bounds and the side of its cells in EPSG:3857, metres."""
    side = 2 * HALF_SIDE_M / 2**z
    west, north = x * side - HALF_SIDE_M, HALF_SIDE_M - y * side
    box = {"west": west, "east": west + side, "north": north, "south": north - side}
    return {"z": z, "x": x, "y": y, **box, "step": side / 2**CELL_LEVELS}


def select_tallied(z: int, x: int, y: int, criteria: ReportFilter) -> tuple[TextClause, dict[str, Any]]:
    """Build the query for the clusters of a tile from precomputed counts.

    Args:
        z: At most ``TALLIED_MAX_ZOOM``.
        criteria: By unit or none: the counts know no other attribute.
    """
    first = tile_number(x, y) << 2 * CELL_LEVELS
    cells = {"level": z + CELL_LEVELS, "first": first, "last": first + 4**CELL_LEVELS - 1}
    _, more = criteria.sql()
    return (_OF_UNIT if criteria.unit else _PLAIN), {"z": z, "x": x, "y": y, **cells, **more}


def select_points(  # noqa: PLR0913 - a tile's address
    z: int, x: int, y: int, criteria: ReportFilter, today: dt.date, most: int, units: list[str] | None = None
) -> tuple[TextClause, dict[str, Any]]:
    """Build the query for the reports of a tile as points.

    Args:
        today: Decides which deadlines have passed.
        most: Limit; one more is returned, so that the caller sees whether there are more.
        units: Codes of the units that have a count in the tile, to speed the query up; None: unknown.
    """
    where, more = criteria.sql()
    if units is not None:
        where, more = where + _VISIBLE, {**more, "units": units}
    query = text(_POINTS.format(inside=_INSIDE, criteria=where, open=OPEN_CONDITION))
    return query, {**_tile_parameters(z, x, y), **more, "today": today, "most": most + 1}


def select_clusters(z: int, x: int, y: int, criteria: ReportFilter) -> tuple[TextClause, dict[str, Any]]:
    """Build the query for the clusters of a tile, counted from the reports."""
    where, more = criteria.sql()
    query = text(_CLUSTERS.format(cells=_COUNTED_NOW.format(inside=_INSIDE, criteria=where)))
    return query, {**_tile_parameters(z, x, y), **more}


def fetch_report_tile(  # noqa: PLR0913 - a tile's address
    session: Session, z: int, x: int, y: int, criteria: ReportFilter, today: dt.date
) -> bytes:
    """Return the MVT bytes of a tile of reports; empty if it has none.

    Args:
        today: Decides which deadlines have passed.
    """
    limit = MAX_POINTS_FAR if z <= TALLIED_MAX_ZOOM else MAX_POINTS_NEAR
    units = None
    if z <= TALLIED_MAX_ZOOM and criteria.parts().keys() <= {"unit"}:
        query, values = select_tallied(z, x, y, criteria)
        total, tile = session.execute(query, values).one()
        if total > limit:
            return bytes(tile)
        units = list(session.scalars(_UNITS_OF, values))
    count, tile = session.execute(*select_points(z, x, y, criteria, today, limit, units)).one()
    if count > limit:
        _, tile = session.execute(*select_clusters(z, x, y, criteria)).one()
    return bytes(tile)


# ---- areas ----------------------------------------------------------------------------------------

_LEVELS_MIN_ZOOM: Final = {"province": 0, "city": 4, "county": 6, "township": 8}
_GRID_MIN_ZOOM: Final = 12
_PARCELS_MIN_ZOOM: Final = 13

# The margin is the buffer of 64 in 4096 units: an area that only touches the buffer must be in the tile too,
# or its outline would end at the edge.
_AREA: Final = """
    ST_AsMVTGeom(ST_Transform(a.geom, 3857), ST_TileEnvelope(:z, :x, :y), 4096, 64, true) AS geom
    FROM {table} a JOIN source s ON s.id = a.source_id
    WHERE s.retired_at IS NULL AND a.valid @> CAST(:today AS date)
      AND a.geom && ST_Transform(ST_TileEnvelope(:z, :x, :y, margin => 0.015625), 4490)"""
_UNITS: Final = f"SELECT a.code, a.name, a.level, {_AREA.format(table='unit')} AND a.level = ANY(:levels)"
# A name is in the tile that has its point, so that it is drawn once.
_NAMES: Final = """
    SELECT code, name, level,
           ST_AsMVTGeom(ST_Transform(spot, 3857), ST_TileEnvelope(:z, :x, :y), 4096, 0, true) AS geom
    FROM (SELECT a.code, a.name, a.level, ST_PointOnSurface(a.geom) AS spot
          FROM unit a JOIN source s ON s.id = a.source_id
          WHERE s.retired_at IS NULL AND a.valid @> CAST(:today AS date) AND a.level = ANY(:levels)
            AND a.geom && ST_Transform(ST_TileEnvelope(:z, :x, :y), 4490)) named
    WHERE spot && ST_Transform(ST_TileEnvelope(:z, :x, :y), 4490)"""
_ZONES: Final = f"SELECT a.code AS id, a.kind, a.grade, a.name, {_AREA.format(table='zone')}"
# A worker is named to who is shown the parcels there, as in a verdict (verdict.personal).
_WORKER: Final = "CASE WHEN a.township ^@ ANY((SELECT zhijie_stems('parcels'))::text[]) THEN a.worker END"
_GRID: Final = f"SELECT a.code, a.name, {_WORKER} AS worker, a.team, {_AREA.format(table='grid_cell')}"
_PARCELS: Final = f"SELECT a.number, a.scheme, a.land_class, a.name, {_AREA.format(table='parcel')}"
_LAYERS: Final = {  # name: (SQL, smallest zoom)
    "units": (_UNITS, 0),
    "unit_names": (_NAMES, 0),
    "zones": (_ZONES, 0),
    "grid": (_GRID, _GRID_MIN_ZOOM),
}


def _of_layer(name: str, query: str) -> str:
    return f"(SELECT ST_AsMVT(t, '{name}', 4096, 'geom') FROM ({query}) t WHERE geom IS NOT NULL)"  # noqa: S608 - of constants


def fetch_area_tile(session: Session, z: int, x: int, y: int, today: dt.date) -> bytes:
    """Return the MVT bytes of the areas in a tile on a day: layers units, unit_names, zones and grid."""
    parts = [_of_layer(name, query) for name, (query, first) in _LAYERS.items() if z >= first]
    levels = [level for level, first in _LEVELS_MIN_ZOOM.items() if z >= first]
    values = {"z": z, "x": x, "y": y, "today": today, "levels": levels}
    return bytes(session.execute(text(f"SELECT {' || '.join(parts)}"), values).scalar_one())


def fetch_parcel_tile(session: Session, z: int, x: int, y: int, today: dt.date) -> bytes:
    """Return the MVT bytes of the parcels in a tile on a day; empty before ``_PARCELS_MIN_ZOOM``."""
    if z < _PARCELS_MIN_ZOOM:
        return b""
    query = text(f"SELECT {_of_layer('parcels', _PARCELS)}")
    return bytes(session.execute(query, {"z": z, "x": x, "y": y, "today": today}).scalar_one())


def fetch_tile(  # noqa: PLR0913 - a tile's address
    session: Session, layer: str, z: int, x: int, y: int, criteria: ReportFilter, today: dt.date
) -> bytes:
    """Return the MVT bytes of a tile.

    Args:
        layer: "violations" (reports), "areas" or "parcels".
        criteria: For reports; ignored for the other layers.
        today: The day of the areas, which also decides which deadlines have passed.
    """
    if layer == "violations":
        return fetch_report_tile(session, z, x, y, criteria, today)
    return (fetch_area_tile if layer == "areas" else fetch_parcel_tile)(session, z, x, y, today)


_VERSION: Final = text(
    "SELECT coalesce(md5(string_agg(id::text, ',' ORDER BY id)), 'none'), max(loaded_at)"
    " FROM source WHERE retired_at IS NULL AND role = ANY(:roles)"
)
_DATASET_ROLES: Final = {"areas": ["units", "zones", "grid"], "parcels": ["parcels"]}


def fetch_layer_versions(session: Session) -> dict[str, tuple[str, dt.datetime | None]]:
    """Return (version, when the newest dataset was loaded) of the layers of areas and of parcels.

    The version changes whenever a tile of the layer may have changed.
    """
    versions: dict[str, tuple[str, dt.datetime | None]] = {}
    for layer, roles in _DATASET_ROLES.items():
        version, loaded_at = session.execute(_VERSION, {"roles": roles}).one()
        versions[layer] = version[:12], loaded_at
    return versions
