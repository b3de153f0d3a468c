"""What can be told of a file: its type, what a picture says of itself, a small picture of it.

Run as ``python -m reports.evidence.inspection`` this is the process in which strangers' bytes are decoded
(see ``reports.evidence.sandbox``): a line of JSON asks, a line of JSON answers. It holds no connection and no
credential.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from PIL import Image

from reports.evidence.exif import read_seen
from reports.evidence.media_type import TooLargeToDecode, media_of, open_picture
from reports.evidence.thumbnail import make_thumbnail

MEMORY: Final = 3 << 30  # bytes of address space
WRITES: Final = 16 << 20  # largest file that the process may write
MOST_NOTES: Final = 12


def inspect_file(path: Path, thumbnail: Path) -> dict[str, Any]:
    """``{"kind", "media_type", "seen", "thumbnail", "notes"}``; the picture goes to ``thumbnail``.

    Never raises for what the file holds. Pillow's warnings are quietened for the whole process.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Image.MAX_IMAGE_PIXELS = None  # ``make_thumbnail`` has its own bound and says so in words
        return _examined(path, thumbnail)


def _examined(path: Path, thumbnail: Path) -> dict[str, Any]:
    media = media_of(path)
    told: dict[str, Any] = {
        "kind": media.kind,
        "media_type": media.media_type,
        "seen": None,
        "thumbnail": False,
    }
    notes = list(media.notes)
    if media.kind == "photo" and not notes:
        try:
            with open_picture(path) as picture:
                seen = read_seen(picture)
                notes += seen.notes
                told["seen"] = {name: value for name, value in asdict(seen).items() if name != "notes"}
                told["kind"] = "drone" if seen.drone else "photo"
                make_thumbnail(picture, thumbnail)
                told["thumbnail"] = True
        except TooLargeToDecode as fault:
            notes.append(fault.note)
        except MemoryError:
            notes.append({"note": "picture_memory"})
        except Exception:
            notes.append({"note": "picture_broken"})
    return {**told, "notes": _distinct(notes)}


def _distinct(notes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    said = {json.dumps(note, sort_keys=True): note for note in notes}
    return list(said.values())[:MOST_NOTES]


def _bound() -> None:
    """Let hostile bytes cost this process its life at most."""
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:
        return
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, WRITES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))


def main() -> None:
    """Answer lines until there are no more."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints must not look like an answer
    _bound()
    for line in sys.stdin:
        asked = json.loads(line)
        answer = inspect_file(Path(asked["path"]), Path(asked["thumbnail"]))
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
