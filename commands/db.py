"""`zhijie db …`: the private PostGIS, and the schema of any."""

from __future__ import annotations

import typer

from commands.common import open_store, out
from geo.postgis import make_engine, migrate, private_cluster, revisions
from geo.settings import Settings
from words import N_, say

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
