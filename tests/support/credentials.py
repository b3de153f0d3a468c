"""Accounts of the tests, and what they show: keys and sessions."""

from __future__ import annotations

import secrets

from sqlalchemy import Engine

from accounts.accounts import NewAccount, add_account
from accounts.keys import KeyRequest, make_key
from accounts.postings import NewPosting, add_posting
from accounts.sessions import sign_in
from store.access import ROLES
from store.engine import open_session


def hire(owner: Engine, *posts: NewPosting, name: str = "", scopes: list[str] | None = None) -> str:
    """An API key of somebody new with these postings."""
    with open_session(owner) as session:
        person = NewAccount(name or f"u{secrets.token_hex(6)}", "", None)
        account = add_account(session, person, posts[0])
        for post in posts[1:]:
            add_posting(session, account, post)
        return make_key(session, account, KeyRequest("tests", scopes, 1))[1]


ALL_HATS = (NewPosting("command", ""), NewPosting("supervisor", ""), NewPosting("admin", ""))


def bearer(key: str) -> dict[str, str]:
    """The header of an API key."""
    return {"Authorization": f"Bearer {key}"}


WORD = "a long password"


def sign_up(owner: Engine, *posts: NewPosting, name: str = "", display_name: str = "") -> str:
    """The name of a new account with these postings and the password WORD."""
    with open_session(owner) as session:
        person = NewAccount(name or f"u{secrets.token_hex(6)}", display_name, WORD)
        account = add_account(session, person, posts[0])
        for post in posts[1:]:
            add_posting(session, account, post)
    return person.name


def name_of(role: str) -> str:
    """The account of ``staff`` that has a role."""
    return f"the-{role.replace('_', '-')}"


def staff(owner: Engine, web: Engine, reach: str) -> dict[str, str]:
    """Somebody of each role in one reach, with the password WORD: role → the token of a session."""
    return {
        role: session_of(web, sign_up(owner, NewPosting(role, reach), name=name_of(role))) for role in ROLES
    }


def session_of(web: Engine, name: str) -> str:
    """The token of a new session of an account with the password WORD."""
    with open_session(web) as session:
        token = sign_in(session, name, WORD, 1)
    assert token is not None
    return token
