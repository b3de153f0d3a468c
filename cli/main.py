"""The ``zhijie`` program: the table of its commands, and errors printed as one line.

To add a command: write it in a module of its own and enter it here. The help text stands only in the table.
"""

from __future__ import annotations

from typing import Final

from cli.console import notes, plain
from cli.lazy import LazyCommand, lazy_app
from core.errors import ZhijieError

COMMANDS: Final = {
    "check": LazyCommand(
        "cli.check", "check", "Whose ground is this, and may that stand on it? Stores nothing."
    ),
    "report": LazyCommand("cli.report", "report", "File a report; its verdict is stored with it."),
    "screen": LazyCommand(
        "cli.screen",
        "screen",
        "Judge every place of a file; write its rows in their order, with the columns of the verdict.",
    ),
    "serve": LazyCommand("cli.serve", "serve", "Serve the map and the API."),
    "load": LazyCommand("cli.load", "load", "Load the data folder into the store: all of it, or nothing."),
    "datum": LazyCommand("cli.datum", "app", "Datums: check a batch of coordinates, convert a single one."),
    "db": LazyCommand("cli.db", "app", "The private PostGIS, and the schema of any."),
    "demo": LazyCommand(
        "cli.demo", "app", "The demonstration: a story, a year of fictional reports, users of every role."
    ),
    "journal": LazyCommand(
        "cli.journal", "app", "The journal: verify it, publish its head, prove what it says."
    ),
    "law": LazyCommand("cli.law", "app", "The law: check it, load a competence list, count terms."),
    "remote": LazyCommand("cli.remote", "app", "Check, report and export at a server, with an API key."),
    "units": LazyCommand("cli.units", "app", "Administrative units: preview a boundary change."),
    "user": LazyCommand("cli.users", "app", "Accounts, their roles in an area, and their keys."),
    "verdict": LazyCommand("cli.verdict", "app", "A stored verdict, read or computed again."),
    "zones": LazyCommand("cli.zones", "app", "Control zones built from the law's widths."),
}

app = lazy_app(
    COMMANDS,
    help="知界 Zhijie: whose ground is this, and may that stand on it?",
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the program. An error that the user can fix ends it with status 2 and one line on stderr."""
    try:
        app()
    except ZhijieError as fault:
        from core.settings import Settings  # noqa: PLC0415 - pydantic takes longer to import than `--help` may

        notes.print(f"[red]✗[/red] {plain(fault.line(Settings().lang))}")
        raise SystemExit(2) from None
