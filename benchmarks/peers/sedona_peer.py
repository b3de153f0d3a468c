"""SedonaDB: spatial SQL over tables in memory."""

from __future__ import annotations

from importlib.metadata import version

import geopandas as gpd
import numpy as np
import pyarrow as pa
import sedonadb
import shapely

from benchmarks.peers import Floats, Pairs, Shapes

_JOIN = (
    "SELECT p.id AS point, a.id AS area FROM points p JOIN areas a ON ST_Intersects(a.geometry, p.geometry)"
)


class SedonaDB:
    """One context; tables in memory, as many partitions as it likes."""

    name = "SedonaDB"
    version = version("sedonadb")

    def __init__(self) -> None:
        self._sedona = sedonadb.connect()

    def load(self, areas: Shapes) -> None:
        """Areas as a view."""
        self._view("areas", areas)

    def take(self, xy: Floats) -> None:
        """Points as a view."""
        self._view("points", shapely.points(xy))

    def _view(self, name: str, geoms: Shapes) -> None:
        frame = gpd.GeoDataFrame({"id": np.arange(len(geoms))}, geometry=geoms)
        self._sedona.create_data_frame(frame).to_memtable().to_view(name, overwrite=True)

    def ask(self) -> pa.Table:
        """The join."""
        return pa.table(self._sedona.sql(_JOIN))

    def pairs(self, answer: pa.Table) -> Pairs:
        """Its two columns."""
        return answer["point"].to_numpy(), answer["area"].to_numpy()
