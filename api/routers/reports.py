"""Reports: file one, read one, list many."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Path, Request, Response
from geoalchemy2.shape import to_shape
from shapely.geometry import mapping
from sqlalchemy.orm import Session

from api.deps import FilterDep, Key, LangDep, LimitsDep, SessionDep
from api.schemas import CollectionOut, FeatureOut, ReportIn, ReportOut, ReportSummary, WordsOut
from cases.intake import file_report
from cases.reports import fetch_report, fetch_reports
from cases.words import tell_verdict
from geo.tables import Report
from layers.lawbook import current_book
from words import Lang

router = APIRouter(prefix="/api/reports", tags=["reports"])


@router.post("", status_code=201, responses={200: {"description": "Filed before with this key"}})
def file(  # noqa: PLR0913 - dependencies
    body: ReportIn, key: Key, response: Response, session: SessionDep, limits: LimitsDep, lang: LangDep
) -> ReportOut:
    """File a report: judged, stored, and answered only when it is safe on disk."""
    filed = file_report(session, body.submission(), key, limits)
    response.status_code = 201 if filed.created else 200
    response.headers["Location"] = f"/api/reports/{filed.report.id}"
    return _whole(session, filed.report.id, lang)


@router.get("/{id}")
def read(id: int = Path(ge=1, le=2**62), *, session: SessionDep, lang: LangDep) -> ReportOut:
    """A report with its verdict, as stored and in words."""
    return _whole(session, id, lang)


@router.get("")
def list_(wanted: FilterDep, request: Request, session: SessionDep, lang: LangDep) -> CollectionOut:
    """Reports as GeoJSON, paged by key: follow ``next``."""
    categories = current_book(session).categories.values()
    names = {category.code: category.name.say(lang) for category in categories}
    reports = fetch_reports(session, wanted)
    following = None
    if len(reports) == wanted.limit:
        url = request.url.include_query_params(after=reports[-1].id)
        following = f"{url.path}?{url.query}"
    return CollectionOut(features=[_feature(report, names) for report in reports], next=following)


def _whole(session: Session, report_id: int, lang: Lang) -> ReportOut:
    report, stored = fetch_report(session, report_id)
    verdict: dict[str, Any] = json.loads(stored.body)
    return ReportOut(
        **_summary(report, {report.category: verdict["category"]["name"][lang]}).model_dump(),
        location=report.location,
        verdict_id=stored.id,
        verdict=verdict,
        words=WordsOut.model_validate(tell_verdict(verdict, lang)),
    )


def _summary(report: Report, names: dict[str, str]) -> ReportSummary:
    fields = {name: getattr(report, name) for name in ReportSummary.model_fields if name != "category_name"}
    return ReportSummary(**fields, category_name=names.get(report.category, report.category))


def _feature(report: Report, names: dict[str, str]) -> FeatureOut:
    properties = _summary(report, names).model_dump(mode="json")
    return FeatureOut(id=report.id, geometry=mapping(to_shape(report.geom)), properties=properties)
