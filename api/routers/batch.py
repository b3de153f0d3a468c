"""Batch checks: the verdict's columns for many places, in the order in which they came."""

from __future__ import annotations

from typing import Annotated, Any, Final

import anyio.to_thread
import pyarrow as pa
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from api.batch.json_body import check_length
from api.batch.request import EXAMPLE, Batch, BatchRequest, PointsIn, read_arrow, read_json
from api.batch.response import ARROW, TYPES, BatchResponse, choose_form, pieces
from api.batch.screener_cache import ScreenerCache, screeners_of
from api.dependencies import LangDep, LimitsDep, needs
from api.errors import problem
from core.clock import today
from core.errors import BadInput
from core.i18n import N_, Lang, say
from layers.formats import map_in_order
from screening.files import (
    WORKERS,
    BatchJudge,
    PlaceBatch,
    PlaceOptions,
    concat_places,
    convert_places,
    judge_places,
)
from verdict import Inquiry, Limits

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
        "description": "The verdict's columns for each place, in the format that Accept names",
        "content": {name: {} for name in TYPES.values()},
    },
    406: {"description": "None of the types that Accept names is available"},
    415: {"description": "Bodies of this type are not accepted"},
}


@router.post(PATH, openapi_extra={"requestBody": _body}, responses=_answers, response_class=StreamingResponse)
async def check_batch(
    request: Request, parameters: Annotated[BatchRequest, Query()], limits: LimitsDep, lang: LangDep
) -> Response:
    """Judge many places: points as JSON, features as GeoJSON, or an Arrow stream. Stores nothing.

    Parameters go into the JSON body or the query; for GeoJSON and Arrow into the query. A place that cannot
    be judged keeps its row; ``zj_error`` gives the reason.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != ARROW and kind not in JSON_TYPES:
        return _header_problem(
            lang, 415, "Content-Type", N_("Bodies of the type {given} are not accepted."), kind
        )
    accept = ",".join(request.headers.getlist("accept"))
    if choose_form(accept, "json") is None:
        return _header_problem(
            lang, 406, "Accept", N_("No response of the type {given} is available."), accept
        )
    body = bytearray()
    async for part in request.stream():
        body += part
        if kind != ARROW:
            check_length(len(body))
    # The headers are checked first, so that a wrong one costs no upload; the body is read outside of the
    # turn, so that a slow client delays no other.
    screeners = screeners_of(request)
    async with screeners.turn:
        answer = await _judge_batch(request, screeners, (body, kind == ARROW, parameters), (limits, lang))
    form = choose_form(accept, answer.batch.form) or answer.batch.form
    return StreamingResponse(pieces(answer, form), media_type=TYPES[form])


async def _judge_batch(
    request: Request,
    screeners: ScreenerCache,
    sent: tuple[bytearray, bool, BatchRequest],
    terms: tuple[Limits, Lang],
) -> BatchResponse:
    """The judged batch, computed in the worker threads of batches."""
    limits, lang = terms
    max_rows = request.app.state.settings.max_batch_rows
    batch = await anyio.to_thread.run_sync(_parse, *sent, max_rows, limiter=screeners.threads)
    as_of = Inquiry(batch.parameters.category, as_of=batch.parameters.as_of).day()
    task = (batch.parameters.category, as_of, today(), limits.shares)
    # Only this step needs a connection: the gate is not held while the rows are judged.
    async with request.app.state.gate:
        judge = await anyio.to_thread.run_sync(screeners.get, *task, limiter=screeners.threads)
    options = PlaceOptions(batch.datum, limits, batch.parameters.accuracy_m, "api", lang)
    places, verdict = await anyio.to_thread.run_sync(
        _judge_parts, batch, judge, options, limiter=screeners.threads
    )
    return BatchResponse(batch, places, verdict, as_of, task[2], options.default_m())


def _parse(body: bytearray, is_arrow: bool, parameters: BatchRequest, max_rows: int) -> Batch:
    if is_arrow:
        return read_arrow(pa.py_buffer(body), parameters, max_rows)
    return read_json(body, parameters, max_rows)


def _judge_parts(batch: Batch, judge: BatchJudge, options: PlaceOptions) -> tuple[PlaceBatch, pa.Table]:
    """Judge parts of the rows in several threads; the results are joined in the order of the parts."""
    spans = [slice(start, start + PART) for start in range(0, batch.rows, PART)]

    def part(rows: slice) -> tuple[PlaceBatch, pa.Table]:
        accuracy = None if batch.accuracy_m is None else batch.accuracy_m[rows]
        places = convert_places(batch.given.take(rows), accuracy, options)
        _explain(batch, places, rows.start, options)
        return places, judge_places(judge, places)

    parts = list(map_in_order(part, spans, WORKERS))
    # Each part has its own dictionaries; an Arrow stream may have one a column.
    table = pa.concat_tables([table for _, table in parts]).unify_dictionaries().combine_chunks()
    return concat_places([places for places, _ in parts]), table


def _explain(batch: Batch, places: PlaceBatch, first: int, options: PlaceOptions) -> None:
    """Replace the error of unreadable GeoJSON by the precise one of single footprints."""
    if batch.features is None or batch.given.broken is None:
        return
    for row in places.errors:
        if batch.given.broken[first + row]:
            why = _why_broken(batch.features[first + row]["geometry"], options)
            places.errors[row] = why or places.errors[row]


def _why_broken(geometry: object, options: PlaceOptions) -> str | None:
    """The error that the check of a single footprint gives for a geometry; None where it gives none."""
    if not isinstance(geometry, dict):
        return None
    try:
        Inquiry("", footprint=geometry, datum=options.datum).location(options.limits)
    except BadInput as fault:
        return fault.detail(options.lang)
    return None


def _header_problem(lang: Lang, status: int, field: str, text: str, given: str) -> Response:
    """The response to a Content-Type or Accept header that cannot be served."""
    hint = N_("Use one of: {known}.")
    known = ", ".join(TYPES.values())
    return problem(status, say(lang, text, given=given[:80]), field=field, hint=say(lang, hint, known=known))
