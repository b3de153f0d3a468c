"""`zhijie journal verify`, `head` and `show`: read the journal."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from cli.console import notes, out, plain, print_rows
from cli.journal.progress import progress_bar
from cli.session import open_store
from core.errors import NotFound
from core.i18n import N_, Lang, say
from core.settings import Settings
from store.journal import Head, VerificationResult, count_rows, current_head, fetch_steps, verify_journal

BROKEN: Final = 4  # exit status where a row is edited, missing, moved or inserted
HEADINGS: Final = (N_("No."), N_("Time (UTC)"), N_("Who"), N_("Step"), N_("Reason"))


def verify(
    head: Annotated[
        list[str] | None,
        typer.Option(
            help="SEQ:HASH published earlier, which must still be in the chain; repeatable. "
            "Only this detects a journal that the database's owner has rewritten entirely"
        ),
    ] = None,
) -> None:
    """Print whether the journal is intact. Exits with ``BROKEN`` and the first wrong row where it is not."""
    settings = Settings()
    published = [Head.parse(text) for text in head or []]
    label = say(settings.lang, N_("Verifying the journal"))
    with open_store(settings) as session, progress_bar(label, count_rows(session)) as advance:
        found = verify_journal(session, published, advance)
    if found.fault is not None:
        notes.print(f"[red]✗[/red] {plain(found.fault.say(settings.lang))}")
        raise SystemExit(BROKEN)
    out.print(plain(intact_line(found, settings.lang)))


def intact_line(found: VerificationResult, lang: Lang) -> str:
    """The sentence on a journal without a fault: rows, first and last time, head."""
    if found.rows == 0:
        return say(lang, N_("The journal is empty."))
    text = N_("The journal is intact: {rows} rows from {first} to {last}. Head: {head}")
    return say(lang, text, rows=found.rows, first=found.first_at, last=found.last_at, head=found.head)


def head() -> None:
    """Print the head of the journal."""
    with open_store(Settings()) as session:
        typer.echo(str(current_head(session)))


def show(
    subject: Annotated[str, typer.Argument(help="Subject of the steps, such as report/12")],
) -> None:
    """Print the steps about one subject, oldest first."""
    settings = Settings()
    steps: list[dict[str, Any]] = []
    with open_store(settings) as session:
        while page := fetch_steps(session, subject, steps[-1]["seq"] if steps else 0):
            steps += page
    if not steps:
        raise NotFound(N_("The journal has no row about {subject}."), field="subject", subject=subject)
    print_rows(HEADINGS, map(_cells, steps), settings.lang)


def _cells(step: dict[str, Any]) -> tuple[str, ...]:
    who = step.get("who") or {}
    name = who.get("name") or who.get("system") or who.get("database")
    return tuple(str(cell or "") for cell in (step["seq"], step["at"], name, step["action"], step["reason"]))
