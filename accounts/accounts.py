"""Accounts themselves: created, found, locked, given a password. For the operator."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from accounts.passwords import new_password_proof
from accounts.postings import NewPosting, add_posting
from core.errors import BadInput, Conflict, NotFound
from core.i18n import N_
from store import append_step
from store.schema import Account, Credential

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to be created.

    Attributes:
        name: What its owner signs in with.
        shown: Display name; empty: ``name``.
        password: None for accounts that sign in through an OpenID Connect provider or only use API keys.
        issuer: The provider, if there is one.
        subject: The provider's identifier of the person (``sub``).
    """

    name: str
    shown: str
    password: str | None = None
    issuer: str | None = None
    subject: str | None = None


def find_account(session: Session, name: str) -> Account:
    """Return the account with a name.

    Raises:
        NotFound: There is none.
    """
    account = session.scalar(select(Account).where(Account.name == name))
    if account is None:
        raise NotFound(
            N_("There is no account {name}."),
            field="name",
            hint=N_("`zhijie user list` lists them."),
            name=name,
        )
    return account


def add_account(session: Session, new: NewAccount, posting: NewPosting) -> Account:
    """Create an account with its first posting.

    Raises:
        BadInput: The name, the password or the posting is not valid.
        Conflict: The name is taken.
    """
    if _NAME.fullmatch(new.name) is None:
        raise BadInput(
            N_("{name} is not a valid account name."),
            field="name",
            hint=N_("Use 1 to 60 characters: lower-case letters, digits, dots, hyphens, underscores."),
            name=new.name,
        )
    if session.scalar(select(Account.id).where(Account.name == new.name)) is not None:
        raise Conflict(
            N_("The account {name} already exists."),
            field="name",
            hint=N_("Choose another name, or add a posting with `zhijie user post`."),
            name=new.name,
        )
    salt, proof = (None, None) if new.password is None else new_password_proof(new.password)
    account = Account(
        name=new.name,
        shown=new.shown or new.name,
        salt=salt,
        proof=proof,
        issuer=new.issuer,
        subject=new.subject,
    )
    session.add(account)
    session.flush()
    append_step(session, "account_made", f"account/{account.id}", after={"name": account.name})
    add_posting(session, account, posting)
    return account


def set_password(session: Session, account: Account, password: str) -> None:
    """Set the password of an account, unblock it and end its sessions; its keys stay valid.

    Raises:
        BadInput: The password is too weak.
    """
    account.salt, account.proof = new_password_proof(password)
    _unblock(account)
    session.flush()
    _end_sessions(session, account)
    append_step(session, "password_set", f"account/{account.id}")


def set_locked(session: Session, account: Account, *, locked: bool) -> None:
    """Lock an account, which ends its sessions and suspends its keys at once, or unlock it.

    Keys are not revoked: the database refuses them while the account is locked, and they work again
    afterwards.
    """
    account.locked_at = dt.datetime.now(dt.UTC) if locked else None
    _unblock(account)
    session.flush()
    if locked:
        _end_sessions(session, account)
    append_step(session, "account_locked" if locked else "account_unlocked", f"account/{account.id}")


def _unblock(account: Account) -> None:
    """Forget the failed sign-in attempts."""
    account.failures, account.resting_until = 0, None


def _end_sessions(session: Session, account: Account) -> None:
    session.execute(
        update(Credential)
        .where(
            Credential.account_id == account.id,
            Credential.kind == "session",
            Credential.revoked_at.is_(None),
        )
        .values(revoked_at=func.now())
    )
