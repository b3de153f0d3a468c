"""`zhijie datum check`: was a batch of points taken in the datum that it declares?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.console import out, plain, print_lines
from cli.session import open_store
from core.i18n import Lang
from core.settings import Settings
from geo.datum import Suspicion
from layers.datum_check import (
    PlaceFile,
    check_against_file,
    check_degrees,
    check_size,
    describe_suspicion,
    read_places,
    suspicion_as_dict,
)
from store.queries import ReferencePlaces

SUSPECT: Final = 4  # exit status where another datum fits better than the declared one


def check(  # noqa: PLR0913 - one parameter an option
    file: Annotated[
        Path,
        typer.Argument(help="Points: CSV (columns 经度 and 纬度, lon and lat, or x and y) or a vector file"),
    ],
    datum: Annotated[
        str | None, typer.Option(help="Declared datum; by default the file's own, for CSV cgcs2000")
    ] = None,
    channel: Annotated[
        str | None, typer.Option(help="Compare with earlier reports of this channel only")
    ] = None,
    known: Annotated[
        Path | None, typer.Option(help="Compare with the places of this file instead of those in the store")
    ] = None,
    known_datum: Annotated[str | None, typer.Option(help="Datum of the file of known places")] = None,
    layer: Annotated[str | None, typer.Option(help="Layer of FILE, where it has several")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON")] = False,
) -> None:
    """Print which datum fits a batch best. Exits with ``SUSPECT`` where it is not the declared one."""
    settings = Settings()
    batch = read_places(file, datum, layer)
    check_size(len(batch.shapes))
    if known is None:
        found = _in_store(settings, batch, channel)
    else:
        places = read_places(known, known_datum)
        found = check_against_file(
            batch.points(), ReferencePlaces(places.shapes, places.codes), batch.declared, batch.codes
        )
    _print(found, settings.lang, as_json)
    if found.suspected is not None:
        raise typer.Exit(SUSPECT)


def _in_store(settings: Settings, batch: PlaceFile, channel: str | None) -> Suspicion:
    with open_store(settings) as session:
        return check_degrees(session, batch.points(), batch.declared, channel, batch.codes)


def _print(found: Suspicion, lang: Lang, as_json: bool) -> None:
    words = describe_suspicion(found, lang)
    if as_json:
        shown = {"suspected": found.suspected, "declared": found.declared}
        typer.echo(
            json.dumps(shown | {"figures": suspicion_as_dict(found), "words": words}, ensure_ascii=False)
        )
        return
    out.print(f"\n[bold]{words['mark']} {plain(words['headline'])}[/bold]\n")
    print_lines(words["lines"])
