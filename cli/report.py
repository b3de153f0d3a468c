"""`zhijie report`: file what was seen at a place."""

from __future__ import annotations

import json
from typing import Any

import typer
from sqlalchemy.orm import Session

from cli.check import make_inquiry
from cli.inquiry_options import AsJson, FilingOptions, InquiryOptions
from cli.judging_session import open_judging_store
from cli.options import with_option_sets
from cli.verdict_output import print_filed, print_verdict
from core.settings import Settings
from reports import Filed, Submission, fetch_report, file_report
from verdict import Limits


@with_option_sets
def report(asked: InquiryOptions, filing: FilingOptions, as_json: AsJson = False) -> None:
    """File a report and print its number and its verdict as stored."""
    settings = Settings()
    submission = Submission(make_inquiry(asked), filing.description)
    with open_judging_store(settings) as session:
        filed = file_report(session, submission, filing.idempotency_key(), Limits.of(settings))
        number, created, body = filed.report.id, filed.created, stored_body(session, filed)
    if as_json:
        typer.echo(json.dumps({"id": number, "created": created, "verdict": body}, ensure_ascii=False))
        return
    print_filed(number, created, settings.lang)
    print_verdict(body, settings.lang)


def stored_body(session: Session, filed: Filed) -> dict[str, Any]:
    """The verdict of a filed report in its JSON form, as stored."""
    body: dict[str, Any] = json.loads(fetch_report(session, filed.report.id)[1].body)
    return body
