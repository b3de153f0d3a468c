"""`zhijie law …`: check the law, load a competence list, count a term, explain which law binds."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Annotated, Final, get_args

import typer

from cli.common import day, notes, open_store, out, print_lines, print_rows
from core.clock import CHINA, today
from core.errors import BadInput
from core.i18n import N_, Lang, say
from core.settings import Settings
from law.time_limits import Extension, Pause
from law.values import Unit
from layers.lawbook.check import fetch_law_check
from layers.lawbook.competence_list import ListLoaded, fetch_law_versions, load_list, unload_list
from layers.lawbook.documents import current_book
from layers.lawbook.workdays import TermAsked, fetch_term
from verdict.wording.law import count_findings, tell_clocks, tell_findings, tell_term, term_as_dict
from verdict.wording.law_change import LawAsked, explain

app = typer.Typer(help="The law: check it, load a competence list, count terms.", no_args_is_help=True)

FOUND: Final = 1  # exit status where a check found something
UNITS: Final[tuple[Unit, ...]] = get_args(Unit)


@app.command()
def check(
    as_of: Annotated[str | None, typer.Option(help="Day, YYYY-MM-DD; today by default")] = None,
    unit: Annotated[str | None, typer.Option(help="Code of a county or township; all by default")] = None,
) -> None:
    """Find gaps and overlaps of power, and zones without a rule, over the whole matrix.

    Exit status: 0 where nothing is found, 1 where there are findings, 2 where the question is wrong.
    """
    settings = Settings()
    with open_store(settings) as session:
        found = fetch_law_check(session, _day("as_of", as_of), unit)
    heads = (N_("Finding"), N_("Matter"), N_("Place"), N_("Townships"), N_("Who decides"))
    print_rows(heads, tell_findings(found, settings.lang), settings.lang)
    out.print(count_findings(found, settings.lang))
    if not found.clean:
        raise typer.Exit(FOUND)


@app.command()
def load(
    file: Annotated[Path, typer.Argument(help="Competence list: .xlsx, .csv (UTF-8 or GBK) or .yaml")],
    title: Annotated[str | None, typer.Option(help="Name of the list; the file's name by default")] = None,
    official: Annotated[
        bool, typer.Option("--official/--sample", help="Issued by an authority, or an example")
    ] = True,
) -> None:
    """Load a real competence list in place of the samples: all of it, or nothing where a row is wrong."""
    settings = Settings()
    with open_store(settings) as session:
        told = load_list(session, file, title=title, official=official)
    _print_loaded(told, settings.lang)


def _print_loaded(told: ListLoaded, lang: Lang) -> None:
    texts = {
        "loaded": N_("Competence list {version} loaded: {entries} entries."),
        "restored": N_("Competence list {version} is current again: {entries} entries."),
        "unchanged": N_("Competence list {version} is unchanged: {entries} entries."),
    }
    version, outcome = told.loaded.version, told.loaded.outcome
    out.print(say(lang, texts[outcome], version=version, entries=told.entries))
    if told.strays:
        text = N_("No township is known under: {codes}. Entries for these speak about no place.")
        notes.print(say(lang, text, codes=", ".join(told.strays)))
    notes.print(say(lang, N_("`zhijie law check` finds its gaps and overlaps.")))


@app.command()
def unload() -> None:
    """Retire the loaded competence list and go back to the shipped one. It stays in the store for replays."""
    settings = Settings()
    with open_store(settings) as session:
        was_there = unload_list(session)
    gone = N_("The local competence list is retired; the shipped samples speak again.")
    out.print(say(settings.lang, gone if was_there else N_("No local competence list is loaded.")))


@app.command(name="list")
def list_() -> None:
    """Tell which law datasets are current."""
    settings = Settings()
    with open_store(settings) as session:
        versions = fetch_law_versions(session)
    heads = (N_("Dataset"), N_("Version"), N_("Title"), N_("Standing"), N_("Loaded"))
    rows = (
        (
            one.dataset,
            one.version,
            one.title[settings.lang],
            say(settings.lang, N_("official") if one.official else N_("not official")),
            f"{one.loaded_at.astimezone(CHINA):%Y-%m-%d %H:%M}",
        )
        for one in versions
    )
    print_rows(heads, rows, settings.lang)


@app.command()
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
    """Count a term: its last day, and every step of the count."""
    settings = Settings()
    pauses, extensions = map(_pause, pause or ()), map(_extension, extend or ())
    asked = TermAsked(clock, _day("from", start), tuple(pauses), tuple(extensions))
    with open_store(settings) as session:
        found = fetch_term(session, asked)
    if as_json:
        typer.echo(json.dumps(term_as_dict(found), ensure_ascii=False))
        return
    print_lines(tell_term(found, settings.lang))


@app.command()
def clocks() -> None:
    """List the clocks: length, article, verified or local."""
    settings = Settings()
    with open_store(settings) as session:
        rows = tell_clocks(current_book(session), settings.lang)
    heads = (N_("Clock"), N_("Term"), N_("Length"), N_("Counted from"), N_("Legal basis"), N_("Standing"))
    print_rows(heads, rows, settings.lang)


@app.command(name="explain")
def explain_(
    kind: Annotated[str, typer.Option(help="Zone kind, such as nature_reserve")],
    category: Annotated[str, typer.Option(help="Code of the violation category")],
    grade: Annotated[str | None, typer.Option(help="Grade of the zone, such as core")] = None,
    act: Annotated[str | None, typer.Option(help="Day of the act (of a lasting one its end)")] = None,
    on: Annotated[str | None, typer.Option("--today", help="Day of the decision; today by default")] = None,
) -> None:
    """Tell which law held at the act, which holds today, and which binds."""
    settings = Settings()
    decided = _day("today", on)
    asked = LawAsked(kind, grade, category, decided if act is None else _day("act", act), decided)
    with open_store(settings) as session:
        lines = explain(current_book(session), asked, settings.lang)
    print_lines(lines)


def _day(field: str, given: str | None) -> dt.date:
    """A day of an option, today where it is left out."""
    if given is None:
        return today()
    try:
        return day(given)
    except BadInput as fault:
        fault.field = field
        raise


def _pause(given: str) -> Pause:
    start, end, reason = _three("pause", given, N_("Write START:END:REASON, such as 2024-05-06:2024-05-10:…"))
    return Pause(_day("pause", start), _day("pause", end) if end else None, reason)


def _extension(given: str) -> Extension:
    hint = N_("Write N:UNIT:REASON, UNIT one of working_days, days, months.")
    length, unit, reason = _three("extend", given, hint)
    known = next((one for one in UNITS if one == unit), None)
    if known is None or not (length.isascii() and length.isdecimal()):
        raise BadInput(N_("{given} cannot be read."), field="extend", hint=hint, given=given)
    return Extension(int(length), known, reason)


def _three(field: str, given: str, hint: str) -> list[str]:
    parts = re.split("[:：]", given, maxsplit=2)
    if len(parts) != 3:
        raise BadInput(N_("{given} cannot be read."), field=field, hint=hint, given=given)
    return [part.strip() for part in parts]
