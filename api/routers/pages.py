"""The HTML pages, each with its own Content-Security-Policy."""

from __future__ import annotations

from html import escape
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from api.dependencies import LangDep, SessionDep
from api.middleware.security_headers import ALLOWED_FEATURES, DENIED_FEATURES
from core.clock import CHINA, today
from layers.registry import fetch_accuracies, fetch_extent
from maps.pages import LayerAccuracy, command_page, map_page
from maps.parts import Page
from store import ROLES
from store.queries import fetch_loaded_at

router = APIRouter(include_in_schema=False)
CSP: Final = "Content-Security-Policy"
SWAGGER: Final = "/static/vendor/swagger-ui-dist"
DOCS_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# The command centre on a wall goes full screen and sounds an alarm, which no other page needs.
_WALL: Final = ("autoplay", "fullscreen")
WALL_POLICY: Final = ", ".join(
    [f"{name}=(self)" for name in (*ALLOWED_FEATURES, *_WALL)]
    + [f"{name}=()" for name in DENIED_FEATURES if name not in _WALL]
)
DOCS: Final = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="{swagger}/swagger-ui.css">
<link rel="icon" href="{swagger}/favicon-32x32.png" type="image/png">
</head>
<body>
<div id="swagger-ui" data-openapi="{document}"></div>
<script src="{swagger}/swagger-ui-bundle.js"></script>
<script src="/static/zhijie/docs.js"></script>
</body>
</html>
"""


@router.get("/", response_class=HTMLResponse)
def public_map(request: Request, session: SessionDep, lang: LangDep) -> Response:
    """The map of townships, reserves and reports; without an identity, a redirect to the sign-in page."""
    if request.state.who is None:
        return RedirectResponse(f"/login?{request.url.query}", 303)
    key = request.app.state.settings.tianditu_key
    loaded_at = fetch_loaded_at(session)
    as_of = loaded_at.astimezone(CHINA).date().isoformat() if loaded_at else ""
    return _map_response(map_page(lang, tianditu_key=key, data_as_of=as_of), key)


@router.get("/command", response_class=HTMLResponse)
def command(request: Request, session: SessionDep, lang: LangDep) -> Response:
    """The command centre; without an identity, a redirect to the sign-in page."""
    if request.state.who is None:
        return RedirectResponse(f"/login?{_return_query(request)}", 303)
    key = request.app.state.settings.tianditu_key
    sources = [
        LayerAccuracy(title[lang], official, metres) for title, official, metres in fetch_accuracies(session)
    ]
    reach = next((reach for _, reach in request.state.who.postings if reach), "")
    home = fetch_extent(session, reach, today())
    page = command_page(lang, ROLES, sources, home, tianditu_key=key)
    answer = _map_response(page, key)
    answer.headers["Permissions-Policy"] = WALL_POLICY
    return answer


def _return_query(request: Request) -> str:
    """The query of the redirect to the sign-in page: the language, and the address to return to."""
    lang = request.query_params.get("lang")
    back = {"next": f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path}
    return urlencode(({"lang": lang} if lang else {}) | back)


def _map_response(page: Page, key: str | None) -> HTMLResponse:
    """The response with a page and its policies. ``key``: of the national base map, if any."""
    html = page.render()
    headers = {CSP: page.policy}
    # The national service may have bound the key to our host name: it must see that much of the referrer.
    if key:
        headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    return HTMLResponse(html, headers=headers)


@router.get("/docs", response_class=HTMLResponse)
def api_description(request: Request) -> HTMLResponse:
    """The API's description, drawn by Swagger UI from local files: the product works on a closed network."""
    title, document = (escape(text) for text in (f"{request.app.title} API", str(request.app.openapi_url)))
    html = DOCS.format(title=title, document=document, swagger=SWAGGER)
    return HTMLResponse(html, headers={CSP: DOCS_POLICY})
