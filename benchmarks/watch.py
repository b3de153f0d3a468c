"""Runs a command and prints what it took, as JSON: ``python -m benchmarks.watch COMMAND…``.

Apart, because Linux counts to a process's peak of memory what its parent had when it was forked: this one has
next to nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time


def watch(command: list[str]) -> dict[str, float]:
    """Seconds from start to end, bytes at the peak of it or of a process of its own, and how it ended."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    taken = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    return {"seconds": taken, "peak": used.ru_maxrss * 1024, "ended": process.returncode}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(watch(sys.argv[1:])))
