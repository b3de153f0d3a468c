"""Accounts and how they sign in: passwords, sessions, API keys and postings.

A name and a password, or a token, go in; a session, a key or a changed account comes out, and every change is
a step of the journal. ``passwords`` and ``tokens`` hold the cryptography and touch no database. ``sessions``
and the ``own`` functions of ``keys`` run as the server, through SQL functions that decide by the credential
of the transaction; everything else is for the operator, who connects as the database's owner. What a role
permits is decided in ``store.access`` and by row security, and nothing here knows HTTP or reports.
"""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "EVERYWHERE",
    "KeyRequest",
    "NewAccount",
    "NewPosting",
    "add_account",
    "add_posting",
    "change_password",
    "end_postings",
    "find_account",
    "list_own_keys",
    "make_key",
    "make_own_key",
    "revoke_own_key",
    "set_locked",
    "set_password",
    "set_public_view",
    "sign_in",
    "sign_in_with_provider",
    "sign_out",
]

if TYPE_CHECKING:
    from accounts.accounts import NewAccount, add_account, find_account, set_locked, set_password
    from accounts.installation import set_public_view
    from accounts.keys import KeyRequest, list_own_keys, make_key, make_own_key, revoke_own_key
    from accounts.postings import EVERYWHERE, NewPosting, add_posting, end_postings
    from accounts.sessions import change_password, sign_in, sign_in_with_provider, sign_out
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "accounts.accounts": ["NewAccount", "add_account", "find_account", "set_locked", "set_password"],
            "accounts.installation": ["set_public_view"],
            "accounts.keys": ["KeyRequest", "list_own_keys", "make_key", "make_own_key", "revoke_own_key"],
            "accounts.postings": ["EVERYWHERE", "NewPosting", "add_posting", "end_postings"],
            "accounts.sessions": ["change_password", "sign_in", "sign_in_with_provider", "sign_out"],
        },
    )
