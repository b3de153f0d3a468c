"""The PostgreSQL installations of this machine, and which of them runs the private cluster."""

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

OLDEST_MAJOR: Final = 15
_SERVER_PROGRAMS: Final = ("postgres", "initdb", "pg_ctl", "pg_isready", "psql")
_DEBIAN: Final = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Programs:
    """One installed PostgreSQL server.

    Attributes:
        folder: Folder of its programs.
        major: Major version.
        postgis: Whether PostGIS 3 is installed for it.
    """

    folder: Path
    major: int
    postgis: bool


def find_programs(made_by: int | None = None) -> Programs:
    """Return the newest installed PostgreSQL that has PostGIS.

    Args:
        made_by: Major version that made a cluster's data, which no other version can read; None: any version.

    Raises:
        StoreUnavailable: None is installed; the hint says what to install.
    """
    servers = installed()
    suitable = [server for server in servers if made_by is None or server.major == made_by]
    usable = [server for server in suitable if server.postgis]
    if usable:
        return usable[0]
    if suitable:
        raise _missing(N_("PostgreSQL {major} is installed, but its PostGIS 3 is not."), suitable[0].major)
    if made_by is not None:
        raise StoreUnavailable(
            N_("The stored data were made by PostgreSQL {made_by}; installed: {found}."),
            hint=N_("Install PostgreSQL {made_by} with PostGIS 3, or name a new folder in ZHIJIE_HOME."),
            made_by=made_by,
            found=", ".join(str(server.major) for server in servers) or "–",
        )
    raise _missing(N_("PostgreSQL {major} or newer with PostGIS 3 is not installed."), OLDEST_MAJOR)


def installed() -> list[Programs]:
    """Return every PostgreSQL server of this machine from ``OLDEST_MAJOR`` on, newest first."""
    servers = [programs for folder in _folders() if (programs := _programs_in(folder)) is not None]
    return sorted(servers, key=lambda server: server.major, reverse=True)


def program_major(program: Path) -> int | None:
    """Return the major version that a program of PostgreSQL prints; None if it prints none."""
    version = re.search(r"\(PostgreSQL\) (\d+)", _output(program, "--version"))
    return None if version is None else int(version[1])


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
    """Return the folders that may contain a server: Debian's, those of PATH, and ``pg_config --bindir``."""
    folders = [*_DEBIAN.glob("*/bin"), *map(Path, os.get_exec_path())]
    if (config := shutil.which("pg_config")) is not None:
        folders.append(Path(_output(Path(config), "--bindir")))
    return list({folder.resolve(): None for folder in folders})


def _programs_in(folder: Path) -> Programs | None:
    if not all(os.access(folder / name, os.X_OK) for name in _SERVER_PROGRAMS):
        return None
    major = program_major(folder / "postgres")
    if major is None or major < OLDEST_MAJOR:
        return None
    # PostGIS is usable only with both halves of the extension; packages can be removed one by one
    scripts = _files(folder, "--sharedir", "share", "extension/postgis.control")
    library = _files(folder, "--pkglibdir", "lib", "postgis-3.*")
    return Programs(folder, major, bool(scripts and library))


def _files(programs: Path, option: str, usual: str, pattern: str) -> list[Path]:
    """Return files of an installation, from the folder that its ``pg_config`` names or from the usual ones.

    Args:
        programs: Folder of its programs.
        option: Of ``pg_config``, which need not be installed.
        usual: Name of the folder beside that of the programs.
        pattern: Of the files.
    """
    configured = _output(programs / "pg_config", option)
    usual_folders = [programs.parent / usual / inner for inner in ("", "postgresql", "pgsql")]
    folders = [Path(configured)] if configured else usual_folders
    return [file for folder in folders for file in folder.glob(pattern)]


def _output(program: Path, option: str) -> str:
    """Return what a program prints for an option; empty if it fails."""
    try:
        run = subprocess.run([program, option], capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return run.stdout.strip()
