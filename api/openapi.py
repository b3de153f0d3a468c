"""Completes the OpenAPI document: what holds at every endpoint is added once to what FastAPI derives."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from api.middleware.authentication import CSRF_HEADER, SIGN_IN
from api.schemas.reports import ProblemOut

Node = dict[str, Any]

PROBLEM: Final = "application/problem+json"
OPEN: Final = frozenset({("get", "/healthz"), ("get", "/readyz"), ("post", SIGN_IN)})  # without a credential
DESCRIPTIONS: Final = {
    400: "The body cannot be read",
    401: "Not signed in, or the API key is not valid",
    403: "The account may not do this",
    404: "Not found, or not visible to the account",
    409: "Conflicts with the present state",
    413: "The body, or what it contains, is too large",
    422: "Invalid request: `field` names the parameter, `hint` says how to correct it",
    429: "Too many requests",
    503: "The database is unavailable; try again later",
}
WAIT: Final[Node] = {
    "Retry-After": {"required": True, "description": "Seconds", "schema": {"type": "integer", "minimum": 1}}
}
CHALLENGE: Final[Node] = {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}}
HEADERS: Final = {401: CHALLENGE, 429: WAIT, 503: WAIT}
LANG: Final[Node] = {
    "name": "lang",
    "in": "query",
    "description": "Language of texts: zh or en. By default Accept-Language, then the installation's",
    "schema": {"type": "string"},
    "example": "en",
}


def complete_document(document: Node, cookie: str) -> Node:
    """An OpenAPI document completed with problem responses, security schemes and the language parameter.

    ``cookie``: the name of the session's cookie.
    """
    parts = document.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own, which is not what we answer
        schemas.pop(name, None)
    whole = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= whole.pop("$defs", {}) | {"ProblemOut": whole}
    parts.setdefault("securitySchemes", {})["Session"] = _session(cookie)
    for path, endpoints in document["paths"].items():
        for method, endpoint in endpoints.items():
            _complete_endpoint(endpoint, method, path)
    return document


def _session(cookie: str) -> Node:
    text = f"A browser session. Requests that change something must also send its token as {CSRF_HEADER}."
    return {"type": "apiKey", "in": "cookie", "name": cookie, "description": text}


def _complete_endpoint(endpoint: Node, method: str, path: str) -> None:
    is_open = (method, path) in OPEN
    endpoint["security"] = [] if is_open else [{"Bearer": []}, {"Session": []}]
    endpoint.setdefault("parameters", []).append(LANG)
    answers = endpoint["responses"]
    declared = {int(status) for status in answers if status.isdigit() and int(status) >= 400}
    statuses = declared | {413, 429, 503}
    statuses |= set() if is_open else {401, 403}
    statuses |= {404} if "{" in path else set()
    statuses |= {400, 422} if "requestBody" in endpoint else set()
    for status in sorted(statuses):
        answers[str(status)] = _problem(status, {} if status == 422 else answers.get(str(status), {}))


def _problem(status: int, own: Node) -> Node:
    """The description of a problem response; what the endpoint declares itself has precedence."""
    response: Node = {
        "description": DESCRIPTIONS.get(status) or HTTPStatus(status).phrase,
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}},
    }
    if status in HEADERS:
        response["headers"] = HEADERS[status]
    return response | own
