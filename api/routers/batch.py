"""Many places at once: the verdict's columns for each, in the order in which they came."""

from __future__ import annotations

from typing import Annotated, Any, Final

import anyio.to_thread
import pyarrow as pa
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from api.batch.request import EXAMPLE, Batch, BatchRequest, PointsIn, read_arrow, read_json
from api.batch.response import ARROW, TYPES, BatchResponse, pieces, wanted_form
from api.batch.screener_cache import ScreenerCache, screeners_of
from api.dependencies import LangDep, LimitsDep, needs
from api.errors import problem
from core.clock import today
from core.errors import BadInput
from core.i18n import N_, Lang, say
from layers.formats.pipeline import pooled
from screening.files.places import Places, Terms, joined, placed
from screening.files.run import WORKERS
from screening.files.verdicts import Judge, verdicts
from verdict.inquiry import Inquiry, Limits

PATH: Final = "/api/check/batch"
JSON_TYPES: Final = ("", "application/json", "application/geo+json", "application/vnd.geo+json", "text/json")
PART: Final = 32_768  # rows that a thread judges at a time
router = APIRouter(tags=["check"], dependencies=[needs("check")])

_body: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {"schema": PointsIn.model_json_schema(), "example": EXAMPLE},
        "application/geo+json": {"schema": {"type": "object", "description": "A FeatureCollection"}},
        ARROW: {"schema": {"type": "string", "format": "binary"}},
    },
}
_answers: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The verdict's columns of each place, in the form that Accept asks for",
        "content": {name: {} for name in TYPES.values()},
    },
    406: {"description": "No answer of a type that Accept names can be given"},
    415: {"description": "A body of this type is not taken"},
}


@router.post(PATH, openapi_extra={"requestBody": _body}, responses=_answers, response_class=StreamingResponse)
async def check_batch(
    request: Request, asked: Annotated[BatchRequest, Query()], limits: LimitsDep, lang: LangDep
) -> Response:
    """Judge many places: points as JSON, features as GeoJSON, or an Arrow stream. Stores nothing.

    What a JSON body does not say itself, and all that the other forms ask, stands in the query. A place that
    cannot be judged keeps its row; ``zj_error`` says why.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != ARROW and kind not in JSON_TYPES:
        return _refused(lang, 415, "Content-Type", N_("A body of the type {given} is not taken."), kind)
    accept = ",".join(request.headers.getlist("accept"))
    if wanted_form(accept, "json") is None:
        return _refused(lang, 406, "Accept", N_("An answer of the type {given} cannot be given."), accept)
    body = bytearray()
    async for part in request.stream():
        body += part
    screeners = screeners_of(request)
    async with screeners.turn:
        answer = await _answer(request, screeners, (body, kind == ARROW, asked), (limits, lang))
    form = wanted_form(accept, answer.batch.form) or answer.batch.form
    return StreamingResponse(pieces(answer, form), media_type=TYPES[form])


async def _answer(
    request: Request,
    screeners: ScreenerCache,
    sent: tuple[bytearray, bool, BatchRequest],
    terms: tuple[Limits, Lang],
) -> BatchResponse:
    """The judged batch. Work is done in threads of the batches' own: they hold none of the others' up."""
    limits, lang = terms
    max_rows = request.app.state.settings.max_batch_rows
    batch = await anyio.to_thread.run_sync(_read, *sent, max_rows, limiter=screeners.threads)
    as_of = Inquiry(batch.asked.category, as_of=batch.asked.as_of).day()
    task = (batch.asked.category, as_of, today(), limits.shares)
    async with request.app.state.gate:
        judge = await anyio.to_thread.run_sync(screeners.get, *task, limiter=screeners.threads)
    how = Terms(batch.datum, limits, batch.asked.accuracy_m, "api", lang)
    places, verdict = await anyio.to_thread.run_sync(_judged, batch, judge, how, limiter=screeners.threads)
    return BatchResponse(batch, places, verdict, as_of, task[2])


def _read(body: bytearray, is_arrow: bool, asked: BatchRequest, max_rows: int) -> Batch:
    if is_arrow:
        return read_arrow(pa.py_buffer(body), asked, max_rows)
    return read_json(body, asked, max_rows)


def _judged(batch: Batch, judge: Judge, terms: Terms) -> tuple[Places, pa.Table]:
    """Parts of the rows by several threads, put together in their order."""
    spans = [slice(start, start + PART) for start in range(0, batch.rows, PART)]

    def part(rows: slice) -> tuple[Places, pa.Table]:
        accuracy = None if batch.accuracy_m is None else batch.accuracy_m[rows]
        places = placed(batch.given.part(rows), accuracy, terms)
        _explain(batch, places, rows.start, terms)
        return places, verdicts(judge, places)

    parts = list(pooled(part, spans, WORKERS))
    return joined([places for places, _ in parts]), _whole([table for _, table in parts])


def _whole(tables: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks()


def _explain(batch: Batch, places: Places, first: int, terms: Terms) -> None:
    """Of GeoJSON that cannot be read, the reason that the door of single footprints gives."""
    if batch.features is None or batch.given.broken is None:
        return
    for row in places.errors:
        if batch.given.broken[first + row]:
            why = _why_broken(batch.features[first + row]["geometry"], terms)
            places.errors[row] = why or places.errors[row]


def _why_broken(geometry: object, terms: Terms) -> str | None:
    """What the door of single footprints says of a geometry that cannot be read."""
    if not isinstance(geometry, dict):
        return None
    try:
        Inquiry("", footprint=geometry, datum=terms.datum).location(terms.limits)
    except BadInput as fault:
        return fault.detail(terms.lang)
    return None


def _refused(lang: Lang, status: int, field: str, text: str, given: str) -> Response:
    """The answer where a header asks for what is not to be had."""
    hint = N_("Use one of: {known}.")
    known = ", ".join(TYPES.values())
    return problem(status, say(lang, text, given=given[:80]), field=field, hint=say(lang, hint, known=known))
