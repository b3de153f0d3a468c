"""How the server is started: what it believes of proxies, and how long a process may take to begin."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from support.servers import free_port

from cli.serve import server_options
from core.settings import Settings

FORWARDED = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}


async def _origin(request: Request) -> PlainTextResponse:
    host = request.client.host if request.client else ""
    return PlainTextResponse(f"{request.url.scheme} {host}")


@contextmanager
def served(options: dict[str, Any]) -> Iterator[str]:
    """A tiny application behind uvicorn with these options; its address."""
    config = uvicorn.Config(Starlette(routes=[Route("/", _origin)]), **options)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    yield f"http://{options['host']}:{options['port']}/"
    server.should_exit = True
    thread.join()


@pytest.mark.parametrize(
    ("proxies", "told"),
    [("", "http 127.0.0.1"), ("10.0.0.1", "http 127.0.0.1"), ("10.0.0.1, 127.0.0.1", "https 203.0.113.9")],
)
def test_only_named_proxies_say_where_a_request_comes_from(proxies: str, told: str) -> None:
    """Also of 127.0.0.1, where anybody at the machine could claim an address."""
    options = server_options(Settings(trusted_proxies=proxies), "127.0.0.1", free_port())
    with served(options) as address:
        assert httpx.get(address, headers=FORWARDED).text == told


SLOW = """
import ctypes
ctypes.PyDLL(None).sleep(8)  # holds the interpreter, as importing does on a busy machine
async def application(scope, receive, send): pass
"""
SERVER = """
import uvicorn
if __name__ == "__main__":
    uvicorn.run("slow:application", workers=2, **OPTIONS)
"""


@pytest.mark.parametrize(("patience_s", "replaced"), [(None, False), (5, True)])
def test_a_process_that_begins_slowly_is_not_replaced(
    tmp_path: Path, patience_s: int | None, replaced: bool
) -> None:
    """A child that is silent for longer is killed, for another as slow; 5 s is uvicorn's own patience."""
    options = server_options(Settings(), "127.0.0.1", free_port()) | {"log_level": "info"}
    del options["log_config"]  # uvicorn's own says what becomes of its children
    options |= {} if patience_s is None else {"timeout_worker_healthcheck": patience_s}
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")
    (tmp_path / "server.py").write_text(SERVER.replace("OPTIONS", repr(options)), encoding="utf-8")
    with (tmp_path / "log").open("w+") as log:
        run = subprocess.Popen([sys.executable, "server.py"], cwd=tmp_path, stdout=log, stderr=log)
        with suppress(subprocess.TimeoutExpired):
            run.wait(12)
        run.send_signal(signal.SIGINT)
        run.wait(30)
        log.seek(0)
        told = log.read()
    assert "Started parent process" in told
    assert (" died" in told) == replaced, told
