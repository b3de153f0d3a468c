"""Back up the whole store, database and evidence, and restore it.

Dump, row counts, journal head and the list of evidence are taken from one snapshot of the database, whatever
is written meanwhile. Evidence files never change, so they may be copied afterwards. A backup is complete only
after it has been restored into a scratch database and compared.
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

from core.errors import BadData, BadInput
from core.i18n import N_
from store.backup import files
from store.backup.files import DUMP, Advance, EvidenceStore, Manifest
from store.backup.server import Server, connect_engine, find_program, libpq_environment, run_program
from store.engine import MIGRATIONS, migrate
from store.faults import not_responding, tables_missing
from store.journal.append import append_step

RESTORE_JOBS: Final = "2"  # parallel connections of pg_restore

# Our own tables: those that no extension owns (PostGIS has some in the same schema).
_TABLES: Final = """
SELECT c.relname FROM pg_class c
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1
"""
_EVIDENCE: Final = """
SELECT sha256 FROM evidence UNION SELECT thumbnail FROM evidence WHERE thumbnail IS NOT NULL ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class BackupContext:
    """What backups and restores work with.

    Attributes:
        url: Of the database, as its owner.
        evidence: The evidence store.
        verify_journal: Returns the journal's head as SEQ:HASH; raises :class:`BadData` if the journal is
            broken.
        begin_stage: Called with the label (a message id) and size of each stage; returns the function that
            takes the progress within it.
    """

    url: URL
    evidence: EvidenceStore
    verify_journal: Callable[[Session], str]
    begin_stage: Callable[[str, int | None], Advance]


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """The database at one moment; ``name`` lets other connections see the same."""

    name: str
    schema: str
    tables: dict[str, int]
    journal: str
    evidence: list[str]


def back_up(context: BackupContext, folder: Path) -> tuple[Path, Manifest]:
    """Write a backup and return its folder, ``folder/<UTC time>``, and its manifest.

    The folder gets its name only when it is complete and has been verified by restoring it.

    Raises:
        StoreUnavailable: Database, programs or folder cannot be used.
        BadData: The journal is broken, evidence is missing or damaged, or the restored copy differs.
    """
    now = dt.datetime.now(dt.UTC)
    server = Server(context.url)
    major = server.major()
    target = folder.absolute() / now.strftime("%Y%m%dT%H%M%SZ")
    with files.atomic_folder(target) as part:
        with _open_snapshot(context.url) as snapshot:
            _dump(context, snapshot, major, part / DUMP)
        sha256, size = files.seal_dump(part / DUMP)
        advance = context.begin_stage(N_("Copying evidence"), len(snapshot.evidence))
        manifest = Manifest(
            made_at=now.isoformat(timespec="seconds"),
            program=version("zhijie"),
            schema=snapshot.schema,
            postgres=major,
            database=context.url.database or "",
            tables=snapshot.tables,
            journal=snapshot.journal,
            dump_sha256=sha256,
            dump_size=size,
            evidence=files.copy_evidence(context.evidence, snapshot.evidence, part, advance),
        )
        manifest.write(part)
        with server.scratch_database("verify") as scratch:
            _load(context, scratch, part, major)
            _compare(context, scratch, manifest)
    return target, manifest


@contextmanager
def _open_snapshot(url: URL) -> Iterator[_Snapshot]:
    """Yield a snapshot that stays open for ``pg_dump``: it ends with the transaction that exported it."""
    engine = connect_engine(url)
    try:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            yield _read_snapshot(connection)
    except OperationalError as fault:
        raise not_responding() from fault
    finally:
        engine.dispose()


def _read_snapshot(connection: Connection) -> _Snapshot:
    tables = _count_rows(connection)
    if "alembic_version" not in tables:
        raise tables_missing()
    return _Snapshot(
        name=str(connection.scalar(text("SELECT pg_export_snapshot()"))),
        schema=str(connection.scalar(text("SELECT version_num FROM alembic_version"))),
        tables=tables,
        # both tables came with later revisions of the schema
        journal=_head(connection) if "journal_head" in tables else "",
        evidence=list(connection.scalars(text(_EVIDENCE))) if "evidence" in tables else [],
    )


def _head(connection: Connection) -> str:
    return str(connection.scalar(text("SELECT seq || ':' || hash FROM journal_head")))


def _count_rows(connection: Connection) -> dict[str, int]:
    """Return the number of rows of each of our tables."""
    preparer = connection.dialect.identifier_preparer
    names = list(connection.scalars(text(_TABLES)))
    return {
        name: connection.scalar(text(f"SELECT count(*) FROM public.{preparer.quote(name)}"))  # noqa: S608 - quoted
        or 0
        for name in names
    }


def _dump(context: BackupContext, snapshot: _Snapshot, major: int, path: Path) -> None:
    advance = context.begin_stage(N_("Dumping the database"), len(snapshot.tables))
    options = [
        "--format=custom",
        "--no-password",
        "--verbose",
        f"--snapshot={snapshot.name}",
        f"--file={path}",
    ]

    def count_tables(line: str) -> None:
        if "dumping contents of table" in line:
            advance(1)

    run_program(find_program("pg_dump", major), options, libpq_environment(context.url), count_tables)


def _load(context: BackupContext, scratch: URL, folder: Path, major: int) -> None:
    """Fill an empty database from a dump. Its objects belong to the restoring role; grants are restored."""
    advance = context.begin_stage(N_("Restoring the dump"), None)
    options = ["--no-owner", "--no-comments", "--no-password", "--exit-on-error", "--verbose"]
    # the name as a connection string: alone, one with "=" or a space would be read as one
    name = (scratch.database or "").replace("\\", "\\\\").replace("'", "\\'")

    def count_items(line: str) -> None:
        if "finished item" in line or "processing item" in line:
            advance(1)

    options += [f"--jobs={RESTORE_JOBS}", f"--dbname=dbname='{name}'", str(folder / DUMP)]
    run_program(find_program("pg_restore", major), options, libpq_environment(scratch), count_items)


def _compare(context: BackupContext, scratch: URL, manifest: Manifest) -> None:
    """Raise BadData if row counts or journal head of a restored database differ from the manifest."""
    advance = context.begin_stage(N_("Comparing the restored copy"), 2)
    engine = connect_engine(scratch)
    try:
        with Session(engine) as session:
            restored, dumped = _count_rows(session.connection()), dict(manifest.tables)
            advance(1)
            differing = sorted(name for name in restored | dumped if restored.get(name) != dumped.get(name))
            if not differing and manifest.journal and context.verify_journal(session) != manifest.journal:
                differing = ["journal_head"]
            advance(1)
    finally:
        engine.dispose()
    if differing:
        raise BadData(
            N_("The restored copy differs from the dump: {tables}."),
            hint=N_("Nothing was changed. Use another backup."),
            tables=", ".join(differing),
        )


# ---- restoring --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Restored:
    """Result of a restore.

    Attributes:
        old: Name under which the replaced database was kept; None if there was none or it was dropped.
        evidence: Number of evidence files that had to be restored.
    """

    manifest: Manifest
    old: str | None
    evidence: int


def restore(context: BackupContext, folder: Path, *, drop_old: bool = False) -> Restored:
    """Restore a backup beside the database, verify it, migrate it, then replace the database with it.

    The database stays as it is until it is replaced, in one transaction. Evidence is restored before that, so
    that the restored reports never refer to missing files.

    Args:
        folder: A backup, as ``back_up`` returned it.
        drop_old: Drop the replaced database instead of keeping it under another name.

    Raises:
        BadInput: The folder is not a complete backup, or was made by a newer program.
        BadData: A file of the backup is missing or damaged, or the restored copy differs.
        StoreUnavailable: Database or programs cannot be used.
    """
    manifest = Manifest.read(folder)
    _require_known_schema(manifest.schema)
    total_bytes = manifest.dump_size + sum(manifest.evidence.values())
    files.verify_files(folder, manifest, context.begin_stage(N_("Reading the backup"), total_bytes))
    server = Server(context.url)
    major = server.major()
    old = server.sibling_name("before", dt.datetime.now(dt.UTC).strftime("%Y%m%d_%H%M%S"))
    with server.scratch_database("restore") as scratch:
        _load(context, scratch, folder, major)
        _compare(context, scratch, manifest)
        _finish(scratch, manifest, _head_of(context.url))
        advance = context.begin_stage(N_("Restoring evidence"), len(manifest.evidence))
        count = files.restore_evidence(context.evidence, folder, manifest, advance)
        replaced = server.replace_with(scratch.database or "", old)
    if replaced and drop_old:
        server.drop(old)
    return Restored(manifest, old if replaced and not drop_old else None, count)


def _require_known_schema(schema: str) -> None:
    known = {revision.revision for revision in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if schema not in known:
        raise BadInput(
            N_("The backup's schema {schema} is newer than this program."),
            field="folder",
            hint=N_("Install the version of the program that made it, or a newer one."),
            schema=schema,
        )


def _finish(scratch: URL, manifest: Manifest, replaced: str | None) -> None:
    """Migrate a restored database, add what a dump lacks, and write the restore into its journal.

    A dump lacks the leakproof mark of an extension's function, which ``migrate`` sets, and the planner's
    statistics.
    """
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
    """Return the journal's head of the database about to be replaced; None if it has none."""
    engine = connect_engine(url)
    try:
        with engine.connect() as connection:
            return _head(connection)
    except DBAPIError:  # there is no such database, or it is empty
        return None
    finally:
        engine.dispose()
