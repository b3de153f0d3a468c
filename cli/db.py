"""`zhijie db …`: the private PostGIS, and the schema of any."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from sqlalchemy import make_url

from cli.common import notes, open_store, out, plain
from core.i18n import N_, Lang, say
from core.settings import Settings
from reports.evidence.storage import open_blobs
from store.backup.backup import Keeper, back_up
from store.backup.backup import restore as restore_backup
from store.engine import database_url, make_engine, migrate, private_cluster, revisions
from store.journal.verify import require_whole

app = typer.Typer(help="The private PostGIS, and the schema of any.", no_args_is_help=True)


@app.command()
def start() -> None:
    """Start the private PostGIS and print its address."""
    typer.echo(private_cluster(Settings()).start())


@app.command()
def stop() -> None:
    """Stop the private PostGIS."""
    private_cluster(Settings()).stop()


@app.command()
def status() -> None:
    """Tell the state of the store and its schema."""
    settings = Settings()
    cluster = private_cluster(settings)
    if settings.database_url is None and not cluster.status().running:
        out.print(say(settings.lang, N_("The private PostGIS is stopped. Start it with `zhijie db start`.")))
        raise SystemExit(3)
    with open_store(settings) as session:
        current, newest = revisions(session)
    out.print(
        say(
            settings.lang,
            N_("The database answers. Schema: {current}; the program needs {newest}."),
            current=current,
            newest=newest,
        )
    )


@app.command(name="migrate")
def migrate_() -> None:
    """Bring the schema to what this program needs."""
    migrate(make_engine(Settings()))


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="Folder of backups; each gets a folder of its own in it")],
) -> None:
    """Write database and evidence to FOLDER/<time>, verified by restoring; it appears whole or not at all."""
    settings = Settings()
    with _keeper(settings) as keeper:
        path, manifest = back_up(keeper, folder)
    size = (manifest.dump_size + sum(manifest.evidence.values())) / 1e6
    text = N_(
        "{path}: {rows} rows, {files} evidence files, {size} MB, restored and compared. Journal head: {head}"
    )
    counts = {"rows": sum(manifest.tables.values()), "files": len(manifest.evidence), "size": f"{size:,.1f}"}
    out.print(plain(say(settings.lang, text, path=path, head=manifest.journal, **counts)))


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="A backup: FOLDER/<time>")],
    drop_old: Annotated[
        bool, typer.Option("--drop-old", help="Drop the database before it instead of keeping it")
    ] = False,
) -> None:
    """Restore a backup beside the database, verify it, then put it in its place. Stop the servers before."""
    settings = Settings()
    with _keeper(settings) as keeper:
        done = restore_backup(keeper, folder, drop_old=drop_old)
    text = N_("The backup of {made_at} is in place; {files} evidence files were put back.")
    out.print(plain(say(settings.lang, text, made_at=done.manifest.made_at, files=done.evidence)))
    if done.old is not None:
        kept = N_("The database before it is kept as {name}.")
        out.print(plain(say(settings.lang, kept, name=done.old)))


@contextmanager
def _keeper(settings: Settings) -> Iterator[Keeper]:
    """What backups work with, and a bar for each of their stages."""
    url = make_url(database_url(settings))
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=notes, transient=True, disable=not notes.is_terminal) as progress:
        stages = _Stages(progress, settings.lang)
        yield Keeper(url, open_blobs(settings), lambda session: str(require_whole(session)), stages.begin)


class _Stages:
    """One bar after the other."""

    def __init__(self, progress: Progress, lang: Lang) -> None:
        self._progress = progress
        self._lang = lang
        self._task: TaskID | None = None

    def begin(self, told: str, total: int | None) -> Callable[[int], None]:
        """End the stage before, and begin one."""
        if self._task is not None:
            self._progress.update(self._task, total=1, completed=1)
        task = self._task = self._progress.add_task(say(self._lang, told), total=total)
        return lambda done: self._progress.advance(task, done)
