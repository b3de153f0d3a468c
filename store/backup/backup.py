"""A backup of the whole store, database and evidence, that has been restored once before it counts; and back.

Dump, row counts, journal head and the list of evidence are of one snapshot of the database, whatever is
written meanwhile. Evidence never changes, so its files may be copied afterwards.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from core.errors import BadData, BadInput, StoreUnavailable
from core.i18n import N_
from store.backup import files
from store.backup.files import DUMP, Advance, EvidenceStore, Manifest
from store.backup.server import Server, connect_engine, environment, program, run
from store.engine import MIGRATIONS, migrate
from store.journal.append import append_step

JOBS: Final = "2"  # connections that restore at once
Watch = Callable[[str, int | None], Advance]
Judge = Callable[[Session], str]

_TABLES = """
SELECT c.relname FROM pg_class c
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1
"""
_EVIDENCE = """
SELECT sha256 FROM evidence UNION SELECT thumbnail FROM evidence WHERE thumbnail IS NOT NULL ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Keeper:
    """What backups and restores work with.

    ``url``: of the database, as its owner. ``judge``: gives the journal's head as SEQ:HASH, or raises where
    the journal is broken. ``watch``: is told each stage and its size; gives who is told the progress.
    """

    url: URL
    store: EvidenceStore
    judge: Judge
    watch: Watch


@dataclass(frozen=True, slots=True)
class _Seen:
    """The database at the moment of the snapshot."""

    snapshot: str
    schema: str
    tables: dict[str, int]
    journal: str
    evidence: list[str]


def back_up(keeper: Keeper, folder: Path) -> tuple[Path, Manifest]:
    """Write ``folder/<time>``: dump, evidence, manifest; verified by restoring. It appears whole or not."""
    now = dt.datetime.now(dt.UTC)
    server = Server(keeper.url)
    major = server.major()
    target = folder.absolute() / now.strftime("%Y%m%dT%H%M%SZ")
    with files.whole_folder(target) as part:
        with _snapshot(keeper.url) as seen:
            _dump(keeper, seen, major, part / DUMP)
        sha256, size = files.close_dump(part / DUMP)
        advance = keeper.watch(N_("Copying evidence"), len(seen.evidence))
        manifest = Manifest(
            made_at=now.isoformat(timespec="seconds"),
            program=version("zhijie"),
            schema=seen.schema,
            postgres=major,
            database=keeper.url.database or "",
            tables=seen.tables,
            journal=seen.journal,
            dump_sha256=sha256,
            dump_size=size,
            evidence=files.copy_evidence(keeper.store, seen.evidence, part, advance),
        )
        manifest.write(part)
        with server.scratch("verify") as scratch:
            _load(keeper, scratch, part, major)
            _compare(keeper, scratch, manifest)
    return target, manifest


@contextmanager
def _snapshot(url: URL) -> Iterator[_Seen]:
    """What the database holds at one moment, which stays open for ``pg_dump``."""
    engine = connect_engine(url)
    try:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            yield _look(connection)
    except OperationalError as fault:
        raise StoreUnavailable(
            N_("The database does not answer."), hint=N_("Try again; `zhijie db status` tells its state.")
        ) from fault
    finally:
        engine.dispose()


def _look(connection: Connection) -> _Seen:
    tables = _count(connection)
    if "alembic_version" not in tables:
        raise StoreUnavailable(
            N_("The database does not have the tables of this program."),
            hint=N_("Run `zhijie load`, which makes them and loads the data."),
        )
    return _Seen(
        snapshot=str(connection.scalar(text("SELECT pg_export_snapshot()"))),
        schema=str(connection.scalar(text("SELECT version_num FROM alembic_version"))),
        tables=tables,
        journal=_head(connection) if "journal_head" in tables else "",
        evidence=list(connection.scalars(text(_EVIDENCE))) if "evidence" in tables else [],
    )


def _head(connection: Connection) -> str:
    return str(connection.scalar(text("SELECT seq || ':' || hash FROM journal_head")))


def _count(connection: Connection) -> dict[str, int]:
    """Rows of every table of ours."""
    preparer = connection.dialect.identifier_preparer
    names = list(connection.scalars(text(_TABLES)))
    return {
        name: connection.scalar(text(f"SELECT count(*) FROM public.{preparer.quote(name)}"))  # noqa: S608 - quoted
        or 0
        for name in names
    }


def _dump(keeper: Keeper, seen: _Seen, major: int, path: Path) -> None:
    advance = keeper.watch(N_("Dumping the database"), len(seen.tables))
    options = [
        "--format=custom",
        "--no-password",
        "--verbose",
        f"--snapshot={seen.snapshot}",
        f"--file={path}",
    ]

    def told(line: str) -> None:
        if "dumping contents of table" in line:
            advance(1)

    run(program("pg_dump", major), options, environment(keeper.url), told)


def _load(keeper: Keeper, scratch: URL, folder: Path, major: int) -> None:
    """Fill an empty database from a dump. Objects become those of who restores; grants are kept."""
    advance = keeper.watch(N_("Restoring the dump"), None)
    options = ["--no-owner", "--no-comments", "--no-password", "--exit-on-error", "--verbose"]
    name = (scratch.database or "").replace("\\", "\\\\").replace("'", "\\'")

    def told(line: str) -> None:
        if "finished item" in line or "processing item" in line:
            advance(1)

    place, env = program("pg_restore", major), environment(scratch)
    run(place, [*options, f"--jobs={JOBS}", f"--dbname=dbname='{name}'", str(folder / DUMP)], env, told)


def _compare(keeper: Keeper, scratch: URL, manifest: Manifest) -> None:
    """Refuse a restored database that is not what the manifest tells. Raises :class:`BadData`."""
    advance = keeper.watch(N_("Comparing what was restored"), 2)
    engine = connect_engine(scratch)
    try:
        with Session(engine) as session:
            found = _count(session.connection())
            advance(1)
            wrong = sorted(
                name for name in found | dict(manifest.tables) if found.get(name) != manifest.tables.get(name)
            )
            if not wrong and manifest.journal and keeper.judge(session) != manifest.journal:
                wrong = ["journal_head"]
            advance(1)
    finally:
        engine.dispose()
    if wrong:
        raise BadData(
            N_("What was restored is not what was dumped: {tables}."),
            hint=N_("Nothing was changed. Take another backup."),
            tables=", ".join(wrong),
        )


# ---- and back ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore has done. ``old``: the name that the database before it has now; None: it is gone."""

    manifest: Manifest
    old: str | None
    evidence: int


def restore(keeper: Keeper, folder: Path, *, drop_old: bool = False) -> Restored:
    """Restore a backup beside the database, verify it, bring its schema up to date, then exchange the two.

    The database stays as it is until the exchange, which is one transaction. Evidence is put back before.
    """
    manifest = Manifest.read(folder)
    _require_known(manifest.schema)
    whole = manifest.dump_size + sum(manifest.evidence.values())
    files.check_files(folder, manifest, keeper.watch(N_("Reading the backup"), whole))
    server = Server(keeper.url)
    major = server.major()
    old = server.name_for("before", dt.datetime.now(dt.UTC).strftime("%Y%m%d_%H%M%S"))
    with server.scratch("restore") as scratch:
        _load(keeper, scratch, folder, major)
        _compare(keeper, scratch, manifest)
        _finish(scratch, manifest, _head_of(keeper.url))
        advance = keeper.watch(N_("Putting evidence back"), len(manifest.evidence))
        count = files.put_back(keeper.store, folder, manifest, advance)
        there = server.exchange(scratch.database or "", old)
    if there and drop_old:
        server.drop(old)
    return Restored(manifest, old if there and not drop_old else None, count)


def _require_known(schema: str) -> None:
    known = {revision.revision for revision in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if schema not in known:
        raise BadInput(
            N_("The backup's schema {schema} is newer than this program."),
            field="folder",
            hint=N_("Install the version of the program that made it, or a newer one."),
            schema=schema,
        )


def _finish(scratch: URL, manifest: Manifest, replaced: str | None) -> None:
    """Bring the schema up to date, with what a dump does not hold, and write the restore into the journal."""
    engine = connect_engine(scratch)
    try:
        migrate(engine)
        with Session(engine) as session, session.begin():
            before = None if replaced is None else {"journal": replaced}
            after = {"made_at": manifest.made_at, "journal": manifest.journal, "dump": manifest.dump_sha256}
            append_step(session, "restored", "database", before=before, after=after)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
    finally:
        engine.dispose()


def _head_of(url: URL) -> str | None:
    """The journal's head of the database that is about to be replaced; None where it has none."""
    engine = connect_engine(url)
    try:
        with engine.connect() as connection:
            return _head(connection)
    except DBAPIError:  # no such database, or not ours yet
        return None
    finally:
        engine.dispose()
