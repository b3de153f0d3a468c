"""The pages of signing in, and the way through an OpenID Connect provider where one is configured."""

from __future__ import annotations

import logging
import re
from typing import Annotated, Final

import httpx2 as httpx
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth, StarletteOAuth2App
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from joserfc.errors import JoseError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import URL

from api.deps import LangDep
from api.guard import set_cookie
from api.observe import count_sign_in
from cases.accounts import sign_in_vouched
from geo.access import RIGHTS, ROLES, Identity
from geo.errors import BadInput, NotFound
from geo.postgis import open_session
from geo.settings import Settings
from maps.signin import POLICY, account_page, sign_in_page
from words import N_, Lang, say

log = logging.getLogger("zhijie.api")
router = APIRouter(include_in_schema=False)
HEADERS: Final = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
OURS: Final = re.compile(r"/(?![/\\])[\w./?=&%+,:~-]*")
Next = Annotated[str, Query(alias="next", max_length=500)]
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
REFUSED: Final = N_("The organisation's account has no account here. Ask the administrator.")
BROKEN: Final = N_("It did not work. Try again.")
SILENT: Final = N_("The provider of accounts does not answer.")


def oauth_of(settings: Settings) -> OAuth | None:
    """The client of the configured provider; None where there is none."""
    if settings.oidc_issuer is None:
        return None
    for field in ("oidc_client_id", "oidc_client_secret"):
        if not getattr(settings, field):
            name = f"ZHIJIE_{field.upper()}"
            raise BadInput(
                N_("Signing in by a provider of accounts needs {name} as well."), field=name, name=name
            )
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


def _onward(request: Request, lang: Lang, following: str) -> str:
    """Where to go after signing in: a path of our own, in the language that was chosen."""
    path = local(following)
    return str(URL(path).include_query_params(lang=lang)) if "lang" in request.query_params else path


@router.get("/login", response_class=HTMLResponse)
def sign_in(
    request: Request, lang: LangDep, following: Next = "/", refused: bool = False, broken: bool = False
) -> Response:
    """The page that asks for name and password."""
    note = REFUSED if refused else BROKEN if broken else ""
    return _sign_in(request, lang, following, note)


def _sign_in(request: Request, lang: Lang, following: str, note: str, status: int = 200) -> Response:
    onward, provider = _onward(request, lang, following), request.app.state.oauth is not None
    page = sign_in_page(lang, onward, provider=provider, note=say(lang, note) if note else "")
    return HTMLResponse(page, status, headers=HEADERS)


@router.get("/account", response_class=HTMLResponse)
def account(request: Request, lang: LangDep) -> Response:
    """The page of one's own account."""
    who: Identity | None = request.state.who
    if who is None:
        chosen = f"&lang={lang}" if "lang" in request.query_params else ""
        return RedirectResponse(f"/login?next=/account{chosen}", 303)
    rights = [(right, say(lang, RIGHTS[right])) for right in RIGHTS if who.may(right)]
    page = account_page(lang, who.shown, who.name, [_posting(post, lang) for post in who.postings], rights)
    return HTMLResponse(page, headers=HEADERS)


def _posting(posting: tuple[str, str], lang: Lang) -> str:
    role, reach = posting
    where = reach or say(lang, N_("everywhere"))
    return say(lang, N_("{role}: {reach}"), role=say(lang, ROLES.get(role, role)), reach=where)


@router.get("/login/oidc", response_model=None)
async def to_provider(request: Request, lang: LangDep, following: Next = "/") -> Response:
    """Send the browser to the provider; where that does not answer, the page says so."""
    provider = _provider(request)
    try:
        answer: Response = await provider.authorize_redirect(request, _back(request))
    except FAULTS as fault:
        log.warning("the provider of accounts: %s", type(fault).__name__, exc_info=fault)
        _forget(provider)
        return _sign_in(request, lang, following, SILENT, 503)
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
    oauth: OAuth | None = request.app.state.oauth
    if oauth is None:
        raise NotFound(N_("No provider of accounts is configured."), field="path")
    return oauth.provider


def _forget(provider: StarletteOAuth2App) -> None:
    """Ask the provider anew next time what it is and which keys it has."""
    for known in ("_loaded_at", "jwks"):
        provider.server_metadata.pop(known, None)


def _back(request: Request) -> str:
    return str(request.url_for("from_provider"))


def _open(request: Request, issuer: str, subject: str) -> str | None:
    with open_session(request.app.state.engine) as session:
        return sign_in_vouched(session, issuer, subject, request.app.state.settings.session_hours)
