"""Which PostgreSQL of this machine runs the private cluster."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.errors import StoreUnavailable
from core.i18n import N_

OLDEST: Final = 15
_WANTED: Final = ("postgres", "initdb", "pg_ctl", "pg_isready", "psql")
_DEBIAN: Final = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Programs:
    """One installed PostgreSQL: the folder of its programs, its major version, PostGIS or none."""

    folder: Path
    major: int
    postgis: bool


def find_programs(made_by: int | None = None) -> Programs:
    """Newest installed PostgreSQL from 15 on that has PostGIS; with ``made_by``, that version alone.

    A cluster's data can only be read by the major version that made them.
    Raises ``StoreUnavailable``, which says what to install.
    """
    found = installed()
    fitting = [one for one in found if made_by is None or one.major == made_by]
    usable = [one for one in fitting if one.postgis]
    if usable:
        return usable[0]
    if fitting:
        raise _missing(N_("PostgreSQL {major} is installed, but its PostGIS 3 is not."), fitting[0].major)
    if made_by is not None:
        raise StoreUnavailable(
            N_("The stored data were made by PostgreSQL {made_by}; installed: {found}."),
            hint=N_("Install PostgreSQL {made_by} with PostGIS 3, or name a new folder in ZHIJIE_HOME."),
            made_by=made_by,
            found=", ".join(str(one.major) for one in found) or "–",
        )
    raise _missing(N_("PostgreSQL {major} or newer with PostGIS 3 is not installed."), OLDEST)


def installed() -> list[Programs]:
    """Every PostgreSQL server from 15 on that this machine has, newest first."""
    found = [one for folder in _folders() if (one := _programs_in(folder)) is not None]
    return sorted(found, key=lambda one: one.major, reverse=True)


def _missing(message: str, major: int) -> StoreUnavailable:
    return StoreUnavailable(
        message,
        hint=N_(
            "Run `make setup-system` (Debian: apt-get install postgresql-{major}-postgis-3), "
            "or set ZHIJIE_DATABASE_URL."
        ),
        major=major,
    )


def _folders() -> list[Path]:
    """Folders that may hold a server: Debian's, those of PATH, the one that ``pg_config`` tells."""
    folders = [*_DEBIAN.glob("*/bin"), *map(Path, os.get_exec_path())]
    if (config := shutil.which("pg_config")) is not None:
        folders.append(Path(_said(Path(config), "--bindir")))
    return list({folder.resolve(): None for folder in folders})


def _programs_in(folder: Path) -> Programs | None:
    if not all(os.access(folder / name, os.X_OK) for name in _WANTED):
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", _said(folder / "postgres", "--version"))
    if version is None or int(version[1]) < OLDEST:
        return None
    return Programs(folder, int(version[1]), _has_postgis(folder))


def _has_postgis(folder: Path) -> bool:
    """Whether both halves of the extension are there: its scripts and its library."""
    scripts = _places(folder, "--sharedir", "share", "extension/postgis.control")
    library = _places(folder, "--pkglibdir", "lib", "postgis-3.*")
    return bool(scripts and library)


def _places(folder: Path, question: str, usual: str, pattern: str) -> list[Path]:
    """Files of an installed PostgreSQL, where its ``pg_config`` says or in the usual folders beside it."""
    told = _said(folder / "pg_config", question)
    beside = [folder.parent / usual / inner for inner in ("", "postgresql", "pgsql")]
    return [file for place in ([Path(told)] if told else beside) for file in place.glob(pattern)]


def _said(program: Path, question: str) -> str:
    """First line of what a program answers; empty where it fails."""
    try:
        run = subprocess.run([program, question], capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return run.stdout.strip()
