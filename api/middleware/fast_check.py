"""Checks of points that memory can answer are answered before anything else looks at the request.

They take no thread, no connection and no way through the router. Whatever is amiss with a request,
and all that may take long, goes the usual way, which knows how to say so.
"""

from __future__ import annotations

from typing import Final

from fastapi import Request, Response
from pydantic import ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import lang_of
from api.schemas.reports import InquiryIn
from core.errors import ZhijieError
from store.access import Identity
from verdict.answer_cache import AnswerCache

PATH: Final = "/api/check"
JSON: Final = "application/json"


class FastCheckMiddleware:
    """ASGI middleware. ``app.state.answers`` holds the answers, or None where the store alone gives them."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a check, or let the application do it with the same body."""
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        answers: AnswerCache | None = request.app.state.answers
        who: Identity | None = request.state.who
        if (
            answers is None
            or who is None
            or not who.may("check")
            or request.headers.get("content-type") != JSON
        ):
            await self.app(scope, receive, send)
            return
        body = await request.body()
        found = _answer(answers, request, body)
        await (self.app(scope, _again(body, receive), send) if found is None else found(scope, receive, send))


def _answer(answers: AnswerCache, request: Request, body: bytes) -> Response | None:
    try:
        asked = InquiryIn.model_validate_json(body)
        if asked.footprint is not None:  # may take long, and must not hold others up
            return None
        found = answers.to(asked.inquiry(), lang_of(request))
    except (ValidationError, ZhijieError):
        return None
    return None if found is None else Response(found, media_type=JSON)


def _again(body: bytes, receive: Receive) -> Receive:
    """The messages of a request whose body has been read."""
    given = False

    async def once_more() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once_more
