"""The compiled loops of the cell index. Internal to ``geo.index``.

Numba caches machine code beside the source, and to see whether it is out of date it looks only at the file of
the function that is called. But functions here are inlined into each other across files. So the cache is kept
under a digest of the whole folder: any edit compiles everything once more, which takes about a minute.

========================================  ============================================================
``layout``                                bits and addresses of the index, types of compiled code
``buffer``                                its grid and its bytes: assembling, files
``edges``, ``rasterize``, ``bitmasks``    building: edges, the cells that they cross, masks of these
``orientation``, ``gaussian``             exact sides of edges; masses of probability
``distance``                              what lies near one place
``coverage``, ``overlap``                 building, searching and checking each kind of index
========================================  ============================================================
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

from numba import config

_HERE = Path(__file__).parent
_ROOMS = _HERE.parents[2]
_CACHE = _HERE / "__pycache__"


def _version() -> str:
    """A digest of the sources of all compiled functions."""
    others = [path for depth in ("", "[a-z]*/") for path in _ROOMS.glob(f"[a-z]*/{depth}*kernel.py")]
    sources = b"".join(path.read_bytes() for path in sorted({*_HERE.rglob("*.py"), *others}))
    return sha256(sources).hexdigest()[:16]


# A cache directory that is set (NUMBA_CACHE_DIR) is left alone; a read-only installation has none of its own.
if not config.CACHE_DIR and os.access(_CACHE if _CACHE.exists() else _HERE, os.W_OK):  # type: ignore[attr-defined]
    config.CACHE_DIR = str(_CACHE / _version())  # type: ignore[attr-defined]
