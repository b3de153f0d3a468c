"""What the commands that preview a change share: days of options, a bar over reports, rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from rich.progress import track

from cli.common import day, notes
from core.errors import BadInput
from core.i18n import N_, Lang, say
from previews.boundary_change import Progress
from previews.past_reports import PastReport


def option_day(field: str, given: str | None) -> dt.date | None:
    """A day of an option, None where it is left out; a fault names the option."""
    try:
        return None if given is None else day(given)
    except BadInput as fault:
        fault.field = field
        raise


def report_bar(lang: Lang) -> Progress:
    """A bar on standard error over the reports that are judged."""
    told = say(lang, N_("Judging reports"))

    def bar(reports: Iterable[PastReport], total: int) -> Iterable[PastReport]:
        return track(reports, total=total, description=told, console=notes, transient=True)

    return bar
