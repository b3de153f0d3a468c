"""``zhijie screen`` on a file of ten million points: from the start of the process to its end, its memory."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyproj import CRS

from benchmarks import places
from benchmarks.asking import SEED, verdict_columns, wrong_row
from benchmarks.bench import Bench
from benchmarks.borders import Floats
from benchmarks.harness import AnswersDiffer
from benchmarks.results import FULL, Row, figure
from benchmarks.services import BIN, LOG, WORKERS
from benchmarks.store import CATEGORY, environment
from benchmarks.world import CRS as CODE
from core.settings import ROOT
from facts.lookup import use_memory
from store.engine import make_engine

POINTS: Final = {FULL: 10_000_000, "quick": 200_000}
ROUNDS: Final = 3
CHECKED: Final = 200
AT_LEAST: Final = 1_000_000.0
AT_MOST_MB: Final = 2_000.0
WKB_POINT: Final = np.dtype([("order", "u1"), ("type", "<u4"), ("xy", "<f8", 2)])


def measure(bench: Bench) -> list[Row]:
    """Rows a second and the process's memory at its peak."""
    count = POINTS[bench.size.name]
    source = bench.world.folder.with_name(f"{bench.world.folder.name}-points-{count}.parquet")
    target = source.with_name(f"{source.stem}-screened.parquet")
    points = _points(bench, count)
    _write(points, source)
    environ = {**os.environ, **environment(bench.store)}
    seconds, peaks = [], []
    bench.say(f"screen: {count:,} points, {source.stat().st_size / 1e6:.0f} MB")
    for turn in range(ROUNDS):
        target.unlink(missing_ok=True)
        taken, peak = _run(source, target, environ)
        seconds.append(taken)
        peaks.append(peak)
        if turn == 0:
            _check(bench, target, points)
    note = f"{count:,} points from GeoParquet, written as GeoParquet of {target.stat().st_size / 1e6:,.0f} MB"
    target.unlink()
    return _rows(bench, [count / taken for taken in seconds], peaks, note)


def _rows(bench: Bench, rates: list[float], peaks: list[float], note: str) -> list[Row]:
    shared: dict[str, Any] = {"group": "screen", "size": bench.size.name, "rounds": len(rates)}
    return [
        figure(
            "zhijie screen, start to end",
            unit="rows/s",
            ours=statistics.median(rates),
            ours_range=(min(rates), max(rates)),
            at_least=AT_LEAST,
            note=f"{note}; half of them spread evenly, half near borders; two threads",
            **shared,
        ),
        figure(
            "zhijie screen, peak memory",
            unit="MB",
            ours=statistics.median(peaks),
            ours_range=(min(peaks), max(peaks)),
            at_most=AT_MOST_MB,
            **shared,
        ),
    ]


def _points(bench: Bench, count: int) -> Floats:
    """Sets of their own, larger than the world's, made as those are."""
    towns = bench.areas("townships")
    halves = [
        places.uniform_points("screen uniform", towns, count // 2),
        places.border_points("screen border", towns, count - count // 2),
    ]
    return np.random.default_rng(SEED).permutation(np.vstack(halves))


def _write(points: Floats, path: Path) -> None:
    """The points with their numbers as GeoParquet, where that is not there yet."""
    if path.exists():
        return
    wkb = np.empty(len(points), WKB_POINT)
    wkb["order"], wkb["type"], wkb["xy"] = 1, 1, points
    offsets = np.arange(len(points) + 1, dtype=np.int32) * WKB_POINT.itemsize
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(wkb)]
    geometry = pa.Array.from_buffers(pa.binary(), len(points), buffers)
    column = {"encoding": "WKB", "geometry_types": ["Point"], "crs": CRS(CODE).to_json_dict()}
    told = {"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": column}}
    table = pa.table({"id": np.arange(len(points)), "geometry": geometry})
    beside = path.with_suffix(".new")
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(told)}), beside)
    beside.rename(path)


def _run(source: Path, target: Path, environ: dict[str, str]) -> tuple[float, float]:
    """Seconds from start to end, and MB at its peak (it is one process). Raises ChildProcessError."""
    command = [str(BIN / "zhijie"), "screen", str(source), "-o", str(target), "--workers", str(WORKERS)]
    watch = [sys.executable, "-m", "benchmarks.watch", *command, "--category", CATEGORY, "--accuracy", "0"]
    with LOG.open("ab") as log:
        done = subprocess.run(watch, env=environ, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, check=True)
    found = json.loads(done.stdout)
    if found["ended"]:
        raise ChildProcessError(f"zhijie screen ended with {found['ended']}: see {LOG}")
    return found["seconds"], found["peak"] / 1e6


def _check(bench: Bench, target: Path, points: Floats) -> None:
    """Every row is there, and some say what single checks say. Raises AnswersDiffer."""
    chosen = np.sort(np.random.default_rng(SEED).choice(len(points), CHECKED, replace=False))
    file = pq.ParquetFile(target)
    if file.metadata.num_rows != len(points):
        raise AnswersDiffer(f"{file.metadata.num_rows:,} rows come back of {len(points):,}")
    rows = _taken(file, chosen)
    if [row["id"] for row in rows] != chosen.tolist():
        raise AnswersDiffer("the screened file does not keep its rows")
    engine = use_memory(make_engine(bench.store), bench.store)
    try:
        fault = wrong_row(rows, points[chosen], engine)
    finally:
        engine.dispose()
    if fault is not None:
        raise AnswersDiffer(f"the screening and single checks differ: {fault}")


def _taken(file: pq.ParquetFile, chosen: np.ndarray) -> list[dict[str, Any]]:
    columns = ["id", *verdict_columns(file.schema_arrow.names)]
    rows: list[dict[str, Any]] = []
    first = 0
    for group in range(file.num_row_groups):
        count = file.metadata.row_group(group).num_rows
        wanted = chosen[(chosen >= first) & (chosen < first + count)] - first
        if len(wanted):
            rows += file.read_row_group(group, columns).take(wanted).to_pylist()
        first += count
    return rows
