"""DuckDB with its spatial extension: the SPATIAL_JOIN operator over loaded tables, all cores."""

from __future__ import annotations

import importlib.util
from importlib.metadata import version
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import shapely

from benchmarks.peers import Floats, Pairs, Shapes

_AREAS = "CREATE OR REPLACE TABLE areas AS SELECT id, ST_GeomFromWKB(wkb) AS geom FROM given"
_POINTS = "CREATE OR REPLACE TABLE points AS SELECT id, ST_Point(x, y) AS geom FROM given"
_JOIN = "SELECT p.id AS point, a.id AS area FROM points p JOIN areas a ON ST_Intersects(a.geom, p.geom)"


class DuckDB:
    """One connection; tables in memory. The extension comes as a package: nothing is fetched."""

    name = "DuckDB spatial"
    version = version("duckdb")

    def __init__(self) -> None:
        self._duck = duckdb.connect(config={"allow_unsigned_extensions": "true"})
        self._duck.execute(f"LOAD '{_extension()}'")

    def load(self, areas: Shapes) -> None:
        """Areas as a table of geometries."""
        given = pa.table({"id": np.arange(len(areas)), "wkb": shapely.to_wkb(areas)})
        self._make(_AREAS, given)

    def take(self, xy: Floats) -> None:
        """Points as a table of geometries; makes sure that the plan is the spatial join."""
        x, y = np.ascontiguousarray(xy.T)
        self._make(_POINTS, pa.table({"id": np.arange(len(xy)), "x": x, "y": y}))
        plan = self._duck.execute(f"EXPLAIN {_JOIN}").fetchall()[0][1]
        if "SPATIAL_JOIN" not in plan:
            raise RuntimeError("DuckDB does not plan a SPATIAL_JOIN")

    def _make(self, statement: str, given: pa.Table) -> None:
        self._duck.register("given", given)
        self._duck.execute(statement)
        self._duck.unregister("given")

    def ask(self) -> pa.Table:
        """The join as arrays."""
        return self._duck.execute(_JOIN).fetchnumpy()

    def pairs(self, answer: dict[str, np.ndarray]) -> Pairs:
        """Its two columns."""
        return answer["point"], answer["area"]


def _extension() -> Path:
    spec = importlib.util.find_spec("duckdb_extension_spatial")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("duckdb-extension-spatial is missing: install the group `bench`")
    return next(Path(spec.origin).parent.rglob("spatial.duckdb_extension"))
