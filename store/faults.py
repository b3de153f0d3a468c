"""Errors of the database as users read them."""

from __future__ import annotations

from core.errors import StoreUnavailable
from core.i18n import N_


def not_responding() -> StoreUnavailable:
    """The error for a server that cannot be reached or has closed the connection."""
    return StoreUnavailable(
        N_("The database is not responding."), hint=N_("Try again; `zhijie db status` shows its state.")
    )


def tables_missing() -> StoreUnavailable:
    """The error for a database that has not been set up."""
    return StoreUnavailable(
        N_("The database lacks this program's tables."),
        hint=N_("Run `zhijie load`, which creates them and loads the data."),
    )
