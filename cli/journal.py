"""`zhijie journal …`: is it whole, what is its head, the steps about one thing, a proof for others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.common import notes, open_store, out, plain, print_rows
from core.errors import BadInput, NotFound
from core.i18n import N_, Lang, say
from core.settings import Settings
from store.journal.proof import Proved, write_proof
from store.journal.read import fetch_steps
from store.journal.verify import Checked, Head, count_rows, current_head, verify

app = typer.Typer(help="The journal: verify it, publish its head, prove what it says.", no_args_is_help=True)
BROKEN: Final = 4
HEADS: Final = (N_("No."), N_("Time (UTC)"), N_("Who"), N_("Step"), N_("Reason"))


@app.command(name="verify")
def verify_(
    head: Annotated[
        list[str] | None,
        typer.Option(
            help="SEQ:HASH published earlier, which must still be in the chain; repeatable. "
            "Only this finds a journal that the database's owner has written anew as a whole"
        ),
    ] = None,
) -> None:
    """Read every row; status 4 and the first wrong row where one is edited, missing, moved or put in."""
    settings = Settings()
    published = [Head.parse(said) for said in head or []]
    told = say(settings.lang, N_("Verifying the journal"))
    with open_store(settings) as session, bar(told, count_rows(session)) as advance:
        found = verify(session, published, advance)
    if found.fault is not None:
        notes.print(f"[red]✗[/red] {plain(found.fault.say(settings.lang))}")
        raise SystemExit(BROKEN)
    out.print(plain(tell_whole(found, settings.lang)))


def tell_whole(found: Checked, lang: Lang) -> str:
    """A journal without a fault, in words."""
    if found.rows == 0:
        return say(lang, N_("The journal is empty."))
    text = N_("The journal is whole: {rows} rows from {first} to {last}. Head: {head}")
    return say(lang, text, rows=found.rows, first=found.first_at, last=found.last_at, head=found.head)


@app.command(name="head")
def head_() -> None:
    """Print SEQ:HASH of the last row, to be published where nobody of this installation can change it."""
    with open_store(Settings()) as session:
        typer.echo(str(current_head(session)))


@app.command()
def show(
    subject: Annotated[str, typer.Argument(help="What the steps are about, such as report/12")],
) -> None:
    """Print the steps about one thing, oldest first."""
    settings = Settings()
    steps: list[dict[str, Any]] = []
    with open_store(settings) as session:
        while page := fetch_steps(session, subject, steps[-1]["seq"] if steps else 0):
            steps += page
    if not steps:
        raise NotFound(N_("The journal has no row on {subject}."), field="subject", subject=subject)
    print_rows(HEADS, map(_cells, steps), settings.lang)


def _cells(step: dict[str, Any]) -> tuple[str, ...]:
    who = step.get("who") or {}
    name = who.get("name") or who.get("system") or who.get("database")
    return tuple(str(cell or "") for cell in (step["seq"], step["at"], name, step["action"], step["reason"]))


@app.command()
def prove(
    report: Annotated[int, typer.Argument(help="Number of the report")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; by default report-REPORT.proof.json")
    ] = None,
) -> None:
    """Write what the journal says of a report as a bundle that tools/check_proof.py checks anywhere."""
    settings = Settings()
    path = output or Path(f"report-{report}.proof.json")
    told = say(settings.lang, N_("Writing the proof"))
    with open_store(settings) as session, bar(told, None) as advance, _whole_file(path) as file:
        proved = write_proof(session, report, file, advance)
    _tell_proved(proved, path, settings.lang)


def _tell_proved(proved: Proved, path: Path, lang: Lang) -> None:
    for name in proved.unproved:
        notes.print(plain(say(lang, N_("{name}: no row of the journal holds its SHA-256."), name=name)))
    text = N_("{shown} rows in full and {others} digests written to {path}. Head: {head}")
    others = proved.rows - proved.shown
    out.print(plain(say(lang, text, shown=proved.shown, others=others, path=path, head=proved.head)))


@contextmanager
def _whole_file(path: Path) -> Iterator[Any]:
    """A text file that gets its name when all is written; readable by its owner only, for it names people."""
    part = path.with_name(path.name + ".part")
    try:
        with open(part, "w", encoding="utf-8", opener=_private) as file:
            yield file
        part.replace(path)
    except OSError as fault:
        raise BadInput(
            N_("{path} cannot be written: {fault}"), field="output", path=path, fault=fault.strerror
        ) from fault
    finally:
        part.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


@contextmanager
def bar(told: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar that counts."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=notes, transient=True, disable=not notes.is_terminal) as progress:
        task = progress.add_task(told, total=total)
        yield lambda done: progress.advance(task, done)
