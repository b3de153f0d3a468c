"""The pages."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

from api.deps import LangDep, SessionDep
from cases.inquiry import CHINA
from geo.features import fetch_loaded_at
from maps.live import map_page

router = APIRouter(include_in_schema=False)
SWAGGER = "/static/vendor/swagger-ui-dist"


@router.get("/", response_class=HTMLResponse)
def live_map(request: Request, session: SessionDep, lang: LangDep) -> str:
    """The map of townships, reserves and reports."""
    key = request.app.state.settings.tianditu_key
    loaded_at = fetch_loaded_at(session)
    as_of = loaded_at.astimezone(CHINA).date().isoformat() if loaded_at else ""
    return map_page(lang, tianditu_key=key, data_as_of=as_of)


@router.get("/docs", response_class=HTMLResponse)
def api_description(request: Request) -> HTMLResponse:
    """The API's description, drawn by files of our own: the product works on a closed network."""
    return get_swagger_ui_html(
        openapi_url=str(request.app.openapi_url),
        title=f"{request.app.title} API",
        swagger_js_url=f"{SWAGGER}/swagger-ui-bundle.js",
        swagger_css_url=f"{SWAGGER}/swagger-ui.css",
        swagger_favicon_url=f"{SWAGGER}/favicon-32x32.png",
    )
