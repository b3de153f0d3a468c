"""Who asks: the credential of a request, and whether it may be used like that.

A request is known by an API key (``Authorization: Bearer``) or by the cookie of a session. Only the latter is
sent by browsers of themselves, so only there a request that changes something must also show the session's
CSRF token. Who was recognised stays so for a few seconds without asking the database; what a request reads or
writes there, the database decides anew (``SessionDep``).
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

from api.errors import told
from api.middleware.rate_limit import Rates, too_many
from core.errors import Forbidden, ZhijieError
from core.i18n import N_
from core.settings import Settings
from store.access import Identity, enter
from store.engine import open_session

KEPT_S: Final = 5.0
MOST_KEPT: Final = 10_000
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
SIGN_IN: Final = "/api/session"
CSRF_HEADER: Final = "X-CSRF-Token"
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{10,200}")


def cookie_name(settings: Settings) -> str:
    """A browser takes a name that begins with ``__Host-`` from this host alone, and over HTTPS."""
    return "__Host-zhijie" if settings.cookie_secure else "zhijie"


def set_cookie(settings: Settings, response: Response, token: str) -> None:
    """Hand a session to the browser."""
    lives = int(settings.session_hours * 3600)
    name, secure = cookie_name(settings), settings.cookie_secure
    response.set_cookie(name, token, max_age=lives, httponly=True, samesite="lax", secure=secure, path="/")


def clear_cookie(settings: Settings, response: Response) -> None:
    """Let the browser forget the session."""
    name, secure = cookie_name(settings), settings.cookie_secure
    response.delete_cookie(name, httponly=True, samesite="lax", secure=secure, path="/")


def csrf_token(token: str) -> str:
    """What a page must show beside the session's cookie: made of it, and of no use without it."""
    return hmac.digest(token.encode(), b"zhijie csrf", "sha256").hex()


class RateLimited(Exception):
    """More was asked than is answered; ``wait``: seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__(wait)
        self.wait = wait


class IdentityCache:
    """Credentials that were recognised a moment ago. A tiny cache, used by one event loop."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, tuple[float, Identity | None]] = OrderedDict()

    def get(self, key: bytes) -> tuple[bool, Identity | None]:
        """(is it known, whom it stands for)."""
        until, who = self._kept.get(key, (0.0, None))
        return until > time.monotonic(), who

    def keep(self, key: bytes, who: Identity | None) -> None:
        """Remember for a few seconds, but not beyond its end."""
        left = KEPT_S if who is None else min(KEPT_S, who.expires - time.time())
        self._kept[key] = (time.monotonic() + left, who)
        self._kept.move_to_end(key)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)

    def forget(self, token: str) -> None:
        """After a sign-out."""
        self._kept.pop(_digest(token), None)


class AuthenticationMiddleware:
    """ASGI middleware: sets ``request.state.who`` (an Identity or None) and ``request.state.token``."""

    def __init__(self, app: ASGIApp, settings: Settings, known: IdentityCache, rates: Rates) -> None:
        self.app = app
        self._cookie = cookie_name(settings)
        self._known = known
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Recognise who asks; refuse what comes too often or without the CSRF token."""
        if scope["type"] != "http" or scope["path"].startswith("/static/"):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        refused = await self._refused(request)
        await (refused or self.app)(scope, receive, send)

    async def _refused(self, request: Request) -> Response | None:
        request.state.who = request.state.token = request.state.fault = None
        token, by_cookie = self._credential(request)
        try:
            who = None if token is None else await self._who(request, token)
        except RateLimited as fault:
            return too_many(request, fault.wait)
        except ZhijieError as fault:  # of the store; told where it matters who asks, other doors answer
            request.state.fault = fault
            return None
        if who is not None:
            request.state.who, request.state.token = who, token
        account = None if who is None else who.account
        wait = self._rates.refused(account, _address(request), request.scope["path"], request.method)
        if wait is not None:
            return too_many(request, wait)
        if who is not None and by_cookie and _forged(request, token or ""):
            return told(
                request,
                Forbidden(
                    N_("The request does not show that it comes from our own pages."),
                    field=CSRF_HEADER,
                    hint=N_("Reload the page and try again."),
                ),
            )
        return None

    def _credential(self, request: Request) -> tuple[str | None, bool]:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return (token.strip() if TOKEN.fullmatch(token.strip()) else None), False
        token = request.cookies.get(self._cookie, "")
        return (token, True) if TOKEN.fullmatch(token) else (None, False)

    async def _who(self, request: Request, token: str) -> Identity | None:
        key = _digest(token)
        known, who = self._known.get(key)
        if known:
            return who
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


def _forged(request: Request, token: str) -> bool:
    if request.method in SAFE or (request.scope["path"] == SIGN_IN and request.method == "POST"):
        return False
    shown = request.headers.get(CSRF_HEADER, "")
    return not hmac.compare_digest(shown.encode(), csrf_token(token).encode())
