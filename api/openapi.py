"""The API's description: what holds at every door, added once to what FastAPI finds out itself."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from api.middleware.authentication import CSRF_HEADER, SIGN_IN
from api.schemas.reports import ProblemOut

Node = dict[str, Any]

PROBLEM: Final = "application/problem+json"
OPEN: Final = frozenset({("get", "/healthz"), ("get", "/readyz"), ("post", SIGN_IN)})  # for nobody, too
SAYS: Final = {
    400: "The body cannot be read",
    401: "Nobody is signed in, or the key is not valid",
    403: "Who is signed in may not do this",
    404: "There is no such thing, or not for who asks",
    409: "It was done otherwise before",
    413: "The body, or what it holds, is too large",
    422: "What is asked cannot be understood: `field` names the member, `hint` says what to do",
    429: "Too many requests in a short time",
    503: "The store does not answer; try again later",
}
WAIT: Final[Node] = {
    "Retry-After": {"required": True, "description": "Seconds", "schema": {"type": "integer", "minimum": 1}}
}
CHALLENGE: Final[Node] = {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}}
HEADERS: Final = {401: CHALLENGE, 429: WAIT, 503: WAIT}
LANG: Final[Node] = {
    "name": "lang",
    "in": "query",
    "description": "Language of words: zh or en. Else Accept-Language decides, else the installation",
    "schema": {"type": "string"},
    "example": "en",
}


def described(document: Node, cookie: str) -> Node:
    """An OpenAPI document with the problems that doors answer with, and how one shows who asks.

    ``cookie`` is the name of the session's cookie.
    """
    parts = document.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own, which is not what we answer
        schemas.pop(name, None)
    whole = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= whole.pop("$defs", {}) | {"ProblemOut": whole}
    parts.setdefault("securitySchemes", {})["Session"] = _session(cookie)
    for path, doors in document["paths"].items():
        for method, door in doors.items():
            _complete(door, method, path)
    return document


def _session(cookie: str) -> Node:
    words = f"A browser's session. Requests that change something also show its token as {CSRF_HEADER}."
    return {"type": "apiKey", "in": "cookie", "name": cookie, "description": words}


def _complete(door: Node, method: str, path: str) -> None:
    is_open = (method, path) in OPEN
    door["security"] = [] if is_open else [{"Bearer": []}, {"Session": []}]
    door.setdefault("parameters", []).append(LANG)
    answers = door["responses"]
    named = {int(status) for status in answers if status.isdigit() and int(status) >= 400}
    statuses = named | {413, 429, 503}
    statuses |= set() if is_open else {401, 403}
    statuses |= {404} if "{" in path else set()
    statuses |= {400, 422} if "requestBody" in door else set()
    for status in sorted(statuses):
        answers[str(status)] = _problem(status, {} if status == 422 else answers.get(str(status), {}))


def _problem(status: int, own: Node) -> Node:
    """The description of a problem's answer; what a door says of it itself stays."""
    told: Node = {
        "description": SAYS.get(status) or HTTPStatus(status).phrase,
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}},
    }
    if status in HEADERS:
        told["headers"] = HEADERS[status]
    return told | own
