"""The pages of signing in, and the way through an OpenID Connect provider where one is configured."""

from __future__ import annotations

import re
from typing import Annotated, Final

import httpx2 as httpx
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.starlette_client import OAuth, StarletteOAuth2App
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from api.deps import LangDep
from api.guard import set_cookie
from api.observe import count_sign_in
from cases.accounts import sign_in_vouched
from geo.access import RIGHTS, ROLES, Identity
from geo.errors import NotFound, StoreUnavailable
from geo.postgis import open_session
from geo.settings import Settings
from maps.signin import POLICY, account_page, sign_in_page
from words import N_, Lang, say

router = APIRouter(include_in_schema=False)
HEADERS: Final = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
OURS: Final = re.compile(r"/(?![/\\])[\w./?=&%+,:~-]*")
Next = Annotated[str, Query(alias="next", max_length=500)]


def oauth_of(settings: Settings) -> OAuth | None:
    """The client of the configured provider; None where there is none."""
    if settings.oidc_issuer is None:
        return None
    oauth = OAuth()
    oauth.register(
        "provider",
        server_metadata_url=f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        client_kwargs={"scope": "openid", "code_challenge_method": "S256"},
    )
    return oauth


def local(following: str) -> str:
    """A path of our own; any other address becomes the map."""
    return following if OURS.fullmatch(following) else "/"


@router.get("/login", response_class=HTMLResponse)
def sign_in(request: Request, lang: LangDep, following: Next = "/", refused: bool = False) -> Response:
    """The page that asks for name and password."""
    provider = request.app.state.oauth is not None
    page = sign_in_page(lang, local(following), provider=provider, refused=refused)
    return HTMLResponse(page, headers=HEADERS)


@router.get("/account", response_class=HTMLResponse)
def account(request: Request, lang: LangDep) -> Response:
    """The page of one's own account."""
    who: Identity | None = request.state.who
    if who is None:
        return RedirectResponse("/login?next=/account", 303)
    rights = [(right, say(lang, RIGHTS[right])) for right in RIGHTS if who.may(right)]
    page = account_page(lang, who.shown, who.name, [_posting(post, lang) for post in who.postings], rights)
    return HTMLResponse(page, headers=HEADERS)


def _posting(posting: tuple[str, str], lang: Lang) -> str:
    role, reach = posting
    where = reach or say(lang, N_("everywhere"))
    return say(lang, N_("{role}: {reach}"), role=say(lang, ROLES.get(role, role)), reach=where)


@router.get("/login/oidc")
async def to_provider(request: Request) -> Response:
    """Send the browser to the provider."""
    provider = _provider(request)
    try:
        answer: Response = await provider.authorize_redirect(request, _back(request))
    except (httpx.HTTPError, OAuthError, ValueError) as fault:
        raise StoreUnavailable(
            N_("The provider of accounts does not answer."),
            mend=N_("Try again, or sign in with a password at /login."),
        ) from fault
    return answer


@router.get("/login/oidc/callback")
async def from_provider(request: Request) -> Response:
    """The provider has sent the browser back: who it vouches for is signed in, if an account names it."""
    provider = _provider(request)
    try:
        token = await provider.authorize_access_token(request)
        claims = token["userinfo"]
    except (httpx.HTTPError, OAuthError, ValueError, KeyError):
        return RedirectResponse("/login?refused=true", 303)
    session = await run_in_threadpool(_open, request, claims["iss"], claims["sub"])
    count_sign_in(session is not None)
    if session is None:
        return RedirectResponse("/login?refused=true", 303)
    answer = RedirectResponse("/", 303)
    set_cookie(request.app.state.settings, answer, session)
    return answer


def _provider(request: Request) -> StarletteOAuth2App:
    oauth: OAuth | None = request.app.state.oauth
    if oauth is None:
        raise NotFound(N_("No provider of accounts is configured."), field="path")
    return oauth.provider


def _back(request: Request) -> str:
    return str(request.url_for("from_provider"))


def _open(request: Request, issuer: str, subject: str) -> str | None:
    with open_session(request.app.state.engine) as session:
        return sign_in_vouched(session, issuer, subject, request.app.state.settings.session_hours)
