"""API keys: created, listed and revoked by their owners, or created by the operator for an account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import RowMapping, func, select
from sqlalchemy.orm import Session

from accounts.tokens import KEY_PREFIX, new_token
from core.errors import BadInput
from core.i18n import N_
from store import RIGHTS, append_step
from store.schema import Account, Credential

KEY_MAX_DAYS: Final = 366
_KEY_COLUMNS: Final = ("id", "label", "scopes", "created_at", "expires_at", "revoked_at")


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """An API key to be created.

    Attributes:
        label: What the owner calls it.
        scopes: The rights it is limited to; None: every right of its owner.
        days: How long it is valid, up to ``KEY_MAX_DAYS``.
    """

    label: str
    scopes: Sequence[str] | None
    days: float


def make_own_key(session: Session, request: KeyRequest) -> tuple[int, str] | None:
    """Create a key for the signed-in account and return (id, key).

    None if the transaction's own credential is a key: a leaked key must not be able to renew itself.

    Raises:
        BadInput: A scope is unknown, or the validity is out of range.
    """
    _check_request(request)
    token, token_hash = new_token(KEY_PREFIX)
    key_id = session.scalar(
        select(func.zhijie_make_key(token_hash, request.label, _scopes(request), request.days))
    )
    return None if key_id is None else (key_id, token)


def list_own_keys(session: Session) -> Sequence[RowMapping]:
    """Return the keys of the signed-in account: id, label, scopes, created_at, expires_at, revoked_at."""
    return session.execute(select(func.zhijie_my_keys().table_valued(*_KEY_COLUMNS))).mappings().all()


def revoke_own_key(session: Session, key_id: int) -> bool:
    """Revoke a key of the signed-in account; False if it has no such valid key."""
    return bool(session.scalar(select(func.zhijie_drop_key(key_id))))


def make_key(session: Session, account: Account, request: KeyRequest) -> tuple[int, str]:
    """Create a key for an account, as the operator, and return (id, key). The key cannot be shown again.

    Raises:
        BadInput: A scope is unknown, or the validity is out of range.
    """
    _check_request(request)
    token, token_hash = new_token(KEY_PREFIX)
    key = Credential(
        account_id=account.id,
        kind="key",
        token_hash=token_hash,
        label=request.label,
        scopes=_scopes(request),
        expires_at=dt.datetime.now(dt.UTC) + dt.timedelta(days=request.days),
    )
    session.add(key)
    session.flush()
    details = {"key": key.id, "scopes": key.scopes, "days": request.days}
    append_step(session, "key_made", f"account/{account.id}", after=details)
    return key.id, token


def _scopes(request: KeyRequest) -> list[str] | None:
    return None if request.scopes is None else list(request.scopes)


def _check_request(request: KeyRequest) -> None:
    unknown = [scope for scope in request.scopes or () if scope not in RIGHTS]
    if unknown:
        raise BadInput(
            N_("There is no scope {scope}."),
            field="scopes",
            hint=N_("Use one of: {known}."),
            scope=unknown[0],
            known=", ".join(RIGHTS),
        )
    if not 0 < request.days <= KEY_MAX_DAYS:
        raise BadInput(
            N_("A key is valid for at most {most} days."),
            field="days",
            hint=N_("Give a number from 1 to {most}."),
            most=KEY_MAX_DAYS,
        )
