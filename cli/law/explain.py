"""`zhijie law explain`: which law binds, that of the act or that of today."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.console import print_lines
from cli.options import option_day
from cli.session import open_store
from core.clock import today
from core.settings import Settings
from layers import current_book
from verdict.wording import LawChangeQuery
from verdict.wording import explain as explain_law


def explain(
    kind: Annotated[str, typer.Option(help="Zone kind, such as nature_reserve")],
    category: Annotated[str, typer.Option(help="Code of the violation category")],
    grade: Annotated[str | None, typer.Option(help="Grade of the zone, such as core")] = None,
    act: Annotated[str | None, typer.Option(help="Day of the act (of a continuing one its end)")] = None,
    on: Annotated[str | None, typer.Option("--today", help="Day of the decision; today by default")] = None,
) -> None:
    """Print the law in force at the act, the law of today, and which of them binds."""
    settings = Settings()
    decided = option_day("today", on) or today()
    asked = LawChangeQuery(kind, grade, category, option_day("act", act) or decided, decided)
    with open_store(settings) as session:
        lines = explain_law(current_book(session), asked, settings.lang)
    print_lines(lines)
