"""`zhijie law check`: gaps, overlaps and contradictions of power."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from cli.console import out, print_rows
from cli.options import option_day
from cli.session import open_store
from core.clock import today
from core.i18n import N_
from core.settings import Settings
from layers.lawbook import check_current_law
from verdict.wording import finding_rows, findings_summary

HAS_FINDINGS: Final = 1  # exit status where there are findings


def check(
    as_of: Annotated[str | None, typer.Option(help="Day, YYYY-MM-DD; today by default")] = None,
    unit: Annotated[str | None, typer.Option(help="Code of a county or township; all by default")] = None,
) -> None:
    """Print the findings. Exits with ``HAS_FINDINGS`` where there are any."""
    settings = Settings()
    with open_store(settings) as session:
        findings = check_current_law(session, option_day("as_of", as_of) or today(), unit)
    heads = (N_("Finding"), N_("Matter"), N_("Place"), N_("Townships"), N_("Who decides"))
    print_rows(heads, finding_rows(findings, settings.lang), settings.lang)
    out.print(findings_summary(findings, settings.lang))
    if not findings.clean:
        raise typer.Exit(HAS_FINDINGS)
