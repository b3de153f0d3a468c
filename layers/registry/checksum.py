"""The checksum of a data file, which may consist of several files or be a folder."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

SHAPEFILE_PARTS: Final = (".shp", ".shx", ".dbf", ".prj", ".cpg")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file. Of a shapefile, that of all its parts; of a folder (a .gdb), that of its files."""
    parts = [part for part in _parts(path) if part.is_file()]
    if parts == [path]:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{part.suffix.lower()} {part.stat().st_size}\n".encode())
        digest.update(part.read_bytes())
    return digest.hexdigest()


def shapefile_part(path: Path, suffix: str) -> Path | None:
    """The part of a shapefile with a suffix such as ``.dbf``, in lower or upper case; None without one."""
    candidates = (path.with_suffix(suffix), path.with_suffix(suffix.upper()))
    return next((part for part in candidates if part.is_file()), None)


def _parts(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(path.iterdir())
    if path.suffix.lower() == ".shp":
        return [part for suffix in SHAPEFILE_PARTS if (part := shapefile_part(path, suffix))]
    return [path]
