"""The private PostGIS: a PostgreSQL cluster of our own that only a Unix socket reaches.

It listens on no network address and asks for no password; what guards it is the socket's folder,
which only the account that runs it may enter. PostgreSQL refuses to run as root, so root's cluster
runs as another account (``postgres``). Which programs are used is settled in ``store.cluster.programs``.
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
from store.cluster.os_account import Account, account_for, make_private
from store.cluster.programs import Programs, find_programs

DATABASE: Final = "zhijie"
ROLE: Final = "zhijie"
APP_ROLE: Final = "zhijie_web"  # whom the server signs in as: row security binds it
PORT: Final = 5432  # only the name of the socket file; no TCP port is opened
START_S: Final = 120  # longest wait for a server to start, crash recovery included
LOCK_S: Final = 180  # longest wait for another process that starts or stops the same cluster
SOCKET_PATH_MAX: Final = 107  # bytes of sockaddr_un.sun_path on Linux, less the closing zero

_SETTINGS: Final = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "100",
    "shared_buffers": "256MB",
    "jit": "off",  # compiling costs more than our short statements take
    "timezone": "UTC",
}
_FAST: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_PREPARE: Final = Path(__file__).parent / "private_cluster.sql"


def default_home(settings_home: Path | None, root: Path) -> Path:
    """Folder of the private cluster: the configured one, or one that belongs to the checkout ``root``.

    For root it lies under ``/var/lib``, because the account that runs PostgreSQL may not be able
    to enter the checkout (``/root`` is closed to it).
    """
    if settings_home is not None:
        return settings_home.absolute()
    if os.geteuid() != 0:
        return root / ".zhijie"
    return Path("/var/lib/zhijie") / f"{root.name}-{_digest(root)}"


@dataclass(frozen=True)
class ClusterStatus:
    """What is known of a cluster without touching it."""

    home: Path
    pid: int | None
    """Process id of the server; None where it does not run."""
    major: int | None
    """PostgreSQL version that made the data; None before the first start."""

    @property
    def running(self) -> bool:
        """Whether the server runs."""
        return self.pid is not None


class Cluster:
    """One private PostgreSQL cluster, kept in the folder ``home``.

    ``fast`` is for tests: what a crash or a power cut leaves of it may be lost. ``run_as`` names the account
    that runs PostgreSQL where we are root; otherwise it runs as whoever we are.
    All methods raise ``StoreUnavailable``.
    """

    def __init__(self, home: Path, *, fast: bool = False, run_as: str = "postgres") -> None:
        self.home = home.absolute()
        self._data = self.home / "data"
        self._log = self.home / "postgres.log"
        self._fast = fast
        self._run_as = run_as

    @property
    def url(self) -> str:
        """SQLAlchemy URL of the database for its owner; of use once ``start`` has returned."""
        return self._url(ROLE)

    @property
    def app_url(self) -> str:
        """The same for the server."""
        return self._url(APP_ROLE)

    def _url(self, role: str) -> str:
        folder = quote(str(self._socket_folder()), safe="/")
        return f"postgresql+psycopg2://{role}@/{DATABASE}?host={folder}&port={PORT}"

    def start(self) -> str:
        """Make the cluster where it is missing, start it where it rests; return ``url``.

        A running cluster is left alone. Safe to call from several processes at once.
        """
        account = account_for(self._run_as)
        programs = find_programs(self._made_by())
        make_private(self.home, account)
        with self._alone(account):
            if not (self._data / "PG_VERSION").exists():
                self._create(programs, account)
            if self._server_pid() is not None and not self._socket_folder().exists():
                self._halt(programs, account)  # a cleaner of the temporary folder took its socket
            if self._server_pid() is None:
                self._launch(programs, account)
            self._prepare(programs, account)
        return self.url

    def stop(self) -> None:
        """Stop the server; open transactions are rolled back. Nothing happens where none runs."""
        if self._server_pid() is None:
            return
        account = account_for(self._run_as)
        programs = find_programs(self._made_by())
        with self._alone(account):
            if self._server_pid() is not None:
                self._halt(programs, account)
        with suppress(OSError):  # not empty: some other server uses it
            _socket_home(self.home).rmdir()

    def status(self) -> ClusterStatus:
        """Whether it runs and what made it; starts nothing."""
        return ClusterStatus(self.home, self._server_pid(), self._made_by())

    def _create(self, programs: Programs, account: Account) -> None:
        """``initdb`` beside its place, then move it there: an interrupted one is never taken for whole."""
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
        while not self._launched(programs, account):
            log = self._log.read_text(errors="replace") if self._log.exists() else ""
            # children of a server that was killed let go of its memory a moment after it
            if "shared memory block" not in log or time.monotonic() > deadline:
                raise self._failure(log)
            time.sleep(0.5)

    def _launched(self, programs: Programs, account: Account) -> bool:
        with suppress(FileNotFoundError):
            self._log.replace(self._log.with_suffix(".log.1"))
        settings = _SETTINGS | (_FAST if self._fast else {})
        settings |= {"unix_socket_directories": f'"{_socket_home(self.home)}"'}
        given = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
        # pg_ctl hands -D and -l to a shell inside double quotes: only names that no shell reads as more
        where = ["-D", "data", "-l", self._log.name]
        run = self._run(programs, account, "pg_ctl", "start", "-w", "-t", str(START_S), *where, "-o", given)
        return run.returncode == 0

    def _prepare(self, programs: Programs, account: Account) -> None:
        """Wait until the server answers, then see to the database and its extensions."""
        deadline = time.monotonic() + START_S
        reach = ["-h", str(self._socket_folder()), "-p", str(PORT), "-U", ROLE, "-d", "postgres"]
        while self._run(programs, account, "pg_isready", "-q", *reach).returncode != 0:
            if time.monotonic() > deadline:
                raise self._failure(self._log.read_text(errors="replace"))
            time.sleep(0.2)
        options = ["-Xq", "-v", "ON_ERROR_STOP=1", "-v", f"database={DATABASE}"]
        script = _PREPARE.read_text(encoding="utf-8")
        self._require(self._run(programs, account, "psql", *options, *reach, script=script))

    def _run(
        self, programs: Programs, account: Account, program: str, *args: str, script: str = ""
    ) -> subprocess.CompletedProcess[str]:
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
        """An error with the first line that says what is wrong."""
        lines = [line.strip() for line in report.splitlines() if line.strip()]
        grave = [line for line in lines if "FATAL:" in line or "PANIC:" in line or "rror:" in line.lower()]
        return StoreUnavailable(
            N_("The private PostgreSQL in {path} failed: {reason}."),
            hint=N_("Its log is {log}."),
            path=self.home,
            reason=(grave or lines[-1:] or ["?"])[0].rstrip("."),
            log=self._log,
        )

    @contextmanager
    def _alone(self, account: Account) -> Iterator[None]:
        """Hold the cluster's lock; it ends with the process, however that ends."""
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
        """Lines of ``postmaster.pid``: pid, data folder, start time, port, socket folder, …"""
        try:
            return (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _server_pid(self) -> int | None:
        """Process id of this cluster's live server."""
        lines = self._pid_file()
        if not lines or not lines[0].isdigit():
            return None
        pid = int(lines[0])
        return pid if _works_in(pid, self._data) else None

    def _drop_leftovers(self) -> None:
        """Forget the files of a server that is gone, where PostgreSQL would take it for alive.

        Its pid may have gone to another process, as after a restart of the machine, or may be held by
        its unburied remains. A pid that nobody has is left to PostgreSQL. That no child of the old
        server still writes, PostgreSQL sees from the shared memory, whose key comes from the folder.
        """
        lines = self._pid_file()
        if lines and lines[0].isdigit() and lives(int(lines[0])):
            (self._data / "postmaster.pid").unlink()
        for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
            (_socket_home(self.home) / name).unlink(missing_ok=True)

    def _socket_folder(self) -> Path:
        """Where the running server has its socket, or where the next one will."""
        socket_line = 4
        lines = self._pid_file()
        if self._server_pid() is not None and len(lines) > socket_line and lines[socket_line]:
            return Path(lines[socket_line])
        return _socket_home(self.home)


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:8]


def _socket_home(home: Path) -> Path:
    """A short folder for the socket: the path of a socket may have 107 bytes only."""
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
                    hint=N_("Wait for it or end it, then try again."),
                    seconds=LOCK_S,
                ) from error
            time.sleep(0.1)


def lives(pid: int) -> bool:
    """Whether a process has this number, whoever's it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _works_in(pid: int, data: Path) -> bool:
    """Whether ``pid`` lives and, where the system tells, works in the folder ``data`` as its server does."""
    if not lives(pid):
        return False
    if not Path("/proc/self/cwd").exists():
        return True
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == data.resolve()
    except OSError:
        return False
