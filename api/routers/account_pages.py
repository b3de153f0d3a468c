"""The pages for signing in and for one's own account."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import URL

from api.dependencies import LangDep
from core.i18n import N_, Lang, say
from maps.pages import POLICY, account_page, sign_in_page
from store import RIGHTS, ROLES, Identity

router = APIRouter(include_in_schema=False)
HEADERS: Final = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
# A second slash or backslash after the first would make browsers leave for another host.
LOCAL_PATH: Final = re.compile(r"/(?![/\\])[\w./?=&%+,:~-]*")
Next = Annotated[str, Query(alias="next", max_length=500)]
REFUSED: Final = N_("Your organisation's account is not linked to an account here. Ask the administrator.")
BROKEN: Final = N_("Signing in failed. Try again.")


def local_path(following: str) -> str:
    """A path of this site; any other address becomes "/"."""
    return following if LOCAL_PATH.fullmatch(following) else "/"


def _return_path(request: Request, lang: Lang, following: str) -> str:
    """Where to go after signing in: a path of this site, in the language that was chosen."""
    path = local_path(following)
    return str(URL(path).include_query_params(lang=lang)) if "lang" in request.query_params else path


@router.get("/login", response_class=HTMLResponse)
def sign_in(
    request: Request, lang: LangDep, following: Next = "/", refused: bool = False, broken: bool = False
) -> Response:
    """The page that asks for name and password."""
    note = REFUSED if refused else BROKEN if broken else ""
    return sign_in_response(request, lang, following, note)


def sign_in_response(request: Request, lang: Lang, following: str, note: str, status: int = 200) -> Response:
    """The sign-in page with a message (an id of the catalogue; "" for none)."""
    return_path, provider = _return_path(request, lang, following), request.app.state.oauth is not None
    page = sign_in_page(lang, return_path, provider=provider, note=say(lang, note) if note else "")
    return HTMLResponse(page, status, headers=HEADERS)


@router.get("/account", response_class=HTMLResponse)
def account(request: Request, lang: LangDep) -> Response:
    """The account page of the identity; without one, a redirect to the sign-in page."""
    who: Identity | None = request.state.who
    if who is None:
        chosen = f"&lang={lang}" if "lang" in request.query_params else ""
        return RedirectResponse(f"/login?next=/account{chosen}", 303)
    rights = [(right, say(lang, RIGHTS[right])) for right in RIGHTS if who.may(right)]
    page = account_page(
        lang, who.shown, who.name, [_posting_text(post, lang) for post in who.postings], rights
    )
    return HTMLResponse(page, headers=HEADERS)


def _posting_text(posting: tuple[str, str], lang: Lang) -> str:
    """A role and its area in words."""
    role, reach = posting
    where = reach or say(lang, N_("everywhere"))
    return say(lang, N_("{role}: {reach}"), role=say(lang, ROLES.get(role, role)), reach=where)
