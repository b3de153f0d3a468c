"""Write the checksums of hand-kept data files into sources.yaml and SOURCE.md: `python tools/sign.py`.

Only the digits change; the rest of the text stays as people wrote it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import yaml

DATA: Final = Path(__file__).resolve().parent.parent / "data"
FOLDERS: Final = ("law", "calendar")


def sign(folder: Path) -> list[str]:
    """Bring the checksums of one folder up to date; returns the files whose checksum changed."""
    changed = []
    for row in yaml.safe_load((folder / "sources.yaml").read_text(encoding="utf-8")):
        found = hashlib.sha256((folder / row["file"]).read_bytes()).hexdigest()
        if found != row["sha256"]:
            _replace(folder, row["sha256"], found)
            changed.append(row["file"])
    return changed


def _replace(folder: Path, old: str, new: str) -> None:
    for name in ("sources.yaml", "SOURCE.md"):
        path = folder / name
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


if __name__ == "__main__":
    for name in FOLDERS:
        for file in sign(DATA / name):
            print(f"{name}/{file}: new checksum")
