"""Screening of a file by the workers of a Dask cluster. The result is that of a screening in this process.

Parts of the file are judged by whichever worker is free, at most a few for each thread at a time, and come
back ready to write. This process keeps each part until its result is there, so that nothing is lost with a
worker.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine

from core.errors import BadInput
from core.i18n import N_
from core.settings import Settings
from facts.memory import cache_folder
from layers import write_stream
from layers.formats import (
    OutputBatch,
    SourceFile,
    can_be_sliced,
    check_target,
    file_fingerprint,
    geometry_form,
    open_slice,
    plan_output,
    prefetch,
)
from screening.cluster.bundle import bundle_key, fetch_documents, make_bundle
from screening.cluster.pool import BundleFile, Future, WorkerPool
from screening.cluster.worker import JobSpec, JudgedRows, RowRange, sees_file, software, to_ipc
from screening.files.run import FileJob, Progress, ScreeningResult, rows_per_part
from screening.schema import VERDICT_SCHEMA
from screening.screener import Screener, ScreenTask

PART_ROWS: Final = 262_144
PARTS_PER_THREAD: Final = 3  # one being judged, one waiting at the worker, one on its way back
MAX_TRIES: Final = 8  # of one part: rows that end eight workers would end all


@dataclass(frozen=True, slots=True)
class Shipment:
    """What workers need to judge: a task, and the store as a bundle."""

    bundle: BundleFile
    task: ScreenTask


@dataclass(slots=True)
class _PendingPart:
    """A part that was submitted, and how often."""

    part: RowRange | bytes
    future: Future
    tries: int = 1


def prepare_shipment(screener: Screener, engine: Engine, settings: Settings) -> Shipment:
    """Make the bundle of a screener's store. Raises what ``make_shipment`` raises."""
    documents = fetch_documents(engine, screener.snapshots[0].sources)
    return make_shipment(screener, documents, cache_folder(settings))


def make_shipment(screener: Screener, documents: Mapping[str, Any], folder: Path) -> Shipment:
    """Make a bundle with these documents of the law in a folder.

    Raises:
        BadInput: (field ``engine``) the file cannot be written.
    """
    try:
        path = make_bundle(screener, documents, folder)
    except OSError as fault:
        raise BadInput(
            N_("The data for the workers cannot be stored in {folder}: {fault}"),
            field="engine",
            hint=N_("Set ZHIJIE_CACHE_DIR to a writable folder."),
            folder=folder,
            fault=fault,
        ) from fault
    return Shipment(BundleFile(bundle_key(screener), path), screener.task)


def run_cluster(
    job: FileJob, shipment: Shipment, pool: WorkerPool, *, sampled: bool = False, progress: Progress = int
) -> ScreeningResult:
    """Screen a file on a cluster; see ``run_local``. ``job.workers`` is ignored.

    Raises:
        BadInput: as ``run_local``, and where the cluster fails for good.
    """
    check_target(job.target, job.source.path)
    source = job.source
    layout = plan_output(
        source.schema, source.places, source.datum, VERDICT_SCHEMA, geometry_form(job.target)
    )
    pool.use_bundle(shipment.bundle)
    rows = job.batch_rows or rows_per_part(source.rows, pool.threads(), PART_ROWS)
    job_spec = JobSpec(
        software=software(),
        key=shipment.bundle.key,
        task=shipment.task,
        layout=layout,
        places=replace(source.places, crs=None),
        options=job.options,
        path=source.path.resolve(),
        signature=_shared_signature(source, pool, rows),
        with_places=sampled,
    )
    run = _ClusterRun(job_spec, source, pool, rows)
    with closing(prefetch(run.results())) as results:
        write_stream(job.target, layout.layout, _with_progress(results, progress))
    return run.result


def _shared_signature(source: SourceFile, pool: WorkerPool, rows: int) -> str:
    """The signature of the file where every worker can read rows of it by itself; otherwise empty."""
    if not can_be_sliced(source, rows):
        return ""
    signed = file_fingerprint(source.path)
    return signed if pool.all_agree(sees_file, source.path.resolve(), signed) else ""


def _with_progress(rows: Iterable[OutputBatch], progress: Progress) -> Generator[OutputBatch]:
    for outgoing in rows:
        yield outgoing
        progress(outgoing.table.num_rows)


class _ClusterRun:
    """The screening of one file by a pool. ``result``: the counts so far."""

    def __init__(self, job_spec: JobSpec, source: SourceFile, pool: WorkerPool, rows: int) -> None:
        self.result = ScreeningResult()
        self._job = job_spec
        self._source = source
        self._pool = pool
        self._rows = rows
        self._names = (f"zhijie-screen-{secrets.token_hex(8)}-{n}" for n in count())

    def results(self) -> Generator[OutputBatch]:
        """The judged parts, in the order of the file."""
        queue: deque[_PendingPart] = deque()
        try:
            with closing(self._parts()) as parts:
                for part in parts:
                    queue.append(_PendingPart(part, self._start(part)))
                    if len(queue) >= PARTS_PER_THREAD * max(self._pool.threads(), 1):
                        yield self._next_result(queue)
            while queue:
                yield self._next_result(queue)
        finally:
            self._pool.cancel([pending.future for pending in queue])

    def _parts(self) -> Generator[RowRange | bytes]:
        """Numbers of rows where every worker reads the file, otherwise the rows as streams."""
        if self._job.signature:
            whole = self._source.rows or 0
            for first in range(0, whole, self._rows):
                yield RowRange(first, min(self._rows, whole - first))
            return
        with closing(prefetch(self._source.batches(self._rows))) as batches:
            for batch in batches:
                yield to_ipc([batch.table], batch.table.schema)

    def _start(self, part: RowRange | bytes) -> Future:
        return self._pool.submit(self._job, part, next(self._names))

    def _next_result(self, queue: deque[_PendingPart]) -> OutputBatch:
        """Remove the first part from the queue and return its result; a lost part is submitted again."""
        first = queue[0]
        while not isinstance(judged := self._pool.result(first.future), JudgedRows):
            if first.tries >= MAX_TRIES:
                raise BadInput(
                    N_("Workers died {tries} times on the same rows."),
                    field="engine",
                    hint=N_("Check their logs: they may lack memory, or the folder of ZHIJIE_CACHE_DIR."),
                    tries=first.tries,
                )
            if judged == "file" and isinstance(first.part, RowRange):
                first.part = self._read_rows(first.part)
            else:
                self._pool.ensure_bundle()
            first.tries += 1
            first.future = self._start(first.part)
        queue.popleft()
        return self._count(judged)

    def _count(self, judged: JudgedRows) -> OutputBatch:
        outgoing = judged.outgoing()
        verdict = outgoing.table.select(VERDICT_SCHEMA.names)
        self.result.summary.add(verdict, judged.assumed)
        if self._job.with_places:
            self.result.sample.add(judged.points(), verdict)
        return outgoing

    def _read_rows(self, rows: RowRange) -> bytes:
        """Rows as a stream, for a worker that cannot read the file."""
        part = open_slice(self._job.path, self._job.places, self._job.options.datum, rows.first, rows.count)
        tables: Iterator[Any] = (batch.table for batch in part.batches(rows.count))
        first = next(tables)
        return to_ipc([first, *tables], first.schema)
