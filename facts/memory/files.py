"""Layers on disk: a folder each, with the rows and the index as files that processes map and share.

A folder is written beside its place and renamed into it, so that it is there whole or not at all. What is
there may have been damaged since: sizes and checksums are compared before anything is mapped, because
compiled searches trust an index. A folder of another layout has another name, and goes when it gets old.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from facts.memory.build_index import INDEX, ROWS, open_rows
from geo.index import MAGIC, Index, open_index

LAYOUT: Final = f"1 {MAGIC:x}"  # changes with what is written here, and with the index
LISTING: Final = "files.json"
MAX_BYTES: Final = 4 << 30
UNUSED_DAYS: Final = 30
LEFT_DAYS: Final = 1  # age from which a staging folder belongs to a process that died
DAY_S: Final = 86_400
CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Stored:
    """Rows with their areas and bounds, and the index of the areas."""

    table: pa.Table
    index: Index


class LayerFiles:
    """The layers in a folder, by key. All but ``find`` raise OSError where the folder cannot be used."""

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES) -> None:
        self._folder = folder
        self._max_bytes = max_bytes

    def find(self, key: str) -> Stored | None:
        """The stored layer of a key; None where it is missing or damaged."""
        place = self._place(key)
        try:
            if not _is_sound(place):
                return None
            os.utime(place)  # used today
            return _mapped(place)
        except (OSError, ValueError):  # removed meanwhile; pyarrow's faults are ValueErrors
            return None

    @contextmanager
    def room(self) -> Iterator[Path]:
        """An empty staging folder for a new layer, removed at the end. One process at a time can have one."""
        make_private(self._folder)
        turn = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(turn, fcntl.LOCK_EX)
            room = Path(tempfile.mkdtemp(prefix=".new-", dir=self._folder))
            try:
                yield room
            finally:
                shutil.rmtree(room, ignore_errors=True)
        finally:
            os.close(turn)

    def keep(self, key: str, room: Path) -> Stored:
        """Move the rows and the index of a staging folder into place under a key, replacing what is there."""
        files = {name: _signature(room / name) for name in (ROWS, INDEX)}
        (room / LISTING).write_text(json.dumps({"layout": LAYOUT, "files": files}), encoding="utf-8")
        place = self._place(key)
        self._drop(place)
        room.rename(place)
        with suppress(OSError):
            self._prune()
        return _mapped(place)

    def _prune(self) -> None:
        """Remove layers unused for long, the least recently used above the limit, and old staging folders."""
        now = time.time()
        folders = [(_last_use(path), path) for path in self._folder.iterdir() if path.is_dir()]
        layers = sorted(((when, path) for when, path in folders if path.name[0] != "."), reverse=True)
        room = self._max_bytes
        for place, (when, path) in enumerate(layers):
            room -= _size(path)
            if place > 0 and (room < 0 or now - when > UNUSED_DAYS * DAY_S):  # the last one used stays
                self._drop(path)
        for when, path in folders:
            if path.name[0] == "." and now - when > LEFT_DAYS * DAY_S:
                shutil.rmtree(path, ignore_errors=True)

    def _place(self, key: str) -> Path:
        return self._folder / sha256(f"{LAYOUT} {key}".encode()).hexdigest()[:32]

    def _drop(self, place: Path) -> None:
        """Remove a folder; renamed first, so that no process opens a part of it."""
        removed = self._folder / f".gone-{os.getpid()}-{place.name}"
        with suppress(OSError):
            place.rename(removed)
        shutil.rmtree(removed, ignore_errors=True)


def make_private(folder: Path) -> None:
    """Make the folder, and the one above it, for us alone."""
    folder.parent.parent.mkdir(parents=True, exist_ok=True)
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def _mapped(place: Path) -> Stored:
    """The files of a folder, mapped into memory. Raises ValueError where the index is not one."""
    index = open_index(place / INDEX)
    if index is None:
        raise ValueError(f"{place / INDEX} is no index")
    return Stored(open_rows(place), index)


def _is_sound(place: Path) -> bool:
    """Whether a folder holds what was written, all of it."""
    listing = place / LISTING
    if not listing.exists():
        return False
    stored: Any = json.loads(listing.read_text(encoding="utf-8"))
    return bool(
        stored == {"layout": LAYOUT, "files": {name: _signature(place / name) for name in (ROWS, INDEX)}}
    )


def _signature(path: Path) -> list[int]:
    """Size and CRC-32 of a file (some GB/s); read, not mapped, so that it does not count as our memory."""
    size = checksum = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            size += len(chunk)
            checksum = zlib.crc32(chunk, checksum)
    return [size, checksum]


def _last_use(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _size(path: Path) -> int:
    with suppress(OSError):
        return sum(file.stat().st_size for file in path.iterdir())
    return 0
