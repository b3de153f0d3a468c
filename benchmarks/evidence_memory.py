"""How much memory an upload of evidence takes: a sparse file of 2 GB to a real server, which is watched.

Run with ``.venv/bin/python -m benchmarks.evidence_memory``; ``--bytes`` for another size. It makes a
PostgreSQL of its own and throws it away, with the file. The stored copy is written in full.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from accounts.accounts import NewAccount, add_account
from accounts.keys import KeyRequest, make_key
from accounts.postings import NewPosting
from core.settings import ROOT, Settings
from demo.story import STORY, STORY_KEY
from layers.loading.load import load_folder
from reports.filing import file_report
from store.cluster.cluster import Cluster
from store.engine import make_engine, migrate, open_session
from verdict.inquiry import Limits

HEAD = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"  # a video, as far as anybody can tell
PORT = 8791


@contextmanager
def server(home: Path) -> Iterator[tuple[psutil.Process, int, str]]:
    """(the server's process, the id of a report, an API key)."""
    cluster = Cluster(home / "pg", fast=True)
    try:
        url = cluster.start()
        engine = make_engine(Settings(), url)
        migrate(engine)
        with open_session(engine) as session:
            load_folder(session, ROOT / "data")
            report = file_report(session, STORY, STORY_KEY, Limits.of(Settings())).report.id
            account = add_account(
                session, NewAccount(f"u{secrets.token_hex(4)}", "", None), NewPosting("command", "")
            )
            key = make_key(session, account, KeyRequest("benchmark", None, 1))[1]
        engine.dispose()
        environment = os.environ | {
            "ZHIJIE_DATABASE_URL": url,
            "ZHIJIE_APP_DATABASE_URL": cluster.app_url,
            "ZHIJIE_EVIDENCE_URL": str(home / "evidence"),
        }
        where = ["--factory", "api.app:from_environment", "--port", str(PORT), "--log-level", "warning"]
        started = subprocess.Popen([sys.executable, "-m", "uvicorn", *where], cwd=ROOT, env=environment)
        try:
            _wait()
            yield psutil.Process(started.pid), report, key
        finally:
            started.terminate()
            started.wait(timeout=30)
    finally:
        cluster.stop()


def _wait() -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            line = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
            line.request("GET", "/healthz")
            if line.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise TimeoutError("the server did not start")


class Watch:
    """The most memory that a process and its children hold, looked at every 20 ms."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self._end = threading.Event()
        self.server = self.helpers = 0
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._end.wait(0.02):
            self.server = max(self.server, self._process.memory_info().rss)
            children = self._process.children(recursive=True)
            self.helpers = max(self.helpers, sum(_resident(child) for child in children))


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def send(path: Path, report: int, key: str) -> tuple[int, dict[str, object]]:
    """Send a file as a body; (status, answer)."""
    line = http.client.HTTPConnection("127.0.0.1", PORT, timeout=600)
    headers = {"Authorization": f"Bearer {key}", "Content-Length": str(path.stat().st_size)}
    with path.open("rb") as file:
        line.request("POST", f"/api/reports/{report}/evidence?filename={path.name}", file, headers)
        answer = line.getresponse()
        return answer.status, json.loads(answer.read())


def fetch(href: object, key: str) -> int:
    """Fetch a file and throw it away; how many bytes came."""
    line = http.client.HTTPConnection("127.0.0.1", PORT, timeout=600)
    line.request("GET", str(href), headers={"Authorization": f"Bearer {key}"})
    answer, total = line.getresponse(), 0
    while piece := answer.read(1 << 20):
        total += len(piece)
    return total


def measure(size: int, home: Path) -> dict[str, float]:
    """Upload and download a file of ``size`` bytes; megabytes and seconds."""
    path, small = home / "flight.mp4", home / "small.mp4"
    small.write_bytes(HEAD + bytes(100_000))
    with path.open("wb") as file:
        file.write(HEAD)
        file.truncate(size)
    with server(home) as (process, report, key):
        send(small, report, key)  # so that what is made once is there
        before = process.memory_info().rss
        with Watch(process) as going_in:
            start = time.perf_counter()
            status, told = send(path, report, key)
            sent_s = time.perf_counter() - start
        assert status == 201, told
        assert (told["size"], told["kind"]) == (size, "video"), told
        with Watch(process) as coming_out:
            start = time.perf_counter()
            assert fetch(told["href"], key) == size
            fetched_s = time.perf_counter() - start
        return {
            "file_mb": size / 1e6,
            "server_before_mb": before / 1e6,
            "upload_growth_mb": (going_in.server - before) / 1e6,
            "download_growth_mb": (coming_out.server - before) / 1e6,
            "helpers_peak_mb": going_in.helpers / 1e6,
            "upload_s": sent_s,
            "download_s": fetched_s,
        }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bytes", type=int, default=2_000_000_000)
    size = parser.parse_args().bytes
    home = Path(tempfile.mkdtemp(prefix="zhijie-evidence-"))
    home.chmod(0o755)
    try:
        for name, value in measure(size, home).items():
            sys.stdout.write(f"{name:20} {value:10.1f}\n")
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
