"""The files of a backup: evidence copied and put back, checksums, the manifest, a folder that comes whole."""

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
PIECE: Final = 1 << 20  # bytes read at a time
Advance = Callable[[int], None]


class EvidenceStore(Protocol):
    """Where evidence lies (``reports.evidence.storage``)."""

    def size(self, sha256: str) -> int | None:
        """Bytes of a file; None where it is not there."""

    def read(self, sha256: str) -> Iterator[bytes]:
        """A file, piece by piece."""

    def stage(self, most: int) -> AbstractContextManager[Any]:
        """A place for a file that arrives."""

    def put(self, staged: Any) -> bool:  # noqa: ANN401 - what ``stage`` gave
        """Keep a file that has arrived."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is of. ``journal``: SEQ:HASH of the head. ``evidence``: sizes by SHA-256."""

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
        """Write it into a backup's folder."""
        said = json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True)
        with _new(folder / MANIFEST) as file:
            file.write(said.encode())

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """The manifest of a backup. Raises :class:`BadInput` where ``folder`` is no whole backup."""
        try:
            said = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            if folder.suffix == ".part" or said["format"] != FORMAT:
                raise ValueError(said["format"])
            return cls(**said)
        except (OSError, ValueError, TypeError, KeyError) as fault:
            raise BadInput(
                N_("{folder} is no whole backup of this program."),
                field="folder",
                hint=N_("Name a folder that `zhijie db backup` made: FOLDER/<time>."),
                folder=folder,
            ) from fault


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A folder that gets its name when all in it is written, and is gone where that fails."""
    part = folder.with_name(folder.name + ".part")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists():
            raise FileExistsError
        part.mkdir(mode=0o700)
    except FileExistsError as fault:
        raise Conflict(
            N_("{folder} is there already."), field="folder", hint=N_("Try again in a second."), folder=folder
        ) from fault
    except OSError as fault:
        raise _no_room(folder, fault) from fault
    try:
        yield part
        _sync_folders(part)
        part.rename(folder)
        _sync(folder.parent)
    except OSError as fault:
        raise _no_room(folder, fault) from fault
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _no_room(folder: Path, fault: OSError) -> StoreUnavailable:
    return StoreUnavailable(
        N_("{folder} cannot be written: {reason}."),
        field="folder",
        hint=N_("See to its room and rights, or name another."),
        folder=folder,
        reason=fault.strerror or fault,
    )


def _sync(path: Path) -> None:
    """Have a file, or a folder's names, on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folders(top: Path) -> None:
    for folder, _, _ in os.walk(top):
        _sync(Path(folder))


@contextmanager
def _new(path: Path) -> Iterator[Any]:
    """A new file for ourselves alone, on disk at the end."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def digest_of(path: Path, advance: Advance = lambda _: None) -> tuple[str, int]:
    """SHA-256 and size of a file; ``advance`` is told the bytes that were read."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
            size += len(piece)
            advance(len(piece))
    return digest.hexdigest(), size


def close_dump(path: Path) -> tuple[str, int]:
    """Have the dump on disk for ourselves alone; its SHA-256 and size."""
    path.chmod(0o600)
    _sync(path)
    return digest_of(path)


def place_of(folder: Path, sha256: str) -> Path:
    """Where a file of evidence lies in a backup: ``evidence/ab/cd/<sha256>``."""
    return folder / EVIDENCE / sha256[:2] / sha256[2:4] / sha256


def copy_evidence(store: EvidenceStore, wanted: list[str], folder: Path, advance: Advance) -> dict[str, int]:
    """Copy files out of the store; their sizes. Raises :class:`BadData` where one is missing or damaged."""
    sizes = {}
    for sha256 in wanted:
        if store.size(sha256) is None:
            raise _bad_evidence(sha256, N_("Evidence {sha256} is not in the store."))
        sizes[sha256] = _copy(store.read(sha256), place_of(folder, sha256), sha256)
        advance(1)
    return sizes


def _copy(pieces: Iterator[bytes], path: Path, sha256: str) -> int:
    for parent in reversed(path.parents[:3]):  # evidence, ab, cd
        parent.mkdir(mode=0o700, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with _new(path) as file:
        for piece in pieces:
            digest.update(piece)
            size += file.write(piece)
    if digest.hexdigest() != sha256:
        raise _bad_evidence(sha256, N_("Evidence {sha256} in the store is not what its name says."))
    return size


def _bad_evidence(sha256: str, message: str) -> BadData:
    hint = N_("Put the file back from an older backup (evidence/ab/cd/<SHA-256>), then try again.")
    return BadData(message, field="evidence", hint=hint, sha256=sha256)


def check_files(folder: Path, manifest: Manifest, advance: Advance) -> None:
    """Read every file of a backup. Raises :class:`BadData` at the first that is not as the manifest says."""
    wanted = {folder / DUMP: (manifest.dump_sha256, manifest.dump_size)}
    wanted |= {place_of(folder, sha256): (sha256, size) for sha256, size in manifest.evidence.items()}
    for path, said in wanted.items():
        found: tuple[str, int] | None = None
        with suppress(OSError):
            found = digest_of(path, advance)
        if found != said:
            raise BadData(
                N_("{path} is missing or damaged: its SHA-256 is not the manifest's."),
                field="folder",
                hint=N_("Nothing was changed. Take another backup."),
                path=path,
            )


def put_back(store: EvidenceStore, folder: Path, manifest: Manifest, advance: Advance) -> int:
    """Put the files into the store that are not there in their size; how many."""
    count = 0
    for sha256, size in manifest.evidence.items():
        if store.size(sha256) != size:
            _put(store, place_of(folder, sha256), sha256, size)
            count += 1
        advance(1)
    return count


def _put(store: EvidenceStore, path: Path, sha256: str, size: int) -> None:
    with path.open("rb") as file, store.stage(size) as staging:
        while piece := file.read(PIECE):
            staging.write(piece)
        staged = staging.finish()
        if staged.sha256 != sha256:
            raise BadData(
                N_("{path} is missing or damaged: its SHA-256 is not the manifest's."),
                field="folder",
                path=path,
            )
        store.put(staged)
