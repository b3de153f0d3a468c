"""Accounts: passwords, sessions, API keys, postings.

A password never reaches the database. What does is a *proof*, the SHA-256 of the argon2id string that the
password makes with the account's salt; the database compares it with the one it keeps, counts the tries, and
lets an account rest that is being guessed. A name that nobody has gets a salt as well, and takes as long.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from argon2.low_level import Type, hash_secret
from argon2.profiles import RFC_9106_LOW_MEMORY as COST
from sqlalchemy import RowMapping, func, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from core.errors import BadInput, Conflict, NotFound
from core.i18n import N_
from geo.unit_codes import stem
from store.access import RIGHTS, ROLES
from store.journal.append import append_step
from store.schema.access import Account, Credential, Installation, Posting
from store.schema.datasets import Unit

SHORTEST: Final = 10  # characters of a password
LONGEST: Final = 200
COSTS: Final = f"$argon2id$v={COST.version}$m={COST.memory_cost},t={COST.time_cost},p={COST.parallelism}$"
EVERYWHERE: Final = ""
MOST_DAYS: Final = 366
KEY_COLUMNS: Final = ("id", "label", "scopes", "created_at", "expires_at", "revoked_at")
NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
SALT: Final = re.compile(r"\$argon2id\$v=(\d+)\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]{11,88})")


@dataclass(frozen=True, slots=True)
class Person:
    """Whom to make an account for. ``password`` None: signs in by the provider, or is a program with keys."""

    name: str
    shown: str
    password: str | None = None
    issuer: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """A role in the reach of a unit code (empty: everywhere), from a day until before another."""

    role: str
    reach: str
    begins: dt.date | None = None
    ends: dt.date | None = None


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """An API key that is wanted: ``scopes`` are rights (None: all that its owner has), ``days`` it lives."""

    label: str
    scopes: Sequence[str] | None
    days: float


# ---- passwords and tokens -------------------------------------------------------------------------


def new_secret(password: str) -> tuple[str, bytes]:
    """(salt with its parameters, proof) of a new password; a weak one is refused."""
    if not SHORTEST <= len(password) <= LONGEST or len(set(password)) < 4:
        raise BadInput(
            N_("A password has {least} to {most} characters, not all alike."),
            field="password",
            hint=N_("Choose another."),
            least=SHORTEST,
            most=LONGEST,
        )
    salt = COSTS + base64.b64encode(secrets.token_bytes(16)).decode().rstrip("=")
    return salt, proof_of(password, salt)


def proof_of(password: str, salt: str) -> bytes:
    """SHA-256 of the argon2id string that a password makes with a salt."""
    version, memory, time, lanes, text = _parts(salt)
    padded = text + "=" * (-len(text) % 4)
    whole = hash_secret(
        unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass"),
        base64.b64decode(padded),
        time_cost=int(time),
        memory_cost=int(memory),
        parallelism=int(lanes),
        hash_len=COST.hash_len,
        type=Type.ID,
        version=int(version),
    )
    return hashlib.sha256(whole).digest()


def _parts(salt: str) -> tuple[str, ...]:
    found = SALT.fullmatch(salt)
    if found is None:  # an account without a password: any proof will do, none will fit
        found = SALT.fullmatch(COSTS + "A" * 22)
        assert found is not None
    return tuple(found.groups())


def new_token(kind: str) -> tuple[str, bytes]:
    """(token, its SHA-256) of a session ("zs") or a key ("zk")."""
    token = f"{kind}_{secrets.token_urlsafe(32)}"
    return token, hashlib.sha256(token.encode()).digest()


# ---- what the server does for who asks --------------------------------------------------------------


def sign_in(session: Session, name: str, password: str, hours: float) -> str | None:
    """Open a session and give its token; None where name or password is wrong, or the account rests.

    To be committed either way: a try that failed counts.
    """
    wanted = name.strip().casefold()[:LONGEST].replace("\x00", "")
    salt: str = session.scalar(select(func.zhijie_salt(wanted, COSTS))) or COSTS
    proof = proof_of(password[:LONGEST], salt)
    token, token_hash = new_token("zs")
    opened = session.scalar(select(func.zhijie_sign_in(wanted, proof, token_hash, hours)))
    return token if opened else None


def sign_in_vouched(session: Session, issuer: str, subject: str, hours: float) -> str | None:
    """The same for whom a provider vouches; None where no account names this subject."""
    token, token_hash = new_token("zs")
    opened = session.scalar(select(func.zhijie_sign_in_vouched(issuer, subject, token_hash, hours)))
    return token if opened else None


def change_password(session: Session, name: str, old: str, new: str) -> bool:
    """Change the password of who is signed in; False where the old one is wrong."""
    salt: str = session.scalar(select(func.zhijie_salt(name, COSTS))) or COSTS
    new_salt, new_proof = new_secret(new)
    changed = func.zhijie_change_password(proof_of(old[:LONGEST], salt), new_salt, new_proof)
    return bool(session.scalar(select(changed)))


def make_own_key(session: Session, wish: KeyRequest) -> tuple[int, str] | None:
    """(number, key) of a new key of who is signed in; None for who came with a key itself."""
    _check_wish(wish)
    token, token_hash = new_token("zk")
    scopes = None if wish.scopes is None else list(wish.scopes)
    number = session.scalar(select(func.zhijie_make_key(token_hash, wish.label, scopes, wish.days)))
    return None if number is None else (number, token)


def own_keys(session: Session) -> Sequence[RowMapping]:
    """The keys of who is signed in: id, label, scopes, created_at, expires_at, revoked_at."""
    return session.execute(select(func.zhijie_my_keys().table_valued(*KEY_COLUMNS))).mappings().all()


def end_own_key(session: Session, number: int) -> bool:
    """End a key of who is signed in; False where there is none to end."""
    return bool(session.scalar(select(func.zhijie_drop_key(number))))


def sign_out(session: Session) -> None:
    """End the session whose credential the transaction shows."""
    session.execute(select(func.zhijie_sign_out()))


def _check_wish(wish: KeyRequest) -> None:
    unknown = [scope for scope in wish.scopes or () if scope not in RIGHTS]
    if unknown:
        raise BadInput(
            N_("There is no scope {scope}."),
            field="scopes",
            hint=N_("Use one of: {known}."),
            scope=unknown[0],
            known=", ".join(RIGHTS),
        )
    if not 0 < wish.days <= MOST_DAYS:
        raise BadInput(
            N_("A key lives at most {most} days."),
            field="days",
            hint=N_("Give a number from 1 to {most}."),
            most=MOST_DAYS,
        )


# ---- what the operator does at the command line, as the owner of the database -----------------------


def find_account(session: Session, name: str) -> Account:
    """The account of a name, or a refusal."""
    found = session.scalar(select(Account).where(Account.name == name))
    if found is None:
        raise NotFound(
            N_("There is no account {name}."),
            field="name",
            hint=N_("`zhijie user list` lists them."),
            name=name,
        )
    return found


def add_account(session: Session, person: Person, post: Post) -> Account:
    """Make an account with its first posting."""
    if NAME.fullmatch(person.name) is None:
        raise BadInput(
            N_("{name} is no account name."),
            field="name",
            hint=N_("Use 1 to 60 of: small letters, digits, dot, hyphen, underline."),
            name=person.name,
        )
    if session.scalar(select(Account.id).where(Account.name == person.name)) is not None:
        raise Conflict(
            N_("There is an account {name} already."),
            field="name",
            hint=N_("Choose another name, or give it another posting with `zhijie user post`."),
            name=person.name,
        )
    salt, proof = (None, None) if person.password is None else new_secret(person.password)
    account = Account(
        name=person.name,
        shown=person.shown or person.name,
        salt=salt,
        proof=proof,
        issuer=person.issuer,
        subject=person.subject,
    )
    session.add(account)
    session.flush()
    append_step(session, "account_made", f"account/{account.id}", after={"name": account.name})
    add_posting(session, account, post)
    return account


def add_posting(session: Session, account: Account, post: Post) -> Posting:
    """Give an account a role in a reach; what it has otherwise stays."""
    if post.role not in ROLES:
        raise BadInput(
            N_("There is no role {role}."),
            field="role",
            hint=N_("Use one of: {known}."),
            role=post.role,
            known=", ".join(ROLES),
        )
    _check_reach(session, post.reach)
    if post.begins and post.ends and post.begins >= post.ends:
        raise BadInput(N_("The posting ends before it begins."), field="until", hint=N_("Give a later day."))
    posting = Posting(
        account_id=account.id, role=post.role, reach=post.reach, valid=Range(post.begins, post.ends)
    )
    session.add(posting)
    session.flush()
    days = {"from": post.begins and post.begins.isoformat(), "until": post.ends and post.ends.isoformat()}
    told = {"role": post.role, "reach": post.reach, **days}
    append_step(session, "posting_made", f"account/{account.id}", after=told)
    return posting


def _check_reach(session: Session, reach: str) -> None:
    """A reach is everywhere, or the code of a unit that the store knows."""
    if reach == EVERYWHERE:
        return
    known = reach.isdigit() and session.scalar(
        select(Unit.id).where(Unit.code.startswith(stem(reach), autoescape=True)).limit(1)
    )
    if not known:
        raise BadInput(
            N_("No unit has the code {reach}."),
            field="reach",
            hint=N_("Give the code of a city, county or township, or `all`."),
            reach=reach,
        )


def end_postings(session: Session, account: Account, day: dt.date) -> int:
    """End every posting of an account before a day; how many ended."""
    ended = 0
    for posting in session.scalars(select(Posting).where(Posting.account_id == account.id)):
        valid = posting.valid
        if valid.upper is None or valid.upper > day:
            ended += 1
            if valid.lower is not None and valid.lower >= day:
                session.delete(posting)
            else:
                posting.valid = Range(valid.lower, day)
    session.flush()
    append_step(
        session, "postings_ended", f"account/{account.id}", after={"on": day.isoformat(), "ended": ended}
    )
    return ended


def set_password(session: Session, account: Account, password: str) -> None:
    """Give an account a password; its sessions end."""
    account.salt, account.proof = new_secret(password)
    account.failures, account.resting_until = 0, None
    session.flush()
    _revoke(session, account, "session")
    append_step(session, "password_set", f"account/{account.id}")


def lock(session: Session, account: Account, *, locked: bool) -> None:
    """Shut an account out, at once and with all its sessions and keys, or let it in again."""
    account.locked_at = dt.datetime.now(dt.UTC) if locked else None
    account.failures, account.resting_until = 0, None
    session.flush()
    if locked:
        _revoke(session, account, "session")
    append_step(session, "account_locked" if locked else "account_unlocked", f"account/{account.id}")


def _revoke(session: Session, account: Account, kind: str) -> None:
    session.execute(
        update(Credential)
        .where(Credential.account_id == account.id, Credential.kind == kind, Credential.revoked_at.is_(None))
        .values(revoked_at=func.now())
    )


def make_key(session: Session, account: Account, wish: KeyRequest) -> tuple[int, str]:
    """(number, key) of a new key of an account. The key is told here and never again."""
    _check_wish(wish)
    token, token_hash = new_token("zk")
    key = Credential(
        account_id=account.id,
        kind="key",
        token_hash=token_hash,
        label=wish.label,
        scopes=None if wish.scopes is None else list(wish.scopes),
        expires_at=dt.datetime.now(dt.UTC) + dt.timedelta(days=wish.days),
    )
    session.add(key)
    session.flush()
    told = {"key": key.id, "scopes": key.scopes, "days": wish.days}
    append_step(session, "key_made", f"account/{account.id}", after=told)
    return key.id, token


def show_public(session: Session, *, shown: bool) -> None:
    """Let everybody see coarse figures of reports, or only who is signed in."""
    before = session.scalars(select(Installation.public_view)).one()
    session.execute(update(Installation).values(public_view=shown))
    append_step(session, "public_view", "installation", before={"shown": before}, after={"shown": shown})
