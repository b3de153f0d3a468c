"""Maps domain errors to HTTP: one table of statuses, and RFC 9457 problem documents.

Errors of the service itself (5xx) are answered with a fixed sentence; the details go to the log.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.middleware.observability import endpoint_of
from core.errors import (
    Altered,
    BadData,
    BadInput,
    Conflict,
    Forbidden,
    NotFound,
    NotSignedIn,
    StoreUnavailable,
    TooLarge,
    ZhijieError,
)
from core.i18n import N_, Lang, pick_lang, say

log = logging.getLogger("zhijie.api")

# The first class that matches decides: TooLarge before BadInput, its base.
STATUSES: Final[tuple[tuple[type[ZhijieError], int], ...]] = (
    (TooLarge, 413),
    (BadInput, 422),
    (NotSignedIn, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (StoreUnavailable, 503),
    (BadData, 500),
    (Altered, 500),
)
MAX_ERRORS: Final = 20  # of one problem document
MAX_FIELD: Final = 200  # characters of a name that the client chose
RETRY_SECONDS: Final = "5"
EXTRA: Final = {503: {"Retry-After": RETRY_SECONDS}, 401: {"WWW-Authenticate": "Bearer"}}
HINTS: Final = {
    "missing": N_("This field is required."),
    "extra_forbidden": N_("Remove this field."),
    "finite_number": N_("Give a finite number."),
}


def install(app: FastAPI) -> None:
    """Register the exception handlers on an application."""
    app.add_exception_handler(ZhijieError, _handle_domain_error)
    app.add_exception_handler(RequestValidationError, _handle_validation_error)
    app.add_exception_handler(HTTPException, _handle_http_error)
    app.add_exception_handler(Exception, _handle_unexpected_error)


def lang_of(request: Request) -> Lang:
    """Language of a request: ``?lang=``, else ``Accept-Language``, else the installation's."""
    preference = request.query_params.get("lang") or request.headers.get("accept-language")
    return pick_lang(preference, request.app.state.settings.lang)


class Problem(JSONResponse):
    """A problem document. Texts may hold lone surrogates, which no encoding has."""

    media_type = "application/problem+json"

    def render(self, content: object) -> bytes:
        """JSON, with ``?`` in place of what UTF-8 cannot encode."""
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def problem(
    status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: object
) -> JSONResponse:
    """An ``application/problem+json`` response; ``more`` are its extension members.

    ``hint`` is sent as ``mend`` too, its name until 0.1, for clients of that version.
    """
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    if "hint" in more:
        more["mend"] = more["hint"]
    return Problem(
        body | {key: value for key, value in more.items() if value},
        status,
        dict(headers or {}),
    )


def status_of(fault: ZhijieError) -> int:
    """The HTTP status of a domain error."""
    return next(status for kind, status in STATUSES if isinstance(fault, kind))


async def _handle_domain_error(request: Request, fault: Exception) -> JSONResponse:
    assert isinstance(fault, ZhijieError)
    return problem_of(request, fault)


def problem_of(request: Request, fault: ZhijieError) -> JSONResponse:
    """The problem document of a domain error."""
    lang, status = lang_of(request), status_of(fault)
    if status >= 500:
        log.error(
            "%s %s: %s", request.method, endpoint_of(request.scope), type(fault).__name__, exc_info=fault
        )
    return problem(
        status, fault.detail(lang), headers=EXTRA.get(status), field=fault.field, hint=fault.hint_text(lang)
    )


async def _handle_validation_error(request: Request, fault: Exception) -> JSONResponse:
    """422 with the first error as ``detail`` and the first few as ``errors``; ``more_errors``: the others."""
    assert isinstance(fault, RequestValidationError)
    found = fault.errors()
    lang, first = lang_of(request), found[0]
    # The first part of ``loc`` names the source of a value (body, query …), which is no field.
    place = [str(part) for part in first["loc"] if part not in ("body", "query", "path", "header")]
    errors = [
        {"field": ".".join(str(part) for part in error["loc"][1:])[:MAX_FIELD], "detail": error["msg"]}
        for error in found[:MAX_ERRORS]
    ]
    field = (".".join(place) or str(first["loc"][0]))[:MAX_FIELD]
    hint = say(lang, HINTS.get(first["type"], N_("See the API description at /docs.")))
    more = max(0, len(found) - MAX_ERRORS)
    return problem(422, first["msg"], field=field, hint=hint, errors=errors, more_errors=more)


async def _handle_http_error(request: Request, fault: Exception) -> JSONResponse:
    assert isinstance(fault, HTTPException)
    return problem(fault.status_code, str(fault.detail), headers=fault.headers)


async def _handle_unexpected_error(request: Request, fault: Exception) -> JSONResponse:
    log.error("%s %s", request.method, endpoint_of(request.scope), exc_info=fault)
    return problem(500, say(lang_of(request), N_("Internal error; it has been logged.")))
