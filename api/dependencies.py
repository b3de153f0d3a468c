"""What endpoints ask for: session, language, limits, and parameters parsed once."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request, Security
from fastapi.concurrency import contextmanager_in_threadpool
from fastapi.security import HTTPBearer
from pydantic import FiniteFloat
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.errors import lang_of
from api.schemas.reports import Day, Moment
from core.clock import today
from core.errors import BadInput, Forbidden, NotSignedIn
from core.i18n import N_, Lang
from reports.queries import Page
from store.access import Identity, enter
from store.engine import open_session
from store.queries.features import Box
from store.queries.report_filter import ReportFilter
from verdict.inquiry import Limits


@contextmanager
def _entered(engine: Engine, token: str | None) -> Iterator[Session]:
    """A session that sees what the credential may see; without one, nothing of what is anybody's."""
    with open_session(engine) as session:
        if token is not None and enter(session, token) is None:
            raise _unknown()
        yield session


async def _session(request: Request) -> AsyncIterator[Session]:
    """A session of the request. Who waits for a connection waits at the gate, and holds no thread there.

    A request may need a worker thread while it holds its connection (its answer is checked in one); if
    others held the threads while they waited for connections, both would wait for each other for ever.
    """
    async with _opened(request, request.state.token) as session:
        yield session


entered = asynccontextmanager(_session)  # the same, opened late


async def _bare_session(request: Request) -> AsyncIterator[Session]:
    async with _opened(request, None) as session:
        yield session


@asynccontextmanager
async def _opened(request: Request, token: str | None) -> AsyncIterator[Session]:
    opening = _entered(request.app.state.engine, token)
    async with request.app.state.gate, contextmanager_in_threadpool(opening) as session:
        yield session


def _unknown() -> NotSignedIn:
    return NotSignedIn(
        N_("Nobody is signed in."),
        hint=N_("Sign in at /login, or send an API key as Authorization: Bearer."),
    )


def signed_in(request: Request) -> Identity:
    """Who asks; a refusal where nobody is known."""
    who: Identity | None = request.state.who
    if who is None:
        raise request.state.fault or _unknown()
    return who


def require(request: Request, *rights: str) -> Identity:
    """Who asks, if it has one of these rights; else a refusal."""
    who = signed_in(request)
    if not any(who.may(right) for right in rights):
        raise Forbidden(
            N_("Your role does not allow this: {right}."),
            hint=N_("Ask the administrator for a posting that does."),
            right=rights[0],
        )
    return who


class Bearer(HTTPBearer):
    """Tells the API's description how programs sign in. The guard has read the header before."""

    async def __call__(self, request: Request) -> None:  # type: ignore[override]
        """Nothing is left to do."""


_bearer = Bearer(auto_error=False, description="An API key, as made by `zhijie user key` or on /account")


def needs(*rights: str) -> Any:  # noqa: ANN401 - FastAPI's own type of a dependency is no type
    """A door's dependency: who asks must have one of these rights somewhere."""

    async def check(request: Request, _: Annotated[None, Security(_bearer)]) -> None:
        require(request, *rights)

    return Depends(check)


def _limits(request: Request) -> Limits:
    return Limits.of(request.app.state.settings)


# scope="function": committed before the answer goes out, so that an answer means "stored".
SessionDep = Annotated[Session, Depends(_session, scope="function")]
# Without a credential: for who is about to show one.
BareSessionDep = Annotated[Session, Depends(_bare_session, scope="function")]
WhoDep = Annotated[Identity, Depends(signed_in)]
LangDep = Annotated[Lang, Depends(lang_of)]
LimitsDep = Annotated[Limits, Depends(_limits)]
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Chosen by the sender, new for each report; sending it again gives the same report.",
        examples=["6f9b1c1e-0d5c-4f0e-9a55-3d1b8c7f2a10"],
    ),
]
Lon = Annotated[
    FiniteFloat, Query(description="Longitude in degrees, or easting in metres", examples=[112.395])
]
Lat = Annotated[
    FiniteFloat, Query(description="Latitude in degrees, or northing in metres", examples=[35.625])
]
Datum = Annotated[str, Query(description="cgcs2000, wgs84, gcj02, bd09 or EPSG:n", examples=["gcj02"])]


def _as_of(
    as_of: Annotated[Day | None, Query(description="The day that is asked for; today by default")] = None,
) -> dt.date:
    return as_of or today()


NUMBER = r"[-+]?[0-9]{1,20}(\.[0-9]{0,30})?([eE][-+]?[0-9]{1,3})?"
BOX = f"^{NUMBER}(,{NUMBER}){{3}}$"
BoxText = Annotated[
    str | None,
    Query(
        description="west,south,east,north in degrees",
        examples=["112,35,113,36"],
        json_schema_extra={"pattern": BOX},
    ),
]
DayDep = Annotated[dt.date, Depends(_as_of)]


def parse_box(text: str) -> Box:
    """'west,south,east,north' in degrees."""
    if re.fullmatch(BOX, text) is None:
        raise BadInput(
            N_("{text} is no box."),
            field="bbox",
            hint=N_("Write west,south,east,north in degrees."),
            text=text[:80],
        )
    west, south, east, north = (float(part) for part in text.split(","))
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise BadInput(
            N_("The box is empty or off the earth."),
            field="bbox",
            hint=N_("Write west,south,east,north in degrees."),
        )
    return west, south, east, north


def _page(  # noqa: PLR0913 - one parameter a narrowing
    bbox: BoxText = None,
    unit: Annotated[
        str | None, Query(description="Unit code; its descendants count", pattern="^[0-9]{2,15}$")
    ] = None,
    status: Annotated[str | None, Query(max_length=40, pattern=r"^[a-z_]+$")] = None,
    since: Annotated[Moment | None, Query(description="Received at or after this time")] = None,
    after: Annotated[int, Query(ge=0, le=2**62, description="Last id of the page before")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Page:
    criteria = ReportFilter(
        unit=unit,
        status=() if status is None else (status,),
        bbox=None if bbox is None else parse_box(bbox),
        received_from=None if since is None else _in_utc(since),
    )
    return Page(criteria, after, limit)


def _in_utc(when: dt.datetime) -> dt.datetime:
    try:
        return when.astimezone(dt.UTC) if when.tzinfo else when.replace(tzinfo=dt.UTC)
    except OverflowError:
        raise BadInput(
            N_("{text} is no time that can be compared."),
            field="since",
            hint=N_("Write YYYY-MM-DDThh:mm:ssZ."),
            text=when.isoformat(),
        ) from None


PageDep = Annotated[Page, Depends(_page)]
