"""Copy the files that pages load from ``node_modules`` to ``maps/static/vendor/<package>/``.

``package.json`` lists them under ``vendor``: package → patterns of files. A file keeps its place
under the package's ``dist/``; the package's licence goes beside it. A browser knows no package by its
name: where a module imports another vendored package, the import is told its path. The folder is replaced
as a whole, so that pages never see half of it.

Usage: python tools/vendor.py [ROOT OF THE CHECKOUT]
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

LICENCES = ("LICENSE*", "LICENCE*", "COPYING*")
NOTICES = ("NOTICE*",)  # which the Apache licence wants kept
BARE = re.compile(
    r"""^(import\s*(?:[^'";]*\bfrom\s*)?|export\s*[{*][^'";]*\bfrom\s*)(['"])([^./'"][^'"]*)\2""",
    re.MULTILINE,
)


def copies(package: Path, patterns: list[str]) -> dict[Path, Path]:
    """Files of a package to copy → where they go inside its vendor folder."""
    wanted: dict[Path, Path] = {}
    for pattern in patterns:
        found = sorted(package.glob(pattern))
        if not found:
            raise SystemExit(f"vendor: {package.name} has no {pattern}")
        wanted |= {file: _place(file.relative_to(package)) for file in found}
    licences = [file for pattern in LICENCES for file in package.glob(pattern)]
    if not licences:
        raise SystemExit(f"vendor: {package.name} comes without its licence")
    notices = [file for pattern in NOTICES for file in package.glob(pattern)]
    return wanted | {file: Path(file.name) for file in licences + notices}


def _place(inside: Path) -> Path:
    return inside.relative_to("dist") if inside.parts[0] == "dist" else inside


def link(folder: Path, names: set[str]) -> None:
    """Point each module's imports of a vendored package at that package's ``index.js``; refuse any other."""
    for file in sorted(folder.rglob("*.js")):
        text = file.read_text("utf-8")

        def told(found: re.Match[str], file: Path = file) -> str:
            head, quote, name = found.groups()
            if name not in names:
                raise SystemExit(f"vendor: {file.name} imports {name}, which is not vendored")
            path = Path(os.path.relpath(folder / name / "index.js", file.parent)).as_posix()
            return f"{head}{quote}{path}{quote}"

        if (linked := BARE.sub(told, text)) != text:
            file.write_text(linked, "utf-8")


def vendor(root: Path) -> int:
    """Replace ``maps/static/vendor``; returns how many files it holds now."""
    table: dict[str, list[str]] = json.loads((root / "package.json").read_text("utf-8"))["vendor"]
    target = root / "maps" / "static" / "vendor"
    fresh = root / "node_modules" / ".vendor"
    shutil.rmtree(fresh, ignore_errors=True)
    count = 0
    for name, patterns in table.items():
        for source, place in copies(root / "node_modules" / name, patterns).items():
            (fresh / name / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, fresh / name / place)
            count += 1
    link(fresh, set(table))
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    return count


if __name__ == "__main__":
    print(vendor(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent))
