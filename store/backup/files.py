"""The files of a backup: manifest, checksums, evidence, and a folder that appears only when complete."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from core.errors import BadData, BadInput, Conflict, StoreUnavailable
from core.i18n import N_

FORMAT: Final = "zhijie-backup/1"
MANIFEST: Final = "manifest.json"
DUMP: Final = "database.dump"
EVIDENCE: Final = "evidence"
READ_BYTES: Final = 1 << 20
Advance = Callable[[int], None]  # takes the progress since its last call


class EvidenceStore(Protocol):
    """The evidence store as backups use it; implemented in ``reports.evidence.storage``, above this room."""

    def size(self, sha256: str) -> int | None:
        """Return the bytes of a file; None if it is missing."""

    def check(self, sha256: str) -> str:
        """Return "whole" if a file has the bytes of its hash."""

    def read(self, sha256: str) -> Iterator[bytes]:
        """Yield a file in pieces."""

    def stage(self, most: int) -> AbstractContextManager[Any]:
        """Open a writer for a file of at most so many bytes; its ``finish()`` returns what ``put`` takes."""

    def put(self, staged: Any) -> bool:  # noqa: ANN401 - each implementation has its own type
        """Store a staged file under its SHA-256."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Contents of a backup, stored beside it as JSON; the attributes are its keys.

    Attributes:
        made_at: ISO 8601, UTC.
        program: Version of this program.
        schema: Revision of the schema.
        postgres: Major version of the server.
        tables: Rows by table.
        journal: SEQ:HASH of the head; empty for a schema without a journal.
        dump_size: Bytes.
        evidence: Bytes by SHA-256.
    """

    made_at: str
    program: str
    schema: str
    postgres: int
    database: str
    tables: Mapping[str, int]
    journal: str
    dump_sha256: str
    dump_size: int
    evidence: Mapping[str, int]
    format: str = FORMAT

    def write(self, folder: Path) -> None:
        """Write the manifest into a backup's folder."""
        content = json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True)
        with _new_file(folder / MANIFEST) as file:
            file.write(content.encode())

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Return the manifest of a backup.

        Raises:
            BadInput: ``folder`` is not a complete backup.
        """
        try:
            content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            if folder.suffix == ".part" or content["format"] != FORMAT:
                raise ValueError(content["format"])
            return cls(**content)
        except (OSError, ValueError, TypeError, KeyError) as fault:
            raise BadInput(
                N_("{folder} is not a complete backup of this program."),
                field="folder",
                hint=N_("Use a folder created by `zhijie db backup`: FOLDER/<time>."),
                folder=folder,
            ) from fault


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Yield a new folder that is renamed to ``folder`` at the end, or removed on an exception.

    Raises:
        Conflict: The folder exists.
        StoreUnavailable: It cannot be written.
    """
    part = folder.with_name(folder.name + ".part")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists():
            raise FileExistsError
        part.mkdir(mode=0o700)
    except FileExistsError as fault:
        raise Conflict(
            N_("{folder} already exists."), field="folder", hint=N_("Try again in a second."), folder=folder
        ) from fault
    except OSError as fault:
        raise _not_writable(folder, fault) from fault
    try:
        yield part
        # The names must be on disk before the rename: a power cut may otherwise leave an incomplete backup.
        for subfolder, _, _ in os.walk(part):
            _sync(Path(subfolder))
        part.rename(folder)
        _sync(folder.parent)
    except OSError as fault:
        raise _not_writable(folder, fault) from fault
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _not_writable(folder: Path, fault: OSError) -> StoreUnavailable:
    return StoreUnavailable(
        N_("{folder} cannot be written: {reason}."),
        field="folder",
        hint=N_("Check its free space and permissions, or choose another folder."),
        folder=folder,
        reason=fault.strerror or fault,
    )


def _sync(path: Path) -> None:
    """Flush a file, or the names in a folder, to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _new_file(path: Path) -> Iterator[Any]:
    """Yield a new file that only its owner may read, flushed to disk at the end."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def file_digest(path: Path, advance: Advance = lambda _: None) -> tuple[str, int]:
    """Return SHA-256 and bytes of a file; ``advance`` takes the bytes read."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(READ_BYTES):
            digest.update(piece)
            size += len(piece)
            advance(len(piece))
    return digest.hexdigest(), size


def seal_dump(path: Path) -> tuple[str, int]:
    """Make a dump readable by its owner only, flush it to disk, and return its SHA-256 and bytes."""
    path.chmod(0o600)
    _sync(path)
    return file_digest(path)


def evidence_path(folder: Path, sha256: str) -> Path:
    """Return the path of an evidence file in a backup: ``evidence/ab/cd/<sha256>``."""
    return folder / EVIDENCE / sha256[:2] / sha256[2:4] / sha256


def copy_evidence(store: EvidenceStore, wanted: list[str], folder: Path, advance: Advance) -> dict[str, int]:
    """Copy evidence from the store into a backup, and return the bytes of each file.

    Raises:
        BadData: A file is missing in the store, or damaged.
    """
    sizes = {}
    for sha256 in wanted:
        if store.size(sha256) is None:
            raise _bad_evidence(sha256, N_("Evidence {sha256} is not in the store."))
        sizes[sha256] = _copy(store.read(sha256), evidence_path(folder, sha256), sha256)
        advance(1)
    return sizes


def _copy(pieces: Iterator[bytes], path: Path, sha256: str) -> int:
    for parent in reversed(path.parents[:3]):  # evidence, ab, cd
        parent.mkdir(mode=0o700, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with _new_file(path) as file:
        for piece in pieces:
            digest.update(piece)
            size += file.write(piece)
    if digest.hexdigest() != sha256:
        raise _bad_evidence(sha256, N_("Evidence {sha256} in the store does not match its name."))
    return size


def _bad_evidence(sha256: str, message: str) -> BadData:
    hint = N_("Restore the file from an older backup (evidence/ab/cd/<SHA-256>), then try again.")
    return BadData(message, field="evidence", hint=hint, sha256=sha256)


def verify_files(folder: Path, manifest: Manifest, advance: Advance) -> None:
    """Read every file of a backup and compare it with the manifest.

    Raises:
        BadData: A file is missing or differs.
    """
    listed = {folder / DUMP: (manifest.dump_sha256, manifest.dump_size)}
    listed |= {evidence_path(folder, sha256): (sha256, size) for sha256, size in manifest.evidence.items()}
    for path, expected in listed.items():
        actual: tuple[str, int] | None = None
        with suppress(OSError):
            actual = file_digest(path, advance)
        if actual != expected:
            raise BadData(
                N_("{path} is missing or damaged: its SHA-256 does not match the manifest."),
                field="folder",
                hint=N_("Nothing was changed. Use another backup."),
                path=path,
            )


def restore_evidence(store: EvidenceStore, folder: Path, manifest: Manifest, advance: Advance) -> int:
    """Copy evidence that the store lacks, or whose bytes it has altered, and return the number of files."""
    count = 0
    for sha256, size in manifest.evidence.items():
        if store.check(sha256) != "whole":
            _put(store, evidence_path(folder, sha256), sha256, size)
            count += 1
        advance(1)
    return count


def _put(store: EvidenceStore, path: Path, sha256: str, size: int) -> None:
    with path.open("rb") as file, store.stage(size) as staging:
        while piece := file.read(READ_BYTES):
            staging.write(piece)
        staged = staging.finish()
        # checked again although verify_files has read it: the backup may lie on a failing disk
        if staged.sha256 != sha256:
            raise BadData(
                N_("{path} is missing or damaged: its SHA-256 does not match the manifest."),
                field="folder",
                path=path,
            )
        store.put(staged)
