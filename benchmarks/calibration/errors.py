"""The laws of a device's position errors, each a normal error times a random factor.

A law is isotropic: an error is a normal one in two dimensions with the σ of what the device states, times a
factor that is drawn anew for each report. The factor is 1 for normal errors, 5 now and then for outliers, and
the root of an inverse χ² for Student's t.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import chi2, qmc
from scipy.stats import f as fisher
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]

R68: Final = float(np.sqrt(-2 * np.log(0.32)))  # radius of the circle with 68 % of a normal error, in σ
R95: Final = float(np.sqrt(-2 * np.log(0.05)))
OUTLIERS: Final = 0.05  # share of the positions
OUTLIER_FACTOR: Final = 5.0  # their σ, in stated ones
TRIES_LOG2: Final = 14  # of the errors that are tried for a probability


@dataclass(frozen=True)
class Law:
    """A law of errors. ``factor``: uniform numbers, shape (n,), → factors of the normal errors, (n,)."""

    name: str
    factor: Callable[[Floats], Floats]


def _outlying(uniform: Floats) -> Floats:
    return np.where(uniform < OUTLIERS, OUTLIER_FACTOR, 1.0)


def student(degrees: int) -> Law:
    """Student's t in two dimensions, scaled to the 68 % radius of the normal law."""
    to_r68 = R68 / np.sqrt(2 * fisher.ppf(0.68, 2, degrees))

    def factor(uniform: Floats) -> Floats:
        return np.asarray(to_r68 * np.sqrt(degrees / chi2.ppf(uniform, degrees)))

    return Law(f"Student's t, {degrees} degrees of freedom", factor)


NORMAL: Final = Law("normal errors", np.ones_like)
CONTAMINATED: Final = Law("5 % outliers of five times the σ", _outlying)
STUDENT: Final = student(3)
LAWS: Final = (NORMAL, CONTAMINATED, STUDENT)


def normal(uniform: Floats) -> Floats:
    """Standard normal numbers from uniform ones of the same shape."""
    return np.asarray(ndtri(np.clip(uniform, 1e-12, 1 - 1e-12)))


def draw(law: Law, sigma: Floats, random: np.random.Generator) -> Floats:
    """Independent errors of a law, metres, shape (n, 2); ``sigma``: of each report, (n,)."""
    scale = sigma * law.factor(random.random(len(sigma)))
    return np.asarray(random.standard_normal((len(sigma), 2)) * scale[:, None])


class Tries:
    """Probabilities of areas by trying many errors of device and layer, evenly spread (a Sobol sequence)."""

    def __init__(self, law: Law, seed: int = 1) -> None:
        """Draw the errors of the law once, for all places."""
        strata = qmc.Sobol(5, rng=np.random.default_rng(seed)).random_base2(TRIES_LOG2)
        strata = np.clip(strata, 1e-12, 1 - 1e-12)
        self._device = normal(strata[:, :2]) * law.factor(strata[:, 4])[:, None]
        self._layer = normal(strata[:, 2:4])

    def mass(self, area: BaseGeometry, at: Floats, device: float, layer: float) -> float:
        """Probability that the place is truly in a (prepared) area.

        ``at``: where it is told, metres; ``device`` and ``layer``: the two σ, metres.
        """
        east, north = (at - self._device * device - self._layer * layer).T
        return float(shapely.contains_xy(area, east, north).mean())
