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

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "CLOSE",
    "Floats",
    "Index",
    "MAGIC",
    "Near",
    "NotACoverage",
    "OUTSIDE",
    "Place",
    "Shapes",
    "TIE",
    "box_distances2",
    "build_coverage",
    "build_overlaps",
    "decode",
    "index_of_words",
    "open_index",
    "store",
]

if TYPE_CHECKING:
    from geo.index.cell_index import (
        Index,
        NotACoverage,
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
    from geo.index.shapes import Floats, Shapes, decode
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "geo.index.cell_index": [
                "Index",
                "NotACoverage",
                "build_coverage",
                "build_overlaps",
                "index_of_words",
                "open_index",
                "store",
            ],
            "geo.index.kernel.coverage.interior": ["CLOSE"],
            "geo.index.kernel.coverage.query": ["OUTSIDE", "TIE"],
            "geo.index.kernel.layout": ["MAGIC"],
            "geo.index.nearness": ["Near", "Place", "box_distances2"],
            "geo.index.shapes": ["Floats", "Shapes", "decode"],
        },
    )
