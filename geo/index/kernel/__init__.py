"""Compiled loops over the cell index.

The compiler keeps what it made beside the source, and looks only at the file of the function that is called
when it asks whether that has changed. Loops here take each other in, so what is kept is kept under the
contents of all of them.
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

from numba import config

_HERE = Path(__file__).parent
_CACHE = _HERE / "__pycache__"


def _version() -> str:
    """Names the contents of this folder."""
    sources = b"".join(path.read_bytes() for path in sorted(_HERE.rglob("*.py")))
    return sha256(sources).hexdigest()[:16]


if not config.CACHE_DIR and os.access(_CACHE if _CACHE.exists() else _HERE, os.W_OK):  # type: ignore[attr-defined]
    config.CACHE_DIR = str(_CACHE / _version())  # type: ignore[attr-defined]
