"""The pages of signing in and of one's own account."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import URL

from api.dependencies import LangDep
from core.i18n import N_, Lang, say
from maps.pages.accounts import POLICY, account_page, sign_in_page
from store.access import RIGHTS, ROLES, Identity

router = APIRouter(include_in_schema=False)
HEADERS: Final = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
OURS: Final = re.compile(r"/(?![/\\])[\w./?=&%+,:~-]*")
Next = Annotated[str, Query(alias="next", max_length=500)]
REFUSED: Final = N_("The organisation's account has no account here. Ask the administrator.")
BROKEN: Final = N_("It did not work. Try again.")


def local(following: str) -> str:
    """A path of our own; any other address becomes the map."""
    return following if OURS.fullmatch(following) else "/"


def _onward(request: Request, lang: Lang, following: str) -> str:
    """Where to go after signing in: a path of our own, in the language that was chosen."""
    path = local(following)
    return str(URL(path).include_query_params(lang=lang)) if "lang" in request.query_params else path


@router.get("/login", response_class=HTMLResponse)
def sign_in(
    request: Request, lang: LangDep, following: Next = "/", refused: bool = False, broken: bool = False
) -> Response:
    """The page that asks for name and password."""
    note = REFUSED if refused else BROKEN if broken else ""
    return answer_page(request, lang, following, note)


def answer_page(request: Request, lang: Lang, following: str, note: str, status: int = 200) -> Response:
    """The page of signing in, with a sentence on it."""
    onward, provider = _onward(request, lang, following), request.app.state.oauth is not None
    page = sign_in_page(lang, onward, provider=provider, note=say(lang, note) if note else "")
    return HTMLResponse(page, status, headers=HEADERS)


@router.get("/account", response_class=HTMLResponse)
def account(request: Request, lang: LangDep) -> Response:
    """The page of one's own account."""
    who: Identity | None = request.state.who
    if who is None:
        chosen = f"&lang={lang}" if "lang" in request.query_params else ""
        return RedirectResponse(f"/login?next=/account{chosen}", 303)
    rights = [(right, say(lang, RIGHTS[right])) for right in RIGHTS if who.may(right)]
    page = account_page(lang, who.shown, who.name, [_posting(post, lang) for post in who.postings], rights)
    return HTMLResponse(page, headers=HEADERS)


def _posting(posting: tuple[str, str], lang: Lang) -> str:
    role, reach = posting
    where = reach or say(lang, N_("everywhere"))
    return say(lang, N_("{role}: {reach}"), role=say(lang, ROLES.get(role, role)), reach=where)
