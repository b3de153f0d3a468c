"""Output files of commands: they appear complete or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import BadInput
from core.i18n import N_


@contextmanager
def whole_file(
    path: Path,
    mode: str = "w",
    *,
    encoding: str | None = None,
    newline: str | None = None,
    private: bool = False,
) -> Iterator[Any]:
    """Open a file that takes its name when the block ends, and is removed where an exception ends it.

    Args:
        path: the file; until it is complete it is called ``path`` + ``.part``.
        mode, encoding, newline: as those of ``open``.
        private: whether only its owner may read it.

    Raises:
        BadInput: (field ``output``) the file cannot be written.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        opener = _private if private else None
        file = open(part, mode, encoding=encoding, newline=newline, opener=opener)  # noqa: SIM115 - `with` below
        try:
            with file:
                yield file
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as fault:
        raise BadInput(
            N_("{path} cannot be written: {fault}"), field="output", path=path, fault=fault.strerror
        ) from fault


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
