"""Live data: the stream of events, the feed, the figures, and the versions of the tile layers."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.types import Receive, Scope, Send

from api.dependencies import LangDep, SessionDep, WhoDep, needs, open_request_session, require
from api.filters import ReportFilterDep
from api.schemas.live import FeedOut, LayersOut, LineOut, OverviewOut, VocabularyOut
from core.clock import today
from core.i18n import say
from layers import current_book
from live import MAX_MISSED, PAGE, SEALED_LENGTH, Hub, Message, Seal, Stream, message, report_message
from reports import fetch_overview
from reports.workflow import STATUSES, clock_of
from store.queries import fetch_events, fetch_feed, fetch_head, fetch_layer_versions

router = APIRouter(prefix="/api", tags=["live"], dependencies=[needs("check")])
NEWEST: Final = 2**62
SEALED: Final = f"^[A-Za-z0-9_-]{{{SEALED_LENGTH}}}$"
START: Final = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        # Without it nginx collects events in its buffer.
        (b"x-accel-buffering", b"no"),
    ],
}


class EventStream(Response):
    """A response of server-sent events: missed ones first, then new ones until either side closes."""

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, stream: Stream, first: bytes) -> None:
        super().__init__()
        self._hub = hub
        self._stream = stream
        self._hello = first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the client disconnects or the hub closes the stream."""
        stream = self._stream
        watcher = asyncio.ensure_future(_close_on_disconnect(receive, stream))
        try:
            await send(START)
            await send({"type": "http.response.body", "body": self._hello, "more_body": True})
            while not stream.closed:
                await stream.wakeup.wait()
                await send({"type": "http.response.body", "body": stream.take(), "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            watcher.cancel()
            self._hub.leave(stream)


async def _close_on_disconnect(receive: Receive, stream: Stream) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.close()


_stream: dict[int | str, dict[str, Any]] = {200: {"content": {"text/event-stream": {}}}}


@router.get("/live", response_class=Response, responses=_stream, name="live")
async def stream_events(
    request: Request,
    after: Annotated[
        str | None, Query(pattern=SEALED, description="The id of the last event received")
    ] = None,
    last: Annotated[str | None, Header(alias="Last-Event-ID", pattern=SEALED)] = None,
) -> Response:
    """Stream server-sent events: ``hello``, ``report`` for each step about a report, ``layers``, ``reset``.

    After ``reset`` a client must load its data again: it has missed too many events.
    """
    who = require(request, "check")
    hub: Hub = request.app.state.hub
    hub.wake()
    stream = Stream(request.state.token, who.account, ())
    async with open_request_session(request) as session:
        stream.stems = tuple(await run_in_threadpool(_read_stems, session))
        # Joined before the missed events are read: what happens in between comes from both, and the
        # stream's floor drops the second copy. The other order would lose it.
        hub.join(stream)
        try:
            seal = await run_in_threadpool(hub.seal, session)
            given = last if last is not None else after
            since = None if given is None else seal.show(given)
            head, first = await run_in_threadpool(_hello, session, seal, stream.token, since)
            hub.start(stream, head)
        except BaseException:
            hub.leave(stream)
            raise
    return EventStream(hub, stream, first)


def _read_stems(session: Session) -> list[str]:
    """The code prefixes below which the session may read reports; what the hub filters events by."""
    return sorted(session.scalar(select(func.zhijie_stems("read"))) or [])


def _hello(session: Session, seal: Seal, token: str, since: int | None) -> tuple[int, bytes]:
    """The journal's head, and what a stream begins with: ``hello``, and the events since a number."""
    head = fetch_head(session)
    messages = [message(seal, "hello", head, {})]
    if since is not None and since < head:
        messages += _missed_messages(session, seal, token, since, head)
    return head, b"retry: 2000\n\n" + b"".join(data for _, data in messages)


def _missed_messages(session: Session, seal: Seal, token: str, since: int, head: int) -> list[Message]:
    """The events after ``since`` up to ``head``; one ``reset`` where they are too many to send."""
    if head - since > MAX_MISSED:
        return [message(seal, "reset", head, {})]
    missed: list[Message] = []
    while since < head:
        events = fetch_events(session, since, min(PAGE, head - since), [token])
        missed += [report_message(seal, event) for event in events]
        since += PAGE
    return missed


@router.get("/layers", name="layers")
def layer_versions(request: Request, session: SessionDep, who: WhoDep) -> LayersOut:
    """Return the version of each tile layer, and the time of its data.

    The version of reports is also where a stream may start (``after``), to miss nothing from now on.
    """
    seal = request.app.state.hub.seal(session)
    # Browsers keep tiles by their address: with the account in it, the next one at a computer gets its own.
    mark = seal.mark(who.account, who.postings, sorted(who.rights))
    layers = {
        layer: {"version": f"{version}-{mark}", "as_of": loaded_at}
        for layer, (version, loaded_at) in fetch_layer_versions(session).items()
    }
    reports = {"version": seal.hide(fetch_head(session)), "as_of": dt.datetime.now(dt.UTC)}
    return LayersOut.model_validate({**layers, "violations": reports})


@router.get("/feed", dependencies=[needs("read", "file")])
def feed(  # noqa: PLR0913 - parameters and dependencies
    criteria: ReportFilterDep,
    session: SessionDep,
    request: Request,
    lang: LangDep,
    before: Annotated[int, Query(ge=1, le=NEWEST, description="Only reports with a smaller id")] = NEWEST,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    pressing: Annotated[bool, Query(description="Most urgent first, on one page")] = False,
) -> FeedOut:
    """List reports, newest first, paged by key: follow ``next``."""
    names = {one.code: one.name.say(lang) for one in current_book(session).categories.values()}
    rows = fetch_feed(session, criteria, before, limit, pressing=pressing)
    lines = [LineOut.model_validate(_feed_line(row, names)) for row in rows]
    following = None
    if len(rows) == limit and not pressing:
        url = request.url.include_query_params(before=rows[-1]["id"])
        following = f"{url.path}?{url.query}"
    return FeedOut(reports=lines, next=following)


def _feed_line(row: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """A row of the feed with its clock and the name of its category."""
    clock = clock_of(row["due_on"], row["status"], today())
    return {**row, "clock": clock, "category_name": names.get(row["category"], row["category"])}


@router.get("/overview", dependencies=[needs("read", "file")])
def overview(criteria: ReportFilterDep, session: SessionDep) -> OverviewOut:
    """Return counters and charts of the reports that match the filter."""
    return OverviewOut.model_validate(fetch_overview(session, criteria))


@router.get("/vocabulary")
def vocabulary(session: SessionDep, lang: LangDep) -> VocabularyOut:
    """List the codes and names of matters, kinds of zones and states."""
    book = current_book(session)
    categories = book.categories.values()
    kinds = [{"code": kind.kind, "name": kind.name.say(lang)} for kind in book.zone_kinds.values()]
    return VocabularyOut.model_validate(
        {
            "categories": [{"code": one.code, "name": one.name.say(lang)} for one in categories],
            "zone_kinds": kinds,
            "statuses": [{"code": code, "name": say(lang, word)} for code, word in STATUSES.items()],
        }
    )
