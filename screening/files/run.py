"""A file of places, screened: read, judged and written at the same time, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import shapely

from layers.formats.geometry_columns import Floats, GeometryBatch
from layers.formats.output_plan import OutputBatch, OutputPlan, plan_output
from layers.formats.pipeline import map_in_order, prefetch
from layers.formats.source import BATCH_ROWS, SourceBatch, SourceFile
from layers.formats.writer import check_target, geometry_form, write_stream
from screening.files.places import Places, Terms, placed
from screening.files.summary import Sample, Summary
from screening.files.verdicts import Judge, verdicts
from screening.schema import VERDICT_SCHEMA

WORKERS: Final = 2
LEAST_ROWS: Final = 8_192
Progress = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class FileJob:
    """What is to be screened into which file, how its rows are taken, and by how many threads.

    ``batch_rows``: None for as many as suit the file.
    """

    source: SourceFile
    target: Path
    terms: Terms
    workers: int = WORKERS
    batch_rows: int | None = None

    def rows_at_once(self) -> int:
        """Rows of a batch: of a small file so few that every thread has some."""
        if self.batch_rows is not None or self.source.rows is None:
            return self.batch_rows or BATCH_ROWS
        return min(max(self.source.rows // (4 * self.workers), LEAST_ROWS), BATCH_ROWS)


@dataclass(frozen=True, slots=True)
class Screened:
    """What came of it; ``sample`` is empty unless it was asked for."""

    summary: Summary = field(default_factory=Summary)
    sample: Sample = field(default_factory=Sample)


@dataclass(frozen=True, slots=True)
class JudgedBatch:
    """What goes out of a batch, its verdict columns, and a point to draw for each row."""

    outgoing: OutputBatch
    verdict: pa.Table
    lonlat: Floats


def run_local(job: FileJob, judge: Judge, *, sampled: bool = False, progress: Progress = int) -> Screened:
    """Screen a file in this process. ``progress`` is told the rows done, batch by batch.

    ``sampled``: keep a sample of points to draw. The target appears whole, or not at all.
    Raises BadInput for an input that breaks off or a target that cannot be written.
    """
    check_target(job.target, job.source.path)
    source, form = job.source, geometry_form(job.target)
    layout = plan_output(source.schema, source.places, source.datum, VERDICT_SCHEMA, form)
    found = Screened()

    def judged(batch: SourceBatch) -> JudgedBatch:
        return judged_batch(batch, judge, job.terms, layout)

    def rows() -> Generator[OutputBatch]:
        with closing(prefetch(job.source.batches(job.rows_at_once()))) as batches:
            for one in map_in_order(judged, batches, job.workers):
                found.summary.add(one.verdict)
                if sampled:
                    found.sample.add(one.lonlat, one.verdict)
                yield one.outgoing
                progress(one.outgoing.table.num_rows)

    with closing(rows()) as outgoing:
        write_stream(job.target, layout.layout, outgoing)
    return found


def judged_batch(batch: SourceBatch, judge: Judge, terms: Terms, layout: OutputPlan) -> JudgedBatch:
    """A batch with its verdicts, as it goes out."""
    places = placed(batch.places, batch.accuracy_m, terms)
    verdict = verdicts(judge, places)
    outgoing = layout.compose(batch, true_places(places), verdict)
    return JudgedBatch(outgoing, verdict, _drawn(places))


def true_places(places: Places) -> GeometryBatch:
    """The places in CGCS2000 degrees, as geometries of their rows."""
    if not len(places.areas):
        return GeometryBatch(places.lonlat)
    shapes = np.full(len(places.lonlat), None, dtype=object)
    shapes[places.areas] = places.shapes
    return GeometryBatch(places.lonlat, shapes)


def _drawn(places: Places) -> Floats:
    """A point to draw for each row: of an area its middle."""
    if not len(places.areas):
        return places.lonlat
    lonlat = places.lonlat.copy()
    lonlat[places.areas] = shapely.get_coordinates(shapely.centroid(places.shapes))
    return lonlat
