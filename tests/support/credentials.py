"""Accounts of the tests, and what they show: keys and sessions."""

from __future__ import annotations

import secrets

from sqlalchemy import Engine

from accounts.accounts import KeyRequest, Person, Post, add_account, add_posting, make_key, sign_in
from store.access import ROLES
from store.engine import open_session


def hire(owner: Engine, *posts: Post, name: str = "", scopes: list[str] | None = None) -> str:
    """An API key of somebody new with these postings."""
    with open_session(owner) as session:
        person = Person(name or f"u{secrets.token_hex(6)}", "", None)
        account = add_account(session, person, posts[0])
        for post in posts[1:]:
            add_posting(session, account, post)
        return make_key(session, account, KeyRequest("tests", scopes, 1))[1]


ALL_HATS = (Post("command", ""), Post("supervisor", ""), Post("admin", ""))


def bearer(key: str) -> dict[str, str]:
    """The header of an API key."""
    return {"Authorization": f"Bearer {key}"}


WORD = "a long password"


def name_of(role: str) -> str:
    """The account of ``staff`` that has a role."""
    return f"the-{role.replace('_', '-')}"


def staff(owner: Engine, web: Engine, reach: str) -> dict[str, str]:
    """Somebody of each role in one reach, with the password WORD: role → the token of a session."""
    with open_session(owner) as session:
        for role in ROLES:
            add_account(session, Person(name_of(role), "", WORD), Post(role, reach))
    return {role: session_of(web, name_of(role)) for role in ROLES}


def session_of(web: Engine, name: str) -> str:
    """The token of a new session of an account with the password WORD."""
    with open_session(web) as session:
        token = sign_in(session, name, WORD, 1)
    assert token is not None
    return token
