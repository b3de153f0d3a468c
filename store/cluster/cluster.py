"""The private PostgreSQL cluster, reachable through a Unix socket only.

It listens on no network address and asks for no password. What protects it is the folder of its socket, which
only the account that runs it may enter.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from core.errors import StoreUnavailable
from core.i18n import N_
from core.processes import process_exists
from store.cluster.os_account import Account, account_for, make_private
from store.cluster.programs import Programs, find_programs

DATABASE: Final = "zhijie"
ROLE: Final = "zhijie"
APP_ROLE: Final = "zhijie_web"  # the server's role: bound by row security
PORT: Final = 5432  # only in the name of the socket; no TCP port is opened
START_S: Final = 120  # limit for a server to start, crash recovery included
LOCK_S: Final = 180  # limit for waiting on another process that starts or stops the same cluster; > START_S
SOCKET_PATH_MAX: Final = 107  # bytes of sockaddr_un.sun_path on Linux, without the terminating NUL

_SETTINGS: Final = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "100",
    "shared_buffers": "256MB",
    "jit": "off",  # compiling costs more than these short statements take
    "timezone": "UTC",
    # the log names errors, but neither statements nor values: these hold names, telephones and credentials
    "log_min_error_statement": "panic",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}
_FAST: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_PREPARE: Final = Path(__file__).parent / "private_cluster.sql"


def default_home(settings_home: Path | None, root: Path) -> Path:
    """Return the folder of the private cluster: the configured one, or one for the checkout ``root``.

    As root it is under ``/var/lib``, because the account that runs PostgreSQL may not be able to enter the
    checkout, for instance below ``/root``.
    """
    if settings_home is not None:
        return settings_home.absolute()
    if os.geteuid() != 0:
        return root / ".zhijie"
    return Path("/var/lib/zhijie") / f"{root.name}-{_digest(root)}"


@dataclass(frozen=True)
class ClusterStatus:
    """State of a cluster.

    Attributes:
        pid: Process id of the server; None if it is not running.
        major: PostgreSQL major version that made the data; None before the first start.
    """

    home: Path
    pid: int | None
    major: int | None

    @property
    def running(self) -> bool:
        """Whether the server is running."""
        return self.pid is not None


class Cluster:
    """A private PostgreSQL cluster in a folder of its own. All methods raise ``StoreUnavailable``.

    Args:
        home: Folder of data, log and lock.
        fast: For tests: do not wait for the disk; a crash or power cut may lose the data.
        run_as: Account that runs PostgreSQL if this process is root; otherwise the current account does.
    """

    def __init__(self, home: Path, *, fast: bool = False, run_as: str = "postgres") -> None:
        self.home = home.absolute()
        self._data = self.home / "data"
        self._log = self.home / "postgres.log"
        self._fast = fast
        self._run_as = run_as

    @property
    def url(self) -> str:
        """SQLAlchemy URL of the database for its owner; valid once ``start`` has returned."""
        return self._url(ROLE)

    @property
    def app_url(self) -> str:
        """SQLAlchemy URL of the database for the server, whose role is bound by row security."""
        return self._url(APP_ROLE)

    def _url(self, role: str) -> str:
        folder = quote(str(self._socket_folder()), safe="/")
        return f"postgresql+psycopg2://{role}@/{DATABASE}?host={folder}&port={PORT}"

    def start(self) -> str:
        """Create the cluster if it is missing, start it if it is down, and return ``url``.

        A running cluster is left alone. Safe to call from several processes at once.
        """
        account = account_for(self._run_as)
        programs = find_programs(self._made_by())
        make_private(self.home, account)
        with self._locked(account):
            if not (self._data / "PG_VERSION").exists():
                self._create(programs, account)
            if self._server_pid() is not None and not self._socket_folder().exists():
                self._halt(programs, account)  # a cleaner of the temporary folder removed its socket
            if self._server_pid() is None:
                self._launch(programs, account)
            self._prepare(programs, account)
        return self.url

    def stop(self) -> None:
        """Stop the server, if it is running; open transactions are rolled back."""
        if self._server_pid() is None:
            return
        account = account_for(self._run_as)
        programs = find_programs(self._made_by())
        with self._locked(account):
            if self._server_pid() is not None:
                self._halt(programs, account)
        with suppress(OSError):  # not empty: another server uses it
            _socket_home(self.home).rmdir()

    def status(self) -> ClusterStatus:
        """Return the state of the cluster, without starting it."""
        return ClusterStatus(self.home, self._server_pid(), self._made_by())

    def _create(self, programs: Programs, account: Account) -> None:
        """Run ``initdb`` in another folder and rename it: an interrupted run is never taken for a cluster."""
        shutil.rmtree(self.home / "data.new", ignore_errors=True)
        options = ["--encoding=UTF8", "--locale=C.UTF-8", f"--username={ROLE}", "--no-instructions"]
        options += ["--auth-local=trust", "--auth-host=reject"]
        options += ["--no-sync"] if self._fast else ["--data-checksums"]
        self._require(self._run(programs, account, "initdb", "-D", "data.new", *options))
        (self.home / "data.new").rename(self._data)

    def _halt(self, programs: Programs, account: Account) -> None:
        self._require(self._run(programs, account, "pg_ctl", "stop", "-D", "data", "-m", "fast", "-t", "60"))

    def _launch(self, programs: Programs, account: Account) -> None:
        make_private(_socket_home(self.home), account)
        self._drop_leftovers()
        deadline = time.monotonic() + START_S
        while not self._try_launch(programs, account):
            log = self._log.read_text(errors="replace") if self._log.exists() else ""
            # the children of a killed server release its shared memory a moment after it
            if "shared memory block" not in log or time.monotonic() > deadline:
                raise self._failure(log)
            time.sleep(0.5)

    def _try_launch(self, programs: Programs, account: Account) -> bool:
        with suppress(FileNotFoundError):
            self._log.replace(self._log.with_suffix(".log.1"))
        settings = _SETTINGS | (_FAST if self._fast else {})
        settings |= {"unix_socket_directories": f'"{_socket_home(self.home)}"'}
        options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
        # pg_ctl passes -D and -l to a shell inside double quotes, so they are plain names relative to home
        files = ["-D", "data", "-l", self._log.name]
        run = self._run(programs, account, "pg_ctl", "start", "-w", "-t", str(START_S), *files, "-o", options)
        return run.returncode == 0

    def _prepare(self, programs: Programs, account: Account) -> None:
        """Wait until the server responds, then create database, extensions and roles if they are missing."""
        deadline = time.monotonic() + START_S
        address = ["-h", str(self._socket_folder()), "-p", str(PORT), "-U", ROLE, "-d", "postgres"]
        while self._run(programs, account, "pg_isready", "-q", *address).returncode != 0:
            if time.monotonic() > deadline:
                raise self._failure(self._log.read_text(errors="replace"))
            time.sleep(0.2)
        options = ["-Xq", "-v", "ON_ERROR_STOP=1", "-v", f"database={DATABASE}"]
        script = _PREPARE.read_text(encoding="utf-8")
        self._require(self._run(programs, account, "psql", *options, *address, script=script))

    def _run(
        self, programs: Programs, account: Account, program: str, *args: str, script: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as ``account`` in ``home``, with ``script`` on its standard input."""
        switch = account.uid != os.geteuid()
        try:
            return subprocess.run(
                [str(programs.folder / program), *args],
                input=script,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
                cwd=self.home,
                # the other account must not inherit this process's settings, which may hold secrets
                env={"PATH": os.defpath, "HOME": str(self.home), "LC_ALL": "C.UTF-8"},
                umask=0o077,
                user=account.uid if switch else None,
                group=account.gid if switch else None,
                extra_groups=[] if switch else None,
            )
        except OSError as error:
            raise self._failure(f"{program}: {error.strerror or error}") from error

    def _require(self, run: subprocess.CompletedProcess[str]) -> None:
        if run.returncode != 0:
            raise self._failure(run.stderr or run.stdout)

    def _failure(self, report: str) -> StoreUnavailable:
        """Return an error with the first line of a program's output that reports one."""
        lines = [line.strip() for line in report.splitlines() if line.strip()]
        errors = [line for line in lines if "FATAL:" in line or "PANIC:" in line or "rror:" in line.lower()]
        return StoreUnavailable(
            N_("The private PostgreSQL in {path} failed: {reason}."),
            hint=N_("See its log: {log}."),
            path=self.home,
            reason=(errors or lines[-1:] or ["?"])[0].rstrip("."),
            log=self._log,
        )

    @contextmanager
    def _locked(self, account: Account) -> Iterator[None]:
        """Hold the cluster's lock. The kernel releases it when the process ends, however it ends."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(self.home / "lock", flags, 0o600)
        try:
            os.fchown(handle, account.uid, account.gid)
            _wait_for_lock(handle)
            yield
        finally:
            os.close(handle)

    def _made_by(self) -> int | None:
        try:
            return int((self._data / "PG_VERSION").read_text())
        except (OSError, ValueError):
            return None

    def _pid_file(self) -> list[str]:
        """Return the lines of ``postmaster.pid``: pid, data folder, start time, port, socket folder, …"""
        try:
            return (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _server_pid(self) -> int | None:
        """Return the process id of the cluster's server; None if it is not running."""
        lines = self._pid_file()
        if not lines or not lines[0].isdigit():
            return None
        pid = int(lines[0])
        return pid if _works_in(pid, self._data) else None

    def _drop_leftovers(self) -> None:
        """Remove the files of a dead server that PostgreSQL would take for a running one.

        Its pid may belong to another process by now, as after a reboot, or to its zombie. A pid that no
        process has is left to PostgreSQL. Whether a child of the dead server is still writing, PostgreSQL
        detects from the shared memory, whose key it derives from the data folder.
        """
        lines = self._pid_file()
        if lines and lines[0].isdigit() and process_exists(int(lines[0])):
            (self._data / "postmaster.pid").unlink()
        for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
            (_socket_home(self.home) / name).unlink(missing_ok=True)

    def _socket_folder(self) -> Path:
        """Return the folder of the running server's socket, or of the next server's."""
        socket_line = 4  # counted from 0
        lines = self._pid_file()
        if self._server_pid() is not None and len(lines) > socket_line and lines[socket_line]:
            return Path(lines[socket_line])
        return _socket_home(self.home)


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:8]


def _socket_home(home: Path) -> Path:
    """Return a folder for the socket whose path is short enough for ``SOCKET_PATH_MAX``."""
    name = f"zhijie-{_digest(home)}"
    folder = Path(tempfile.gettempdir()) / name
    longest = len(os.fsencode(folder / f".s.PGSQL.{PORT}.lock"))
    return folder if longest <= SOCKET_PATH_MAX else Path("/tmp") / name


def _wait_for_lock(handle: int) -> None:
    deadline = time.monotonic() + LOCK_S
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise StoreUnavailable(
                    N_("Another process has been starting or stopping PostgreSQL for {seconds} seconds."),
                    hint=N_("Wait for it, or stop it and try again."),
                    seconds=LOCK_S,
                ) from error
            time.sleep(0.1)


def _works_in(pid: int, data: Path) -> bool:
    """Whether a process exists and has ``data`` as its working directory, as PostgreSQL's server has.

    Where there is no ``/proc``, only whether it exists.
    """
    if not process_exists(pid):
        return False
    if not Path("/proc/self/cwd").exists():
        return True
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == data.resolve()
    except OSError:
        return False
