"""What commands share: the session, parsing of options, printing for a terminal or a pipe."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy.orm import Session

from core.errors import BadInput
from core.i18n import N_, Lang, say
from core.settings import Settings
from store.engine import make_engine, open_session
from verdict.wording.verdict import tell_trace, tell_verdict

out = Console(soft_wrap=True, highlight=False)
notes = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def open_store(settings: Settings, *, from_memory: bool = False) -> Iterator[Session]:
    """A session on the store, committed at the end.

    ``from_memory``: verdicts are answered from the store in memory where the settings say so.
    """
    engine = make_engine(settings)
    if from_memory:
        from facts.lookup import use_memory  # noqa: PLC0415 - the compiler takes a second to import

        use_memory(engine, settings)
    try:
        with open_session(engine) as session:
            yield session
    finally:
        engine.dispose()


def day(text: str) -> dt.date:
    """A day as people write it, or a refusal."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise BadInput(
            N_("{text} is no day."), field="as_of", hint=N_("Write YYYY-MM-DD."), text=text
        ) from None


def print_filed(number: int, created: bool, lang: Lang) -> None:
    """Tell that a report is filed, now or before."""
    text = N_("Report {number} filed.") if created else N_("Report {number} had been filed before.")
    out.print(say(lang, text, number=number))


def plain(text: str) -> str:
    """Text that must not be read as markup."""
    return escape(text)


def print_verdict(verdict: Mapping[str, Any], lang: Lang, *, trace: bool = False) -> None:
    """Print a verdict's JSON form in words; ``trace``: with every rule that was tried."""
    words = tell_verdict(verdict, lang)
    out.print(f"\n[bold]{words['mark']} {plain(words['headline'])}[/bold]\n")
    print_lines(words["lines"])
    if trace:
        heading = say(lang, N_("How it was decided"))
        out.print(f"\n[bold]{heading}[/bold]")
        for number, step in enumerate(tell_trace(verdict, lang), start=1):
            out.print(f"[dim]{number:3}[/dim] {plain(step)}")


def print_lines(lines: list[dict[str, str]]) -> None:
    """Two columns on a terminal; one line each where the output goes elsewhere and must not be cut."""
    if not out.is_terminal:
        for line in lines:
            out.print(plain(f"{line['label']}  {line['text']}"))
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for line in lines:
        table.add_row(plain(line["label"]), plain(line["text"]))
    out.print(table)


def print_rows(heads: Iterable[str], rows: Iterable[tuple[str, ...]], lang: Lang) -> None:
    """A table on a terminal; lines with tabs where the output goes elsewhere."""
    if not out.is_terminal:
        for row in rows:
            typer.echo("\t".join(row).rstrip())
        return
    table = Table(box=box.SIMPLE)
    for head in heads:
        table.add_column(say(lang, head), overflow="fold")
    for row in rows:
        table.add_row(*map(plain, row))
    if table.row_count:
        out.print(table)
