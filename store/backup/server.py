"""What a backup asks of PostgreSQL: its programs, a scratch database, two databases exchanged by name."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Literal

from psycopg2.errors import InsufficientPrivilege, ObjectInUse
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from core.errors import StoreUnavailable
from core.i18n import N_
from store.access import APP_ROLE
from store.cluster.programs import installed

TEST: Final = "_test"  # tests touch only databases whose names end so
NAME_MAX: Final = 63  # bytes of a name in PostgreSQL
TRIES: Final = 10  # exchanges begun anew because somebody came in between
Isolation = Literal["AUTOCOMMIT", "READ COMMITTED"]
_THROW_OUT: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = ANY(:names) AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
_PARTS: Final = {"host": "PGHOST", "port": "PGPORT", "username": "PGUSER", "password": "PGPASSWORD"}


class _InUse(Exception):
    """Somebody is connected to a database that is to be renamed."""


def connect_engine(url: URL) -> Engine:
    """Engine without a pool and without the limits that requests have."""
    options = {"options": "-c timezone=UTC -c statement_timeout=0", "connect_timeout": 10}
    return create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=options)


def environment(url: URL) -> dict[str, str]:
    """The connection as libpq's variables: a password on the command line could be read by everybody."""
    found = {name: url._asdict()[part] for part, name in _PARTS.items()}
    told = {f"PG{name.upper()}": value for name, value in url.query.items() if isinstance(value, str)}
    known = {name: str(value) for name, value in (found | told).items() if value is not None}
    return dict(os.environ) | known | {"PGDATABASE": url.database or "", "LC_ALL": "C.UTF-8"}


def program(name: str, major: int) -> Path:
    """``pg_dump`` or ``pg_restore`` for a server of a major version: its own, else the next newer one.

    Raises ``StoreUnavailable``.
    """
    on_path = shutil.which(name)
    debian = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    places = [one.folder / name for one in installed()] + [*debian] + ([Path(on_path)] if on_path else [])
    found = {_major(place): place for place in places if os.access(place, os.X_OK)}
    fitting = sorted(version for version in found if version >= major)
    if not fitting:
        raise StoreUnavailable(
            N_("{name} of PostgreSQL {major} is not installed."),
            hint=N_(
                "Install PostgreSQL's client programs of that version (Debian: postgresql-client-{major})."
            ),
            name=name,
            major=major,
        )
    return found[fitting[0]]


def _major(place: Path) -> int:
    said = subprocess.run([place, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(found[1]) if found else 0


def run(
    place: Path, arguments: list[str], env: Mapping[str, str], line: Callable[[str], None] | None = None
) -> None:
    """Run a program of PostgreSQL; ``line`` is told what it says. Raises ``StoreUnavailable``."""
    last: deque[str] = deque(maxlen=40)
    process = subprocess.Popen(
        [place, *arguments],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )
    try:
        assert process.stderr is not None
        with process.stderr:
            for said in process.stderr:
                last.append(said.strip())
                if line is not None:
                    line(said)
        if process.wait() != 0:
            raise _failed(place.name, last)
    finally:
        if process.poll() is None:  # something went wrong on our side
            process.kill()
            process.wait()


def _failed(name: str, said: deque[str]) -> StoreUnavailable:
    grave = [line for line in said if "error:" in line or "ERROR:" in line]
    return StoreUnavailable(
        N_("{name} failed: {reason}"), name=name, reason=(grave or list(said)[-1:] or ["?"])[0]
    )


class Server:
    """The server that a database stands on, by the URL of that database."""

    def __init__(self, url: URL) -> None:
        self.url = url

    def at(self, database: str) -> URL:
        """The URL of another database of the server."""
        return self.url.set(database=database)

    @contextmanager
    def session(self, isolation: Isolation = "AUTOCOMMIT") -> Iterator[Connection]:
        """A connection to the server, by default one statement a transaction; faults are told in words."""
        engine = connect_engine(self.at("postgres"))
        try:
            with engine.connect().execution_options(isolation_level=isolation) as connection:
                yield connection
        except OperationalError as fault:
            if isinstance(fault.orig, ObjectInUse):
                raise _InUse from fault
            raise StoreUnavailable(
                N_("The database does not answer."), hint=N_("Try again; `zhijie db status` tells its state.")
            ) from fault
        except DBAPIError as fault:
            if not isinstance(fault.orig, InsufficientPrivilege):
                raise
            raise StoreUnavailable(
                N_("The role {role} may not make databases and roles on this server."),
                field="ZHIJIE_DATABASE_URL",
                hint=N_(
                    "Give it the rights with ALTER ROLE … CREATEDB CREATEROLE, or take a role that has them."
                ),
                role=self.url.username,
            ) from fault
        finally:
            engine.dispose()

    def major(self) -> int:
        """The server's major version."""
        with self.session() as connection:
            return int(connection.scalar(text("SHOW server_version_num"))) // 10_000

    def name_for(self, purpose: str, mark: str) -> str:
        """A name beside the database's: ``<database>_<purpose>_<mark>``; in tests it ends in ``_test``."""
        own = self.url.database or ""
        end = f"_{purpose}_{mark}" + (TEST if own.endswith(TEST) else "")
        return own.encode()[: NAME_MAX - len(end)].decode(errors="ignore") + end

    @contextmanager
    def scratch(self, purpose: str) -> Iterator[URL]:
        """An empty database that is gone at the end, unless it has got another name by then."""
        name = self.name_for(purpose, secrets.token_hex(4))
        with self.session() as connection:
            _ensure_app_role(connection)
            connection.execute(text(f"CREATE DATABASE {_quoted(name)} TEMPLATE template0 ENCODING 'UTF8'"))
        try:
            yield self.at(name)
        finally:
            self.drop(name)

    def drop(self, name: str) -> None:
        """Drop a database, whoever uses it."""
        with self.session() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)"))

    def exchange(self, fresh: str, old: str) -> bool:
        """Give ``fresh`` the database's name, and the one that had it the name ``old``; both, or neither.

        Who is connected is thrown out. False where no database had the name.
        """
        own = self.url.database or ""
        with self.session() as connection:
            there = connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :n"), {"n": own})
        renames = [(own, old), (fresh, own)] if there else [(fresh, own)]
        for _ in range(TRIES):
            with suppress(_InUse):
                self._rename(renames)
                return bool(there)
        raise StoreUnavailable(
            N_("The database {name} is in use all the time."),
            hint=N_("Stop the servers that use it (`zhijie serve`), then try again."),
            name=own,
        )

    def _rename(self, renames: list[tuple[str, str]]) -> None:
        """Throw out who is connected and rename, in one transaction; ``_InUse`` where somebody came in."""
        with self.session("READ COMMITTED") as connection:
            connection.execute(text(_THROW_OUT), {"names": [name for name, _ in renames]})
            for name, to in renames:
                connection.execute(text(f"ALTER DATABASE {_quoted(name)} RENAME TO {_quoted(to)}"))
            connection.commit()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _ensure_app_role(connection: Connection) -> None:
    """The role that the dump's grants name; roles are no part of a dump."""
    there = connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :n"), {"n": APP_ROLE})
    if not there:
        connection.execute(text(f"CREATE ROLE {APP_ROLE} NOLOGIN"))
