"""`zhijie check`: a verdict on a place."""

from __future__ import annotations

import typer

from cli.inquiry_options import CHANNEL, AsJson, InquiryOptions
from cli.judging_session import open_judging_store
from cli.options import Trace, with_option_sets
from cli.verdict_output import print_verdict
from core.settings import Settings
from verdict import Inquiry, Limits, answer


@with_option_sets
def check(asked: InquiryOptions, as_json: AsJson = False, trace: Trace = False) -> None:
    """Print the verdict of an inquiry."""
    settings = Settings()
    inquiry = make_inquiry(asked)
    with open_judging_store(settings) as session:
        verdict = answer(session, inquiry, Limits.of(settings))
    if as_json:
        typer.echo(verdict.to_json())
        return
    print_verdict(verdict.as_dict(), settings.lang, trace=trace)


def make_inquiry(asked: InquiryOptions) -> Inquiry:
    """The inquiry of these options. Raises BadInput for a date or a footprint file that cannot be read."""
    return Inquiry(
        category=asked.category,
        x=asked.lon,
        y=asked.lat,
        datum=asked.datum,
        accuracy_m=asked.accuracy,
        footprint=asked.shape(),
        as_of=asked.day(),
        channel=CHANNEL,
        stated=asked.answers(),
    )
