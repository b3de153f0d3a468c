"""`zhijie journal …`: verify the journal, print its head and its steps, prove what it says."""

from __future__ import annotations

from typing import Final

from cli.lazy import LazyCommand, lazy_app

COMMANDS: Final = {
    "verify": LazyCommand(
        "cli.journal.verify",
        "verify",
        "Read every row, and compare what it is about. Exits with status 4 where anything is wrong.",
    ),
    "head": LazyCommand(
        "cli.journal.read",
        "head",
        "Print SEQ:HASH of the last row, to be published where nobody of this installation can change it.",
    ),
    "show": LazyCommand("cli.journal.read", "show", "Print the steps about one subject, oldest first."),
    "prove": LazyCommand(
        "cli.journal.prove",
        "prove",
        "Write what the journal says of a report as a bundle that tools/check_proof.py checks anywhere.",
    ),
}
app = lazy_app(COMMANDS)
