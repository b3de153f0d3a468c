"""`zhijie datum …`: is a batch in the datum that it claims, and what are coordinates in another one?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.common import open_store, out, plain, print_lines
from core.i18n import N_, Lang, say
from core.settings import Settings
from geo.datum.conversion import from_cgcs2000, to_cgcs2000
from geo.datum.detection import Suspicion
from geo.datum.reference_systems import frame
from geo.measure.geodesic import distance_m
from layers.datum_check.check import check_against, check_converted, check_size
from layers.datum_check.point_file import PlaceFile, read_places
from layers.datum_check.wording import figures_of, tell_suspicion
from store.queries.reference_points import Places

app = typer.Typer(help="Datums: check a batch of coordinates, convert a single one.", no_args_is_help=True)
SUSPECT: int = 4

Datum = Annotated[str, typer.Option(help="cgcs2000, wgs84, gcj02, bd09 or EPSG:n")]


@app.command()
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
        Path | None, typer.Option(help="Compare with the places of this file, and not with the store")
    ] = None,
    known_datum: Annotated[str | None, typer.Option(help="Datum of the file of known places")] = None,
    layer: Annotated[str | None, typer.Option(help="Layer of FILE, where it has several")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON")] = False,
) -> None:
    """Was a batch of points taken in the datum that is declared? Ends with status 4 where not."""
    settings = Settings()
    batch = read_places(file, datum, layer)
    check_size(len(batch.shapes))
    if known is None:
        found = _in_store(settings, batch, channel)
    else:
        places = read_places(known, known_datum)
        found = check_against(
            batch.points(), Places(places.shapes, places.codes), batch.declared, batch.codes
        )
    _print(found, settings.lang, as_json)
    if found.suspected is not None:
        raise typer.Exit(SUSPECT)


def _in_store(settings: Settings, batch: PlaceFile, channel: str | None) -> Suspicion:
    with open_store(settings) as session:
        return check_converted(session, batch.points(), batch.declared, channel, batch.codes)


def _print(found: Suspicion, lang: Lang, as_json: bool) -> None:
    words = tell_suspicion(found, lang)
    if as_json:
        told = {"suspected": found.suspected, "declared": found.declared}
        typer.echo(json.dumps(told | {"figures": figures_of(found), "words": words}, ensure_ascii=False))
        return
    out.print(f"\n[bold]{words['mark']} {plain(words['headline'])}[/bold]\n")
    print_lines(words["lines"])


@app.command()
def convert(
    lon: Annotated[float, typer.Option(help="Longitude in degrees, or easting in metres")],
    lat: Annotated[float, typer.Option(help="Latitude in degrees, or northing in metres")],
    datum: Datum = "cgcs2000",
    to: Datum = "cgcs2000",
) -> None:
    """Convert a coordinate from a datum to another: x and y, then how far the numbers moved."""
    settings = Settings()
    x, y = from_cgcs2000(*to_cgcs2000(lon, lat, datum), to)
    digits = 3 if frame(to).unproject else 8
    out.print(f"{x:.{digits}f} {y:.{digits}f}")
    if frame(datum).unproject is None and frame(to).unproject is None:
        moved = N_("Read as the same degrees, {metres} m apart.")
        out.print(say(settings.lang, moved, metres=f"{distance_m(lon, lat, x, y):.2f}"))
