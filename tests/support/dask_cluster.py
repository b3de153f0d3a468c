"""For tests on a cluster: a Dask scheduler and workers as processes of their own, on this machine alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from core.settings import ROOT


@dataclass
class Cluster:
    """A scheduler and its workers; each worker keeps bundles in a folder of its own."""

    folder: Path
    address: str = ""
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self) -> None:
        told = self.folder / "scheduler.json"
        self._run("scheduler", "--no-dashboard", "--port", 0, "--scheduler-file", told)
        _wait(lambda: told.exists() and told.read_text())
        self.address = json.loads(told.read_text())["address"]

    def add(self, name: str) -> None:
        own = ("--local-directory", self.folder / f"{name}-work", "--name", name)
        few = ("--nthreads", 1, "--no-nanny", "--no-dashboard", "--memory-limit", 0)
        self._run("worker", self.address, *own, *few, named=name)

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def kill_workers(self) -> None:
        for name in [name for name in self.processes if name != "scheduler"]:
            self.kill(name)

    def end(self) -> None:
        for name in list(self.processes):
            self.kill(name)

    def _run(self, what: str, *arguments: object, named: str = "scheduler") -> None:
        env = os.environ | {"ZHIJIE_CACHE_DIR": str(self.folder / f"{named}-cache")}
        with (self.folder / f"{named}.log").open("wb") as log:
            self.processes[named] = subprocess.Popen(
                [sys.executable, "-m", "dask", what, *map(str, arguments), "--host", "127.0.0.1"],
                cwd=ROOT,
                env=env,
                stdout=log,
                stderr=log,
            )


def _wait(ready: Callable[[], object]) -> None:
    ends = time.monotonic() + 20
    while not ready():
        assert time.monotonic() < ends
        time.sleep(0.05)
