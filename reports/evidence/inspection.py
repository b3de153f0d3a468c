"""Inspects a file: its type, the metadata of a picture, a thumbnail.

Run as ``python -m reports.evidence.inspection`` it is the sandbox process in which untrusted bytes are
decoded (see ``reports.evidence.sandbox``): each line of JSON on stdin is a request, each on stdout an answer.
It holds no connection and no credential.
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

from reports.evidence.exif import read_metadata
from reports.evidence.media_type import TooLargeToDecode, media_of, open_picture
from reports.evidence.thumbnail import make_thumbnail

MEMORY: Final = 3 << 30  # bytes of address space
WRITES: Final = 16 << 20  # largest file that the process may write
MAX_NOTES: Final = 12


def inspect_file(path: Path, thumbnail: Path) -> dict[str, Any]:
    """``{"kind", "media_type", "seen", "thumbnail", "notes"}``; the thumbnail goes to the path ``thumbnail``.

    Never raises for what the file contains. Pillow's warnings are silenced for the whole process.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Image.MAX_IMAGE_PIXELS = None  # ``make_thumbnail`` has its own bound and says so in words
        return _inspect(path, thumbnail)


def _inspect(path: Path, thumbnail: Path) -> dict[str, Any]:
    media = media_of(path)
    result: dict[str, Any] = {
        "kind": media.kind,
        "media_type": media.media_type,
        "seen": None,
        "thumbnail": False,
    }
    notes = list(media.notes)
    if media.kind == "photo" and not notes:
        try:
            with open_picture(path) as picture:
                meta = read_metadata(picture)
                notes += meta.notes
                result["seen"] = {name: value for name, value in asdict(meta).items() if name != "notes"}
                result["kind"] = "drone" if meta.drone else "photo"
                make_thumbnail(picture, thumbnail)
                result["thumbnail"] = True
        except TooLargeToDecode as fault:
            notes.append(fault.note)
        except MemoryError:
            notes.append({"note": "picture_memory"})
        except Exception:
            notes.append({"note": "picture_broken"})
    return {**result, "notes": _distinct(notes)}


def _distinct(notes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The notes, each once, at most ``MAX_NOTES``."""
    unique = {json.dumps(note, sort_keys=True): note for note in notes}
    return list(unique.values())[:MAX_NOTES]


def _limit_resources() -> None:
    """Limit memory and file sizes, so that hostile bytes cost at most this process."""
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
    """Answer requests line by line until stdin ends."""
    # Keep the pipe under another number, and let number 1 be stderr: what a library prints must not look
    # like an answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    _limit_resources()
    for line in sys.stdin:
        request = json.loads(line)
        answer = inspect_file(Path(request["path"]), Path(request["thumbnail"]))
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
