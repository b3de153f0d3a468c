"""The tables of who may what, and of what was done: accounts, postings, credentials, rights, the journal."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, Computed, ForeignKey, Identity, Index, UniqueConstraint, false, func, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Mapped, mapped_column

from store.schema.base import Base


class Account(Base):
    """Somebody, or a program, who may sign in. ``salt``: argon2 parameters and salt; ``proof``: SHA-256 of
    the whole argon2 string, with which nobody can sign in.
    """

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
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


class Posting(Base):
    """A role within a reach (unit code, empty: everywhere) for a span of days."""

    __tablename__ = "posting"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    role: Mapped[str]
    reach: Mapped[str]
    valid: Mapped[Range[dt.date]]

    __table_args__ = (Index("posting_account", "account_id"),)


class Credential(Base):
    """A session or an API key; of its token, the hash. ``scopes`` None: all that its owner may."""

    __tablename__ = "credential"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
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
    """What each role may: the database's copy of ``store.access.RIGHTS``."""

    __tablename__ = "role_right"

    role: Mapped[str] = mapped_column(primary_key=True)
    right: Mapped[str] = mapped_column(primary_key=True)


class Installation(Base):
    """One row: the secret that passes are made with, and whether the public sees coarse figures."""

    __tablename__ = "installation"

    one: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    secret: Mapped[bytes]
    public_view: Mapped[bool] = mapped_column(server_default=false())


def _of_body(name: str) -> Computed:
    return Computed(f"((body)::jsonb ->> '{name}'::text)", persisted=True)


class JournalRow(Base):
    """One step, with the hash of the one before; ``zhijie_journal`` writes it (``store.journal.append``)."""

    __tablename__ = "journal"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    body: Mapped[str]
    prev: Mapped[str]
    hash: Mapped[str]
    action: Mapped[str | None] = mapped_column(_of_body("action"))
    subject: Mapped[str | None] = mapped_column(_of_body("subject"))
    unit: Mapped[str | None] = mapped_column(_of_body("unit"))

    __table_args__ = (Index("journal_subject", "subject", "seq"),)


class JournalHead(Base):
    """One row: the number and hash of the last step."""

    __tablename__ = "journal_head"

    one: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str]
