"""`zhijie db backup` and `restore`: database and evidence together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from sqlalchemy import make_url

from cli.console import notes, out, plain
from core.i18n import N_, Lang, say
from core.settings import Settings
from reports.evidence import open_blobs
from store import database_url
from store.backup import BackupContext, back_up
from store.backup import restore as restore_backup
from store.journal import verified_head


def backup(
    folder: Annotated[Path, typer.Argument(help="Folder for backups; each gets its own subfolder")],
) -> None:
    """Write a backup and print where it is, what it holds and the journal's head."""
    settings = Settings()
    with _backup_context(settings) as context:
        path, manifest = back_up(context, folder)
    size = (manifest.dump_size + sum(manifest.evidence.values())) / 1e6
    text = N_(
        "{path}: {rows} rows, {files} evidence files, {size} MB, restored and compared. Journal head: {head}"
    )
    counts = {"rows": sum(manifest.tables.values()), "files": len(manifest.evidence), "size": f"{size:,.1f}"}
    out.print(plain(say(settings.lang, text, path=path, head=manifest.journal, **counts)))


def restore(
    folder: Annotated[Path, typer.Argument(help="A backup: FOLDER/<time>")],
    drop_old: Annotated[
        bool, typer.Option("--drop-old", help="Drop the previous database instead of keeping it")
    ] = False,
) -> None:
    """Restore a backup as the database, and print the name that the previous one was given."""
    settings = Settings()
    with _backup_context(settings) as context:
        done = restore_backup(context, folder, drop_old=drop_old)
    text = N_("The backup of {made_at} is in place; {files} evidence files were put back.")
    out.print(plain(say(settings.lang, text, made_at=done.manifest.made_at, files=done.evidence)))
    if done.old is not None:
        kept = N_("The previous database is kept as {name}.")
        out.print(plain(say(settings.lang, kept, name=done.old)))


@contextmanager
def _backup_context(settings: Settings) -> Iterator[BackupContext]:
    """The database, the evidence and a progress bar for backing up or restoring."""
    url = make_url(database_url(settings))
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=notes, transient=True, disable=not notes.is_terminal) as progress:
        stages = _Stages(progress, settings.lang)
        yield BackupContext(
            url, open_blobs(settings), lambda session: str(verified_head(session)), stages.begin
        )


class _Stages:
    """Progress bars, one after another."""

    def __init__(self, progress: Progress, lang: Lang) -> None:
        self._progress = progress
        self._lang = lang
        self._task: TaskID | None = None

    def begin(self, label: str, total: int | None) -> Callable[[int], None]:
        """Complete the bar of the previous stage and start one; returns the function that advances it."""
        # A stage without a known total has no end of its own.
        if self._task is not None:
            self._progress.update(self._task, total=1, completed=1)
        task = self._task = self._progress.add_task(say(self._lang, label), total=total)
        return lambda done: self._progress.advance(task, done)
