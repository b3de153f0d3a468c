"""Screening of a file in this process: read, judged and written at the same time, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import shapely

from layers import write_stream
from layers.formats import (
    BATCH_ROWS,
    Floats,
    GeometryBatch,
    OutputBatch,
    OutputPlan,
    SourceBatch,
    SourceFile,
    check_target,
    geometry_form,
    map_in_order,
    plan_output,
    prefetch,
)
from screening.files.places import PlaceBatch, PlaceOptions, convert_places
from screening.files.summary import Sample, Summary
from screening.files.verdicts import BatchJudge, judge_places
from screening.schema import VERDICT_SCHEMA

WORKERS: Final = 2
MIN_ROWS: Final = 8_192  # of a batch; below, the work for a batch outweighs that for its rows
Progress = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class FileJob:
    """A file to screen.

    Attributes:
        source: the opened file.
        target: the file to write; its suffix decides the format.
        options: how the places of rows are read.
        workers: threads of the local engine.
        batch_rows: rows of a batch; None for as many as suit the file.
    """

    source: SourceFile
    target: Path
    options: PlaceOptions
    workers: int = WORKERS
    batch_rows: int | None = None

    def rows_at_once(self) -> int:
        """Rows of a batch, where the job does not state them by the size of the file."""
        return self.batch_rows or rows_per_part(self.source.rows, self.workers, BATCH_ROWS)


def rows_per_part(rows: int | None, threads: int, most: int) -> int:
    """Rows of a part of a file: at most ``most``, of a small file so few that each thread gets four parts."""
    if rows is None:
        return most
    return min(max(rows // (4 * max(threads, 1)), MIN_ROWS), most)


@dataclass(frozen=True, slots=True)
class ScreeningResult:
    """Counts of a screening, and a sample of its points, which is empty unless requested."""

    summary: Summary = field(default_factory=Summary)
    sample: Sample = field(default_factory=Sample)


@dataclass(frozen=True, slots=True)
class JudgedBatch:
    """The rows to write of a batch, their verdict columns, and a point for each, (n, 2) degrees.

    ``assumed``: how many of them got the default accuracy of the channel.
    """

    outgoing: OutputBatch
    verdict: pa.Table
    lonlat: Floats
    assumed: int


def run_local(
    job: FileJob, judge: BatchJudge, *, sampled: bool = False, progress: Progress = int
) -> ScreeningResult:
    """Screen a file in this process. The target appears complete or not at all.

    Args:
        job: the file.
        judge: judges its places.
        sampled: whether to collect a sample of points.
        progress: called with the number of rows of each batch after it was written.

    Raises:
        BadInput: the input is truncated, or the target cannot be written.
    """
    check_target(job.target, job.source.path)
    source, form = job.source, geometry_form(job.target)
    layout = plan_output(source.schema, source.places, source.datum, VERDICT_SCHEMA, form)
    result = ScreeningResult()

    def judged(batch: SourceBatch) -> JudgedBatch:
        return judge_batch(batch, judge, job.options, layout)

    def rows() -> Generator[OutputBatch]:
        with closing(prefetch(job.source.batches(job.rows_at_once()))) as batches:
            for batch_result in map_in_order(judged, batches, job.workers):
                result.summary.add(batch_result.verdict, batch_result.assumed)
                if sampled:
                    result.sample.add(batch_result.lonlat, batch_result.verdict)
                yield batch_result.outgoing
                progress(batch_result.outgoing.table.num_rows)

    with closing(rows()) as outgoing:
        write_stream(job.target, layout.layout, outgoing)
    return result


def judge_batch(
    batch: SourceBatch, judge: BatchJudge, options: PlaceOptions, layout: OutputPlan
) -> JudgedBatch:
    """Judge a batch and compose the rows to write."""
    places = convert_places(batch.places, batch.accuracy_m, options)
    verdict = judge_places(judge, places)
    outgoing = layout.compose(batch, place_geometries(places), verdict)
    return JudgedBatch(outgoing, verdict, _points_of(places), places.assumed)


def place_geometries(places: PlaceBatch) -> GeometryBatch:
    """The places of all rows as geometries in CGCS2000 degrees."""
    if not len(places.areas):
        return GeometryBatch(places.lonlat)
    shapes = np.full(len(places.lonlat), None, dtype=object)
    shapes[places.areas] = places.shapes
    return GeometryBatch(places.lonlat, shapes)


def _points_of(places: PlaceBatch) -> Floats:
    """(n, 2), a point for each row: of an area its centroid, NaN for a row without a place."""
    if not len(places.areas):
        return places.lonlat
    lonlat = places.lonlat.copy()
    lonlat[places.areas] = shapely.get_coordinates(shapely.centroid(places.shapes))
    return lonlat
