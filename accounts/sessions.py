"""Signing in and out, as the server does it for its users.

The database compares the proof of the password (``accounts.passwords``), counts failed attempts and blocks an
account for some minutes after several of them. A name without an account gets a salt too, and takes as long
to refuse.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.passwords import ARGON2_PREFIX, PASSWORD_MAX_CHARS, new_password_proof, password_proof
from accounts.tokens import SESSION_PREFIX, new_token


def sign_in(session: Session, name: str, password: str, hours: float) -> str | None:
    """Open a session and return its token; None if name or password is wrong, or the account is blocked.

    Commit the transaction in either case: a failed attempt is counted in it.

    Args:
        hours: How long the session is valid.
    """
    # PostgreSQL's text holds no NUL; a name with one must fail like any unknown name, not with an error
    account_name = name.strip().casefold()[:PASSWORD_MAX_CHARS].replace("\x00", "")
    proof = password_proof(password[:PASSWORD_MAX_CHARS], _salt_of(session, account_name))
    token, token_hash = new_token(SESSION_PREFIX)
    opened = session.scalar(select(func.zhijie_sign_in(account_name, proof, token_hash, hours)))
    return token if opened else None


def sign_in_with_provider(session: Session, issuer: str, subject: str, hours: float) -> str | None:
    """Open a session for a subject that an OpenID Connect provider has authenticated, and return its token.

    None if no account has this issuer and subject, or the account is locked.
    """
    token, token_hash = new_token(SESSION_PREFIX)
    opened = session.scalar(select(func.zhijie_sign_in_vouched(issuer, subject, token_hash, hours)))
    return token if opened else None


def change_password(session: Session, name: str, old: str, new: str, *, end_keys: bool) -> bool:
    """Change the password of the signed-in account ``name``; False if the old password is wrong.

    Its other sessions end, and with ``end_keys`` its API keys, too.
    """
    salt, proof = new_password_proof(new)
    old_proof = password_proof(old[:PASSWORD_MAX_CHARS], _salt_of(session, name))
    return bool(session.scalar(select(func.zhijie_change_password(old_proof, salt, proof, end_keys))))


def sign_out(session: Session) -> None:
    """End the session whose credential the transaction presents."""
    session.execute(select(func.zhijie_sign_out()))


def _salt_of(session: Session, name: str) -> str:
    return session.scalar(select(func.zhijie_salt(name, ARGON2_PREFIX))) or ARGON2_PREFIX
