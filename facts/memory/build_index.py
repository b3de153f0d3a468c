"""Building the index of a layer's areas, for a large layer in a subprocess.

Indexing millions of vertices takes seconds and gigabytes, and holds the interpreter lock for parts of a
second. A server runs ``python -m facts.memory.build_index KIND FOLDER`` instead, which reads the rows in the
folder and writes the index beside them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final, Literal, cast

import numpy as np
import pyarrow as pa

from core.settings import ROOT
from geo.index import Index, NotACoverage, build_coverage, build_overlaps, decode, store

Kind = Literal["coverage", "overlaps"]
ROWS: Final = "rows.arrow"
INDEX: Final = "index.cells"
NICE: Final = 10  # requests are served first
MAX_ERROR_CHARS: Final = 2000  # of a subprocess's error output, from its end


def make_index(kind: Kind, table: pa.Table) -> Index:
    """The index of a table's areas: of kind "overlaps", too, where a "coverage" turns out to overlap."""
    areas = np.concatenate([decode(chunk) for chunk in table.column("area").chunks])
    if kind == "coverage":
        try:
            return build_coverage(areas)
        except (
            NotACoverage
        ):  # approximate layers may overlap along their borders: an index of overlaps serves
            pass
    return build_overlaps(areas)


def open_rows(folder: Path) -> pa.Table:
    """The rows in a folder, memory-mapped."""
    with pa.memory_map(str(folder / ROWS)) as source:
        return pa.ipc.open_file(source).read_all()


def write_index(kind: Kind, folder: Path) -> None:
    """Index the rows in a folder; the index is written beside them."""
    store(make_index(kind, open_rows(folder)), folder / INDEX)


def write_index_in_subprocess(kind: Kind, folder: Path) -> None:
    """Index the rows in a folder in a subprocess. Raises RuntimeError, with its error output, on failure."""
    # from ROOT, so that the packages are importable there as they are here
    command = [sys.executable, "-m", "facts.memory.build_index", kind, str(folder)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"indexing ended with {done.returncode}: {done.stderr[-MAX_ERROR_CHARS:]}")


if __name__ == "__main__":
    os.nice(NICE)
    write_index(cast(Kind, sys.argv[1]), Path(sys.argv[2]))
