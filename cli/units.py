"""`zhijie units …`: what a boundary change does to units and to open reports."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from cli.console import out, plain, print_rows
from cli.options import option_day, report_bar
from cli.session import open_store
from core.clock import today
from core.errors import BadInput
from core.i18n import N_, Lang
from core.settings import Settings
from law import LawBook
from layers import current_book
from layers.loading import fetch_current_versions, read_candidate, stage_candidate
from previews import (
    UnitPreview,
    lead_change_rows,
    preview_as_dict,
    preview_summary,
    preview_units,
    unit_rows,
    unit_side,
)
from store.queries import UnitSide
from verdict import Limits

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:  # without a callback typer would make the one command the whole program
    pass


@app.command()
def changes(  # noqa: PLR0913 - one parameter an option
    first: Annotated[str | None, typer.Option("--from", help="Day before the change, YYYY-MM-DD")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Day after it; may be in the future")] = None,
    unit: Annotated[str | None, typer.Option(help="Only changes of this unit and those below it")] = None,
    file: Annotated[
        Path | None, typer.Option(help="Candidate units (GeoJSON) to compare with; the days are then today's")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="Dataset that FILE replaces; found by its codes by default")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the preview as JSON")] = False,
) -> None:
    """Preview a boundary change: units that change, and open reports that get another lead unit.

    Stores nothing: a candidate file is compared in a transaction that is rolled back.
    """
    settings = Settings()
    days = _days(first, last, file)
    with open_store(settings) as session, ExitStack() as stack:
        sides = _sides(session, stack, days, (file, dataset))
        found = preview_units(session, sides, Limits.of(settings), unit, report_bar(settings.lang))
        book = current_book(session)
    if as_json:
        typer.echo(json.dumps(preview_as_dict(found), ensure_ascii=False))
        return
    _print(found, book, settings.lang)


def _days(first: str | None, last: str | None, file: Path | None) -> tuple[dt.date, dt.date]:
    if file is None and (first is None or last is None):
        raise BadInput(
            N_("No boundary change was specified."),
            field="to" if first else "from",
            hint=N_("Give both --from and --to, or a file of candidate units with --file."),
        )
    before, after = option_day("from", first) or today(), option_day("to", last) or today()
    if after < before:
        raise BadInput(
            N_("The period ends on {last}, before it begins on {first}."),
            field="to",
            hint=N_("Give the first day before the last one."),
            first=before,
            last=after,
        )
    return before, after


def _sides(
    session: Session, stack: ExitStack, days: tuple[dt.date, dt.date], given: tuple[Path | None, str | None]
) -> tuple[UnitSide, UnitSide]:
    """The units before and after; a candidate stays in the store until ``stack`` is closed."""
    file, dataset = given
    if file is None:
        current = fetch_current_versions(session)
        return unit_side(session, days[0], current), unit_side(session, days[1], current)
    candidate = read_candidate(session, file, dataset)
    if candidate.dataset.role != "units":
        raise BadInput(
            N_("{file} contains no units."),
            field="file",
            hint=N_("Units have the properties code, name, level."),
            file=file.name,
        )
    versions = stack.enter_context(stage_candidate(session, candidate))
    return unit_side(session, days[0], versions.current), unit_side(session, days[1], versions.changed)


def _print(found: UnitPreview, book: LawBook, lang: Lang) -> None:
    out.print(plain(preview_summary(found, lang)))
    heads = (N_("Unit"), N_("Change"), N_("Area"), N_("Ground from"), N_("Ground to"))
    print_rows(heads, unit_rows(found, lang), lang)
    heads = (N_("Report"), N_("Matter"), N_("Lead unit before"), N_("Lead unit after"), N_("How sure"))
    print_rows(heads, lead_change_rows(found.moves, book, lang), lang)
