"""Indexing the areas of a layer; of many areas as a process of its own.

Indexing millions of vertices takes seconds and gigabytes, and holds the interpreter for parts of a second. A
server leaves that to ``python -m facts.memory.build_index KIND FOLDER``, which has rows in the folder and
leaves the index beside them.
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
from geo.index.cell_index import Index, NotACoverage, build_coverage, build_overlaps, store
from geo.index.shapes import decode

Kind = Literal["coverage", "overlaps"]
ROWS: Final = "rows.arrow"
INDEX: Final = "index.cells"
NICE: Final = 10  # who answers requests goes first
SAID: Final = 2000  # characters of what a process said last


def index_of(kind: Kind, table: pa.Table) -> Index:
    """The index of the areas of a table. Areas that should be a coverage, and are none, may overlap."""
    areas = np.concatenate([decode(chunk) for chunk in table.column("area").chunks])
    if kind == "coverage":
        try:
            return build_coverage(areas)
        except NotACoverage:
            pass
    return build_overlaps(areas)


def open_rows(folder: Path) -> pa.Table:
    """The rows in a folder, mapped into memory."""
    with pa.memory_map(str(folder / ROWS)) as source:
        return pa.ipc.open_file(source).read_all()


def index_here(kind: Kind, folder: Path) -> None:
    """Write the index of the rows in a folder beside them."""
    store(index_of(kind, open_rows(folder)), folder / INDEX)


def index_aside(kind: Kind, folder: Path) -> None:
    """The same in another process. Raises RuntimeError, with what that said, where it fails."""
    command = [sys.executable, "-m", "facts.memory.build_index", kind, str(folder)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"indexing ended with {done.returncode}: {done.stderr[-SAID:]}")


if __name__ == "__main__":
    os.nice(NICE)
    index_here(cast(Kind, sys.argv[1]), Path(sys.argv[2]))
