"""Refuses request bodies that no endpoint should read: of strangers, too large, or too deep, before parsing.

A stranger's body is not read at all, except where one signs in. Bodies that an endpoint reads whole are read
here, up to the limit, so that nothing behind this parses what has not been checked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import Request, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.dependencies import signed_in
from api.errors import lang_of, problem, problem_of
from api.json_shape import Shape, check_shape
from api.middleware.authentication import SAFE
from api.openapi import OPEN
from core.errors import BadInput, ZhijieError
from core.i18n import N_, say

DISCARDED: Final = 65_536  # bytes of a refused body that may still arrive; for more, the connection ends
CLOSE: Final = {"Connection": "close"}


@dataclass(frozen=True, slots=True)
class BodyRule:
    """Most bytes of a body, and its shape as JSON; None for one that its endpoint reads piece by piece."""

    limit: int
    shape: Shape | None = None


class BodyTooLarge(HTTPException):
    """The body exceeds the limit. An ``HTTPException``, so that body parsers pass it on unchanged."""

    def __init__(self, limit: int) -> None:
        super().__init__(413)
        self.limit = limit


class _Gone(Exception):
    """The client has hung up before its body was whole."""


async def too_large(request: Request, fault: Exception) -> Response:
    """The response to a body over the limit."""
    assert isinstance(fault, BodyTooLarge)
    lang = lang_of(request)
    detail = say(lang, N_("The request body is over {limit} bytes."), limit=fault.limit)
    hint = say(lang, N_("Split the request."))
    # The rest of the body is not read, so the connection cannot be used again.
    return problem(413, detail, field="body", hint=hint, headers=CLOSE)


class BodyLimitMiddleware:
    """ASGI middleware, inside the authentication. ``rule``: of every body but those ``of_path``."""

    def __init__(
        self, app: ASGIApp, rule: BodyRule, of_path: Mapping[str | re.Pattern[str], BodyRule]
    ) -> None:
        self.app = app
        self.rule = rule
        self.of_path = {path: own for path, own in of_path.items() if isinstance(path, str)}
        self.of_pattern = [(path, own) for path, own in of_path.items() if not isinstance(path, str)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a body by who sends it and by its declared length; read or count what passes."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request, rule = Request(scope), self._rule(scope["path"])
        length = _declared(scope)
        refusal = await _refusal(request, rule, length)
        if refusal is None and rule.shape is not None and length != 0 and scope["method"] not in SAFE:
            try:
                body = await _read(receive, rule.limit)
                check_shape(body, rule.shape)
                receive = replay(body, receive)
            except _Gone:
                return
            except BodyTooLarge as fault:
                refusal = await too_large(request, fault)
            except BadInput as fault:
                refusal = problem_of(request, fault)
        await (refusal or self.app)(scope, _counted(receive, rule.limit), send)

    def _rule(self, path: str) -> BodyRule:
        if path in self.of_path:
            return self.of_path[path]
        return next((own for pattern, own in self.of_pattern if pattern.fullmatch(path)), self.rule)


def _declared(scope: Scope) -> int | None:
    """The declared length of the body, bytes; None for one that is chunked or declares no number."""
    headers = dict(scope["headers"])
    if b"transfer-encoding" in headers:
        return None
    declared = headers.get(b"content-length", b"0")
    return int(declared) if declared.isdigit() and len(declared) < 20 else None


async def _refusal(request: Request, rule: BodyRule, length: int | None) -> Response | None:
    """The response to a body that is not read at all; None where it may be."""
    try:
        if length != 0 and request.method not in SAFE and not _is_open(request.scope):
            signed_in(request)
    except ZhijieError as fault:
        answer = problem_of(request, fault)
        if length is None or length > DISCARDED:
            answer.headers.update(CLOSE)
        return answer
    chunked = "transfer-encoding" in request.headers
    # The header may lie: hence the count in ``_counted``. Anything but digits in it counts as too large.
    if (length is None and not chunked) or (length or 0) > rule.limit:
        return await too_large(request, BodyTooLarge(rule.limit))
    return None


def _is_open(scope: Scope) -> bool:
    """Whether a stranger may send a body there. Static files are public, and read none."""
    return (scope["method"].lower(), scope["path"]) in OPEN or scope["path"].startswith("/static/")


async def _read(receive: Receive, limit: int) -> bytes:
    """The whole body. Raises :class:`BodyTooLarge` as soon as it exceeds the limit."""
    body, more = bytearray(), True
    count = _counted(receive, limit)
    while more:
        message = await count()
        if message["type"] == "http.disconnect":
            raise _Gone
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


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


def replay(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that gives a body that has been read already once more."""
    replayed = False

    async def receive_again() -> Message:
        nonlocal replayed
        if replayed:
            return await receive()
        replayed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
