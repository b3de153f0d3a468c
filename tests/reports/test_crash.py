"""No report is lost: server and PostgreSQL are killed ten times while reports come in.

All is real: `zhijie serve` and a private cluster that syncs to disk, killed by SIGKILL with all their
processes; clients that send again with the same key until they are answered.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session
from support.credentials import bearer
from support.servers import free_port

from core.settings import ROOT
from store.cluster.cluster import Cluster
from store.journal.verification import verify_journal

pytestmark = pytest.mark.long

ZHIJIE = [sys.executable, "-c", "from cli.main import main; main()"]
KILLS = ("app", "store", "both", "store", "app", "both", "app", "store", "both", "store")
CLIENTS = 3
PATIENCE_S = 120.0
BODY = {"lon": 112.395, "lat": 35.625, "category": "livestock_farm", "as_of": "2022-08-21"}


class Installation:
    """A server and its private PostgreSQL, with the means to kill them."""

    def __init__(self, home: Path) -> None:
        self.port = free_port()
        self.cluster = Cluster(home / "pg")
        given = {"ZHIJIE_HOME": str(home / "pg"), "ZHIJIE_PORT": str(self.port)}
        self.environment = {**os.environ, **given, "ZHIJIE_LANG": "en", "ZHIJIE_ENGINE": "postgis"}
        self.environment.pop("ZHIJIE_DATABASE_URL", None)
        self.app: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Base address of the server."""
        return f"http://127.0.0.1:{self.port}"

    def run(self, *arguments: str) -> str:
        """Run a command to its end."""
        done = subprocess.run(
            [*ZHIJIE, *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def serve(self) -> None:
        """Start the server; it is not waited for."""
        self.app = subprocess.Popen(
            [*ZHIJIE, "serve"], cwd=ROOT, env=self.environment, stderr=subprocess.DEVNULL
        )

    def kill_app(self) -> None:
        """SIGKILL to the server."""
        assert self.app is not None
        self.app.kill()
        self.app.wait()

    def kill_store(self) -> None:
        """SIGKILL to PostgreSQL and all its children, at once."""
        parent = self.cluster.status().pid
        assert parent is not None
        for pid in [parent, *_children(parent)]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:  # it ended by itself when its parent did
                continue


def _children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(entry.parent.name))
    return found


@pytest.fixture
def installation() -> Iterator[Installation]:
    home = Path(tempfile.mkdtemp(prefix="zhijie-crash-"))
    home.chmod(0o755)
    made = Installation(home)
    try:
        made.run("load")
        yield made
    finally:
        if made.app is not None and made.app.poll() is None:
            made.kill_app()
        made.cluster.stop()
        shutil.rmtree(home, ignore_errors=True)


class Client(threading.Thread):
    """Sends reports one after the other, each again and again until it is answered."""

    def __init__(self, url: str, key: str, name: str, enough: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self.http = httpx.Client(base_url=url, headers=bearer(key), timeout=30)
        self.enough = enough
        self.acknowledged: dict[str, int] = {}
        self.refused: list[httpx.Response] = []
        self.odd: list[str] = []

    def run(self) -> None:
        """Until there are enough; the last one is seen through."""
        number = 0
        while not self.enough.is_set():
            number += 1
            self._send(f"{self.name}-{number}")
        self.http.close()

    def _send(self, key: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                answer = self.http.post("/api/reports", json=BODY, headers={"Idempotency-Key": key})
            except httpx.HTTPError:
                time.sleep(0.05)
                continue
            if answer.status_code in (200, 201):
                self.acknowledged[key] = answer.json()["id"]
                return
            self.refused.append(answer)
            if answer.status_code != 503:
                self.odd.append(f"{answer.status_code} {answer.text[:300]}")
            time.sleep(0.1)
        self.odd.append(f"{key} was never acknowledged")


def _wait_for_more(clients: list[Client], least: int) -> None:
    """Until some more reports are acknowledged: the installation is up again, by itself."""
    before = sum(len(client.acknowledged) for client in clients)
    end = time.monotonic() + PATIENCE_S
    while sum(len(client.acknowledged) for client in clients) < before + least:
        assert time.monotonic() < end, "it did not come back"
        time.sleep(0.05)


def test_every_acknowledged_report_is_there_once(installation: Installation) -> None:
    installation.run("user", "add", "sender", "--role", "grid_worker", "--reach", "all", "--no-password")
    key = installation.run("user", "key", "sender")
    installation.serve()
    enough = threading.Event()
    clients = [Client(installation.url, key, f"client-{number}", enough) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    _wait_for_more(clients, 5)
    chance = random.Random(2026)
    for kill in KILLS:
        time.sleep(chance.uniform(0.0, 0.5))
        if kill in ("store", "both"):
            installation.kill_store()
        if kill in ("app", "both"):
            installation.kill_app()
        time.sleep(chance.uniform(0.0, 0.5))
        if kill in ("store", "both"):
            installation.run("db", "start")
        if kill in ("app", "both"):
            installation.serve()
        _wait_for_more(clients, 5)
    enough.set()
    for client in clients:
        client.join(PATIENCE_S)

    assert [odd for client in clients for odd in client.odd] == []
    refused = [answer for client in clients for answer in client.refused]
    assert refused, "PostgreSQL was never missed: the test tests nothing"
    assert all(answer.headers["Retry-After"] for answer in refused)
    acknowledged = {key: number for client in clients for key, number in client.acknowledged.items()}
    engine = create_engine(installation.cluster.url)
    with Session(engine) as session:
        stored = session.execute(text("SELECT idempotency_key, id FROM report ORDER BY id")).all()
        verdicts = session.execute(text("SELECT report_id FROM verdict ORDER BY 1")).scalars().all()
        journal = verify_journal(session)
    engine.dispose()
    assert len(stored) == len({row.idempotency_key for row in stored})
    assert {row.idempotency_key: row.id for row in stored} == acknowledged
    assert verdicts == [row.id for row in stored]
    assert journal.fault is None
