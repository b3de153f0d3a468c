"""PostgreSQL as backups use it: its client programs, scratch databases, replacing a database by another."""

from __future__ import annotations

import os
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
from store.cluster.programs import installed, program_major
from store.faults import not_responding

TEST_SUFFIX: Final = "_test"  # tests may touch only databases whose names end in it
NAME_MAX_BYTES: Final = 63  # of an identifier in PostgreSQL (NAMEDATALEN - 1)
REPLACE_ATTEMPTS: Final = 10  # a client that reconnects between disconnecting and renaming costs one
Isolation = Literal["AUTOCOMMIT", "READ COMMITTED"]
_DISCONNECT_CLIENTS: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = ANY(:names) AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
_LIBPQ_VARIABLES: Final = {"host": "PGHOST", "port": "PGPORT", "username": "PGUSER", "password": "PGPASSWORD"}


class _InUse(Exception):
    """A client is connected to a database that is to be renamed."""


def connect_engine(url: URL) -> Engine:
    """Return an engine without a pool and without the statement timeout of requests."""
    options = {"options": "-c timezone=UTC -c statement_timeout=0", "connect_timeout": 10}
    return create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=options)


def libpq_environment(url: URL) -> dict[str, str]:
    """Return this process's environment with a connection in libpq's variables.

    Variables and not arguments, because every account of the machine can read a command line, password
    included.
    """
    parts = {name: url._asdict()[part] for part, name in _LIBPQ_VARIABLES.items()}
    options = {f"PG{name.upper()}": value for name, value in url.query.items() if isinstance(value, str)}
    connection = {name: str(value) for name, value in (parts | options).items() if value is not None}
    return dict(os.environ) | connection | {"PGDATABASE": url.database or "", "LC_ALL": "C.UTF-8"}


def find_program(name: str, major: int) -> Path:
    """Return the path of ``pg_dump`` or ``pg_restore`` for a server's major version.

    That version's own, or else the next newer one: ``pg_dump`` refuses servers newer than itself.

    Raises:
        StoreUnavailable: None is installed.
    """
    on_path = shutil.which(name)
    debian = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    paths = [server.folder / name for server in installed()] + [*debian]
    paths += [Path(on_path)] if on_path else []
    by_major = {program_major(path) or 0: path for path in paths if os.access(path, os.X_OK)}
    suitable = [version for version in by_major if version >= major]
    if not suitable:
        raise StoreUnavailable(
            N_("{name} of PostgreSQL {major} is not installed."),
            hint=N_(
                "Install PostgreSQL's client programs of that version (Debian: postgresql-client-{major})."
            ),
            name=name,
            major=major,
        )
    return by_major[min(suitable)]


def run_program(
    program: Path, arguments: list[str], env: Mapping[str, str], on_line: Callable[[str], None] | None = None
) -> None:
    """Run a client program of PostgreSQL; ``on_line`` takes each line that it writes to standard error.

    Raises:
        StoreUnavailable: It failed; the message has its first error.
    """
    last_lines: deque[str] = deque(maxlen=40)
    process = subprocess.Popen(
        [program, *arguments],
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
            for line in process.stderr:
                last_lines.append(line.strip())
                if on_line is not None:
                    on_line(line)
        if process.wait() != 0:
            errors = [line for line in last_lines if "error:" in line or "ERROR:" in line]
            reason = (errors or list(last_lines)[-1:] or ["?"])[0]
            raise StoreUnavailable(N_("{name} failed: {reason}"), name=program.name, reason=reason)
    finally:
        if process.poll() is None:  # an exception here, such as Ctrl+C: do not leave it running
            process.kill()
            process.wait()


class Server:
    """The PostgreSQL server of a database, given by the URL of that database."""

    def __init__(self, url: URL) -> None:
        self.url = url

    def at(self, database: str) -> URL:
        """Return the URL of another database of the server."""
        return self.url.set(database=database)

    @contextmanager
    def connect(self, isolation: Isolation = "AUTOCOMMIT") -> Iterator[Connection]:
        """Yield a connection to the server's maintenance database, ``postgres``.

        Raises:
            StoreUnavailable: The server does not respond, or the role lacks a right.
        """
        engine = connect_engine(self.at("postgres"))
        try:
            with engine.connect().execution_options(isolation_level=isolation) as connection:
                yield connection
        except OperationalError as fault:
            if isinstance(fault.orig, ObjectInUse):
                raise _InUse from fault
            raise not_responding() from fault
        except DBAPIError as fault:
            if not isinstance(fault.orig, InsufficientPrivilege):
                raise
            raise StoreUnavailable(
                N_("The role {role} may not create databases and roles on this server."),
                field="ZHIJIE_DATABASE_URL",
                hint=N_("Grant them with ALTER ROLE … CREATEDB CREATEROLE, or use a role that has them."),
                role=self.url.username,
            ) from fault
        finally:
            engine.dispose()

    def major(self) -> int:
        """Return the server's major version."""
        with self.connect() as connection:
            return int(connection.scalar(text("SHOW server_version_num"))) // 10_000

    def sibling_name(self, purpose: str, mark: str) -> str:
        """Return ``<database>_<purpose>_<mark>``, cut to PostgreSQL's limit; in tests, with ``_test``."""
        own = self.url.database or ""
        end = f"_{purpose}_{mark}" + (TEST_SUFFIX if own.endswith(TEST_SUFFIX) else "")
        return own.encode()[: NAME_MAX_BYTES - len(end)].decode(errors="ignore") + end

    @contextmanager
    def scratch_database(self, purpose: str) -> Iterator[URL]:
        """Yield the URL of a new empty database, dropped at the end unless it has been renamed by then."""
        name = self.sibling_name(purpose, secrets.token_hex(4))
        with self.connect() as connection:
            _ensure_app_role(connection)
            # template0: template1 may have local additions, which would collide with the dump's
            connection.execute(text(f"CREATE DATABASE {_quoted(name)} TEMPLATE template0 ENCODING 'UTF8'"))
        try:
            yield self.at(name)
        finally:
            self.drop(name)

    def drop(self, name: str) -> None:
        """Drop a database, if it exists; clients are disconnected."""
        with self.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)"))

    def replace_with(self, fresh: str, old: str) -> bool:
        """Rename the database to ``old`` and the database ``fresh`` to its name, both or neither.

        Clients of both are disconnected.

        Returns:
            False if there was no database to replace.

        Raises:
            StoreUnavailable: Clients reconnected before each of ``REPLACE_ATTEMPTS`` renamings.
        """
        own = self.url.database or ""
        with self.connect() as connection:
            exists = connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :n"), {"n": own})
        renames = [(own, old), (fresh, own)] if exists else [(fresh, own)]
        for _ in range(REPLACE_ATTEMPTS):
            with suppress(_InUse):
                self._rename(renames)
                return bool(exists)
        raise StoreUnavailable(
            N_("The database {name} is constantly in use."),
            hint=N_("Stop the servers that use it (`zhijie serve`), then try again."),
            name=own,
        )

    def _rename(self, renames: list[tuple[str, str]]) -> None:
        """Disconnect clients and rename in one transaction. Raises _InUse if a client has reconnected."""
        with self.connect("READ COMMITTED") as connection:
            connection.execute(text(_DISCONNECT_CLIENTS), {"names": [name for name, _ in renames]})
            for name, to in renames:
                connection.execute(text(f"ALTER DATABASE {_quoted(name)} RENAME TO {_quoted(to)}"))
            connection.commit()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _ensure_app_role(connection: Connection) -> None:
    """Create the role that the dump's grants name: roles belong to the server and are not dumped."""
    exists = connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :n"), {"n": APP_ROLE})
    if not exists:
        connection.execute(text(f"CREATE ROLE {APP_ROLE} NOLOGIN"))
