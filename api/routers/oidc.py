"""The way through an OpenID Connect provider. Loaded only where one is configured: it takes a while."""

from __future__ import annotations

import logging
from typing import Final

import httpx2 as httpx
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth, StarletteOAuth2App
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from joserfc.errors import JoseError
from starlette.concurrency import run_in_threadpool

from accounts.accounts import sign_in_vouched
from api.dependencies import LangDep
from api.middleware.authentication import set_cookie
from api.middleware.observability import count_sign_in
from api.routers.account_pages import Next, answer_page, local
from core.errors import BadInput
from core.i18n import N_
from core.settings import Settings
from store.engine import open_session

log = logging.getLogger("zhijie.api")
router = APIRouter(include_in_schema=False)
ON_THE_WAY: Final = "next"  # where to go after the provider, in the cookie of the way through it
# What goes wrong with a provider that is down, speaks otherwise, or vouches for what it should not.
FAULTS: Final = (
    httpx.HTTPError,
    httpx.InvalidURL,
    AuthlibBaseError,
    JoseError,
    RuntimeError,
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
)
SILENT: Final = N_("The provider of accounts does not answer.")


def oauth_of(settings: Settings, issuer: str) -> OAuth:
    """The client of a provider."""
    for field in ("oidc_client_id", "oidc_client_secret"):
        if not getattr(settings, field):
            name = f"ZHIJIE_{field.upper()}"
            raise BadInput(
                N_("Signing in by a provider of accounts needs {name} as well."), field=name, name=name
            )
    oauth = OAuth()
    oauth.register(
        "provider",
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        client_kwargs={"scope": "openid", "code_challenge_method": "S256"},
    )
    return oauth


@router.get("/login/oidc", response_model=None)
async def to_provider(request: Request, lang: LangDep, following: Next = "/") -> Response:
    """Send the browser to the provider; where that does not answer, the page says so."""
    provider = _provider(request)
    try:
        answer: Response = await provider.authorize_redirect(request, _back(request))
    except FAULTS as fault:
        log.warning("the provider of accounts: %s", type(fault).__name__, exc_info=fault)
        _forget(provider)
        return answer_page(request, lang, following, SILENT, 503)
    request.session[ON_THE_WAY] = local(following)
    return answer


@router.get("/login/oidc/callback")
async def from_provider(request: Request) -> Response:
    """The provider has sent the browser back: who it vouches for is signed in, if an account names it."""
    provider = _provider(request)
    onward = local(str(request.session.pop(ON_THE_WAY, "/")))
    try:
        token = await provider.authorize_access_token(request)
        issuer, subject = str(token["userinfo"]["iss"]), str(token["userinfo"]["sub"])
    except FAULTS as fault:
        log.warning("the provider of accounts: %s", type(fault).__name__)
        if not isinstance(fault, AuthlibBaseError):  # which anybody can bring about
            _forget(provider)
        return RedirectResponse("/login?broken=true", 303)
    session = await run_in_threadpool(_open, request, issuer, subject)
    count_sign_in(session is not None)
    if session is None:
        return RedirectResponse("/login?refused=true", 303)
    answer = RedirectResponse(onward, 303)
    set_cookie(request.app.state.settings, answer, session)
    return answer


def _provider(request: Request) -> StarletteOAuth2App:
    return request.app.state.oauth.provider


def _forget(provider: StarletteOAuth2App) -> None:
    """Ask the provider anew next time what it is and which keys it has."""
    for known in ("_loaded_at", "jwks"):
        provider.server_metadata.pop(known, None)


def _back(request: Request) -> str:
    return str(request.url_for("from_provider"))


def _open(request: Request, issuer: str, subject: str) -> str | None:
    with open_session(request.app.state.engine) as session:
        return sign_in_vouched(session, issuer, subject, request.app.state.settings.session_hours)
