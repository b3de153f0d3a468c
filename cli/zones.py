"""`zhijie zones …`: control zones that are computed from the law's widths, not surveyed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

from cli.console import notes, out, plain
from core.errors import BadInput
from core.i18n import N_, say
from core.settings import Settings
from layers.lawbook import book_of_files
from layers.readers import KIND, read_foreign_file, road_zones, undescribed_dataset, zones_to_geojson
from layers.registry import read_folder

app = typer.Typer(no_args_is_help=True)


@app.command()
def road(
    file: Annotated[
        Path, typer.Argument(help="Roads: lines with land_half_width_m, or areas of highway land")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="GeoJSON file to write")],
    datum: Annotated[str | None, typer.Option(help="cgcs2000, wgs84, gcj02, bd09 or EPSG:n")] = None,
    layer: Annotated[str | None, typer.Option(help="Layer of the file, where it has several")] = None,
) -> None:
    """Write the road control zones (公路建筑控制区) of a file of roads, ready to be a dataset of zones."""
    settings = Settings()
    book = book_of_files(read_folder(settings.data_dir / "law"))
    dataset = undescribed_dataset(file, "roads", [KIND])
    roads = read_foreign_file(dataset, datum, layer)
    label = say(settings.lang, N_("Building control zones"))
    zones = road_zones(dataset, roads, book.zone_kinds)
    text = zones_to_geojson(track(zones, total=len(roads), description=label, console=notes, transient=True))
    write(output, text)
    written = N_("{count} control zones written to {path}; sha256 for sources.yaml: {sha256}")
    checksum = hashlib.sha256(text.encode()).hexdigest()
    out.print(plain(say(settings.lang, written, count=len(roads), path=output, sha256=checksum)))


def write(path: Path, text: str) -> None:
    """Write a UTF-8 file. Raises BadInput (field ``output``) where that fails."""
    try:
        path.write_bytes(text.encode())
    except OSError as fault:
        raise BadInput(
            N_("{path} cannot be written: {fault}"), field="output", path=path, fault=fault.strerror
        ) from fault
