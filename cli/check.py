"""`zhijie check` and `zhijie report`: ask about a place, or file what was seen there."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from cli.common import day, open_store, print_filed, print_verdict
from core.errors import BadInput
from core.i18n import N_
from core.settings import Settings
from reports.filing import Filed, Submission, file_report
from reports.queries import fetch_report
from verdict.inquiry import Inquiry, Limits, answer

Lon = Annotated[float | None, typer.Option(help="Longitude in degrees, or easting in metres")]
Lat = Annotated[float | None, typer.Option(help="Latitude in degrees, or northing in metres")]
Datum = Annotated[str, typer.Option(help="cgcs2000, wgs84, gcj02, bd09 or EPSG:n")]
Accuracy = Annotated[float, typer.Option(help="68 % radius of the position, metres")]
FootprintFile = Annotated[Path | None, typer.Option("--footprint", help="GeoJSON file with one polygon")]
Category = Annotated[str, typer.Option(help="Code of the violation category")]
AsOf = Annotated[str | None, typer.Option(help="Day of the act, YYYY-MM-DD; today by default")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the verdict as JSON")]


def check(  # noqa: PLR0913 - one parameter an option
    category: Category,
    lon: Lon = None,
    lat: Lat = None,
    datum: Datum = "cgcs2000",
    accuracy: Accuracy = 0.0,
    footprint: FootprintFile = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    trace: Annotated[bool, typer.Option("--trace", help="Print every rule that was tried")] = False,
) -> None:
    """Whose ground is this, and may that stand on it? Stores nothing."""
    settings = Settings()
    inquiry = make_inquiry(category, lon, lat, datum, accuracy, footprint, as_of)
    with open_store(settings, from_memory=True) as session:
        verdict = answer(session, inquiry, Limits.of(settings))
    if as_json:
        typer.echo(verdict.to_json())
        return
    print_verdict(verdict.as_dict(), settings.lang, trace=trace)


def report(  # noqa: PLR0913 - one parameter an option
    category: Category,
    lon: Lon = None,
    lat: Lat = None,
    datum: Datum = "cgcs2000",
    accuracy: Accuracy = 0.0,
    footprint: FootprintFile = None,
    as_of: AsOf = None,
    description: Annotated[str, typer.Option(help="What was seen, in words")] = "",
    key: Annotated[str | None, typer.Option(help="Idempotency key; the same key never files twice")] = None,
    as_json: AsJson = False,
) -> None:
    """File a report: judged and stored."""
    settings = Settings()
    inquiry = make_inquiry(category, lon, lat, datum, accuracy, footprint, as_of)
    submission = Submission(inquiry, description)
    with open_store(settings, from_memory=True) as session:
        filed = file_report(session, submission, key or uuid.uuid4().hex, Limits.of(settings))
        number, created, body = filed.report.id, filed.created, stored_body(session, filed)
    if as_json:
        typer.echo(json.dumps({"id": number, "created": created, "verdict": body}, ensure_ascii=False))
        return
    print_filed(number, created, settings.lang)
    print_verdict(body, settings.lang)


def make_inquiry(  # noqa: PLR0913 - the options of two commands
    category: str,
    lon: float | None,
    lat: float | None,
    datum: str,
    accuracy: float,
    footprint: Path | None,
    as_of: str | None,
) -> Inquiry:
    """What the options ask."""
    return Inquiry(
        category=category,
        x=lon,
        y=lat,
        datum=datum,
        accuracy_m=accuracy,
        footprint=None if footprint is None else read_footprint(footprint),
        as_of=None if as_of is None else day(as_of),
        channel="cli",
    )


def read_footprint(path: Path) -> Mapping[str, Any]:
    """The GeoJSON object of a file, or a refusal."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as fault:
        raise BadInput(
            N_("{path} cannot be read as GeoJSON: {fault}"),
            field="footprint",
            hint=N_("Give a UTF-8 GeoJSON file with one polygon."),
            path=path,
            fault=fault,
        ) from fault
    if not isinstance(content, dict):
        raise BadInput(
            N_("{path} holds no GeoJSON object."),
            field="footprint",
            hint=N_("Give a UTF-8 GeoJSON file with one polygon."),
            path=path,
        )
    return content


def stored_body(session: Session, filed: Filed) -> dict[str, Any]:
    """The verdict of a filed report, as stored."""
    body: dict[str, Any] = json.loads(fetch_report(session, filed.report.id)[1].body)
    return body
