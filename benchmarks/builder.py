"""A process that builds one index again and again and prints what it took, as JSON.

``python -m benchmarks.builder AREAS.parquet ROUNDS``: apart, because memory at its peak is a whole process's.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from geo.index import cell_index as cells


def build(path: Path, rounds: int) -> dict[str, object]:
    """Seconds of every round, bytes of the index, bytes that the first build took at its peak."""
    make = cells.build_overlaps if path.stem == "zones" else cells.build_coverage
    make(np.array([shapely.box(0, 0, 1, 1)]))  # compiled code is loaded before the clock
    areas = gpd.read_parquet(path).geometry.to_numpy()
    Path("/proc/self/clear_refs").write_text("5")  # Linux: the peak begins anew
    before = _memory("VmRSS")
    seconds, peaks = [], []
    for _ in range(rounds):
        begin = time.perf_counter()
        size = make(areas).nbytes
        seconds.append(time.perf_counter() - begin)
        peaks.append(_memory("VmHWM") - before)
    return {"seconds": seconds, "nbytes": size, "peak": peaks[0]}


def _memory(field: str) -> int:
    """Bytes that Linux tells of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(build(Path(sys.argv[1]), int(sys.argv[2]))))
