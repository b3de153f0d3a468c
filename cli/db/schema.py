"""`zhijie db status` and `migrate`: the schema of the store."""

from __future__ import annotations

from cli.console import out
from cli.session import open_store
from core.i18n import N_, say
from core.settings import Settings
from store import make_engine, migrate, private_cluster, revisions


def status() -> None:
    """Print the schema's version. Exits with status 3 where the private PostGIS is stopped."""
    settings = Settings()
    cluster = private_cluster(settings)
    if settings.database_url is None and not cluster.status().running:
        out.print(say(settings.lang, N_("The private PostGIS is stopped. Start it with `zhijie db start`.")))
        raise SystemExit(3)
    with open_store(settings) as session:
        current, newest = revisions(session)
    text = N_("The database answers. Schema: {current}; the program needs {newest}.")
    out.print(say(settings.lang, text, current=current, newest=newest))


def bring_up_to_date() -> None:
    """Apply the migrations that the schema lacks."""
    migrate(make_engine(Settings()))
