"""Runs the inspection of untrusted files in a process of its own, so that a crash there leaves the service
alone.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from core.settings import ROOT

SECONDS: Final = 40.0  # time limit for a file
MODULE: Final = "reports.evidence.inspection"
MAX_ANSWER: Final = 200_000  # bytes; a compromised process must not fill our memory
UNKNOWN: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Inspection:
    """Result of an inspection. ``seen``: a ``PictureMetadata`` as JSON. ``thumbnail``: JPEG bytes."""

    kind: str
    media_type: str
    seen: dict[str, Any] | None = None
    notes: list[dict[str, Any]] = field(default_factory=list)
    thumbnail: bytes | None = None


class InspectionProcess:
    """A sandbox process, started with the first file and restarted whenever it dies or takes too long."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def inspect(self, path: Path) -> Inspection:
        """Inspect a file; calls take turns. Never raises for what the file contains."""
        with self._lock, tempfile.TemporaryDirectory(prefix="zhijie-thumbnail-") as folder:
            target = Path(folder) / "thumbnail.jpg"
            answer = self._request({"path": str(path.absolute()), "thumbnail": str(target)})
            if isinstance(answer, str):
                return Inspection("other", UNKNOWN, notes=[{"note": answer}])
            picture = target.read_bytes() if answer.pop("thumbnail") else None
            return Inspection(**answer, thumbnail=picture)

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._stop()

    def _request(self, question: dict[str, str]) -> dict[str, Any] | str:
        """The answer, or the code of the note that says why there is none."""
        process = self._running()
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps(question).encode() + b"\n")
            process.stdin.flush()
            line = self._read_line(process)
        except (OSError, TimeoutError) as fault:
            self._stop()
            return "examiner_slow" if isinstance(fault, TimeoutError) else "examiner_died"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _read_line(self, process: subprocess.Popen[bytes]) -> bytes:
        """One line of the answer. Raises TimeoutError, or BrokenPipeError where the process ends."""
        assert process.stdout is not None
        handle, until, line = process.stdout.fileno(), time.monotonic() + self._seconds, b""
        # select and os.read instead of readline, which would block without a time limit.
        while not line.endswith(b"\n"):
            if not select.select([handle], [], [], max(0.0, until - time.monotonic()))[0]:
                raise TimeoutError
            piece = os.read(handle, 65_536)
            if not piece or len(line) > MAX_ANSWER:
                raise BrokenPipeError
            line += piece
        return line

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._stop()
            self._process = subprocess.Popen(
                [sys.executable, "-m", MODULE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=ROOT,
                # No setting of the service, and so no password of the database, reaches the process.
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"},
            )
        return self._process

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
