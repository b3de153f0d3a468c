"""A session on the store, as commands open it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core.settings import Settings
from store import make_engine, open_session


@contextmanager
def open_store(
    settings: Settings, prepare: Callable[[Engine, Settings], object] | None = None
) -> Iterator[Session]:
    """A session on the store: committed at the end, rolled back by an exception.

    ``prepare`` is called with the engine before the session opens.
    """
    engine = make_engine(settings)
    try:
        if prepare is not None:
            prepare(engine, settings)
        with open_session(engine) as session:
            yield session
    finally:
        engine.dispose()
