"""The cell index: which areas hold a point, and what lies near it, from memory.

The room turns the areas of a layer (units, zones, grid cells, permits) into one buffer of bytes that compiled
loops read without locks, that a file can hold, and that processes map and share. On it are answered: which
areas hold a point (``pairs``, ``locate``, ``areas_at``: as ``intersects``, exact also on borders), which
areas are near a place and how much of its probability each of them has (``near``), and how far a border is
(``border_distance``). ``build_coverage`` makes the index of areas that share borders and do not overlap,
``build_overlaps`` that of any other areas; ``store`` and ``open_index`` write and map files.

The compiled loops are in ``geo.index.kernel``, which is internal: ``screening.decide.share_kernel``, itself
compiled, is the only other module that may import it. Names are loaded on first use, because that imports the
compiler, which takes a second.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from geo.index.cell_index import (
        CoverageIndex,
        Index,
        NotACoverage,
        OverlapIndex,
        build_coverage,
        build_overlaps,
        index_of_words,
        open_index,
        store,
    )
    from geo.index.kernel.coverage.interior import CLOSE
    from geo.index.kernel.coverage.query import OUTSIDE, TIE
    from geo.index.kernel.layout import MAGIC
    from geo.index.nearness import Near, Place, box_distances2
    from geo.index.shapes import Shapes

__all__ = [
    "CLOSE",
    "MAGIC",
    "OUTSIDE",
    "TIE",
    "CoverageIndex",
    "Index",
    "Near",
    "NotACoverage",
    "OverlapIndex",
    "Place",
    "Shapes",
    "box_distances2",
    "build_coverage",
    "build_overlaps",
    "index_of_words",
    "open_index",
    "store",
]

_MODULES: Final = {
    "CLOSE": "geo.index.kernel.coverage.interior",
    "MAGIC": "geo.index.kernel.layout",
    "OUTSIDE": "geo.index.kernel.coverage.query",
    "TIE": "geo.index.kernel.coverage.query",
    "Near": "geo.index.nearness",
    "Place": "geo.index.nearness",
    "Shapes": "geo.index.shapes",
    "box_distances2": "geo.index.nearness",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - of whatever type the name has
    """Load a name of the interface from its module, ``cell_index`` where no other is given."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES.get(name, "geo.index.cell_index")), name)
    globals()[name] = value
    return value
