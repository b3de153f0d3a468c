"""The command: all runs, told as they end, and the figures written into docs/calibration.md."""

from __future__ import annotations

import argparse
import sys

from benchmarks.calibration.document import FULL, QUICK, sections, write
from benchmarks.calibration.world import stage


def main() -> None:
    """Run everything; with ``--quick`` a few hundred cases each, and the document stays as it is."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute or two; writes no document")
    quick = parser.parse_args().quick
    told = []
    with stage() as (session, home):
        for heading, text in sections(session, home, QUICK if quick else FULL):
            told.append(f"### {heading}\n\n{text}")
            sys.stdout.write(f"{told[-1]}\n\n")
            sys.stdout.flush()
    if not quick:
        write("\n\n".join(told))


if __name__ == "__main__":
    main()
