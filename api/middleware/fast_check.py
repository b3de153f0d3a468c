"""Answers checks of points from memory before the request reaches the router.

Such a request needs no worker thread, no connection and no dependency injection. Invalid requests, and
whatever may take long, go the usual way, which knows how to report errors.
"""

from __future__ import annotations

from typing import Final

from fastapi import Request, Response
from pydantic import ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import lang_of
from api.middleware.body_limit import replay
from api.schemas.reports import InquiryIn
from core.errors import ZhijieError
from store import Identity
from verdict import AnswerCache, reach_of_names

PATH: Final = "/api/check"
JSON: Final = "application/json"
MAX_BYTES: Final = 4096  # of the inquiry of a point; a larger body is parsed once only, by the router


class FastCheckMiddleware:
    """ASGI middleware. ``app.state.answers``: the answers in memory, None where PostGIS alone answers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a check, or pass the request on with the same body."""
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
        # Read here, so a request that is passed on needs a ``receive`` that returns the body once more.
        body = await request.body()
        found = None if len(body) > MAX_BYTES else _answer_from_memory(answers, request, body, who)
        await (self.app(scope, replay(body, receive), send) if found is None else found(scope, receive, send))


def _answer_from_memory(
    answers: AnswerCache, request: Request, body: bytes, who: Identity
) -> Response | None:
    """The response, or None where the application has to give it."""
    try:
        body_in = InquiryIn.model_validate_json(body)
        if body_in.footprint is not None:  # may take long; this runs on the event loop
            return None
        found = answers.get(body_in.inquiry(), lang_of(request), reach_of_names(who))
    except (ValidationError, ZhijieError):
        return None
    return None if found is None else Response(found, media_type=JSON)
