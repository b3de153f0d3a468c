"""What a user would pick instead of ours, each in its tuned form.

A peer is told the areas (``load``), then the points (``take``): both before the clock, in whatever form it
likes best, trees and indexes included. ``ask`` is timed; ``pairs`` turns what it gave into (point, area).
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Pairs = tuple[Ints, Ints]
Shapes = NDArray[np.object_]


class PointPeer(Protocol):
    """Finds every (point, area) that touch."""

    name: str
    version: str

    def load(self, areas: Shapes) -> None:
        """Take the areas in, indexed; untimed."""

    def take(self, xy: Floats) -> None:
        """Take the points in; untimed."""

    def ask(self) -> Any:  # noqa: ANN401
        """Answer; timed."""

    def pairs(self, answer: Any) -> Pairs:  # noqa: ANN401
        """Points and areas of an answer, in any order; untimed."""
