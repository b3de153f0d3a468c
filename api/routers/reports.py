"""Reports: file, read, list, export; coarse counts; the reporter; the journal."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from typing import IO, Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from geoalchemy2.shape import to_shape
from shapely.geometry import mapping
from sqlalchemy.orm import Session

from api.dependencies import (
    BoxText,
    Key,
    LangDep,
    LimitsDep,
    PageDep,
    SessionDep,
    WhoDep,
    needs,
    parse_box,
    require,
)
from api.middleware.observability import count_report
from api.schemas.live import ProgressOut
from api.schemas.reports import (
    CoarseOut,
    CollectionOut,
    FeatureOut,
    ReasonIn,
    ReporterOut,
    ReportIn,
    ReportOut,
    ReportSummary,
    StepOut,
    StepsOut,
    WordsOut,
)
from core.errors import NotFound
from core.i18n import N_, Lang
from layers import current_book
from reports import (
    FORMS,
    CoarseFilter,
    export_lines,
    fetch_coarse,
    fetch_report,
    fetch_reporter,
    fetch_reports,
    file_report,
    no_reporter,
    sees_coarse,
)
from reports.workflow import report_progress
from store import Identity
from store.journal import fetch_steps
from store.schema import Report
from verdict import reach_of_names, tell_verdict, tellable

PATH: Final = "/api/reports"
router = APIRouter(prefix=PATH, tags=["reports"])
IN_MEMORY: Final = 4_000_000  # bytes; a larger export is written to a temporary file
PIECE: Final = 65_536
Id = Annotated[int, Path(ge=1, le=2**62, examples=[1])]
Month = Annotated[str | None, Query(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$", examples=["2026-11"])]


_location = {"Location": {"required": True, "schema": {"type": "string"}}}
_filed: dict[int | str, dict[str, Any]] = {
    201: {"description": "Filed", "headers": _location},
    200: {"description": "Already filed with this key", "headers": _location},
    409: {"description": "The key was used for another report"},
}


@router.post(
    "",
    status_code=201,
    responses=_filed,
    dependencies=[needs("file")],
)
def file(  # noqa: PLR0913 - dependencies
    body: ReportIn,
    key: Key,
    response: Response,
    session: SessionDep,
    who: WhoDep,
    limits: LimitsDep,
    lang: LangDep,
) -> ReportOut:
    """File a report: it is judged and stored, and answered once the database has committed it.

    Repeating the request with the same Idempotency-Key returns the stored report.
    """
    filed = file_report(session, body.submission(), key, limits)
    if filed.created:
        count_report()
    response.status_code = 201 if filed.created else 200
    response.headers["Location"] = f"/api/reports/{filed.report.id}"
    return _report_out(session, filed.report.id, lang, who)


@router.get("/coarse")
def coarse(
    request: Request,
    session: SessionDep,
    bbox: BoxText = None,
    month: Month = None,
) -> CoarseOut:
    """Count reports by square, matter, effect, status and month: what neighbouring areas may see.

    Fewer than three are counted together with their surroundings: a wider square, without what would single
    them out. ``withheld``: reports in no square, whatever is asked for.
    """
    if not sees_coarse(session):
        require(request, "coarse")
    counts = fetch_coarse(session, CoarseFilter(None if bbox is None else parse_box(bbox), month))
    return CoarseOut(features=[_square(dict(row)) for row in counts.rows], withheld=counts.withheld)


def _square(row: dict[str, Any]) -> FeatureOut:
    place = {"type": "Point", "coordinates": [row.pop("lon"), row.pop("lat")]}
    return FeatureOut(geometry=place, properties=row)


_files: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {name: {} for name in ("text/csv", FORMS["geojson"])}}
}


@router.get("/export", dependencies=[needs("export")], responses=_files, response_class=StreamingResponse)
def export(page: PageDep, session: SessionDep, form: Literal["csv", "geojson"] = "csv") -> StreamingResponse:
    """Download all reports of the account's area that match the filter. The journal records who did."""
    # Written whole before the response starts: an error becomes a problem document, and the journal's entry
    # is committed before a byte leaves.
    spool = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed when it has been sent
    for line in export_lines(session, page, form):
        spool.write(line.encode())
    spool.seek(0)
    name = {"Content-Disposition": f'attachment; filename="reports.{form}"'}
    return StreamingResponse(_pieces(spool), media_type=FORMS[form], headers=name)


def _pieces(spool: IO[bytes]) -> Iterator[bytes]:
    with spool:
        while piece := spool.read(PIECE):
            yield piece


@router.post("/{id}/reporter", dependencies=[needs("contact", "protected")])
def reporter(id: Id, body: ReasonIn, session: SessionDep) -> ReporterOut:
    """Return the reporter of a report. The reason and the access are recorded, also of a refused one."""
    found = fetch_reporter(session, id, body.reason)
    session.commit()  # before the 404 below would roll the journal's entry back
    if found is None:
        raise no_reporter(id)
    return ReporterOut.model_validate(found)


@router.get("/{id}/journal", dependencies=[needs("journal")])
def steps(id: Id, session: SessionDep, after: Annotated[int, Query(ge=0, le=2**62)] = 0) -> StepsOut:
    """List what was done about a report, and by whom."""
    found = fetch_steps(session, f"report/{id}", after)
    if not found and not after:
        raise NotFound(N_("There is no report {id}."), field="id", id=id)
    return StepsOut(steps=[StepOut.model_validate(row) for row in found])


@router.get("/{id}", dependencies=[needs("read", "file")])
def read(id: Id, session: SessionDep, who: WhoDep, lang: LangDep) -> ReportOut:
    """Return a report with its verdict, as stored and in words; people are named in the own area only."""
    return _report_out(session, id, lang, who)


@router.get("", dependencies=[needs("read", "file")])
def list_(page: PageDep, request: Request, session: SessionDep, lang: LangDep) -> CollectionOut:
    """List reports as GeoJSON, paged by key: follow ``next``."""
    categories = current_book(session).categories.values()
    names = {category.code: category.name.say(lang) for category in categories}
    reports = fetch_reports(session, page)
    following = None
    if len(reports) == page.limit:
        url = request.url.include_query_params(after=reports[-1].id)
        following = f"{url.path}?{url.query}"
    return CollectionOut(features=[_feature(report, names) for report in reports], next=following)


def _report_out(session: Session, report_id: int, lang: Lang, who: Identity) -> ReportOut:
    report, stored = fetch_report(session, report_id)
    progress = ProgressOut.model_validate(report_progress(session, report_id, lang))
    verdict = tellable(json.loads(stored.body), reach_of_names(who))
    return ReportOut(
        **_summary(report, {report.category: verdict["category"]["name"][lang]}).model_dump(),
        location=report.location,
        verdict_id=stored.id,
        verdict=verdict,
        words=WordsOut.model_validate(tell_verdict(verdict, lang)),
        **{
            name: getattr(progress, name) for name in ProgressOut.model_fields if name not in ("id", "status")
        },
    )


def _summary(report: Report, names: dict[str, str]) -> ReportSummary:
    fields = {name: getattr(report, name) for name in ReportSummary.model_fields if name != "category_name"}
    return ReportSummary(**fields, category_name=names.get(report.category, report.category))


def _feature(report: Report, names: dict[str, str]) -> FeatureOut:
    properties = _summary(report, names).model_dump(mode="json")
    return FeatureOut(id=report.id, geometry=mapping(to_shape(report.geom)), properties=properties)
