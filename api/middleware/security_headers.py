"""Adds security headers to every response: the strictest values, where the response has none of its own."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Pair = tuple[bytes, bytes]

DENY_ALL_CSP: Final = "default-src 'none'; frame-ancestors 'none'"
ALLOWED_FEATURES: Final = ("camera", "geolocation")  # what our own pages may use
DENIED_FEATURES: Final = (
    "accelerometer",
    "autoplay",
    "browsing-topics",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "gyroscope",
    "hid",
    "idle-detection",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "publickey-credentials-get",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)


def _permissions_policy() -> str:
    """The Permissions-Policy header: our own pages' features, and a denial of every other one."""
    allowed = [f"{name}=(self)" for name in ALLOWED_FEATURES]
    return ", ".join(allowed + [f"{name}=()" for name in DENIED_FEATURES])


def _encoded(headers: dict[str, str]) -> tuple[Pair, ...]:
    return tuple((name.lower().encode(), value.encode()) for name, value in headers.items())


ALWAYS: Final = _encoded(
    {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": _permissions_policy(),
        "Content-Security-Policy": DENY_ALL_CSP,
    }
)
OVER_TLS: Final = _encoded({"Strict-Transport-Security": "max-age=31536000"})
# Answers of the API hold personal data and depend on the session: no cache may keep them.
OF_API: Final = _encoded({"Cache-Control": "no-store"})
API: Final = "/api/"


class SecurityHeadersMiddleware:
    """ASGI middleware. Headers that a response sets itself have precedence.

    It must enclose everything that may answer, the handler of unexpected errors included.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the missing headers as the response starts."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        defaults = _default_headers(scope)

        async def send_completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = list(message.get("headers", ()))
                names = {name for name, _ in present}
                message["headers"] = present + [pair for pair in defaults if pair[0] not in names]
            await send(message)

        await self.app(scope, receive, send_completed)


def _default_headers(scope: Scope) -> tuple[Pair, ...]:
    defaults = ALWAYS
    if scope["path"].startswith(API):
        defaults += OF_API
    if scope.get("scheme") == "https":
        defaults += OVER_TLS
    return defaults
