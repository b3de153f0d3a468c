"""Exports reports as CSV or GeoJSON, as far as the session may export them; each export is in the journal."""

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

from core.spreadsheet import inert_cell
from reports.queries import Page, fetch_reports
from store import append_step
from store.schema import Report

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


def export_lines(session: Session, page: Page, form: str) -> Iterator[str]:
    """The file in pieces. The journal's entry, with the number of reports, is appended after the last one."""
    count = 0
    page = dataclasses.replace(page, criteria=dataclasses.replace(page.criteria, right="export"))
    if form == "csv":
        yield "\ufeff" + _line([*COLUMNS, "lon", "lat"])  # without the byte order mark Excel takes it for GBK
    else:
        yield '{"type":"FeatureCollection","features":['
    for reports in _pages(session, page):
        yield from _body(reports, form, count)
        count += len(reports)
    if form == "geojson":
        yield "]}\n"
    unit, status = page.criteria.unit, page.criteria.status
    after = {"form": form, "reports": count, "unit": unit, "status": status[0] if status else None}
    append_step(session, "export", "reports", unit=unit, after=after)


def _pages(session: Session, page: Page) -> Iterator[Sequence[Report]]:
    after = page.after
    while reports := fetch_reports(session, dataclasses.replace(page, after=after, limit=PAGE)):
        yield reports
        after = reports[-1].id
        session.expunge_all()  # else the session would hold every report of the export


def _body(page: Sequence[Report], form: str, before: int) -> Iterator[str]:
    """The lines of a page; ``before``: the number of reports before it."""
    for number, report in enumerate(page, start=before):
        shape = to_shape(report.geom)
        if form == "csv":
            point = shape.representative_point()
            yield _line([*(_cell(report, name) for name in COLUMNS), f"{point.x:.6f}", f"{point.y:.6f}"])
            continue
        properties = {name: _value(report, name) for name in COLUMNS}
        feature = {"type": "Feature", "id": report.id, "geometry": mapping(shape), "properties": properties}
        yield ("," if number else "") + json.dumps(feature, ensure_ascii=False)


def _value(report: Report, name: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    value = getattr(report, name)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _cell(report: Report, name: str) -> str:
    """A value as CSV text that no spreadsheet runs."""
    value = _value(report, name)
    return "" if value is None else inert_cell(str(value))


def _line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
