"""`zhijie db …`: start and stop the private PostGIS, migrate, back up and restore."""

from __future__ import annotations

from typing import Final

from cli.lazy import LazyCommand, lazy_app

COMMANDS: Final = {
    "start": LazyCommand("cli.db.cluster", "start", "Start the private PostGIS and print its address."),
    "stop": LazyCommand("cli.db.cluster", "stop", "Stop the private PostGIS."),
    "status": LazyCommand(
        "cli.db.schema", "status", "Show whether the database answers, and the version of its schema."
    ),
    "migrate": LazyCommand(
        "cli.db.schema", "bring_up_to_date", "Migrate the schema to the version that this program needs."
    ),
    "backup": LazyCommand(
        "cli.db.backup",
        "backup",
        "Write database and evidence to FOLDER/<time>, verified by restoring; it appears "
        "whole or not at all.",
    ),
    "restore": LazyCommand(
        "cli.db.backup",
        "restore",
        "Restore a backup beside the database, verify it, then exchange the two. Stop the servers first.",
    ),
}
app = lazy_app(COMMANDS)
