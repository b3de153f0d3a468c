"""Security headers on every answer: the strictest that browsers know, where an answer says nothing itself."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Pair = tuple[bytes, bytes]

NOTHING: Final = "default-src 'none'; frame-ancestors 'none'"
OURS: Final = ("camera", "geolocation")  # what our own pages may ask a browser for
NOBODYS: Final = (
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


def _permissions() -> str:
    ours, nobodys = [f"{name}=(self)" for name in OURS], [f"{name}=()" for name in NOBODYS]
    return ", ".join(ours + nobodys)


def _pairs(headers: dict[str, str]) -> tuple[Pair, ...]:
    return tuple((name.lower().encode(), value.encode()) for name, value in headers.items())


ALWAYS: Final = _pairs(
    {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": _permissions(),
        "Content-Security-Policy": NOTHING,
    }
)
OVER_TLS: Final = _pairs({"Strict-Transport-Security": "max-age=31536000"})
OF_API: Final = _pairs({"Cache-Control": "no-store"})
API: Final = "/api/"


class SecurityHeadersMiddleware:
    """ASGI middleware. What an answer says itself stays as it is.

    To stand outside of all that may answer, the handler of unforeseen errors included.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add what is missing as the answer starts."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        wanted = _wanted(scope)

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = list(message.get("headers", ()))
                names = {name for name, _ in said}
                message["headers"] = said + [pair for pair in wanted if pair[0] not in names]
            await send(message)

        await self.app(scope, receive, completed)


def _wanted(scope: Scope) -> tuple[Pair, ...]:
    wanted = ALWAYS
    if scope["path"].startswith(API):
        wanted += OF_API
    if scope.get("scheme") == "https":
        wanted += OVER_TLS
    return wanted
