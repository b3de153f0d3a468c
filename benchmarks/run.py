"""Measure the figures: ``.venv/bin/python -m benchmarks.run [--quick] [--only NAME]…``.

The full size writes results.json beside this file and docs/benchmarks.md with its plot, and ends with 1 where
a promised figure does not hold. The quick one, a province, writes under build/bench and promises nothing.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from benchmarks import report, results
from benchmarks.bench import Bench
from benchmarks.figures import FIGURES
from benchmarks.harness import ROUNDS, AnswersDiffer
from benchmarks.world import FULL, HOME, QUICK

QUICK_ROUNDS: Final = 3


def main(
    quick: Annotated[bool, typer.Option(help="A province: a minute.")] = False,
    only: Annotated[list[str], typer.Option(help=f"One of {', '.join(FIGURES)}; may be repeated.")] = [],  # noqa: B006
    rounds: Annotated[int | None, typer.Option(min=1, help="Rounds of each race.")] = None,
) -> None:
    """Measure, tell, and write down."""
    unknown = set(only) - FIGURES.keys()
    if unknown:
        raise typer.BadParameter(f"no figure {', '.join(sorted(unknown))}; there are {', '.join(FIGURES)}")
    size = QUICK if quick else FULL
    path = HOME / f"results-{size.name}.json" if quick else results.RESULTS
    console = Console(stderr=True, width=None if sys.stderr.isatty() else 140)
    held = True
    with ExitStack() as until:
        bench = Bench(size, rounds or (QUICK_ROUNDS if quick else ROUNDS), console, until)
        for name in only or FIGURES:
            try:
                rows = FIGURES[name](bench)
            except AnswersDiffer as fault:
                console.print(f"{name}: {fault}", style="bold red")
                raise typer.Exit(1) from fault
            console.print(_table(name, rows))
            results.write(results.merged(results.read(path), rows), path)
            held = held and all(row.holds is not False for row in rows)
            if not quick:
                report.refresh(results.read(path))
    if not held:
        raise typer.Exit(1)


def _table(name: str, rows: list[results.Row]) -> Table:
    table = Table("figure", "ours", "peer's", "ratio", "promised", "holds", title=name)
    for row in rows:
        table.add_row(row.name, *report.cells_of(row))
    return table


if __name__ == "__main__":
    typer.run(main)
