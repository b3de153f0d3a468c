"""Tables of access control and of the journal: accounts, postings, credentials, rights, steps.

The server's role cannot read most of them; it calls SQL functions (``migrations/sql/0003_access.sql``).
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, Computed, ForeignKey, Index, UniqueConstraint, false, func, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Mapped, mapped_column

from store.schema.base import Base, WithId


class Account(WithId, Base):
    """A person or program that may sign in.

    Attributes:
        name: What it signs in with.
        shown: Display name.
        salt: argon2 parameters and salt; None without a password.
        proof: SHA-256 of the argon2 string, which does not suffice to sign in.
        issuer: OpenID Connect provider that authenticates the person.
        subject: The provider's identifier of the person.
        failures: Failed attempts since the last successful one.
        resting_until: Until when attempts are refused.
    """

    __tablename__ = "account"

    name: Mapped[str]
    shown: Mapped[str]
    salt: Mapped[str | None]
    proof: Mapped[bytes | None]
    issuer: Mapped[str | None]
    subject: Mapped[str | None]
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    resting_until: Mapped[dt.datetime | None]
    locked_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        UniqueConstraint("name", name="account_name"),
        UniqueConstraint("issuer", "subject", name="account_subject"),
    )


class Posting(WithId, Base):
    """A role of an account within a reach (unit code; empty: everywhere) for a range of days."""

    __tablename__ = "posting"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    role: Mapped[str]
    reach: Mapped[str]
    valid: Mapped[Range[dt.date]]

    __table_args__ = (Index("posting_account", "account_id"),)


class Credential(WithId, Base):
    """A session or an API key, with the SHA-256 of its token. ``scopes`` None: all rights of its account."""

    __tablename__ = "credential"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    kind: Mapped[str]
    token_hash: Mapped[bytes]
    label: Mapped[str] = mapped_column(server_default="")
    scopes: Mapped[list[str] | None]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]

    __table_args__ = (
        UniqueConstraint("token_hash", name="credential_token"),
        Index("credential_account", "account_id"),
    )


class RoleRight(Base):
    """Rights of the roles: the database's copy of ``store.access.ROLE_RIGHTS``."""

    __tablename__ = "role_right"

    role: Mapped[str] = mapped_column(primary_key=True)
    right: Mapped[str] = mapped_column(primary_key=True)


class Installation(Base):
    """One row: the key that authenticates ``store.access.enter``, and whether the public view is open."""

    __tablename__ = "installation"

    one: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    secret: Mapped[bytes]
    public_view: Mapped[bool] = mapped_column(server_default=false())


def _from_body(name: str) -> Computed:
    """A column that the database copies from the JSON body, so that it can be indexed."""
    return Computed(f"((body)::jsonb ->> '{name}'::text)", persisted=True)


class JournalRow(Base):
    """One step of the journal, written by ``zhijie_journal`` (see ``store.journal.append``).

    Attributes:
        body: The step as JSON text; text, because its bytes are hashed.
        prev: Hash of the row before.
        hash: See ``store.journal.chain.row_hash``.
    """

    __tablename__ = "journal"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    body: Mapped[str]
    prev: Mapped[str]
    hash: Mapped[str]
    action: Mapped[str | None] = mapped_column(_from_body("action"))
    subject: Mapped[str | None] = mapped_column(_from_body("subject"))
    unit: Mapped[str | None] = mapped_column(_from_body("unit"))

    __table_args__ = (Index("journal_subject", "subject", "seq"),)


class JournalHead(Base):
    """One row: number and hash of the last step, locked by the transaction that appends one."""

    __tablename__ = "journal_head"

    one: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str]
