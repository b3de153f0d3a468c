"""Recognises the credential of a request, and refuses requests that come too often or without a CSRF token.

A request is known by an API key (``Authorization: Bearer``) or by a session cookie. Browsers send the cookie
by themselves, also for forms of other sites, so with it a request that changes something must also carry the
session's CSRF token. A recognised credential is cached for a few seconds; what the request may read or write
is decided by the database each time (``SessionDep``), and for cached tiles the database is asked here.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections import OrderedDict
from typing import Final

from anyio import to_thread
from fastapi import Request, Response
from sqlalchemy import Engine
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import problem_of
from api.middleware.fresh_identity import FreshIdentities
from api.middleware.rate_limit import Rates, too_many
from core.errors import Forbidden, ZhijieError
from core.i18n import N_
from core.settings import Settings
from store import Identity, enter, open_session

CACHE_S: Final = 5.0  # a revoked key may work that much longer, at the middleware only
MAX_CACHED: Final = 10_000
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
SIGN_IN: Final = "/api/session"
TILES: Final = "/api/tiles/"  # answered from memory by these identities alone: as they are now
CSRF_HEADER: Final = "X-CSRF-Token"
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{10,200}")


def cookie_name(settings: Settings) -> str:
    """Name of the session cookie; a browser accepts ``__Host-`` only over HTTPS and for this host alone."""
    return "__Host-zhijie" if settings.cookie_secure else "zhijie"


def set_cookie(settings: Settings, response: Response, token: str) -> None:
    """Store a session token in the browser."""
    lives = int(settings.session_hours * 3600)
    name, secure = cookie_name(settings), settings.cookie_secure
    response.set_cookie(name, token, max_age=lives, httponly=True, samesite="lax", secure=secure, path="/")


def clear_cookie(settings: Settings, response: Response) -> None:
    """Remove the session token from the browser."""
    name, secure = cookie_name(settings), settings.cookie_secure
    response.delete_cookie(name, httponly=True, samesite="lax", secure=secure, path="/")


def csrf_token(token: str) -> str:
    """The CSRF token of a session: an HMAC of its token, useless without the cookie."""
    return hmac.digest(token.encode(), b"zhijie csrf", "sha256").hex()


class RateLimited(Exception):
    """Too many lookups of credentials. ``wait``: seconds until the next one is allowed."""

    def __init__(self, wait: float) -> None:
        super().__init__(wait)
        self.wait = wait


class IdentityCache:
    """Recently recognised credentials, by the hash of the token. For one event loop."""

    def __init__(self) -> None:
        self._entries: OrderedDict[bytes, tuple[float, Identity | None]] = OrderedDict()

    def get(self, key: bytes) -> tuple[bool, Identity | None]:
        """(is the credential cached, its identity). The identity is None for an unknown credential."""
        until, who = self._entries.get(key, (0.0, None))
        return until > time.monotonic(), who

    def keep(self, key: bytes, who: Identity | None) -> None:
        """Cache an identity for a few seconds, but not beyond its expiry."""
        # Unknown credentials are cached, too: a client that retries a wrong key must not query the database.
        left = CACHE_S if who is None else min(CACHE_S, who.expires - time.time())
        self._entries[key] = (time.monotonic() + left, who)
        self._entries.move_to_end(key)
        while len(self._entries) > MAX_CACHED:
            self._entries.popitem(last=False)

    def forget(self, token: str) -> None:
        """Remove a token, after a sign-out."""
        self._entries.pop(_digest(token), None)


class AuthenticationMiddleware:
    """ASGI middleware: sets ``request.state.who`` (an Identity or None) and ``request.state.token``."""

    def __init__(self, app: ASGIApp, settings: Settings, known: IdentityCache, rates: Rates) -> None:
        self.app = app
        self._cookie = cookie_name(settings)
        self._known = known
        self._rates = rates
        self._fresh = FreshIdentities()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Recognise the credential; refuse requests over the rate limit or without the CSRF token."""
        # Static files are public, and a page loads dozens of them: no lookup, no count.
        if scope["type"] != "http" or scope["path"].startswith("/static/"):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        refusal = await self._refusal(request)
        await (refusal or self.app)(scope, receive, send)

    async def _refusal(self, request: Request) -> Response | None:
        """The response to a request that may not pass; None where it may."""
        request.state.who = request.state.token = request.state.fault = None
        token, by_cookie = self._credential(request)
        try:
            who = None if token is None else await self._identity(request, token)
        except RateLimited as fault:
            return too_many(request, fault.wait)
        except ZhijieError as fault:  # of the store: raised by ``signed_in``; public endpoints still answer
            request.state.fault = fault
            return None
        if who is not None:
            request.state.who, request.state.token = who, token
        account = None if who is None else who.account
        wait = self._rates.count(account, _address(request), request.scope["path"], request.method)
        if wait is not None:
            return too_many(request, wait)
        if who is not None and by_cookie and _lacks_csrf_token(request, token or ""):
            return problem_of(
                request,
                Forbidden(
                    N_("The CSRF token is missing or wrong."),
                    field=CSRF_HEADER,
                    hint=N_("Reload the page and try again."),
                ),
            )
        return None

    def _credential(self, request: Request) -> tuple[str | None, bool]:
        """(token, does it come from the cookie). A malformed token counts as none."""
        # A key has precedence over the cookie, which browsers add by themselves.
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return (token.strip() if TOKEN.fullmatch(token.strip()) else None), False
        token = request.cookies.get(self._cookie, "")
        return (token, True) if TOKEN.fullmatch(token) else (None, False)

    async def _identity(self, request: Request, token: str) -> Identity | None:
        """The identity of a token, from the cache or the database. Raises :class:`RateLimited`."""
        key = _digest(token)
        known, who = self._known.get(key)
        if who is not None and known and request.scope["path"].startswith(TILES):
            state = request.app.state
            who = await self._fresh.ask(state.engine, state.gate, token)
            self._known.keep(key, who)
        if known:
            return who
        # Lookups have their own limit: guessing keys must not keep the database busy.
        wait = self._rates.lookup(_address(request))
        if wait is not None:
            raise RateLimited(wait)
        async with request.app.state.gate:
            who = await to_thread.run_sync(_recognise, request.app.state.engine, token)
        self._known.keep(key, who)
        return who


def _recognise(engine: Engine, token: str) -> Identity | None:
    with open_session(engine) as session:
        return enter(session, token)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _lacks_csrf_token(request: Request, token: str) -> bool:
    # Signing in replaces the cookie and is judged by the password, so an old session's token is not required.
    if request.method in SAFE or (request.scope["path"] == SIGN_IN and request.method == "POST"):
        return False
    shown = request.headers.get(CSRF_HEADER, "")
    # Constant time, as bytes: compare_digest refuses texts that are not ASCII.
    return not hmac.compare_digest(shown.encode(), csrf_token(token).encode())
