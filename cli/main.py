"""The ``zhijie`` command: gathers the commands, and prints an error that the user can fix as one line."""

from __future__ import annotations

import typer

from cli import check as place
from cli import datum, db, demo, journal, law, remote, units, zones
from cli import serve as service
from cli import users as user
from cli import verdicts as verdict
from cli.common import notes, plain
from cli.screen import screen
from cli.simulate import simulate
from core.errors import ZhijieError
from core.settings import Settings

app = typer.Typer(
    help="知界 Zhijie: whose ground is this, and may that stand on it?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for command in (place.check, place.report, screen, service.serve, service.load):
    app.command()(command)
app.add_typer(datum.app, name="datum")
app.add_typer(db.app, name="db")
app.add_typer(demo.app, name="demo")
app.add_typer(journal.app, name="journal")
app.add_typer(law.app, name="law")
law.app.command()(simulate)
app.add_typer(remote.app, name="remote")
app.add_typer(units.app, name="units")
app.add_typer(user.app, name="user")
app.add_typer(verdict.app, name="verdict")
app.add_typer(zones.app, name="zones")


def main() -> None:
    """Run the command; such a fault ends with status 2."""
    try:
        app()
    except ZhijieError as fault:
        notes.print(f"[red]✗[/red] {plain(fault.line(Settings().lang))}")
        raise SystemExit(2) from None
