"""Where certainty begins and ends. Settings of the installation, handed to the verdict as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from verdict.model import Certainty


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Shares between 0 and 1.

    ``certain``: from here one unit or zone has the place for certain. ``disputed``: under this no unit
    leads. ``possible``: from here a zone that does not cover the point is told as possible.
    """

    certain: float = 0.995
    disputed: float = 0.60
    possible: float = 0.005

    def certainty(self, share: float, *, sure: bool) -> Certainty:
        """The word for a share. Not ``sure`` (an approximate layer, a line too near) caps it at probable."""
        if share >= self.certain and sure:
            return "certain"
        return "disputed" if self.is_disputed(share) else "probable"

    def is_disputed(self, share: float) -> bool:
        """Whether a share is too small to decide by."""
        return share < self.disputed

    def are_disputed(self, shares: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which shares are too small to decide by."""
        return shares < self.disputed


DEFAULT: Final = Thresholds()
