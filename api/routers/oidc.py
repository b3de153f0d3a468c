"""Signing in by an OpenID Connect provider. Imported only where one is configured: it loads slowly."""

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

from accounts import sign_in_with_provider
from api.dependencies import LangDep
from api.middleware.authentication import set_cookie
from api.middleware.observability import count_sign_in
from api.routers.account_pages import Next, local_path, sign_in_response
from core.errors import BadInput
from core.i18n import N_
from core.settings import Settings
from store import open_session

log = logging.getLogger("zhijie.api")
router = APIRouter(include_in_schema=False)
# Where to go after signing in; stored in the signed cookie while the browser is at the provider.
NEXT_KEY: Final = "next"
# What the libraries raise for a provider that is down, answers malformed documents, or signs wrong tokens.
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
NO_ANSWER: Final = N_("The identity provider does not answer.")


def oauth_of(settings: Settings, issuer: str) -> OAuth:
    """The OAuth client of a provider. Raises :class:`BadInput` where a setting is missing."""
    for field in ("oidc_client_id", "oidc_client_secret"):
        if not getattr(settings, field):
            name = f"ZHIJIE_{field.upper()}"
            raise BadInput(N_("Signing in by an identity provider also needs {name}."), field=name, name=name)
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
    """Redirect the browser to the provider; where it does not answer, show the sign-in page again."""
    provider = _provider(request)
    try:
        answer: Response = await provider.authorize_redirect(request, str(request.url_for("from_provider")))
    except FAULTS as fault:
        log.warning("identity provider: %s", type(fault).__name__, exc_info=fault)
        _forget_metadata(provider)
        return sign_in_response(request, lang, following, NO_ANSWER, 503)
    request.session[NEXT_KEY] = local_path(following)
    return answer


@router.get("/login/oidc/callback")
async def from_provider(request: Request) -> Response:
    """Sign in the account that the provider's token names, after the provider has sent the browser back."""
    provider = _provider(request)
    return_path = local_path(str(request.session.pop(NEXT_KEY, "/")))
    try:
        token = await provider.authorize_access_token(request)
        issuer, subject = str(token["userinfo"]["iss"]), str(token["userinfo"]["sub"])
    except FAULTS as fault:
        log.warning("identity provider: %s", type(fault).__name__)
        if not isinstance(fault, AuthlibBaseError):  # such a fault anybody can cause by a made-up address
            _forget_metadata(provider)
        return RedirectResponse("/login?broken=true", 303)
    session = await run_in_threadpool(_sign_in, request, issuer, subject)
    count_sign_in(session is not None)
    if session is None:
        return RedirectResponse("/login?refused=true", 303)
    answer = RedirectResponse(return_path, 303)
    set_cookie(request.app.state.settings, answer, session)
    return answer


def _provider(request: Request) -> StarletteOAuth2App:
    return request.app.state.oauth.provider


def _forget_metadata(provider: StarletteOAuth2App) -> None:
    """Fetch the provider's metadata and keys again with the next request."""
    for known in ("_loaded_at", "jwks"):
        provider.server_metadata.pop(known, None)


def _sign_in(request: Request, issuer: str, subject: str) -> str | None:
    """The token of a new session; None where no account is linked to the subject."""
    with open_session(request.app.state.engine) as session:
        return sign_in_with_provider(session, issuer, subject, request.app.state.settings.session_hours)
