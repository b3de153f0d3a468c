"""`zhijie journal head` and `show`: read the journal."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from cli.console import print_rows
from cli.session import open_store
from core.errors import NotFound
from core.i18n import N_
from core.settings import Settings
from store.journal import current_head, fetch_steps

HEADINGS: Final = (N_("No."), N_("Time (UTC)"), N_("Who"), N_("Step"), N_("Reason"))


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
