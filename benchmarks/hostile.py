"""What others notice while clients try to stop the service by their bodies: ``python -m benchmarks.hostile``.

A real ``zhijie serve`` with two processes. Before and during the attack another client checks places, one
after the other, and a few streams of events stay open. Told are its median and 95th percentile, how many
processes the service had to replace, and how many streams were cut.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer

from benchmarks.httpload import HOST, get, post
from benchmarks.livestore import hired, open_live_store
from benchmarks.services import SERVE, running
from benchmarks.world import HOME

PATIENCE_S: Final = 60.0
STREAMS: Final = 4
CHECK: Final = b'{"lon":112.395,"lat":35.625,"category":"livestock_farm"}'
POINTS: Final = b'{"points":[' + b"[]," * 660_000 + b"[]]}"
DEEP: Final = b"[" * 1_900_000
BATCH: Final = b'{"points":[' + b"[]," * 26_000_000 + b"[]]}"  # 78 MB
OBJECTS: Final = b'{"points":[' + b"{}," * 3_900_000 + b"{}]}"
CHUNK: Final = b"10000\r\n" + b" " * 65_536 + b"\r\n"


@dataclass
class Seen:
    """What a client has seen: seconds of each answer, and how often it got none."""

    seconds: list[float] = field(default_factory=list)
    failed: int = 0

    def told(self) -> str:
        """Number of answers, median and 95th percentile in milliseconds."""
        if not self.seconds:
            return f"0 answers, {self.failed} failed"
        median, late = np.percentile(self.seconds, [50, 95]) * 1e3
        return f"{len(self.seconds)} answers, median {median:.1f} ms, p95 {late:.1f} ms, {self.failed} failed"


def exchange(line: socket.socket, request: bytes) -> bytes:
    """The head of the answer; its body is taken, too. Raises OSError where there is none."""
    line.sendall(request)
    got = b""
    while b"\r\n\r\n" not in got:
        got += _some(line)
    head, _, body = got.partition(b"\r\n\r\n")
    length = next(
        (int(one.split(b":")[1]) for one in head.split(b"\r\n") if one.lower().startswith(b"content-length")),
        0,
    )
    missing = length - len(body)
    while missing > 0:
        missing -= len(_some(line))
    return head


def _some(line: socket.socket) -> bytes:
    part = line.recv(1 << 18)
    if not part:
        raise ConnectionError("hung up")
    return part


def attack(port: int, requests: list[bytes], until: float) -> None:
    """Send hostile requests, each over a connection of its own where the service hangs up."""
    number = 0
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection((HOST, port), PATIENCE_S) as line:
            while time.monotonic() < until:
                number += 1
                exchange(line, requests[number % len(requests)])


def ask(port: int, request: bytes, until: float, seen: Seen) -> None:
    """Ask again and again, over one connection for as long as it lasts."""
    while time.monotonic() < until:
        try:
            with socket.create_connection((HOST, port), PATIENCE_S) as line:
                while time.monotonic() < until:
                    began = time.perf_counter()
                    if b" 200 " not in exchange(line, request)[:16]:
                        raise ConnectionError("not answered")
                    seen.seconds.append(time.perf_counter() - began)
        except OSError:
            seen.failed += 1


def hostile_requests(headers: Mapping[str, str], *, batches: bool) -> list[bytes]:
    """The bodies that have stopped the service once."""
    chunked = post("/api/check", b"", {**headers, "Transfer-Encoding": "chunked"})
    endless = chunked.replace(b"Content-Length: 0\r\n", b"") + CHUNK * 48 + b"0\r\n\r\n"
    found = [post("/api/datum/check", POINTS, headers), post("/api/check", DEEP, headers), endless]
    if batches:
        found += [post("/api/check/batch", body, headers) for body in (BATCH, OBJECTS)]
    return found


def _children() -> set[int]:
    """The worker processes of the service."""
    return {int(task.name) for task in Path("/proc").iterdir() if task.name.isdigit() and _is_worker(task)}


def _is_worker(task: Path) -> bool:
    with suppress(OSError):
        words = (task / "cmdline").read_bytes()
        return b"multiprocessing" in words and b"spawn_main" in words and _of_ours(task)
    return False


def _of_ours(task: Path) -> bool:
    """Whether a worker's parent is the service that this process has started."""
    parent = _parent(task)
    return parent is not None and _parent(Path("/proc") / str(parent)) == int(
        Path("/proc/self").resolve().name
    )


def _parent(task: Path) -> int | None:
    with suppress(OSError, ValueError):
        return int((task / "stat").read_text().rsplit(")", 1)[1].split()[1])
    return None


@contextmanager
def streams(port: int, headers: Mapping[str, str]) -> Iterator[list[socket.socket]]:
    """Open streams of events."""
    with ExitStack() as until:
        found = []
        for _ in range(STREAMS):
            line = until.enter_context(socket.create_connection((HOST, port), PATIENCE_S))
            line.sendall(get("/api/live", headers))
            _some(line)
            found.append(line)
        yield found


def cut(lines: list[socket.socket]) -> int:
    """How many streams the service has ended."""
    ended = 0
    for line in lines:
        line.setblocking(False)
        try:
            while line.recv(1 << 18):
                pass
            ended += 1
        except BlockingIOError:
            pass
        except OSError:
            ended += 1
    return ended


def measure(port: int, key: str, requests: list[bytes], connections: int, seconds: float) -> None:
    """Attack for a while, and tell what others saw."""
    known = {"Authorization": f"Bearer {key}"}
    with streams(port, known) as lines:
        before, seen, until = _children(), Seen(), time.monotonic() + seconds
        threads = [
            threading.Thread(target=attack, args=(port, requests, until), daemon=True)
            for _ in range(connections)
        ]
        for thread in threads:
            thread.start()
        ask(port, post("/api/check", CHECK, known), until, seen)
        for thread in threads:
            thread.join(PATIENCE_S)
        typer.echo(f"    others: {seen.told()}")
        typer.echo(
            f"    replaced processes: {len(before - _children())}, cut streams: {cut(lines)} of {STREAMS}"
        )


def main(
    connections: Annotated[int, typer.Option(min=1, help="Hostile connections.")] = 16,
    seconds: Annotated[float, typer.Option(min=1, help="Seconds of each attack.")] = 10,
) -> None:
    """Measure and print."""
    HOME.mkdir(parents=True, exist_ok=True)  # for the log of the service
    with open_live_store("quick") as store, running(SERVE, store.environment()) as port:
        honest, foe = hired(store), hired(store)
        known = {"Authorization": f"Bearer {foe}"}
        ask(
            port,
            post("/api/check", CHECK, {"Authorization": f"Bearer {honest}"}),
            time.monotonic() + 5,
            Seen(),
        )
        for name, requests, lines in (
            ("nobody attacks", [], 0),
            ("strangers", hostile_requests({}, batches=True), connections),
            ("signed in", hostile_requests(known, batches=False), connections),
            ("signed in, batches too", hostile_requests(known, batches=True), connections),
        ):
            typer.echo(f"{name}: {lines} connections, {seconds:g} s")
            measure(port, honest, requests, lines, seconds)


if __name__ == "__main__":
    typer.run(main)
