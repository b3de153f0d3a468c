"""`zhijie db start` and `stop`: the private PostGIS."""

from __future__ import annotations

import typer

from core.settings import Settings
from store import private_cluster


def start() -> None:
    """Start the private PostGIS and print its address."""
    typer.echo(private_cluster(Settings()).start())


def stop() -> None:
    """Stop the private PostGIS."""
    private_cluster(Settings()).stop()
