"""Refuses request bodies over the size limit while they arrive, before anything parses them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fastapi import Request, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import lang_of, problem
from core.i18n import N_, say


class BodyTooLarge(HTTPException):
    """The body exceeds the limit. An ``HTTPException``, so that body parsers pass it on unchanged."""

    def __init__(self, limit: int) -> None:
        super().__init__(413)
        self.limit = limit


async def too_large(request: Request, fault: Exception) -> Response:
    """The response to a body over the limit."""
    assert isinstance(fault, BodyTooLarge)
    lang = lang_of(request)
    detail = say(lang, N_("The request body is over {limit} bytes."), limit=fault.limit)
    hint = say(lang, N_("Split the request."))
    # The rest of the body is not read, so the connection cannot be used again.
    return problem(413, detail, field="body", hint=hint, headers={"Connection": "close"})


class BodyLimitMiddleware:
    """ASGI middleware: at most ``limit`` bytes a request body, whether declared or streamed.

    ``of_path``: limits of single paths, or patterns of paths, that differ.
    """

    def __init__(
        self, app: ASGIApp, limit: int, of_path: Mapping[str | re.Pattern[str], int] | None = None
    ) -> None:
        self.app = app
        self.limit = limit
        of_path = of_path or {}
        self.of_path = {path: most for path, most in of_path.items() if isinstance(path, str)}
        self.of_pattern = [(path, most) for path, most in of_path.items() if not isinstance(path, str)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse by Content-Length at once; count the bytes of what passes."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        # The header may lie or be missing (chunked): hence the count in ``_counted``.
        # Anything but digits in it counts as too large.
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) <= limit:
            await self.app(scope, _counted(receive, limit), send)
            return
        answer = await too_large(Request(scope), BodyTooLarge(limit))
        await answer(scope, receive, send)

    def _limit(self, path: str) -> int:
        if path in self.of_path:
            return self.of_path[path]
        return next((most for pattern, most in self.of_pattern if pattern.fullmatch(path)), self.limit)


def _counted(receive: Receive, limit: int) -> Receive:
    """A ``receive`` that raises :class:`BodyTooLarge` once the body exceeds the limit."""
    total = 0

    async def count() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > limit:
            raise BodyTooLarge(limit)
        return message

    return count
