"""`zhijie datum …`: check the declared datum of a batch, convert a coordinate."""

from __future__ import annotations

from typing import Final

from cli.lazy import LazyCommand, lazy_app

COMMANDS: Final = {
    "check": LazyCommand(
        "cli.datum.check",
        "check",
        "Check whether a batch of points is in its declared datum. Exits with status 4 where it is not.",
    ),
    "convert": LazyCommand(
        "cli.datum.convert",
        "convert",
        "Convert a coordinate from one datum to another: x and y, then how far the numbers moved.",
    ),
}
app = lazy_app(COMMANDS)
