"""Who runs the private cluster, and the folders that nobody else may enter."""

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
    """An account of this machine."""

    name: str
    uid: int
    gid: int


def account_for(run_as: str) -> Account:
    """Whoever we are; for root the account ``run_as``, because PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return Account(str(os.geteuid()), os.geteuid(), os.getegid())
    try:
        entry = pwd.getpwnam(run_as)
    except KeyError as error:
        raise StoreUnavailable(
            N_("PostgreSQL does not run as root, and there is no account {user} to run it as."),
            hint=N_("Install PostgreSQL's server, which makes one, or name another in ZHIJIE_PG_USER."),
            user=run_as,
        ) from error
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def make_private(folder: Path, account: Account) -> None:
    """Make ``folder`` for ``account`` alone, or refuse what somebody else put in its place.

    Raises ``StoreUnavailable`` also where ``account`` may not enter a folder above it.
    """
    try:
        _make_parents(folder.parent, account)
        found = _make(folder, account)
    except OSError as error:
        raise StoreUnavailable(
            N_("The folder {path} for the private PostgreSQL cannot be made: {reason}."),
            hint=N_("Name another folder in ZHIJIE_HOME."),
            path=folder,
            reason=error.strerror,
        ) from error
    if found.st_uid != account.uid or not _is_private(found):
        raise StoreUnavailable(
            N_("The folder {path} must be a real folder that only {user} may enter."),
            hint=N_("Remove it if you do not know it; else give it to {user} with mode 0700."),
            path=folder,
            user=account.name,
        )
    _require_way_in(folder, account)


def _make_parents(folder: Path, account: Account) -> None:
    if folder.exists():
        return
    _make_parents(folder.parent, account)
    folder.mkdir(exist_ok=True)
    if account.uid != os.geteuid():
        folder.chmod(0o755)  # whatever the umask: the other account has to get through


def _make(folder: Path, account: Account) -> os.stat_result:
    """Make the folder, and hand over one of our own; never follow a link that lies there."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if found.st_uid == os.geteuid() != account.uid and _is_private(found):
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)
        found = folder.lstat()
    return found


def _is_private(found: os.stat_result) -> bool:
    return stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077


def _require_way_in(folder: Path, account: Account) -> None:
    """Refuse a folder under one that ``account`` may not enter (ACLs are not looked at)."""
    for parent in folder.resolve().parents:
        found = parent.stat()
        bits = 0o100 if found.st_uid == account.uid else 0o010 if found.st_gid == account.gid else 0o001
        if not found.st_mode & bits:
            raise StoreUnavailable(
                N_("{user}, who runs PostgreSQL, may not enter {path}."),
                hint=N_("Name in ZHIJIE_HOME a folder that every account can reach."),
                user=account.name,
                path=parent,
            )
