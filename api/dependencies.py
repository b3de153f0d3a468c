"""FastAPI dependencies of the endpoints: session, identity, language, limits, and parsed parameters."""

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
from reports import Page
from store import Identity, enter, open_session
from store.queries import Box, ReportFilter
from verdict import Limits


@contextmanager
def _database_session(engine: Engine, token: str | None) -> Iterator[Session]:
    """A session with the rights of a credential; without one, row security shows it no personal data."""
    with open_session(engine) as session:
        if token is not None and enter(session, token) is None:
            raise _not_signed_in()
        yield session


async def _request_session(request: Request) -> AsyncIterator[Session]:
    """The request's database session, opened with its credential and committed before the answer."""
    async with _gated_session(request, request.state.token) as session:
        yield session


open_request_session = asynccontextmanager(_request_session)  # for endpoints that open it late or twice


async def _bare_session(request: Request) -> AsyncIterator[Session]:
    async with _gated_session(request, None) as session:
        yield session


@asynccontextmanager
async def _gated_session(request: Request, token: str | None) -> AsyncIterator[Session]:
    """A database session; waits at the gate for a connection without holding a worker thread."""
    # A request may need a worker thread while it holds its connection (its answer is validated in one). If
    # others held all threads while they waited for connections, both would wait for each other for ever. So
    # the wait for a connection is asynchronous: the gate has as many places as the pool has connections.
    opening = _database_session(request.app.state.engine, token)
    async with request.app.state.gate, contextmanager_in_threadpool(opening) as session:
        yield session


def _not_signed_in() -> NotSignedIn:
    return NotSignedIn(
        N_("You are not signed in."),
        hint=N_("Sign in at /login, or send an API key in the header Authorization: Bearer."),
    )


def signed_in(request: Request) -> Identity:
    """The identity of the request. Raises :class:`NotSignedIn`, or why the store could not recognise it."""
    who: Identity | None = request.state.who
    if who is None:
        raise request.state.fault or _not_signed_in()
    return who


def require(request: Request, *rights: str) -> Identity:
    """The identity of the request, if it has one of ``rights``.

    Raises :class:`NotSignedIn`, :class:`Forbidden`.
    """
    who = signed_in(request)
    if not any(who.may(right) for right in rights):
        raise Forbidden(
            N_("Your role does not allow this: {right}."),
            hint=N_("Ask the administrator for a role that does."),
            right=rights[0],
        )
    return who


class Bearer(HTTPBearer):
    """Declares API keys in the OpenAPI document; the middleware has read the header already."""

    async def __call__(self, request: Request) -> None:  # type: ignore[override]
        """Does nothing."""


_bearer = Bearer(auto_error=False, description="An API key, as made by `zhijie user key` or on /account")


def needs(*rights: str) -> Any:  # noqa: ANN401 - FastAPI's own type of a dependency is no type
    """A dependency that admits only identities with one of ``rights``, in whatever area."""

    async def check(request: Request, _: Annotated[None, Security(_bearer)]) -> None:
        require(request, *rights)

    return Depends(check)


def _limits(request: Request) -> Limits:
    return Limits.of(request.app.state.settings)


# scope="function": committed before the answer goes out, so that 201 means "stored".
SessionDep = Annotated[Session, Depends(_request_session, scope="function")]
# Without a credential: for signing in.
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
        description="Chosen by the client, unique for each report; repeating it returns the same report.",
        examples=["6f9b1c1e-0d5c-4f0e-9a55-3d1b8c7f2a10"],
    ),
]
Lon = Annotated[
    FiniteFloat, Query(description="Longitude in degrees, or easting in metres", examples=[112.395])
]
Lat = Annotated[
    FiniteFloat, Query(description="Latitude in degrees, or northing in metres", examples=[35.625])
]
Accuracy = Annotated[
    FiniteFloat | None,
    Query(
        description="68 % radius of the position, metres; without it the channel's default is assumed",
        examples=[12],
    ),
]
Datum = Annotated[str, Query(description="cgcs2000, wgs84, gcj02, bd09 or EPSG:n", examples=["gcj02"])]


def _as_of(
    as_of: Annotated[Day | None, Query(description="Day; today by default")] = None,
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
    """'west,south,east,north' in degrees as a tuple. Raises :class:`BadInput`."""
    if re.fullmatch(BOX, text) is None:
        raise BadInput(
            N_("{text} is not a bounding box."),
            field="bbox",
            hint=N_("Write west,south,east,north in degrees."),
            text=text[:80],
        )
    west, south, east, north = (float(part) for part in text.split(","))
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise BadInput(
            N_("The bounding box is empty or outside the valid range."),
            field="bbox",
            hint=N_("Write west,south,east,north in degrees."),
        )
    return west, south, east, north


def _page(  # noqa: PLR0913 - one parameter a criterion
    bbox: BoxText = None,
    unit: Annotated[
        str | None, Query(description="Unit code; units below it are included", pattern="^[0-9]{2,15}$")
    ] = None,
    status: Annotated[str | None, Query(max_length=40, pattern=r"^[a-z_]+$")] = None,
    since: Annotated[Moment | None, Query(description="Received at or after this time")] = None,
    after: Annotated[int, Query(ge=0, le=2**62, description="Last id of the previous page")] = 0,
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
    """A time in UTC; one without a zone is taken as UTC."""
    try:
        return when.astimezone(dt.UTC) if when.tzinfo else when.replace(tzinfo=dt.UTC)
    except OverflowError:
        raise BadInput(
            N_("{text} is not a time that can be compared."),
            field="since",
            hint=N_("Write YYYY-MM-DDThh:mm:ssZ."),
            text=when.isoformat(),
        ) from None


PageDep = Annotated[Page, Depends(_page)]
