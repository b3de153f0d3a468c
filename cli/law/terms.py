"""`zhijie law term` and `clocks`: time limits and how they are counted."""

from __future__ import annotations

import json
import re
from typing import Annotated, Final, get_args

import typer

from cli.console import print_lines, print_rows
from cli.options import option_day, parse_day
from cli.session import open_store
from core.errors import BadInput
from core.i18n import N_
from core.settings import Settings
from law import Extension, Pause, Unit
from layers import current_book
from layers.lawbook import TermRequest, fetch_term
from verdict.wording import clock_rows, term_as_dict, term_lines

UNITS: Final[tuple[Unit, ...]] = get_args(Unit)


def term(
    clock: Annotated[str, typer.Argument(help="Id of the clock; `zhijie law clocks` lists them")],
    start: Annotated[str, typer.Option("--from", help="Day of the event, YYYY-MM-DD; it is not counted")],
    pause: Annotated[
        list[str] | None,
        typer.Option(help="START:END:REASON, both days included; no END: it still lasts; repeatable"),
    ] = None,
    extend: Annotated[
        list[str] | None,
        typer.Option(help="N:UNIT:REASON, UNIT working_days, days or months; repeatable"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the term as JSON")] = False,
) -> None:
    """Print the last day of a term and every step of the count."""
    settings = Settings()
    pauses, extensions = map(_pause, pause or ()), map(_extension, extend or ())
    asked = TermRequest(clock, parse_day("from", start), tuple(pauses), tuple(extensions))
    with open_store(settings) as session:
        found = fetch_term(session, asked)
    if as_json:
        typer.echo(json.dumps(term_as_dict(found), ensure_ascii=False))
        return
    print_lines(term_lines(found, settings.lang))


def clocks() -> None:
    """Print the clocks with length, article and whether that is verified."""
    settings = Settings()
    with open_store(settings) as session:
        rows = clock_rows(current_book(session), settings.lang)
    heads = (N_("Clock"), N_("Term"), N_("Length"), N_("Counted from"), N_("Legal basis"), N_("Provenance"))
    print_rows(heads, rows, settings.lang)


def _pause(given: str) -> Pause:
    start, end, reason = _split_three(
        "pause", given, N_("Write START:END:REASON, such as 2024-05-06:2024-05-10:…")
    )
    return Pause(parse_day("pause", start), option_day("pause", end or None), reason)


def _extension(given: str) -> Extension:
    hint = N_("Write N:UNIT:REASON, UNIT one of working_days, days, months.")
    length, unit, reason = _split_three("extend", given, hint)
    known = next((unit_name for unit_name in UNITS if unit_name == unit), None)
    if known is None or not (length.isascii() and length.isdecimal()):
        raise BadInput(N_("{given} cannot be read."), field="extend", hint=hint, given=given)
    return Extension(int(length), known, reason)


def _split_three(field: str, given: str, hint: str) -> list[str]:
    parts = re.split("[:：]", given, maxsplit=2)
    if len(parts) != 3:
        raise BadInput(N_("{given} cannot be read."), field=field, hint=hint, given=given)
    return [part.strip() for part in parts]
