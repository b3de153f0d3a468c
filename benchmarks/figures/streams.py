"""Open streams on one process while reports come in: from the commit until every reader has the event.

Every reader's reach is the whole city, so each hears of all. Some read nothing at all: they must not hold
up the others. Reports go through the real intake, in processes of their own; readers are sockets in this one.
"""

from __future__ import annotations

import multiprocessing as mp
import os
import random
import selectors
import socket
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.bench import Bench
from benchmarks.httpload import HOST, get
from benchmarks.livestore import LiveStore, hired, open_live_store
from benchmarks.results import FULL, Row, figure
from benchmarks.services import SERVE, running
from facts.lookup import use_memory
from reports.filing import Submission, file_report
from store.engine import make_engine, open_session
from verdict.inquiry import Inquiry, Limits

STREAMS: Final = {FULL: 2_000, "quick": 200}
SLEEPERS: Final = 20  # of them read nothing
A_SECOND: Final = 50
SECONDS: Final = {FULL: 20.0, "quick": 4.0}
WRITERS: Final = 2
P99_S: Final = 1.0
PATIENCE_S: Final = 120.0
QUIET_S: Final = 0.5
SERVE_ONE: Final = tuple("1" if part == SERVE[3] else part for part in SERVE)


@dataclass
class Reader:
    """A stream's socket: how many bytes came when. All readers are sent the same: one keeps what it is."""

    socket: socket.socket
    kept: list[bytes] | None = None
    times: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def take(self) -> None:
        """Note what has come."""
        part = self.socket.recv(1 << 18)
        if not part:
            raise ConnectionError("a stream was let go")
        self.times.append(time.time())
        self.sizes.append(len(part))
        if self.kept is not None:
            self.kept.append(part)

    @property
    def total(self) -> int:
        """Bytes so far."""
        return sum(self.sizes)

    def events(self) -> dict[int, int]:
        """Report → the byte at which its first event is whole; of who keeps what it is sent."""
        found: dict[int, int] = {}
        at = 0
        for line in b"".join(self.kept or ()).split(b"\n"):
            at += len(line) + 1
            if line.startswith(b'data: {"seq"') and b'"report"' in line:
                found.setdefault(int(line.partition(b'"id":')[2].partition(b",")[0]), at)
        return found

    def arrivals(self, places: NDArray[np.int64]) -> NDArray[np.float64]:
        """When these bytes were there."""
        return np.array(self.times)[np.searchsorted(np.cumsum(self.sizes), places)]


def measure(bench: Bench) -> list[Row]:
    """How late events are, and what a stream costs."""
    size = bench.size.name
    with ExitStack() as until:
        store = until.enter_context(open_live_store("quick"))
        port = until.enter_context(running(SERVE_ONE, store.environment()))
        key = hired(store)
        before = _memory_kb(port)
        readers = _opened(port, key, STREAMS[size], until)
        each = (_memory_kb(port) - before) / STREAMS[size]
        bench.say(f"streams: {STREAMS[size]} open, {each:.0f} kB each")
        committed = _filed_while_read(store, readers, SECONDS[size])
    awake = readers[SLEEPERS:]
    events = awake[0].events()
    places = np.array([events[number] for number in committed])
    late = np.concatenate([one.arrivals(places) - np.array(list(committed.values())) for one in awake])
    note = (
        f"{len(committed)} reports in {SECONDS[size]:g} s, {len(awake)} readers, {SLEEPERS} that never read"
    )
    group = f"{STREAMS[size]:,} streams on one process"
    return [
        figure(
            f"{group}: commit to event, 99th percentile",
            "streams",
            "s",
            float(np.percentile(late, 99)),
            size,
            at_most=P99_S,
            note=note,
        ),
        figure(f"{group}: commit to event, median", "streams", "s", float(np.median(late)), size, note=note),
        figure(f"{group}: memory per stream", "streams", "kB", each, size),
    ]


def _opened(port: int, key: str, count: int, until: ExitStack) -> list[Reader]:
    request = get("/api/live", {"Authorization": f"Bearer {key}"})
    readers = []
    for _ in range(count):
        opened = until.enter_context(socket.create_connection((HOST, port), 30))
        opened.sendall(request)
        got = b""
        while b"event: hello" not in got:
            got += opened.recv(4096)
        readers.append(Reader(opened))
    return readers


def _filed_while_read(store: LiveStore, readers: list[Reader], seconds: float) -> dict[int, float]:
    """File reports in other processes and read meanwhile; report → when it was committed."""
    context = mp.get_context("spawn")
    told: Queue[Any] = context.Queue()
    writers = [
        context.Process(target=_write, args=(store, n, seconds, told), daemon=True) for n in range(WRITERS)
    ]
    committed: dict[int, float] = {}
    awake = readers[SLEEPERS:]
    awake[0].kept = []
    with selectors.DefaultSelector() as selector:
        for reader in awake:
            selector.register(reader.socket, selectors.EVENT_READ, reader)
        _emptied(selector)
        for writer in writers:
            writer.start()
        end = time.time() + PATIENCE_S
        while time.time() < end:
            for chosen, _ in selector.select(0.2):
                chosen.data.take()
            while not told.empty():
                committed.update(told.get())
            if not any(writer.is_alive() for writer in writers) and _all_there(awake, committed):
                return committed
    raise TimeoutError("some readers did not hear of everything")


def _emptied(selector: selectors.BaseSelector) -> None:
    """Take what came while the streams were opened, so that all begin at the same byte."""
    while chosen := selector.select(QUIET_S):
        for key, _ in chosen:
            key.data.take()
    for key in selector.get_map().values():
        reader = key.data
        reader.times, reader.sizes = [], []
        reader.kept = None if reader.kept is None else []


def _all_there(awake: list[Reader], committed: dict[int, float]) -> bool:
    """Whether every reader was sent as much as the one that has heard of every report."""
    if len({reader.total for reader in awake}) > 1:
        return False
    return committed.keys() <= awake[0].events().keys()


def _write(store: LiveStore, turn: int, seconds: float, told: Queue[Any]) -> None:
    engine = use_memory(make_engine(store.settings), store.settings)
    limits = Limits.of(store.settings)
    draw = random.Random(turn)
    _file(engine, limits, draw, f"warm-{turn}-{time.time_ns()}")
    begin, filed = time.time(), {}
    for n in range(int(seconds * A_SECOND / WRITERS)):
        time.sleep(max(0.0, begin + n * WRITERS / A_SECOND - time.time()))
        number = _file(engine, limits, draw, f"{turn}-{n}-{time.time_ns()}")
        filed[number] = time.time()
    told.put(filed)
    engine.dispose()


def _file(engine: Any, limits: Limits, draw: random.Random, key: str) -> int:  # noqa: ANN401 - SQLAlchemy's
    place = (112.2 + draw.random() * 1.0, 35.4 + draw.random() * 0.4)
    with open_session(engine) as session:
        asked = Inquiry("livestock_farm", *place)
        number = file_report(session, Submission(asked, sample=True), key, limits).report.id
    return int(number)


def _memory_kb(port: int) -> float:
    """Resident memory of the process that listens on a port and has no children that do."""
    with socket.create_connection((HOST, port)):
        pass
    pid = next(int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit() and _serves(p, port))
    pages = int((Path("/proc") / str(pid) / "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


def _serves(process: Path, port: int) -> bool:
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"serve" in words and str(port).encode() in words
