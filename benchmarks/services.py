"""Services as processes of their own, for as long as they are measured."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.world import HOME
from core.settings import ROOT

WORKERS: Final = 2
LOG: Final = HOME / "processes.log"  # what they say on stderr
START_S: Final = 60.0
STOP_S: Final = 15.0
HOST: Final = "127.0.0.1"
BIN: Final = Path(sys.executable).parent
SERVE: Final = (str(BIN / "zhijie"), "serve", "--workers", str(WORKERS), "--port")
SQL_SERVE: Final = (
    *(sys.executable, "-m", "uvicorn", "benchmarks.peers.sql_service:from_environment"),
    *("--factory", "--workers", str(WORKERS)),
    *("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning", "--port"),
)


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[int]:
    """A service that listens on a free port, which ends the command; stopped with all its processes."""
    port = _free_port()
    with LOG.open("ab") as log:
        process = subprocess.Popen(
            [*command, str(port)],
            env={**os.environ, **environment},
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait(process, port)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as server:
        return int(server.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    """Until it answers. Raises ChildProcessError, TimeoutError."""
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise ChildProcessError(f"the service ended with {process.returncode}: see {LOG}")
        try:
            socket.create_connection((HOST, port), 1.0).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"no service on port {port} after {START_S:g} s")
