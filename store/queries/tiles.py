"""Vector tiles (MVT) of reports and areas, made by PostGIS within what the session's pass may see.

Reports: where few lie in a tile each is a point of the layer "reports"; where many do, the layer "clusters"
has one point a cell with their number and how many are prohibited and overdue, from counts that the database
keeps (``report_tally``). A point is in exactly one tile; areas reach ``BUFFER`` over its edge.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from store.queries.report_filter import ReportFilter
from store.schema.datasets import OPEN

DEEPEST: Final = 22
EXTENT: Final = 4096
BUFFER: Final = 64
CELLS: Final = 3  # a tile is counted by the cells of so many levels below it: 8 × 8
TALLIED: Final = 13  # the deepest zoom whose cells are counted ahead
FEW: Final = 300  # so many reports of a tile far out are drawn one by one
MOST: Final = 2_000  # and so many near
HALF: Final = 20037508.342789244  # of the Web Mercator square's side, metres

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
_GATHERED: Final = """
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
# What of a tile far out the pass may see: what was counted there, and what it sees not by its reach. Said
# beside the policy, for whose sake alone every report of the tile would be looked at.
_COUNTED: Final = """
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
    """The bits of a number, each followed by a zero."""
    return int(f"{value:b}", 4)


def tile_number(x: int, y: int) -> int:
    """x and y of a tile interleaved: its descendants' numbers are one span."""
    return _spread(x) | _spread(y) << 1


def _frame(z: int, x: int, y: int) -> dict[str, Any]:
    side = 2 * HALF / 2**z
    west, north = x * side - HALF, HALF - y * side
    box = {"west": west, "east": west + side, "north": north, "south": north - side}
    return {"z": z, "x": x, "y": y, **box, "step": side / 2**CELLS}


def select_tallied(z: int, x: int, y: int, criteria: ReportFilter) -> tuple[TextClause, dict[str, Any]]:
    """Clusters of a tile from the counts made ahead: for a criteria by unit at most, to zoom ``TALLIED``."""
    first = tile_number(x, y) << 2 * CELLS
    span = {"level": z + CELLS, "first": first, "last": first + 4**CELLS - 1}
    _, more = criteria.sql()
    return (_OF_UNIT if criteria.unit else _PLAIN), {"z": z, "x": x, "y": y, **span, **more}


def select_points(  # noqa: PLR0913 - a tile's address
    z: int, x: int, y: int, criteria: ReportFilter, today: dt.date, most: int, units: list[str] | None = None
) -> tuple[TextClause, dict[str, Any]]:
    """Reports of a tile one by one, at most ``most`` and one more; ``units``: where some were counted."""
    where, more = criteria.sql()
    if units is not None:
        where, more = where + _COUNTED, {**more, "units": units}
    query = text(_POINTS.format(inside=_INSIDE, criteria=where, open=OPEN))
    return query, {**_frame(z, x, y), **more, "today": today, "most": most + 1}


def select_gathered(z: int, x: int, y: int, criteria: ReportFilter) -> tuple[TextClause, dict[str, Any]]:
    """Clusters of a tile, counted now."""
    where, more = criteria.sql()
    query = text(_CLUSTERS.format(cells=_GATHERED.format(inside=_INSIDE, criteria=where)))
    return query, {**_frame(z, x, y), **more}


def fetch_report_tile(  # noqa: PLR0913 - a tile's address
    session: Session, z: int, x: int, y: int, criteria: ReportFilter, today: dt.date
) -> bytes:
    """The MVT bytes of a tile of reports; empty where there are none. ``today`` decides the clocks."""
    few = FEW if z <= TALLIED else MOST
    units = None
    if z <= TALLIED and criteria.parts().keys() <= {"unit"}:
        query, values = select_tallied(z, x, y, criteria)
        total, tile = session.execute(query, values).one()
        if total > few:
            return bytes(tile)
        units = list(session.scalars(_UNITS_OF, values))
    count, tile = session.execute(*select_points(z, x, y, criteria, today, few, units)).one()
    if count > few:
        _, tile = session.execute(*select_gathered(z, x, y, criteria)).one()
    return bytes(tile)


# ---- areas ----------------------------------------------------------------------------------------

# From which zoom the units of a level are drawn.
LEVELS_FROM: Final = {"province": 0, "city": 4, "county": 6, "township": 8}
GRID_FROM: Final = 12
PARCELS_FROM: Final = 13

_AREA: Final = """
    ST_AsMVTGeom(ST_Transform(a.geom, 3857), ST_TileEnvelope(:z, :x, :y), 4096, 64, true) AS geom
    FROM {table} a JOIN source s ON s.id = a.source_id
    WHERE s.retired_at IS NULL AND a.valid @> CAST(:today AS date)
      AND a.geom && ST_Transform(ST_TileEnvelope(:z, :x, :y, margin => 0.015625), 4490)"""
_UNITS: Final = f"SELECT a.code, a.name, a.level, {_AREA.format(table='unit')} AND a.level = ANY(:levels)"
_NAMES: Final = """
    SELECT code, name, level,
           ST_AsMVTGeom(ST_Transform(spot, 3857), ST_TileEnvelope(:z, :x, :y), 4096, 0, true) AS geom
    FROM (SELECT a.code, a.name, a.level, ST_PointOnSurface(a.geom) AS spot
          FROM unit a JOIN source s ON s.id = a.source_id
          WHERE s.retired_at IS NULL AND a.valid @> CAST(:today AS date) AND a.level = ANY(:levels)
            AND a.geom && ST_Transform(ST_TileEnvelope(:z, :x, :y), 4490)) named
    WHERE spot && ST_Transform(ST_TileEnvelope(:z, :x, :y), 4490)"""
_ZONES: Final = f"SELECT a.code AS id, a.kind, a.grade, a.name, {_AREA.format(table='zone')}"
_GRID: Final = f"SELECT a.code, a.name, a.worker, a.team, {_AREA.format(table='grid_cell')}"
_PARCELS: Final = f"SELECT a.number, a.scheme, a.land_class, a.name, {_AREA.format(table='parcel')}"
_LAYERS: Final = {  # name: (SQL, from which zoom)
    "units": (_UNITS, 0),
    "unit_names": (_NAMES, 0),
    "zones": (_ZONES, 0),
    "grid": (_GRID, GRID_FROM),
}


def _of_layer(name: str, query: str) -> str:
    return f"(SELECT ST_AsMVT(t, '{name}', 4096, 'geom') FROM ({query}) t WHERE geom IS NOT NULL)"  # noqa: S608 - of constants


def fetch_area_tile(session: Session, z: int, x: int, y: int, today: dt.date) -> bytes:
    """The MVT bytes of the areas in a tile on a day: layers units, unit_names, zones, grid."""
    parts = [_of_layer(name, query) for name, (query, first) in _LAYERS.items() if z >= first]
    levels = [level for level, first in LEVELS_FROM.items() if z >= first]
    asked = {"z": z, "x": x, "y": y, "today": today, "levels": levels}
    return bytes(session.execute(text(f"SELECT {' || '.join(parts)}"), asked).scalar_one())


def fetch_parcel_tile(session: Session, z: int, x: int, y: int, today: dt.date) -> bytes:
    """The MVT bytes of the parcels in a tile that the pass may see, from zoom ``PARCELS_FROM`` on."""
    if z < PARCELS_FROM:
        return b""
    query = text(f"SELECT {_of_layer('parcels', _PARCELS)}")
    return bytes(session.execute(query, {"z": z, "x": x, "y": y, "today": today}).scalar_one())


def fetch_tile(  # noqa: PLR0913 - a tile's address
    session: Session, layer: str, z: int, x: int, y: int, criteria: ReportFilter, today: dt.date
) -> bytes:
    """The MVT bytes of a tile of "violations" (reports that the criteria lets pass), "areas" or "parcels"."""
    if layer == "violations":
        return fetch_report_tile(session, z, x, y, criteria, today)
    return (fetch_area_tile if layer == "areas" else fetch_parcel_tile)(session, z, x, y, today)


_VERSION: Final = text(
    "SELECT coalesce(md5(string_agg(id::text, ',' ORDER BY id)), 'none'), max(loaded_at)"
    " FROM source WHERE retired_at IS NULL AND role = ANY(:roles)"
)
ROLES: Final = {"areas": ["units", "zones", "grid"], "parcels": ["parcels"]}


def fetch_layer_versions(session: Session) -> dict[str, dict[str, Any]]:
    """Layer → version (changes with what is drawn) and as_of (when it was loaded; of reports: now)."""
    found: dict[str, dict[str, Any]] = {}
    for layer, roles in ROLES.items():
        version, loaded_at = session.execute(_VERSION, {"roles": roles}).one()
        found[layer] = {"version": version[:12], "as_of": loaded_at}
    head = session.execute(text("SELECT zhijie_head(), clock_timestamp()")).one()
    return found | {"violations": {"version": str(head[0]), "as_of": head[1]}}
