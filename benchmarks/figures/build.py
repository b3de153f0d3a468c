"""Building the index, in a process of its own: seconds, size, and how much memory it took at its peak."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

import shapely

from benchmarks.bench import Bench
from benchmarks.results import Row, figure
from core.settings import ROOT

MB = 1e6
BOUNDS = {"townships": (6.0, 400.0), "zones": (None, None)}  # seconds, MB


def measure(bench: Bench) -> list[Row]:
    """Townships (bounded) and zones."""
    rows = []
    for kind, (seconds, size) in BOUNDS.items():
        bench.say(f"build: {kind}")
        found = _in_child(bench.world.folder / f"{kind}.parquet", bench.rounds)
        vertices = int(shapely.get_num_coordinates(bench.areas(kind)).sum())
        about = f"{len(bench.areas(kind)):,} {kind}, {vertices / 1e6:.1f} million vertices"
        took = found["seconds"]
        shared = {"group": "build", "size": bench.size.name, "note": about}
        times = {"ours_range": (min(took), max(took)), "rounds": len(took), "at_most": seconds}
        name, middle, peak = f"index of {kind}", statistics.median(took), found["peak"] / MB
        rows += [
            figure(f"{name}: time", unit="s", ours=middle, **times, **shared),
            figure(f"{name}: size", unit="MB", ours=found["nbytes"] / MB, at_most=size, **shared),
            figure(f"{name}: peak memory, without the areas", unit="MB", ours=peak, **shared),
        ]
    return rows


def _in_child(areas: Path, rounds: int) -> dict:
    command = [sys.executable, "-m", "benchmarks.builder", str(areas), str(rounds)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    return json.loads(done.stdout)
