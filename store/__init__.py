"""The PostGIS store: engine and sessions, schema and migrations, rights, the journal, notifications, backups.

Settings and a transaction go in; rows, plain values and SQL statements come out. ``engine`` opens sessions,
``access.enter`` limits a transaction to what a credential may see, ``schema`` holds the tables, ``queries``
the reads that several rooms need, ``journal`` the append-only log, ``notifications`` the listener for
committed changes, ``backup`` dumps and restores, ``cluster`` runs a private PostgreSQL where no server is
configured. Everything spatial is EPSG:4490. The room decides nothing about law, verdicts or workflow, and
knows no HTTP; SQL functions of PostGIS are spelled here and in ``facts`` only.
"""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "APP_URL_SETTING",
    "Identity",
    "JOURNAL_CHANNEL",
    "Listener",
    "Notices",
    "RIGHTS",
    "ROLES",
    "Reach",
    "app_database_url",
    "append_step",
    "connect_args",
    "current_account_id",
    "database_url",
    "enter",
    "identify",
    "make_engine",
    "migrate",
    "open_session",
    "ping",
    "private_cluster",
    "refuse_unbound_roles",
    "revisions",
]

if TYPE_CHECKING:
    from store.access import (
        APP_URL_SETTING,
        RIGHTS,
        ROLES,
        Identity,
        Reach,
        current_account_id,
        enter,
        identify,
        refuse_unbound_roles,
    )
    from store.engine import (
        app_database_url,
        database_url,
        make_engine,
        migrate,
        open_session,
        ping,
        private_cluster,
        revisions,
    )
    from store.journal.append import append_step
    from store.notifications import JOURNAL_CHANNEL, Listener, Notices, connect_args
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "store.access": [
                "APP_URL_SETTING",
                "Identity",
                "RIGHTS",
                "ROLES",
                "Reach",
                "current_account_id",
                "enter",
                "identify",
                "refuse_unbound_roles",
            ],
            "store.engine": [
                "app_database_url",
                "database_url",
                "make_engine",
                "migrate",
                "open_session",
                "ping",
                "private_cluster",
                "revisions",
            ],
            "store.journal.append": ["append_step"],
            "store.notifications": ["JOURNAL_CHANNEL", "Listener", "Notices", "connect_args"],
        },
    )
