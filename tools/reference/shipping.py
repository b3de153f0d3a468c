"""The files of the folders, with the checksums that SOURCE.md and sources.yaml name."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

from tools.reference import geojson, overview
from tools.reference.facts import BOUNDARIES, PARCELS, PROTECTED, BuildError, Point
from tools.reference.pipeline import Built

TEMPLATES: Final = Path(__file__).with_name("templates")
PLACE: Final = re.compile(r"\{sha256 ([\w./]+)\}")
Files = dict[Path, bytes]


def shipped(built: Built, seats: dict[str, Point]) -> Files:
    """Path → content of every file that is built."""
    boundaries = {
        "counties.geojson": geojson.collection(built.counties),
        "townships.geojson": geojson.collection(built.townships),
        "grid.geojson": geojson.collection(built.grid),
        "villages.csv": geojson.village_table(built.villages),
        "overview.png": overview.draw(built, seats),
    }
    reserves = {"reserves.geojson": geojson.collection(built.zones)}
    parcels = {
        "land_classes.yaml": (PARCELS / "land_classes.yaml").read_bytes(),  # kept by hand
        "parcels.geojson": geojson.collection(built.parcels),
        "permits.geojson": geojson.collection(built.permits),
    }
    return _folder(BOUNDARIES, boundaries) | _folder(PROTECTED, reserves) | _folder(PARCELS, parcels)


def _folder(folder: Path, content: dict[str, bytes]) -> Files:
    """Files of a folder with its SOURCE.md and sources.yaml, filled in from the templates."""
    facts = {f"facts/{path.name}": path.read_bytes() for path in sorted((folder / "facts").glob("*.csv"))}
    sums = {name: hashlib.sha256(body).hexdigest() for name, body in (content | facts).items()}
    texts = {
        path.name: _filled(path.read_text(encoding="utf-8"), sums).encode()
        for path in sorted((TEMPLATES / folder.name).iterdir())
    }
    return {folder / name: body for name, body in (content | texts).items()}


def _filled(template: str, sums: dict[str, str]) -> str:
    table = "\n".join(f"| `{name}` | `{sums[name]}` |" for name in sorted(sums))
    text = template.replace("{checksums}", f"| file | sha256 |\n|---|---|\n{table}")
    return PLACE.sub(lambda match: sums[match[1]], text)


def write(files: Files) -> list[Path]:
    """Write the files that differ from what is there; returns those."""
    changed = differing(files)
    for path in changed:
        path.write_bytes(files[path])
    return changed


def differing(files: Files) -> list[Path]:
    """Files that are missing or hold something else."""
    return [path for path, body in files.items() if not path.is_file() or path.read_bytes() != body]


def check(files: Files) -> None:
    """Raise BuildError where the committed files are not what the facts give."""
    if changed := differing(files):
        names = ", ".join(f"{path.parent.name}/{path.name}" for path in changed)
        raise BuildError(f"not up to date: {names}. Run `make data` and commit the result.")
