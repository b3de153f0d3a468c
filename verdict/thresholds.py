"""Thresholds of certainty: settings of the installation, passed to the verdict as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from verdict.model import Certainty


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Shares, [0, 1], at which the words for certainty change.

    ``certain``: least share of a unit or zone that is called certain. ``disputed``: a lead with less is
    disputed. ``possible``: least share of a zone that does not cover the point, to be listed as possible.
    """

    certain: float = 0.995
    disputed: float = 0.60
    possible: float = 0.005

    def certainty(self, share: float, *, sure: bool) -> Certainty:
        """The certainty of a share. Not ``sure`` (approximate layer, border too near): probable at most."""
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
