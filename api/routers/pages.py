"""The pages. Each says what a browser may load for it; none has a script in it that is not Folium's own."""

from __future__ import annotations

from html import escape
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from api.deps import LangDep, SessionDep
from cases.inquiry import CHINA
from geo.features import fetch_loaded_at
from maps.live import live_map

router = APIRouter(include_in_schema=False)
CSP: Final = "Content-Security-Policy"
SWAGGER: Final = "/static/vendor/swagger-ui-dist"
DOCS_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
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
def map_of_all(request: Request, session: SessionDep, lang: LangDep) -> Response:
    """The map of townships, reserves and reports, for who is signed in."""
    if request.state.who is None:
        return RedirectResponse(f"/login?{request.url.query}", 303)
    key = request.app.state.settings.tianditu_key
    loaded_at = fetch_loaded_at(session)
    as_of = loaded_at.astimezone(CHINA).date().isoformat() if loaded_at else ""
    page = live_map(lang, tianditu_key=key, data_as_of=as_of)
    html = page.render()
    headers = {CSP: page.policy}
    if key:  # which the national service may have bound to our host: it must see which that is, and no more
        headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    return HTMLResponse(html, headers=headers)


@router.get("/docs", response_class=HTMLResponse)
def api_description(request: Request) -> HTMLResponse:
    """The API's description, drawn by files of our own: the product works on a closed network."""
    title, document = (escape(text) for text in (f"{request.app.title} API", str(request.app.openapi_url)))
    html = DOCS.format(title=title, document=document, swagger=SWAGGER)
    return HTMLResponse(html, headers={CSP: DOCS_POLICY})
