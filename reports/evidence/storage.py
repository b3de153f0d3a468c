"""The store of evidence: each file once, under the SHA-256 of its bytes, never overwritten.

By default a folder; else any store that fsspec knows by its URL, such as ``s3://bucket/folder``. A file is
written piece by piece into a staged file, hashed meanwhile, and renamed in one step, so that no reader sees
a part of it.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import fsspec
from fsspec.implementations.local import LocalFileSystem

from core.errors import Altered, BadInput, StoreUnavailable, TooLarge
from core.i18n import N_
from core.settings import ROOT, Settings
from store.cluster import default_home

CHUNK: Final = 1 << 20  # bytes that are read or written at a time
S3_BLOCK: Final = 8 << 20  # bytes that are fetched ahead from a remote store
STALE_S: Final = 24 * 3600  # seconds; an older staged file was left by a process that died
SETTING: Final = "ZHIJIE_EVIDENCE_URL"
log = logging.getLogger("zhijie.evidence")


@dataclass(frozen=True, slots=True)
class Staged:
    """A file that has arrived completely and is not in the store yet."""

    path: Path
    sha256: str
    size: int


class Staging:
    """A file that is arriving, at most ``most`` bytes: write pieces, then ``finish``."""

    def __init__(self, handle: int, path: Path, most: int) -> None:
        self.path = path
        self._handle = handle
        self._most = most
        self._hash = hashlib.sha256()
        self._size = 0

    def write(self, piece: bytes | bytearray) -> None:
        """Append and hash a piece. Raises :class:`TooLarge`, :class:`StoreUnavailable`."""
        if self._size + len(piece) > self._most:
            raise TooLarge(
                N_("The file is over {most} bytes."),
                field="body",
                hint=N_("Split it, or send a smaller copy."),
                most=self._most,
            )
        with _storage_errors():
            view = memoryview(piece)
            while view:  # os.write may write less than it was given
                view = view[os.write(self._handle, view) :]
        self._hash.update(piece)
        self._size += len(piece)

    def finish(self) -> Staged:
        """Flush the file to disk. Raises :class:`BadInput` for an empty one."""
        if self._size == 0:
            raise BadInput(
                N_("The file is empty."),
                field="body",
                hint=N_("Send the file's bytes as the request body."),
            )
        with _storage_errors():
            os.fsync(self._handle)
        return Staged(self.path, self._hash.hexdigest(), self._size)


class CheckedFile:
    """An open file of ``size`` bytes whose SHA-256 was just compared. ``read`` it once, or ``close`` it."""

    def __init__(self, file: Any, sha256: str, size: int) -> None:  # noqa: ANN401 - fsspec is not typed
        self._file = file
        self._sha256 = sha256
        self.size = size

    def read(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from ``start`` up to ``end``, piece by piece. The file is closed at the end.

        Of a whole file, the last piece is given only where all of them still have the hash: the file may be
        written to while it is sent. Raises :class:`Altered`.
        """
        left = (self.size if end is None else end) - start
        digest, is_whole = hashlib.sha256(), left == self.size
        with _storage_errors(), self._file as file:
            file.seek(start)
            while left > 0 and (piece := file.read(min(CHUNK, left))):
                left -= len(piece)
                digest.update(piece)
                if is_whole and left == 0 and digest.hexdigest() != self._sha256:
                    raise _altered(self._sha256, digest.hexdigest())
                yield piece

    def close(self) -> None:
        """Close the file without reading it."""
        self._file.close()


class BlobStore:
    """The store of evidence. Created without touching it; folders are made with the first file."""

    def __init__(self, fs: Any, root: str, staging: Path) -> None:  # noqa: ANN401 - fsspec is not typed
        self._fs = fs
        self._root = root
        self._staging = staging
        self._swept = False

    @property
    def local(self) -> bool:
        """Whether the files are in a folder of this machine."""
        return isinstance(self._fs, LocalFileSystem)

    @contextmanager
    def stage(self, most: int) -> Iterator[Staging]:
        """A staged file of at most ``most`` bytes, removed at the end unless it was moved."""
        with _storage_errors():
            self._make_staging()
            handle, name = tempfile.mkstemp(prefix="arriving-", dir=self._staging)
        try:
            yield Staging(handle, Path(name), most)
        finally:
            os.close(handle)
            Path(name).unlink(missing_ok=True)

    def put(self, staged: Staged) -> bool:
        """Store a staged file under its hash; False where it was stored before.

        A stored file whose bytes are no longer those of its hash is replaced.
        """
        with _storage_errors():
            found = self._size(staged.sha256)
            if found == staged.size and self._digest(staged.sha256) == staged.sha256:
                return False
            if found is not None:
                log.warning(
                    "evidence %s was altered in its store; replaced by what was uploaded", staged.sha256
                )
            if self.local:
                self._move(staged)
            else:
                self._fs.put_file(str(staged.path), self._path(staged.sha256))
                # Some stores accept a broken upload without an error.
                if self._digest(staged.sha256) != staged.sha256:
                    raise OSError("the store holds other bytes than were sent")
        return True

    def put_bytes(self, content: bytes) -> str:
        """Store a small file of our own making; returns its hash."""
        with self.stage(len(content)) as staging:
            staging.write(content)
            staged = staging.finish()
            self.put(staged)
        return staged.sha256

    def size(self, sha256: str) -> int | None:
        """Bytes of a stored file; None where there is none."""
        with _storage_errors():
            return self._size(sha256)

    def exists(self, sha256: str) -> bool:
        """Whether a file is stored."""
        return self.size(sha256) is not None

    def remove(self, sha256: str) -> bool:
        """Remove a stored file that nothing refers to any more; False where there was none."""
        with _storage_errors():
            try:
                self._fs.rm_file(self._path(sha256))
            except FileNotFoundError:
                return False
        return True

    def open_checked(self, sha256: str) -> CheckedFile:
        """A stored file, opened and found to have the bytes of its hash.

        Raises :class:`Altered` where it has others, :class:`StoreUnavailable` where it is missing.
        """
        with _storage_errors():
            file = self._open(sha256)
            try:
                digest, size = _digest(file)
            except BaseException:
                file.close()
                raise
        if digest != sha256:
            file.close()
            raise _altered(sha256, digest)
        return CheckedFile(file, sha256, size)

    def read(self, sha256: str) -> Iterator[bytes]:
        """The bytes of a stored file, whatever they are: for a backup, which compares them itself."""
        with _storage_errors(), self._open(sha256) as file:
            while piece := file.read(CHUNK):
                yield piece

    def check(self, sha256: str) -> Literal["whole", "altered", "missing"]:
        """What has become of a stored file, by all of its bytes."""
        with _storage_errors():
            if self._size(sha256) is None:
                return "missing"
            return "whole" if self._digest(sha256) == sha256 else "altered"

    def _open(self, sha256: str) -> Any:  # noqa: ANN401 - fsspec is not typed
        return self._fs.open(self._path(sha256), "rb", block_size=S3_BLOCK)

    def _digest(self, sha256: str) -> str | None:
        """The SHA-256 of the bytes of a stored file; None where there is none."""
        try:
            with self._open(sha256) as file:
                return _digest(file)[0]
        except (FileNotFoundError, IsADirectoryError):
            return None

    def _path(self, sha256: str) -> str:
        """Two levels of folders keep each below some thousand entries."""
        return f"{self._root}/{sha256[:2]}/{sha256[2:4]}/{sha256}"

    def _size(self, sha256: str) -> int | None:
        try:
            found: int = self._fs.info(self._path(sha256))["size"]
        except FileNotFoundError:
            return None
        return found

    def _move(self, staged: Staged) -> None:
        """Rename the file into place, atomically. A second file with the same bytes changes nothing."""
        target = Path(self._path(staged.sha256))
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        staged.path.chmod(0o400)  # evidence is not modified by accident, even by us
        staged.path.replace(target)
        # fsync of a file does not save its name: the folders that hold it are synced as well.
        for folder in (target.parent, target.parent.parent, target.parent.parent.parent):
            _sync(folder)

    def _make_staging(self) -> None:
        _make_private(self._staging)
        if not self._swept:
            self._swept = True
            _sweep(self._staging)


def open_blobs(settings: Settings) -> BlobStore:
    """The store that the settings name; by default the folder ``evidence`` in the private home."""
    url = settings.evidence_url or str(default_home(settings.home, ROOT) / "evidence")
    try:
        fs, root = fsspec.url_to_fs(url, use_listings_cache=False)
    except (ImportError, ValueError) as fault:
        raise StoreUnavailable(
            N_("Evidence cannot be stored at {url}: {reason}"),
            field=SETTING,
            hint=N_(
                "Give a folder, or an fsspec URL whose package is installed, such as s3://bucket/folder."
            ),
            url=url.partition("?")[0].rpartition("@")[2],  # without credentials
            reason=str(fault),
        ) from fault
    root = str(root).rstrip("/")
    if isinstance(fs, LocalFileSystem):
        return BlobStore(fs, root, Path(root) / "arriving")
    return BlobStore(fs, root, Path(tempfile.gettempdir()) / f"zhijie-arriving-{os.geteuid()}")


def _altered(sha256: str, found: str) -> Altered:
    """Log for the administrator that a stored file has another hash, and return the error that says so."""
    log.error("evidence %s was altered in its store: it holds %s now, and is not served", sha256, found)
    return Altered(
        N_("The stored file is no longer the one that was uploaded. It is not shown."),
        field="sha256",
        hint=N_("Upload the true file again: it takes the place of the altered one."),
    )


def _digest(file: Any) -> tuple[str, int]:  # noqa: ANN401 - fsspec is not typed
    """SHA-256 and number of the bytes of an open file, read piece by piece."""
    digest, size = hashlib.sha256(), 0
    while piece := file.read(CHUNK):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


def _make_private(folder: Path, levels: int = 3) -> None:
    """Create a folder for this user alone, with up to ``levels`` missing parents. Raises PermissionError."""
    if levels == 0:
        folder.mkdir(parents=True, exist_ok=True)
        return
    if not folder.parent.exists():
        _make_private(folder.parent, levels - 1)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    # The default staging folder lies in /tmp, where another user could have made it first.
    if (
        folder.is_symlink()
        or not os.access(folder, os.W_OK | os.X_OK)
        or folder.stat().st_uid != os.geteuid()
    ):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _sweep(folder: Path) -> None:
    """Remove the staged files of processes that died."""
    for left in folder.glob("arriving-*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE_S:
                left.unlink()


def _sync(folder: Path) -> None:
    """Flush a folder's entries to disk, so that a database row never outlives its file."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _storage_errors() -> Iterator[None]:
    """Turns faults of disks and remote stores into :class:`StoreUnavailable`."""
    try:
        yield
    except (OSError, _remote_fault()) as fault:
        raise StoreUnavailable(
            N_("Evidence cannot be stored or read at present: {reason}."),
            hint=N_(
                "Check the free space and permissions of the location in ZHIJIE_EVIDENCE_URL, and try again."
            ),
            reason=_reason(fault),
        ) from fault


def _remote_fault() -> type[BaseException]:
    """The base error of an S3 store, where its package is loaded; else OSError."""
    used = sys.modules.get("botocore.exceptions")
    return OSError if used is None else used.BotoCoreError


def _reason(fault: BaseException) -> str:
    """The reason without paths: the text goes to whoever sent the file."""
    text = fault.strerror if isinstance(fault, OSError) else None
    return text or type(fault).__name__
