"""geopandas: ``sjoin``."""

from __future__ import annotations

from importlib.metadata import version

import geopandas as gpd
import numpy as np
import shapely

from benchmarks.peers import Floats, Pairs, Shapes

CRS = 4490


class Sjoin:
    """``sjoin(points, areas)``.

    ``within`` is its fastest form: it looks the areas up in a tree of the points. It leaves out what lies on
    a border; ``intersects`` finds that too.
    """

    version = version("geopandas")

    def __init__(self, predicate: str) -> None:
        self.name = f"geopandas.sjoin {predicate}"
        self._predicate = predicate

    def load(self, areas: Shapes) -> None:
        """Areas as a frame with its tree."""
        self._areas = gpd.GeoDataFrame(geometry=areas, crs=CRS)
        _ = self._areas.sindex

    def take(self, xy: Floats) -> None:
        """Points as a frame with its tree."""
        self._points = gpd.GeoDataFrame(geometry=shapely.points(xy), crs=CRS)
        self._points.sindex.query(shapely.Point(0, 0))

    def ask(self) -> gpd.GeoDataFrame:
        """The join."""
        return gpd.sjoin(self._points, self._areas, predicate=self._predicate)

    def pairs(self, answer: gpd.GeoDataFrame) -> Pairs:
        """Left and right numbers of the join."""
        return answer.index.to_numpy(np.int64), answer["index_right"].to_numpy(np.int64)
