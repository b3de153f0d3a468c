"""The workers of a Dask cluster as a screening needs them: found, checked, given the bundle, waited for.

A bundle is not scattered as Dask's own data: those are lost with the workers that hold them, are dropped by
the scheduler where it sees too many copies, and fill the memory of every process. It is sent piece by piece
to one process of each machine, which keeps it as a file for all of them; a worker that comes later, or has
lost it, says so and gets it.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from core.errors import BadInput
from core.i18n import N_, Lang, say
from screening.cluster import worker as screenworker

ADDRESS: Final = re.compile(r"(tcp|tls)://[^\s/]+:\d+")
PIECE: Final = 32 << 20
PULSE_S: Final = 1.0
BLINK_S: Final = 0.2
GATHER_S: Final = 300.0
MOST_ROUNDS: Final = 5  # of sending a bundle to those that lack it
NOBODY: Final = "0" * 32  # a key that no bundle has
LARGE: Final = {"distributed.admin.large-graph-warning-threshold": "1GB"}
LOGS: Final = ("distributed", "distributed.client", "tornado.application")  # each with a level of its own
GONE: Final = (OSError, ValueError, RuntimeError)  # what a client raises whose scheduler is away
Tell = Callable[[str], object]
Client = Any  # few of distributed's functions have types
Future = Any


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long is waited, seconds: for the scheduler's answer, and for a worker where none is left."""

    connect_s: float = 10.0
    idle_s: float = 60.0


@dataclass(frozen=True, slots=True)
class BundleFile:
    """The bundle that workers are to have."""

    key: str
    path: Path


class WorkerPool:
    """The workers of a scheduler. ``tell`` is given sentences for the person who waits."""

    def __init__(self, client: Client, engine: str, patience: Timeouts, tell: Tell, lang: Lang) -> None:
        self._client = client
        self._engine = engine
        self._patience = patience
        self._tell = tell
        self._lang = lang
        self._given: BundleFile | None = None
        self._threads = 0
        self._counted = -PULSE_S

    def check(self) -> None:
        """Raises BadInput where the scheduler or a worker has other software, or no worker comes."""
        self._wait_for_workers()
        try:
            answer = self._client.run_on_scheduler(screenworker.software)
        except (ImportError, AttributeError) as fault:
            raise self._without_software(fault) from fault
        screenworker.check_software(screenworker.software(), answer)
        self._seats()

    def give(self, given: BundleFile) -> None:
        """Let all workers have a bundle; also those that come later. Raises BadInput."""
        self._given = given
        self.ensure_bundle()

    def ensure_bundle(self) -> None:
        """Wait until there is a worker, and give the bundle to those that lack it. Raises BadInput."""
        self._wait_for_workers()
        given = self._given
        faults: dict[str, object] = {}
        for _ in range(MOST_ROUNDS):
            lacking = {seat["site"]: worker for worker, seat in self._seats().items() if not seat["has"]}
            if given is None or not lacking:
                return
            faults = self._send(given, list(lacking.values()))
        worker, fault = next(iter(faults.items()), ("", ""))
        raise BadInput(
            N_("The worker {worker} cannot keep the data: {fault}"),
            field="engine",
            hint=N_("Let ZHIJIE_CACHE_DIR there name a folder that can be written."),
            worker=worker,
            fault=fault,
        )

    def everyone(self, question: Callable[..., bool], *values: object) -> bool:
        """Whether all workers say yes."""
        answers = self._ask(question, *values)
        return bool(answers) and all(answer is True for answer in answers.values())

    def threads(self) -> int:
        """How many rows' worth of work can be done at once: the workers' threads."""
        if time.monotonic() - self._counted >= PULSE_S:
            self._threads = sum(self._workers().values())
            self._counted = time.monotonic()
        return self._threads

    def start(self, work: screenworker.Work, part: screenworker.Rows | bytes, name: str) -> Future:
        """Begin to judge rows. ``name``: no other part's, nor another try's."""
        return self._client.submit(screenworker.judge, work, part, key=name, pure=False)

    def outcome(self, future: Future) -> screenworker.Judged | screenworker.Lacking | None:
        """What came of rows; None where they were lost with their workers. Raises what judging raised."""
        distributed: Any = import_module("distributed")
        try:
            while not self._is_done(future):
                if not self.threads():
                    self.ensure_bundle()
            found: screenworker.Judged | screenworker.Lacking = future.result(timeout=GATHER_S)
        except (CancelledError, distributed.KilledWorker, TimeoutError):
            return None
        return found

    def drop(self, futures: list[Future]) -> None:
        """Give up what is not needed any more."""
        if self._client.status == "running":
            self._client.cancel(futures, force=True)

    def _is_done(self, future: Future) -> bool:
        distributed: Any = import_module("distributed")
        try:
            with self._client.as_current():
                distributed.wait([future], timeout=PULSE_S)
        except TimeoutError:
            return False
        return True

    def _workers(self) -> dict[str, int]:
        """Threads by worker; nothing where nobody answers."""
        if self._client.status == "closed":
            raise BadInput(
                N_("The scheduler {engine} does not answer any more."),
                field="engine",
                hint=N_("Start it again; nothing was written."),
                engine=self._engine,
            )
        try:
            return dict(self._client.nthreads())
        except GONE:
            return {}

    def _ask(self, question: Callable[..., object], *values: object, **more: object) -> dict[str, Any]:
        """The answers by worker; an exception where one has failed."""
        try:
            return dict(self._client.run(question, *values, on_error="return", **more))
        except GONE:
            return {}

    def _wait_for_workers(self) -> None:
        ends = time.monotonic() + self._patience.idle_s
        told = False
        while not self._workers():
            if time.monotonic() > ends:
                raise BadInput(
                    N_("The scheduler {engine} has no workers."),
                    field="engine",
                    hint=N_("Start some: `dask worker {engine} --nthreads 1`; nothing was written."),
                    engine=self._engine,
                )
            if not told:
                text = N_("No worker is there; {seconds} s are waited for one.")
                self._tell(say(self._lang, text, seconds=f"{self._patience.idle_s:g}"))
                told = True
            time.sleep(BLINK_S)

    def _seats(self) -> dict[str, dict[str, Any]]:
        """Who the workers are; those that went meanwhile are left out. Raises BadInput."""
        key = NOBODY if self._given is None else self._given.key
        found = {}
        for worker, said in self._ask(screenworker.seat, key).items():
            if isinstance(said, OSError):  # it went meanwhile
                continue
            if isinstance(said, Exception):  # Dask tells a missing module as a plain exception
                raise self._without_software(said)
            screenworker.check_software(screenworker.software(), said["software"])
            found[worker] = said
        return found

    @staticmethod
    def _without_software(fault: Exception) -> BadInput:
        return BadInput(
            N_("The cluster has no zhijie, or another version of it: {fault}"),
            field="engine",
            hint=N_("Install the same version on this machine, the scheduler's and all workers'."),
            fault=fault,
        )

    def _send(self, given: BundleFile, workers: list[str]) -> dict[str, object]:
        """Send a bundle to workers, piece by piece; who failed, and why."""
        size = given.path.stat().st_size
        faults: dict[str, object] = {}
        text = N_("The data ({size} MB) are sent to {count} machines.")
        self._tell(say(self._lang, text, size=f"{size / 1e6:,.0f}", count=len(workers)))
        with given.path.open("rb") as file:
            while workers and (piece := file.read(PIECE)):
                asked = (given.key, file.tell() - len(piece), piece, size)
                answers = self._ask(screenworker.receive, *asked, workers=workers)
                faults |= {who: said for who, said in answers.items() if isinstance(said, Exception)}
                workers = [worker for worker in workers if worker not in faults]
        return faults


@contextmanager
def connected(engine: str, tell: Tell, lang: Lang, patience: Timeouts | None = None) -> Iterator[WorkerPool]:
    """The workers of the scheduler at an address, checked. Raises BadInput (field ``engine``)."""
    waits = patience or Timeouts()
    if not ADDRESS.fullmatch(engine):
        raise BadInput(
            N_("The engine {engine} is unknown."),
            field="engine",
            hint=N_("Say local, or the address of a Dask scheduler, such as tcp://10.0.0.1:8786."),
            engine=engine,
        )
    with _client(engine, waits) as client:
        crew = WorkerPool(client, engine, waits, tell, lang)
        crew.check()
        yield crew


@contextmanager
def _client(engine: str, patience: Timeouts) -> Iterator[Client]:
    try:
        dask: Any = import_module("dask")  # a cluster is rare, and both take a second
        distributed: Any = import_module("distributed")
    except ImportError as fault:
        raise BadInput(
            N_("Screening on a cluster needs {package}."),
            field="engine",
            hint=N_("Install it with `pip install zhijie[cluster]`."),
            package=fault.name,
        ) from fault
    with dask.config.set(LARGE), _quiet(LOGS):
        try:
            client = distributed.Client(engine, timeout=patience.connect_s, set_as_default=False)
        except (OSError, ValueError) as fault:
            raise BadInput(
                N_("No scheduler answers at {engine}."),
                field="engine",
                hint=N_("Say where one runs (`dask scheduler` tells its address), or do without: local."),
                engine=engine,
            ) from fault
        try:
            yield client
        finally:
            client.close(timeout=patience.connect_s)


@contextmanager
def _quiet(names: Sequence[str]) -> Iterator[None]:
    """What libraries log meanwhile is left out: what matters is said in our words."""
    logs = [logging.getLogger(name) for name in names]
    levels = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)
