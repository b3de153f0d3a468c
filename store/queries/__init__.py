"""Queries that several rooms need. ``select_…`` builds a statement, ``fetch_…`` runs one in a session."""
