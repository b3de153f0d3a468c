"""Whole verdicts on a million points a request, as Arrow: two requests at a time, two processes."""

from __future__ import annotations

import http.client
import statistics
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from urllib.parse import urlencode

import numpy as np
import pyarrow as pa

from benchmarks.asking import mixed, verdict_columns, wrong_row
from benchmarks.bench import Bench
from benchmarks.borders import Floats
from benchmarks.harness import AnswersDiffer
from benchmarks.httpload import HOST, BadAnswer
from benchmarks.results import Row, figure
from benchmarks.services import SERVE, WORKERS, running
from benchmarks.store import CATEGORY, credential, environment
from core.settings import Settings
from facts.lookup import use_memory
from store.engine import make_engine

ARROW: Final = "application/vnd.apache.arrow.stream"
PATH: Final = "/api/check/batch?" + urlencode({"category": CATEGORY, "accuracy_m": 0})
CHECKED: Final = 200
AT_LEAST: Final = 200_000.0
PATIENCE_S: Final = 600.0


def measure(bench: Bench) -> list[Row]:
    """Points a second."""
    points = mixed(bench.world, WORKERS * bench.store.max_batch_rows)
    parts = np.array_split(points, WORKERS)
    sent = [_stream(part) for part in parts]
    shown = credential(bench.store)
    bench.say(f"batch: {len(points):,} points in {len(sent)} requests of {len(sent[0]) / 1e6:.0f} MB")
    with running(SERVE, environment(bench.store)) as port, ThreadPoolExecutor(WORKERS) as clients:

        def ask() -> list[bytes]:
            return list(clients.map(lambda body: _answer(port, body, shown), sent))

        first = ask()
        _check(first, parts, bench.store)
        seconds = [_timed(ask, first) for _ in range(bench.rounds)]
    rates = [len(points) / taken for taken in seconds]
    return [
        figure(
            "batch of points over HTTP",
            "batch",
            "points/s",
            statistics.median(rates),
            bench.size.name,
            ours_range=(min(rates), max(rates)),
            at_least=AT_LEAST,
            rounds=len(rates),
            note=f"{len(points):,} points in {len(sent)} Arrow streams at a time, from the first byte sent "
            "to the last received; half of them spread evenly, half near borders",
        )
    ]


def _stream(points: Floats) -> bytes:
    table = pa.table({"id": np.arange(len(points)), "lon": points[:, 0], "lat": points[:, 1]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _answer(port: int, body: bytes, shown: Mapping[str, str]) -> bytes:
    """The answer to one request. Raises BadAnswer."""
    connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE_S)
    try:
        connection.request("POST", PATH, body, {"Content-Type": ARROW, "Accept": ARROW, **shown})
        answer = connection.getresponse()
        got = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise BadAnswer(f"{answer.status}: {got[:500].decode(errors='replace')}")
    return got


def _timed(ask: object, first: list[bytes]) -> float:
    begin = time.perf_counter()
    answers = ask()  # type: ignore[operator]
    taken = time.perf_counter() - begin
    if list(map(len, answers)) != list(map(len, first)):
        raise AnswersDiffer("the batch is not answered as it was the first time")
    return taken


def _check(answers: list[bytes], parts: list[Floats], store: Settings) -> None:
    """Some rows of each answer against single checks. Raises AnswersDiffer."""
    engine = use_memory(make_engine(store), store)
    try:
        for answer, points in zip(answers, parts, strict=True):
            table = pa.ipc.open_stream(answer).read_all()
            if table.column("id").to_pylist() != list(range(len(points))):
                raise AnswersDiffer("the batch does not keep its rows")
            rows = np.random.default_rng(len(points)).integers(0, len(points), CHECKED // len(parts))
            told = table.select(verdict_columns(table.column_names)).take(rows).to_pylist()
            fault = wrong_row(told, points[rows], engine)
            if fault is not None:
                raise AnswersDiffer(f"the batch and single checks differ: {fault}")
    finally:
        engine.dispose()
