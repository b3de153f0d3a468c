"""The figures by the name that ``--only`` takes. A new one is a function from a bench to rows, named here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from benchmarks.bench import Bench
from benchmarks.figures import (
    batch,
    build,
    http,
    lookup,
    pages,
    points,
    screen,
    streams,
    ties,
    tiles,
)
from benchmarks.results import Row

FIGURES: Final[dict[str, Callable[[Bench], list[Row]]]] = {
    "townships": points.townships,
    "jincheng": points.jincheng,
    "zones": points.zones,
    "ties": ties.measure,
    "build": build.measure,
    "lookup": lookup.measure,
    "http": http.measure,
    "batch": batch.measure,
    "screen": screen.measure,
    "tiles": tiles.measure,
    "streams": streams.measure,
    "pages": pages.measure,
}
