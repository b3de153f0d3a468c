"""The PostGIS store: engine and sessions, schema and migrations, rights, the journal, notifications, backups.

Settings and a transaction go in; rows, plain values and SQL statements come out. ``engine`` opens sessions,
``access.enter`` limits a transaction to what a credential may see, ``schema`` holds the tables, ``queries``
the reads that several rooms need, ``journal`` the append-only log, ``notifications`` the listener for
committed changes, ``backup`` dumps and restores, ``cluster`` runs a private PostgreSQL where no server is
configured. Everything spatial is EPSG:4490. The room decides nothing about law, verdicts or workflow, and
knows no HTTP; SQL functions of PostGIS are spelled here and in ``facts`` only.
"""
