"""Reports as a file, as far as the session's pass may see them. Every export is in the journal."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from geoalchemy2.shape import to_shape
from shapely.geometry import mapping
from sqlalchemy.orm import Session

from reports.queries import Page, fetch_reports
from store.journal.append import append_step
from store.schema.datasets import Report

PAGE: Final = 1_000
COLUMNS: Final = (
    "id",
    "received_at",
    "act_date",
    "category",
    "status",
    "effect",
    "certainty",
    "unit_code",
    "unit_name",
    "description",
    "sample",
)
FORMS: Final = {"csv": "text/csv; charset=utf-8", "geojson": "application/geo+json"}
RISKY: Final = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would take such a text for a formula


def export_lines(session: Session, wanted: Page, form: str) -> Iterator[str]:
    """The file, piece by piece; the journal's line comes last, with the number of reports."""
    count = 0
    yield from _head(form)
    for page in _pages(session, wanted):
        yield from _body(page, form, count)
        count += len(page)
    yield from _foot(form)
    unit, status = wanted.criteria.unit, wanted.criteria.status
    summary = {"form": form, "reports": count, "unit": unit, "status": status[0] if status else None}
    append_step(session, "export", "reports", unit=unit, after=summary)


def _pages(session: Session, wanted: Page) -> Iterator[Sequence[Report]]:
    after = wanted.after
    while page := fetch_reports(session, dataclasses.replace(wanted, after=after, limit=PAGE)):
        yield page
        after = page[-1].id
        session.expunge_all()


def _head(form: str) -> Iterator[str]:
    if form == "csv":
        yield "\ufeff" + _line([*COLUMNS, "lon", "lat"])  # the mark tells Excel that this is UTF-8
    else:
        yield '{"type":"FeatureCollection","features":['


def _body(page: Sequence[Report], form: str, before: int) -> Iterator[str]:
    for number, report in enumerate(page, start=before):
        shape = to_shape(report.geom)
        if form == "csv":
            point = shape.representative_point()
            yield _line([*(_cell(report, name) for name in COLUMNS), f"{point.x:.6f}", f"{point.y:.6f}"])
            continue
        told = {name: _value(report, name) for name in COLUMNS}
        feature = {"type": "Feature", "id": report.id, "geometry": mapping(shape), "properties": told}
        yield ("," if number else "") + json.dumps(feature, ensure_ascii=False)


def _foot(form: str) -> Iterator[str]:
    if form == "geojson":
        yield "]}\n"


def _value(report: Report, name: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    value = getattr(report, name)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _cell(report: Report, name: str) -> str:
    value = _value(report, name)
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(RISKY) else text


def _line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
