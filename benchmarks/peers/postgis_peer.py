"""Raw PostGIS on a throw-away private cluster: subdivided pieces, GiST, two workers, prepared SQL."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import psycopg2
import shapely
from sqlalchemy import make_url

from benchmarks.peers import Floats, Pairs, Shapes
from store.cluster.cluster import Cluster

SRID = 4490
PIECE = 128  # vertices of a piece: 32 and 64 are no faster, 256 is slower
SESSION = (
    "SET max_parallel_workers_per_gather = 2; SET min_parallel_table_scan_size = 0; "
    "SET parallel_setup_cost = 0; SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'"
)
_PIECES = """
CREATE TABLE {kind} AS SELECT id, ST_Subdivide(geom, {size}) AS geom FROM given_{kind};
CREATE INDEX ON {kind} USING gist (geom); VACUUM ANALYZE {kind}
"""
_JOIN = "SELECT p.id, a.id FROM points p JOIN {kind} a ON ST_Intersects(a.geom, p.geom)"
_LOOKUP = (
    "PREPARE lookup(float8, float8) AS "
    "SELECT 0, id FROM townships WHERE ST_Covers(geom, ST_SetSRID(ST_Point($1, $2), {srid})) "
    "UNION SELECT 1, id FROM zones WHERE ST_Covers(geom, ST_SetSRID(ST_Point($1, $2), {srid}))"
)


@contextmanager
def throwaway() -> Iterator[str]:
    """A connection string of an empty PostGIS, gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="zhijie-bench-"))
    home.chmod(0o755)
    cluster = Cluster(home / "pg", fast=True)
    try:
        url = make_url(cluster.start())
        yield f"host={url.query['host']} port={url.query['port']} user={url.username} dbname={url.database}"
    finally:
        cluster.stop()
        shutil.rmtree(home, ignore_errors=True)


class PostGIS:
    """One set of areas under the name ``kind``; sets of one server can be asked together (``Lookup``)."""

    name = "PostGIS, subdivided"

    def __init__(self, address: str, kind: str) -> None:
        self._server = psycopg2.connect(address)
        self._server.autocommit = True
        self._kind = kind
        self._run(SESSION)
        self.version = (
            f"{self._one('SELECT postgis_lib_version()')}, PostgreSQL {self._one('SHOW server_version')}"
        )
        self.version = self.version.split(" (")[0]

    def load(self, areas: Shapes) -> None:
        """Areas cut into pieces, indexed and analysed; an earlier set of the kind goes."""
        self._run(f"DROP TABLE IF EXISTS {self._kind}")
        self._fill(f"given_{self._kind}", areas)
        for statement in _PIECES.format(kind=self._kind, size=PIECE).split(";"):
            self._run(statement)
        self._run(f"DROP TABLE given_{self._kind}")

    def take(self, xy: Floats) -> None:
        """Points in bulk."""
        self._fill("points", shapely.points(xy))

    def ask(self) -> str:
        """The join, copied out as text."""
        return self._copy(_JOIN.format(kind=self._kind))

    def pairs(self, answer: str) -> Pairs:
        """Distinct pairs of the text: a point where two pieces meet is told twice."""
        found = np.unique(_table(answer, 2).astype(np.int64), axis=0)
        return found[:, 0], found[:, 1]

    def close(self) -> None:
        """Leave the server."""
        self._server.close()

    def _fill(self, table: str, geoms: Shapes) -> None:
        self._run(f"DROP TABLE IF EXISTS {table}")
        self._run(f"CREATE UNLOGGED TABLE {table} (id int, geom geometry(Geometry, {SRID}))")
        texts = shapely.to_wkb(shapely.set_srid(geoms, SRID), hex=True, include_srid=True)
        rows = "".join(f"{n}\t{text}\n" for n, text in enumerate(texts.tolist()))
        with closing(self._server.cursor()) as cursor:
            cursor.copy_expert(f"COPY {table} FROM STDIN", io.StringIO(rows))
        self._run(f"VACUUM ANALYZE {table}")

    def _copy(self, query: str) -> str:
        out = io.StringIO()
        with closing(self._server.cursor()) as cursor:
            cursor.copy_expert(f"COPY ({query}) TO STDOUT", out)
        return out.getvalue()

    def _run(self, statement: str) -> None:
        with closing(self._server.cursor()) as cursor:
            cursor.execute(statement)

    def _one(self, query: str) -> str:
        with closing(self._server.cursor()) as cursor:
            cursor.execute(query)
            return cursor.fetchone()[0]


class Lookup:
    """One place at a time: a prepared statement over the local socket, planned once."""

    name = "prepared SQL"

    def __init__(self, address: str) -> None:
        """The tables ``townships`` and ``zones`` must be there."""
        self._server = psycopg2.connect(address)
        self._server.autocommit = True
        self._cursor = self._server.cursor()
        self._cursor.execute("SET plan_cache_mode = force_generic_plan")
        self._cursor.execute(_LOOKUP.format(srid=SRID))

    def ask(self, x: float, y: float) -> list[tuple[int, int]]:
        """(0, township) and (1, zone) rows, each once."""
        self._cursor.execute("EXECUTE lookup(%s, %s)", (x, y))
        return self._cursor.fetchall()

    def close(self) -> None:
        """Leave the server."""
        self._server.close()


def _table(text: str, columns: int) -> Floats:
    return np.fromstring(text, sep="\t").reshape(-1, columns)
