"""Accounts and how they sign in: passwords, sessions, API keys and postings.

A name and a password, or a token, go in; a session, a key or a changed account comes out, and every change is
a step of the journal. ``passwords`` and ``tokens`` hold the cryptography and touch no database. ``sessions``
and the ``own`` functions of ``keys`` run as the server, through SQL functions that decide by the credential
of the transaction; everything else is for the operator, who connects as the database's owner. What a role
permits is decided in ``store.access`` and by row security, and nothing here knows HTTP or reports.
"""
