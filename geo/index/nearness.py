"""What lies near a place: the form of the answers, and boxes by their distance from a point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.index.kernel.distance import FULL, box_distances2
from geo.index.kernel.layout import Place

__all__ = ["Floats", "Near", "Place", "box_distances2", "search_with_room"]

Floats = NDArray[np.float64]
Near = tuple[NDArray[np.int32], Floats, Floats]
"""Positions of areas, their probability masses, squares of the distances of their borders (m²); each (k,)."""
ROOM: Final = 64  # areas; most places have fewer near them, and the arrays cost little


def search_with_room(search: Callable[..., tuple[int, int]]) -> tuple[Near, int]:
    """What a compiled search found, and its second number.

    ``search`` fills three arrays and returns a number of areas; it is repeated with longer ones while that is
    FULL.
    """
    size = ROOM
    while True:
        ids, mass, near2 = np.empty(size, np.int32), np.empty(size), np.empty(size)
        count, second = search(ids, mass, near2)
        if count != FULL:
            return (ids[:count], mass[:count], near2[:count]), second
        size *= 4
