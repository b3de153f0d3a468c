"""The workers of a Dask cluster: found, checked, supplied with the bundle, and waited for.

The bundle is not scattered as Dask's own data: those are lost with the workers that hold them, are dropped
by the scheduler where it sees too many copies, and fill the memory of every process. It is sent piece by
piece to one process of each machine, which stores it as a file for all of them. A worker that starts later,
or has lost the file, says so when it is asked to judge, and gets it then.
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
from screening.cluster import worker as remote

ADDRESS: Final = re.compile(r"(tcp|tls)://[^\s/]+:\d+")
PIECE_BYTES: Final = 32 << 20
POLL_S: Final = 1.0  # between two looks at the workers while a result is awaited
RETRY_S: Final = 0.2  # between two looks for a first worker
GATHER_S: Final = 300.0  # to fetch the result of a finished part
MAX_ROUNDS: Final = 5  # of sending a bundle: between two rounds workers may leave and others join
NO_KEY: Final = "0" * 32  # in place of the key of a bundle, and of none
# A part of a file is sent as an argument, which Dask otherwise warns about for each.
DASK_CONFIG: Final = {"distributed.admin.large-graph-warning-threshold": "1GB"}
# Each has a level of its own, so that the parent's does not silence it.
QUIETED_LOGGERS: Final = ("distributed", "distributed.client", "tornado.application")
NO_ANSWER: Final = (OSError, ValueError, RuntimeError)  # what a client raises without its scheduler
Notify = Callable[[str], object]
Client = Any  # few of distributed's functions have types
Future = Any


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait: ``connect_s`` for the scheduler, ``idle_s`` for a worker where there is none."""

    connect_s: float = 10.0
    idle_s: float = 60.0


@dataclass(frozen=True, slots=True)
class BundleFile:
    """A bundle on this machine, to be sent to workers."""

    key: str
    path: Path


class WorkerPool:
    """The workers of a scheduler. ``notify`` is called with sentences for the user."""

    def __init__(self, client: Client, engine: str, timeouts: Timeouts, notify: Notify, lang: Lang) -> None:
        self._client = client
        self._engine = engine
        self._timeouts = timeouts
        self._notify = notify
        self._lang = lang
        self._bundle: BundleFile | None = None
        self._threads = 0
        self._counted_at = -POLL_S

    def check(self) -> None:
        """Raise BadInput where the scheduler or a worker has another version, or no worker joins in time."""
        self._wait_for_workers()
        try:
            answer = self._client.run_on_scheduler(remote.software)
        except (ImportError, AttributeError) as fault:
            raise self._without_software(fault) from fault
        remote.check_software(remote.software(), answer)
        self._worker_infos()

    def use_bundle(self, bundle: BundleFile) -> None:
        """Supply all workers with a bundle, also those that join later. Raises as ``ensure_bundle``."""
        self._bundle = bundle
        self.ensure_bundle()

    def ensure_bundle(self) -> None:
        """Wait until there is a worker, and send the bundle to the machines that lack it.

        Raises:
            BadInput: no worker joins in time, or one cannot store the bundle.
        """
        self._wait_for_workers()
        faults: dict[str, object] = {}
        for _ in range(MAX_ROUNDS):
            infos = self._worker_infos()
            lacking = {info["site"]: worker for worker, info in infos.items() if not info["has"]}
            if self._bundle is None or not lacking:
                return
            faults = self._send(self._bundle, list(lacking.values()))
        worker, fault = next(iter(faults.items()), ("", ""))
        raise BadInput(
            N_("Worker {worker} cannot store the data: {fault}"),
            field="engine",
            hint=N_("Set ZHIJIE_CACHE_DIR on its machine to a writable folder."),
            worker=worker,
            fault=fault,
        )

    def all_agree(self, question: Callable[..., bool], *values: object) -> bool:
        """Whether a function returns True on every worker, and there is one."""
        answers = self._ask(question, *values)
        return bool(answers) and all(answer is True for answer in answers.values())

    def threads(self) -> int:
        """The number of threads of all workers, at most ``POLL_S`` old."""
        if time.monotonic() - self._counted_at >= POLL_S:
            self._threads = sum(self._threads_by_worker().values())
            self._counted_at = time.monotonic()
        return self._threads

    def submit(self, job: remote.JobSpec, part: remote.RowRange | bytes, name: str) -> Future:
        """Start to judge a part. ``name``: unique to part and try, or Dask returns an earlier result."""
        return self._client.submit(remote.judge_part, job, part, key=name, pure=False)

    def result(self, future: Future) -> remote.JudgedRows | remote.Missing | None:
        """Wait for the result of a part; None where it was lost with its workers.

        Raises what ``judge_part`` raised, or BadInput where no worker joins in time.
        """
        distributed: Any = import_module("distributed")
        try:
            while not self._is_done(future):
                if not self.threads():
                    self.ensure_bundle()
            outcome: remote.JudgedRows | remote.Missing = future.result(timeout=GATHER_S)
        except (CancelledError, distributed.KilledWorker, TimeoutError):
            return None
        return outcome

    def cancel(self, futures: list[Future]) -> None:
        """Cancel parts that are not needed any more."""
        if self._client.status == "running":
            self._client.cancel(futures, force=True)

    def _is_done(self, future: Future) -> bool:
        """Whether a part is finished within ``POLL_S``."""
        distributed: Any = import_module("distributed")
        try:
            with self._client.as_current():
                distributed.wait([future], timeout=POLL_S)
        except TimeoutError:
            return False
        return True

    def _threads_by_worker(self) -> dict[str, int]:
        """Threads by the address of a worker; empty while the scheduler does not answer."""
        if self._client.status == "closed":
            raise BadInput(
                N_("The scheduler {engine} no longer responds."),
                field="engine",
                hint=N_("Restart it; nothing was written."),
                engine=self._engine,
            )
        try:
            return dict(self._client.nthreads())
        except NO_ANSWER:
            return {}

    def _ask(self, function: Callable[..., object], *values: object, **more: object) -> dict[str, Any]:
        """What a function returns on each worker, or the exception that it raises there."""
        try:
            return dict(self._client.run(function, *values, on_error="return", **more))
        except NO_ANSWER:
            return {}

    def _wait_for_workers(self) -> None:
        ends = time.monotonic() + self._timeouts.idle_s
        notified = False
        while not self._threads_by_worker():
            if time.monotonic() > ends:
                raise BadInput(
                    N_("The scheduler {engine} has no workers."),
                    field="engine",
                    hint=N_("Start some: `dask worker {engine} --nthreads 1`; nothing was written."),
                    engine=self._engine,
                )
            if not notified:
                text = N_("No worker is available; waiting up to {seconds} s for one.")
                self._notify(say(self._lang, text, seconds=f"{self._timeouts.idle_s:g}"))
                notified = True
            time.sleep(RETRY_S)

    def _worker_infos(self) -> dict[str, dict[str, Any]]:
        """``worker_info`` by the address of a worker. Raises BadInput for one with another version."""
        key = NO_KEY if self._bundle is None else self._bundle.key
        infos = {}
        for address, answer in self._ask(remote.worker_info, key).items():
            if isinstance(answer, OSError):  # the worker left while it was asked
                continue
            if isinstance(answer, Exception):  # Dask returns a missing module as a plain exception
                raise self._without_software(answer)
            remote.check_software(remote.software(), answer["software"])
            infos[address] = answer
        return infos

    @staticmethod
    def _without_software(fault: Exception) -> BadInput:
        return BadInput(
            N_("The cluster lacks zhijie or has another version of it: {fault}"),
            field="engine",
            hint=N_("Install the same version on this machine, the scheduler and all workers."),
            fault=fault,
        )

    def _send(self, bundle: BundleFile, workers: list[str]) -> dict[str, object]:
        """Send a bundle to workers piece by piece; the faults of those that failed."""
        size = bundle.path.stat().st_size
        faults: dict[str, object] = {}
        text = N_("Sending the data ({size} MB) to {count} machines.")
        self._notify(say(self._lang, text, size=f"{size / 1e6:,.0f}", count=len(workers)))
        with bundle.path.open("rb") as file:
            while workers and (piece := file.read(PIECE_BYTES)):
                values = (bundle.key, file.tell() - len(piece), piece, size)
                answers = self._ask(remote.receive_piece, *values, workers=workers)
                faults |= {worker: a for worker, a in answers.items() if isinstance(a, Exception)}
                workers = [worker for worker in workers if worker not in faults]
        return faults


@contextmanager
def open_pool(
    engine: str, notify: Notify, lang: Lang, timeouts: Timeouts | None = None
) -> Iterator[WorkerPool]:
    """Connect to the scheduler at an address and check its workers; disconnects at the end.

    Raises:
        BadInput: (field ``engine``) Dask is not installed, nothing answers at the address, or ``check``
            fails.
    """
    waits = timeouts or Timeouts()
    if not ADDRESS.fullmatch(engine):
        raise BadInput(
            N_("The engine {engine} is unknown."),
            field="engine",
            hint=N_("Give `local` or the address of a Dask scheduler, such as tcp://10.0.0.1:8786."),
            engine=engine,
        )
    with _client(engine, waits) as client:
        pool = WorkerPool(client, engine, waits, notify, lang)
        pool.check()
        yield pool


@contextmanager
def _client(engine: str, timeouts: Timeouts) -> Iterator[Client]:
    try:
        dask: Any = import_module("dask")  # here, since clusters are rare and both imports take a second
        distributed: Any = import_module("distributed")
    except ImportError as fault:
        raise BadInput(
            N_("Screening on a cluster needs {package}."),
            field="engine",
            hint=N_("Install it with `pip install zhijie[cluster]`."),
            package=fault.name,
        ) from fault
    with dask.config.set(DASK_CONFIG), _silenced(QUIETED_LOGGERS):
        try:
            client = distributed.Client(engine, timeout=timeouts.connect_s, set_as_default=False)
        except (OSError, ValueError) as fault:
            raise BadInput(
                N_("No scheduler answers at {engine}."),
                field="engine",
                hint=N_("Give the address that `dask scheduler` prints, or use `local`."),
                engine=engine,
            ) from fault
        try:
            yield client
        finally:
            client.close(timeout=timeouts.connect_s)


@contextmanager
def _silenced(names: Sequence[str]) -> Iterator[None]:
    """Silence loggers meanwhile: their tracebacks would bury the one line that says what happened."""
    logs = [logging.getLogger(name) for name in names]
    levels = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)
