"""Errors of the database as users read them."""

from __future__ import annotations

from core.errors import StoreUnavailable
from core.i18n import N_


def not_responding() -> StoreUnavailable:
    """The error for a server that cannot be reached or has closed the connection."""
    return StoreUnavailable(
        N_("The database does not answer."), hint=N_("Try again; `zhijie db status` tells its state.")
    )


def tables_missing() -> StoreUnavailable:
    """The error for a database that has not been set up."""
    return StoreUnavailable(
        N_("The database does not have the tables of this program."),
        hint=N_("Run `zhijie load`, which makes them and loads the data."),
    )
