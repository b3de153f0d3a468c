"""`zhijie verdict …`: a stored verdict, printed or computed again."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from cli.lazy import LazyCommand, lazy_app

VerdictId = Annotated[int, typer.Argument(help="Number of the verdict (a report's `verdict_id`)")]
COMMANDS: Final = {
    "show": LazyCommand("cli.verdict.show", "show", "Print a stored verdict in words."),
    "replay": LazyCommand(
        "cli.verdict.replay",
        "replay",
        "Compute a stored verdict again from the dataset versions of its day. Exits with status 4 where it "
        "differs.",
    ),
}
app = lazy_app(COMMANDS)
