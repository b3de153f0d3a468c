"""The benchmark's world, made once from fixed seeds and kept under ``build/bench``.

``.venv/bin/python -m benchmarks.world [--quick]`` makes it; ``load(size)`` makes it where it is missing.
Raise ``VERSION`` with every change of what is generated.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import places
from benchmarks.borders import Floats, Shapes
from benchmarks.districts import Districts, read_districts
from benchmarks.townships import JINCHENG, Townships, counts_for, split
from core.settings import ROOT

VERSION: Final = 1
HOME: Final = ROOT / "build" / "bench"
CRS: Final = "EPSG:4490"
KINDS: Final = 6  # of zones
NEAR_JINCHENG: Final = (0.001,)


@dataclass(frozen=True)
class Size:
    """How much of everything: districts by code prefix, townships a district on average, numbers."""

    name: str
    prefix: str
    townships: float
    points: int
    zones: int
    ties: int
    footprints: int


FULL: Final = Size("full", "", 13.75, 1_000_000, 10_000, 100_000, 100_000)
QUICK: Final = Size("quick", "14", 13.75, 50_000, 500, 5_000, 5_000)  # Shanxi, where Jincheng lies


@dataclass(frozen=True)
class World:
    """Areas with code (zones: zone, kind) and name; point sets (n, 2) in CGCS2000 degrees; footprints.

    ``folder`` is where all this lies as GeoParquet and npy under the names of the fields.
    """

    folder: Path
    districts: gpd.GeoDataFrame
    townships: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    footprints: gpd.GeoDataFrame
    uniform: Floats
    border: Floats
    jincheng_uniform: Floats
    jincheng_border: Floats
    ties: Floats
    zone_ties: Floats

    @property
    def jincheng(self) -> gpd.GeoDataFrame:
        """Jincheng's townships, numbered anew."""
        return self.townships[self.townships["code"].str[:6].isin(JINCHENG)].reset_index(drop=True)


def load(size: Size, console: Console, home: Path = HOME) -> World:
    """The world of this size, from its folder; made first where that is missing."""
    folder = home / f"v{VERSION}-{size.name}"
    if not folder.exists():
        made = generate(read_districts(size.prefix), size, console)
        _save(made, folder)
    found = {path.stem: _read(path) for path in sorted(folder.iterdir())}
    return World(folder, **found)


def generate(districts: Districts, size: Size, console: Console) -> dict[str, Any]:
    """Everything but the folder, by field; Jincheng's sets are empty where its districts are missing."""
    with _progress(console) as progress:
        task = progress.add_task("townships", total=2 * len(districts.codes))
        towns = split(districts, counts_for(districts, size.townships), lambda: progress.advance(task))
        _check(towns)
        made = _areas(towns)
        jincheng = towns.geoms[np.isin(towns.codes.astype("U6"), list(JINCHENG))]
        makers = _makers(towns.geoms, jincheng, made, size)
        task = progress.add_task("places", total=len(makers))
        for name, make in makers.items():
            progress.update(task, description=name)
            made[name] = make()
            progress.advance(task)
        progress.update(task, description="places")
    return made


def _makers(
    towns: Shapes, jincheng: Shapes, made: dict[str, Any], size: Size
) -> dict[str, Callable[[], Any]]:
    home = size.points if len(jincheng) else 0
    return {
        "zones": lambda: _zones(places.zones(towns, size.zones)),
        "uniform": lambda: places.uniform_points("uniform", towns, size.points),
        "border": lambda: places.border_points("border", towns, size.points),
        "jincheng_uniform": lambda: places.uniform_points("jincheng uniform", jincheng, home),
        "jincheng_border": lambda: places.border_points("jincheng border", jincheng, home, NEAR_JINCHENG),
        "ties": lambda: places.ties("ties", towns, size.ties),
        "zone_ties": lambda: places.ties("zone ties", made["zones"].geometry.to_numpy(), size.ties // 5),
        "footprints": lambda: _frame(
            {"footprint": np.arange(size.footprints)},
            places.footprints("footprints", made["border"][: size.footprints]),
        ),
    }


def _check(towns: Townships) -> None:
    """Raise ValueError where the townships are no valid coverage, or Jincheng has not its number."""
    if not shapely.coverage_is_valid(towns.geoms):
        raise ValueError("the generated townships are not a valid coverage")
    counts = pd.Series(towns.codes.astype("U6")).value_counts()
    wrong = [code for code, count in JINCHENG.items() if counts.get(code, count) != count]
    if wrong:
        raise ValueError(f"wrong number of townships in {wrong}")


def _areas(towns: Townships) -> dict[str, Any]:
    districts = towns.districts
    return {
        "districts": _frame({"code": districts.codes, "name": districts.names}, districts.geoms),
        "townships": _frame({"code": towns.codes, "name": towns.names}, towns.geoms),
    }


def _zones(geoms: Shapes) -> gpd.GeoDataFrame:
    number = np.arange(len(geoms))
    kind = places.generator("kinds").integers(0, KINDS, len(geoms))
    return _frame({"zone": number, "kind": kind, "name": [f"保护区{n + 1}" for n in number]}, geoms)


def _frame(columns: dict[str, Any], geoms: Shapes) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=geoms, crs=CRS)


def _save(made: dict[str, Any], folder: Path) -> None:
    """Write beside the place and move there: an interrupted run is never taken for whole."""
    beside = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    for name, value in made.items():
        if isinstance(value, gpd.GeoDataFrame):
            value.to_parquet(beside / f"{name}.parquet", index=False)
        else:
            np.save(beside / f"{name}.npy", value)
    beside.rename(folder)


def _read(path: Path) -> Any:  # noqa: ANN401
    return gpd.read_parquet(path) if path.suffix == ".parquet" else np.load(path)


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description:18}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


def main(quick: Annotated[bool, typer.Option(help="A province instead of the country.")] = False) -> None:
    """Make the world and say where it lies."""
    console = Console(stderr=True)
    world = load(QUICK if quick else FULL, console)
    for field in fields(world)[1:]:
        console.print(f"{field.name:18}{len(getattr(world, field.name)):>12,}")
    typer.echo(world.folder)


if __name__ == "__main__":
    typer.run(main)
