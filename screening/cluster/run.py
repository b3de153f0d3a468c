"""A file of places, screened by the workers of a Dask cluster: the same rows as in this process, in order.

Parts of the file are judged by whichever worker is free, at most a few a thread at a time, and come back
composed; this process only writes them. It keeps what it gave away until the answer is there, so that nothing
is lost with a worker.
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
from facts.memory.cache import cache_folder
from layers.formats.output_plan import OutputBatch, plan_output
from layers.formats.parquet_slice import can_be_sliced, file_fingerprint, open_slice
from layers.formats.pipeline import prefetch
from layers.formats.source import SourceFile
from layers.formats.writer import check_target, geometry_form, write_stream
from screening.cluster.bundle import bundle_key, fetch_documents, keep_bundle
from screening.cluster.worker import Judged, Rows, Work, packed, sees, software
from screening.cluster.workers import BundleFile, Future, WorkerPool
from screening.files.run import LEAST_ROWS, FileJob, Progress, Screened
from screening.schema import VERDICT_SCHEMA
from screening.screener import Screener, ScreenTask

PART_ROWS: Final = 262_144
PARTS_A_THREAD: Final = 3  # that are on their way: one judged, one waiting beside it, one coming back
MOST_TRIES: Final = 8


@dataclass(frozen=True, slots=True)
class Shipment:
    """What workers judge by: a task, and the bundle of the store."""

    given: BundleFile
    task: ScreenTask


@dataclass(slots=True)
class _Errand:
    """A part on its way."""

    part: Rows | bytes
    future: Future
    tries: int = 1


def ship(screener: Screener, engine: Engine, settings: Settings) -> Shipment:
    """What workers need to judge as a screener does. Raises BadInput where there is no room for it."""
    documents = fetch_documents(engine, screener.snapshots[0].sources)
    return shipment_of(screener, documents, cache_folder(settings))


def shipment_of(screener: Screener, documents: Mapping[str, Any], folder: Path) -> Shipment:
    """The same with the documents of the law, in a folder."""
    try:
        path = keep_bundle(screener, documents, folder)
    except OSError as fault:
        raise BadInput(
            N_("The data for the workers cannot be kept in {folder}: {fault}"),
            field="engine",
            hint=N_("Let ZHIJIE_CACHE_DIR name a folder that can be written."),
            folder=folder,
            fault=fault,
        ) from fault
    return Shipment(BundleFile(bundle_key(screener), path), screener.task)


def run_cluster(
    job: FileJob, shipment: Shipment, crew: WorkerPool, *, sampled: bool = False, progress: Progress = int
) -> Screened:
    """Screen a file on a cluster; see ``run_local``. ``job.workers`` is not looked at.

    Raises BadInput also where the cluster fails for good.
    """
    check_target(job.target, job.source.path)
    source = job.source
    layout = plan_output(
        source.schema, source.places, source.datum, VERDICT_SCHEMA, geometry_form(job.target)
    )
    crew.give(shipment.given)
    rows = job.batch_rows or _rows_at_once(source.rows, crew.threads())
    work = Work(
        software=software(),
        key=shipment.given.key,
        task=shipment.task,
        layout=layout,
        places=replace(source.places, crs=None),
        terms=job.terms,
        path=source.path.resolve(),
        signature=_shared(source, crew, rows),
        drawn=sampled,
    )
    run = _Run(work, source, crew, rows)
    with closing(prefetch(run.results())) as results:
        write_stream(job.target, layout.layout, _told(results, progress))
    return run.found


def _rows_at_once(rows: int | None, threads: int) -> int:
    """Rows of a part: of a small file so few that every thread has some."""
    if rows is None:
        return PART_ROWS
    return min(max(rows // (4 * max(threads, 1)), LEAST_ROWS), PART_ROWS)


def _shared(source: SourceFile, crew: WorkerPool, rows: int) -> str:
    """The file's signature where every worker can read its own rows of it, else nothing."""
    if not can_be_sliced(source, rows):
        return ""
    signed = file_fingerprint(source.path)
    return signed if crew.everyone(sees, source.path.resolve(), signed) else ""


def _told(rows: Iterable[OutputBatch], progress: Progress) -> Generator[OutputBatch]:
    for outgoing in rows:
        yield outgoing
        progress(outgoing.table.num_rows)


class _Run:
    """One file on its way through a crew; ``found``: what came of it so far."""

    def __init__(self, work: Work, source: SourceFile, crew: WorkerPool, rows: int) -> None:
        self.found = Screened()
        self._work = work
        self._source = source
        self._crew = crew
        self._rows = rows
        self._names = (f"zhijie-screen-{secrets.token_hex(8)}-{n}" for n in count())

    def results(self) -> Generator[OutputBatch]:
        """The judged parts in their order."""
        waiting: deque[_Errand] = deque()
        try:
            with closing(self._parts()) as parts:
                for part in parts:
                    waiting.append(_Errand(part, self._start(part)))
                    if len(waiting) >= PARTS_A_THREAD * max(self._crew.threads(), 1):
                        yield self._finish(waiting)
            while waiting:
                yield self._finish(waiting)
        finally:
            self._crew.drop([errand.future for errand in waiting])

    def _parts(self) -> Generator[Rows | bytes]:
        if self._work.signature:
            whole = self._source.rows or 0
            for first in range(0, whole, self._rows):
                yield Rows(first, min(self._rows, whole - first))
            return
        with closing(prefetch(self._source.batches(self._rows))) as batches:
            for batch in batches:
                yield packed([batch.table], batch.table.schema)

    def _start(self, part: Rows | bytes) -> Future:
        return self._crew.start(self._work, part, next(self._names))

    def _finish(self, waiting: deque[_Errand]) -> OutputBatch:
        """The result of the first part that waits; it is begun again until there is one."""
        errand = waiting[0]
        while not isinstance(outcome := self._crew.outcome(errand.future), Judged):
            if errand.tries >= MOST_TRIES:
                raise BadInput(
                    N_("Workers ended {tries} times over the same rows."),
                    field="engine",
                    hint=N_("See their logs: they may lack memory or the folder of ZHIJIE_CACHE_DIR."),
                    tries=errand.tries,
                )
            if outcome == "file" and isinstance(errand.part, Rows):
                errand.part = self._read(errand.part)
            else:
                self._crew.ensure_bundle()
            errand.tries += 1
            errand.future = self._start(errand.part)
        waiting.popleft()
        return self._counted(outcome)

    def _counted(self, judged: Judged) -> OutputBatch:
        outgoing = judged.outgoing()
        verdict = outgoing.table.select(VERDICT_SCHEMA.names)
        self.found.summary.add(verdict)
        if self._work.drawn:
            self.found.sample.add(judged.places(), verdict)
        return outgoing

    def _read(self, rows: Rows) -> bytes:
        """Rows for a worker that does not see the file."""
        part = open_slice(self._work.path, self._work.places, self._work.terms.datum, rows.first, rows.count)
        tables: Iterator[Any] = (batch.table for batch in part.batches(rows.count))
        first = next(tables)
        return packed([first, *tables], first.schema)
