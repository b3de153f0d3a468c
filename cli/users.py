"""`zhijie user …`: accounts, their postings and keys. For the operator: connects as the database's owner."""

from __future__ import annotations

import secrets
import sys
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import (
    EVERYWHERE,
    KeyRequest,
    NewAccount,
    NewPosting,
    add_account,
    add_posting,
    end_postings,
    find_account,
    make_key,
    set_locked,
    set_password,
    set_public_view,
)
from cli.console import out, plain, print_rows
from cli.options import option_day, parse_day
from cli.session import open_store
from core.i18n import N_, Lang, say
from core.settings import Settings
from store import ROLES
from store.schema import Account, Posting

app = typer.Typer(no_args_is_help=True)
Name = Annotated[
    str, typer.Argument(help="Account name: lower-case letters, digits, dot, hyphen, underscore")
]
Role = Annotated[str, typer.Option(help=f"One of: {', '.join(ROLES)}")]
Reach = Annotated[str, typer.Option(help="Code of the unit (its area and all below it), or `all`")]
From = Annotated[str | None, typer.Option("--from", help="First day, YYYY-MM-DD")]
Until = Annotated[str | None, typer.Option(help="First day on which it no longer holds, YYYY-MM-DD")]
Stdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input")]


@app.command()
def add(  # noqa: PLR0913 - one parameter an option
    name: Name,
    role: Role,
    reach: Reach,
    shown: Annotated[str, typer.Option(help="Display name")] = "",
    begins: From = None,
    until: Until = None,
    password_stdin: Stdin = False,
    no_password: Annotated[
        bool, typer.Option(help="For programs that use keys, or sign-in at a provider")
    ] = False,
    issuer: Annotated[
        str | None, typer.Option(help="OpenID Connect issuer at which the person signs in")
    ] = None,
    subject: Annotated[str | None, typer.Option(help="The issuer's identifier of this person (sub)")] = None,
) -> None:
    """Create an account. Without --password-stdin a password is generated and printed once."""
    settings = Settings()
    password = None if no_password or issuer else _password(password_stdin)
    with open_store(settings) as session:
        add_account(
            session, NewAccount(name, shown, password, issuer, subject), _post(role, reach, begins, until)
        )
    _print_password(name, password, settings.lang, given=password_stdin)


@app.command()
def post(name: Name, role: Role, reach: Reach, begins: From = None, until: Until = None) -> None:
    """Give an account another role in an area."""
    settings = Settings()
    with open_store(settings) as session:
        add_posting(session, find_account(session, name), _post(role, reach, begins, until))
    out.print(say(settings.lang, N_("{name} now has the role."), name=plain(name)))


@app.command()
def unpost(
    name: Name, on: Annotated[str, typer.Option(help="First day on which they no longer hold, YYYY-MM-DD")]
) -> None:
    """End all postings of an account before a day."""
    settings = Settings()
    with open_store(settings) as session:
        ended = end_postings(session, find_account(session, name), parse_day("on", on))
    out.print(say(settings.lang, N_("{count} postings of {name} end."), count=ended, name=plain(name)))


@app.command()
def password(name: Name, password_stdin: Stdin = False) -> None:
    """Set a new password; all sessions of the account end."""
    settings = Settings()
    chosen = _password(password_stdin)
    with open_store(settings) as session:
        set_password(session, find_account(session, name), chosen)
    _print_password(name, chosen, settings.lang, given=password_stdin)


@app.command()
def key(
    name: Name,
    label: Annotated[str, typer.Option(help="Purpose of the key")] = "",
    scopes: Annotated[
        str | None, typer.Option(help="Rights, comma separated; by default all rights of the account")
    ] = None,
    days: Annotated[float, typer.Option(help="Validity in days, at most 366")] = 90,
) -> None:
    """Create an API key and print it once."""
    settings = Settings()
    wanted = None if scopes is None else [scope.strip() for scope in scopes.split(",") if scope.strip()]
    with open_store(settings) as session:
        _, made = make_key(session, find_account(session, name), KeyRequest(label, wanted, days))
    typer.echo(made)


@app.command(name="lock")
def lock_(name: Name) -> None:
    """Lock an account out immediately."""
    _lock(name, locked=True)


@app.command()
def unlock(name: Name) -> None:
    """Unlock an account."""
    _lock(name, locked=False)


def _lock(name: str, *, locked: bool) -> None:
    settings = Settings()
    with open_store(settings) as session:
        set_locked(session, find_account(session, name), locked=locked)
    text = N_("{name} is locked out.") if locked else N_("{name} may sign in again.")
    out.print(say(settings.lang, text, name=plain(name)))


@app.command()
def public(shown: Annotated[bool, typer.Option("--on/--off", help="Show or hide coarse figures")]) -> None:
    """Show coarse figures of reports to visitors who are not signed in, or hide them."""
    settings = Settings()
    with open_store(settings) as session:
        set_public_view(session, public=shown)
    text = N_("Everyone sees coarse figures.") if shown else N_("Visitors who are not signed in see nothing.")
    out.print(say(settings.lang, text))


@app.command(name="list")
def list_() -> None:
    """List the accounts with their postings."""
    settings = Settings()
    with open_store(settings) as session:
        rows = [_row(session, account, settings.lang) for account in session.scalars(ALL)]
    heads = (N_("Account"), N_("Name"), N_("Postings"), N_("State"))
    print_rows(heads, rows, settings.lang)


ALL = select(Account).order_by(Account.name)


def _row(session: Session, account: Account, lang: Lang) -> tuple[str, ...]:
    postings = session.scalars(select(Posting).where(Posting.account_id == account.id).order_by(Posting.id))
    postings_text = "; ".join(_posting_text(posting, lang) for posting in postings)
    state = say(lang, N_("locked out")) if account.locked_at else ""
    return account.name, account.shown, postings_text, state


def _posting_text(posting: Posting, lang: Lang) -> str:
    days = f"{posting.valid.lower or ''}–{posting.valid.upper or ''}".strip("–")
    where = posting.reach or say(lang, N_("everywhere"))
    return f"{say(lang, ROLES.get(posting.role, posting.role))} {where} {days}".strip()


def _post(role: str, reach: str, begins: str | None, until: str | None) -> NewPosting:
    first, last = option_day("from", begins), option_day("until", until)
    return NewPosting(role, EVERYWHERE if reach == "all" else reach, first, last)


def _password(from_stdin: bool) -> str:
    # 12 random bytes, 16 characters: 96 bits cannot be guessed, and can still be typed.
    return sys.stdin.readline().rstrip("\r\n") if from_stdin else secrets.token_urlsafe(12)


def _print_password(name: str, password: str | None, lang: Lang, *, given: bool) -> None:
    if password is None or given:
        out.print(say(lang, N_("Account {name} is ready."), name=plain(name)))
        return
    out.print(
        say(lang, N_("Account {name}, password {password}"), name=plain(name), password=plain(password))
    )
