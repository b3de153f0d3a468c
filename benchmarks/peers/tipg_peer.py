"""tipg, as one starts it, on a table with what our own tiles of reports tell and an index on its geometry."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import psycopg2
import tipg
from sqlalchemy import make_url

from benchmarks.services import WORKERS

VERSION: Final = f"tipg {tipg.__version__}"
COMMAND: Final = (
    *(sys.executable, "-m", "uvicorn", "tipg.main:app", "--workers", str(WORKERS)),
    *("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning", "--port"),
)
PATH: Final = "/collections/peer.violations/tiles/WebMercatorQuad/{z}/{x}/{y}"
TABLE: Final = """
DROP SCHEMA IF EXISTS peer CASCADE;
CREATE SCHEMA peer;
CREATE TABLE peer.violations AS
    SELECT id, category, effect, certainty, status, sample, urgent, due_on, spot FROM report;
ALTER TABLE peer.violations ADD PRIMARY KEY (id);
CREATE INDEX ON peer.violations USING gist (spot);
VACUUM ANALYZE peer.violations;
"""


def make_table(address: str) -> None:
    """The table that tipg serves, in the database of our own store."""
    connection = psycopg2.connect(address)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in TABLE.strip().split(";\n"):
            if statement.strip():
                cursor.execute(statement)
    connection.close()


def environment(address: str) -> Mapping[str, str]:
    """What tipg is told: the database (a socket's folder can only stand as its host), and one schema."""
    url = make_url(address)
    socket = quote(str(url.query["host"]), safe="")
    at = f"postgresql://{url.username}@{socket}:{url.query['port']}/{url.database}"
    return {"DATABASE_URL": at, "TIPG_DB_SCHEMAS": '["peer"]', "TIPG_DB_SPATIAL_EXTENT": "FALSE"}
