"""The operating system account that runs the private cluster, and folders that only it may enter."""

from __future__ import annotations

import os
import pwd
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.errors import StoreUnavailable
from core.i18n import N_


@dataclass(frozen=True)
class Account:
    """An account of the operating system."""

    name: str
    uid: int
    gid: int


def account_for(run_as: str) -> Account:
    """Return the account to run PostgreSQL as: the current one or, for root, the account named ``run_as``.

    PostgreSQL refuses to run as root.

    Raises:
        StoreUnavailable: There is no such account.
    """
    if os.geteuid() != 0:
        return Account(str(os.geteuid()), os.geteuid(), os.getegid())
    try:
        entry = pwd.getpwnam(run_as)
    except KeyError as error:
        raise StoreUnavailable(
            N_("PostgreSQL does not run as root, and there is no account {user} to run it as."),
            hint=N_(
                "Install the PostgreSQL server, which creates it, or name another account in ZHIJIE_PG_USER."
            ),
            user=run_as,
        ) from error
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def make_private(folder: Path, account: Account) -> None:
    """Create a folder that only ``account`` may enter; an existing one is accepted if it is such a folder.

    Raises:
        StoreUnavailable: The folder cannot be created, belongs to another account or is open to others, or
            ``account`` may not enter a folder above it.
    """
    try:
        _make_parents(folder.parent, account)
        info = _make(folder, account)
    except OSError as error:
        raise StoreUnavailable(
            N_("The folder {path} for the private PostgreSQL cannot be created: {reason}."),
            hint=N_("Set ZHIJIE_HOME to another folder."),
            path=folder,
            reason=error.strerror,
        ) from error
    if info.st_uid != account.uid or not _is_private(info):
        raise StoreUnavailable(
            N_("The folder {path} must be a real folder that only {user} may enter."),
            hint=N_("Remove it if you do not recognise it; otherwise make {user} its owner, with mode 0700."),
            path=folder,
            user=account.name,
        )
    _require_reachable(folder, account)


def _make_parents(folder: Path, account: Account) -> None:
    if folder.exists():
        return
    _make_parents(folder.parent, account)
    folder.mkdir(exist_ok=True)
    if account.uid != os.geteuid():
        folder.chmod(0o755)  # whatever the umask: the other account has to pass through


def _make(folder: Path, account: Account) -> os.stat_result:
    """Create a folder, or take the existing one, and give it to ``account`` if it is ours.

    Never follows a symbolic link: anybody could have put one into the temporary folder.
    """
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    info = folder.lstat()
    if info.st_uid == os.geteuid() != account.uid and _is_private(info):
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)
        info = folder.lstat()
    return info


def _is_private(info: os.stat_result) -> bool:
    return stat.S_ISDIR(info.st_mode) and not info.st_mode & 0o077


def _require_reachable(folder: Path, account: Account) -> None:
    """Raise StoreUnavailable if ``account`` may not enter a folder above. Ignores access control lists."""
    for parent in folder.resolve().parents:
        info = parent.stat()
        execute = 0o100 if info.st_uid == account.uid else 0o010 if info.st_gid == account.gid else 0o001
        if not info.st_mode & execute:
            raise StoreUnavailable(
                N_("{user}, which runs PostgreSQL, may not enter {path}."),
                hint=N_("Set ZHIJIE_HOME to a folder that every account can reach."),
                user=account.name,
                path=parent,
            )
