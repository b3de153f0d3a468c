"""A session that gives verdicts: from the store in memory, unless the settings say PostGIS alone.

Apart from ``cli.session`` because the store in memory needs numba, whose import takes a second.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from sqlalchemy.orm import Session

from cli.session import open_store
from core.settings import Settings
from facts import use_memory


def open_judging_store(settings: Settings) -> AbstractContextManager[Session]:
    """As ``open_store``, with the store in memory attached to the engine."""
    return open_store(settings, use_memory)
