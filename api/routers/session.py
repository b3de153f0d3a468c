"""Signing in and out, the current identity, and one's own password and keys."""

from __future__ import annotations

import datetime as dt

from fastapi import APIRouter, Path, Request, Response

from accounts import (
    KeyRequest,
    change_password,
    list_own_keys,
    make_own_key,
    revoke_own_key,
    sign_in,
    sign_out,
)
from api.dependencies import BareSessionDep, LangDep, SessionDep, WhoDep
from api.middleware.authentication import SIGN_IN, clear_cookie, csrf_token, set_cookie
from api.middleware.observability import count_sign_in
from api.schemas.reports import (
    KeyIn,
    KeyOut,
    KeyRow,
    KeysOut,
    PasswordIn,
    PostingOut,
    SignInIn,
    StateOut,
    WhoOut,
)
from core.errors import BadInput, Forbidden, NotFound, NotSignedIn
from core.i18n import N_, Lang, say
from store import ROLES, Identity

router = APIRouter(tags=["session"])


@router.post(SIGN_IN, responses={401: {"description": "Wrong name or password, or too many attempts"}})
def sign_in_(body: SignInIn, request: Request, response: Response, session: BareSessionDep) -> StateOut:
    """Sign in with name and password. The session cookie cannot be read by scripts."""
    hours = request.app.state.settings.session_hours
    token = sign_in(session, body.name, body.password, hours)
    session.commit()  # a failed attempt counts, too
    count_sign_in(token is not None)
    if token is None:
        raise NotSignedIn(
            N_("Wrong name or password, or too many attempts."),
            hint=N_("Try again; after several failed attempts, wait some minutes."),
        )
    set_cookie(request.app.state.settings, response, token)
    return StateOut(status="signed in")


@router.get(SIGN_IN)
def who_(request: Request, who: WhoDep, lang: LangDep) -> WhoOut:
    """Return the current identity, its roles and areas, and the CSRF token of its session."""
    csrf = csrf_token(request.state.token) if who.kind == "session" else None
    return WhoOut(
        name=who.name,
        shown=who.shown,
        kind=who.kind,
        postings=_postings(who, lang),
        rights=sorted(who.rights),
        expires=dt.datetime.fromtimestamp(who.expires, dt.UTC),
        csrf=csrf,
    )


def _postings(who: Identity, lang: Lang) -> list[PostingOut]:
    return [
        PostingOut(role=role, role_name=say(lang, ROLES.get(role, role)), reach=reach)
        for role, reach in who.postings
    ]


@router.delete(SIGN_IN)
def sign_out_(request: Request, response: Response, who: WhoDep, session: SessionDep) -> StateOut:
    """End the session immediately."""
    sign_out(session)
    session.commit()
    request.app.state.known.forget(request.state.token)
    if who.kind == "session":
        clear_cookie(request.app.state.settings, response)
        # Not "storage": reports that are not sent yet are in it.
        response.headers["Clear-Site-Data"] = '"cache"'
    return StateOut(status="signed out")


@router.post("/api/session/password")
def password(body: PasswordIn, who: WhoDep, session: SessionDep) -> StateOut:
    """Change one's own password; all other sessions of the account end, and its keys where that is wanted."""
    if who.kind != "session":
        raise _needs_password_session()
    changed = change_password(session, who.name, body.old, body.new, end_keys=body.end_keys)
    session.commit()  # a failed attempt counts, too
    if not changed:
        raise BadInput(N_("The current password is wrong."), field="old", hint=N_("Try again."))
    return StateOut(status="changed")


@router.get("/api/keys")
def keys(who: WhoDep, session: SessionDep) -> KeysOut:
    """List one's own API keys, without their secrets."""
    return KeysOut(keys=[KeyRow.model_validate(dict(row)) for row in list_own_keys(session)])


@router.post("/api/keys", status_code=201)
def make_key(body: KeyIn, who: WhoDep, session: SessionDep) -> KeyOut:
    """Create an API key of one's own. Its secret is in this response only."""
    made = make_own_key(session, KeyRequest(body.label, body.scopes, body.days))
    if made is None:
        raise _needs_password_session()
    return KeyOut(id=made[0], key=made[1])


@router.delete("/api/keys/{id}")
def drop_key(who: WhoDep, session: SessionDep, id: int = Path(ge=1, le=2**62)) -> StateOut:
    """Revoke one of one's own keys."""
    if not revoke_own_key(session, id):
        raise NotFound(N_("You have no active key {id}."), field="id", id=id)
    return StateOut(status="ended")


def _needs_password_session() -> Forbidden:
    return Forbidden(
        N_("This needs a sign-in with a password; an API key is not enough."),
        hint=N_("Sign in at /login."),
    )
