"""`zhijie screen` as a process of its own: the columns mean what single checks say; faults are one line."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from PIL import Image
from shapely.geometry import mapping
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from support.program import Run, zhijie_on
from support.screen_meaning import assert_means
from support.screen_stub import Stub

from cli.screen_plot import draw
from core.clock import today
from geo.datum.conversion import from_cgcs2000
from geo.place.location import Location
from screening.files.run import ScreeningResult
from verdict.judgement import check

pytestmark = pytest.mark.long

DAY = date(2022, 8, 21)


@pytest.fixture
def run(http_engine: Engine) -> Run:
    return zhijie_on(http_engine, "screen", options=("-W", "error"))


def _places(seed: int, n: int) -> gpd.GeoDataFrame:
    """Points all over Jincheng and beyond, and small areas, some of them about the story's reserve."""
    rng = np.random.default_rng(seed)
    xy = np.vstack(
        [rng.uniform((111.8, 35.1), (113.7, 36.2), (n, 2)), rng.normal((112.395, 35.625), 0.03, (n, 2))]
    )
    points = list(shapely.points(xy))
    yards = [shapely.box(x, y, x + 0.002, y + 0.001) for x, y in xy[::5]]
    accuracy = [*rng.choice([0.0, 15.0, 300.0], len(points)), *np.zeros(len(yards))]
    return gpd.GeoDataFrame(
        {"id": range(len(accuracy)), "accuracy_m": accuracy}, geometry=points + yards, crs=4490
    )


def _single(session: Session, shape: Any, accuracy_m: float) -> Any:
    if shape.geom_type == "Point":
        place = Location.from_point(shape.x, shape.y, accuracy_m=accuracy_m)
    else:
        place = Location.from_footprint(mapping(shape), accuracy_m=accuracy_m)
    return check(session, place, "livestock_farm", DAY, today())


def test_the_columns_say_what_single_checks_say(run: Run, tmp_path: Path, http_engine: Engine) -> None:
    frame = _places(3, 60)
    frame.to_parquet(tmp_path / "in.parquet")
    done = run(tmp_path / "in.parquet", "-o", tmp_path / "out.parquet", "--as-of", DAY, ZHIJIE_LANG="en")
    assert done.returncode == 0, done.stderr
    rows = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert [row["id"] for row in rows] == list(range(len(frame)))
    with Session(http_engine) as session:
        for row, shape in zip(rows, frame.geometry, strict=True):
            assert_means(row, _single(session, shape, row["accuracy_m"]))
    assert f"{len(frame)} rows, all judged." in done.stdout
    assert {row["zj_certainty"] for row in rows} >= {"outside", "probable"}
    assert {row["zj_effect"] for row in rows} >= {"prohibited", "unknown"}


def test_the_summary_is_told_and_drawn(run: Run, tmp_path: Path) -> None:
    frame = _places(4, 40)
    frame.loc[3, "geometry"] = None
    frame.to_file(tmp_path / "in.gpkg")
    plot = tmp_path / "out.png"
    more = ("--as-of", DAY, "--plot", plot, "--workers", 1)
    done = run(tmp_path / "in.gpkg", "-o", tmp_path / "out.gpkg", *more)
    assert done.returncode == 0, done.stderr
    for word in (
        "按结论",
        "按单元",
        "按保护区域",
        "禁止",
        "崦山",
        "140522",
        "第 4 行",
        str(tmp_path / "out.gpkg"),
    ):
        assert word in done.stdout
    written = pyogrio.read_dataframe(tmp_path / "out.gpkg")
    assert len(written) == len(frame)
    assert written["zj_error"].notna().sum() == 1
    with Image.open(plot) as picture:
        assert picture.size == (1760, 992)
    as_json = run(tmp_path / "in.gpkg", "-o", tmp_path / "again.csv", "--as-of", DAY, "--json")
    told = json.loads(as_json.stdout)
    assert (told["rows"], told["errors"]) == (len(frame), 1)
    assert told["effects"] == written["zj_effect"].value_counts().to_dict()
    assert {unit["code"]: sum(unit["effects"].values()) for unit in told["units"]} == (
        written["zj_unit_code"].value_counts().to_dict()
    )


def test_web_map_coordinates_find_the_same_ground(run: Run, tmp_path: Path) -> None:
    xy = np.random.default_rng(8).normal((112.395, 35.625), 0.02, (30, 2))
    for datum in ("cgcs2000", "gcj02", "EPSG:4546"):
        rows = [from_cgcs2000(x, y, datum) for x, y in xy.tolist()]
        path = tmp_path / f"{datum.replace(':', '_')}.csv"
        path.write_text("经度,纬度\n" + "".join(f"{x!r},{y!r}\n" for x, y in rows), encoding="gb18030")
        done = run(
            path, "-o", path.with_suffix(".parquet"), "--datum", datum, "--accuracy", 20, "--as-of", DAY
        )
        assert done.returncode == 0, done.stderr
    plain, web, metres = (
        pq.read_table(tmp_path / f"{name}.parquet", columns=["zj_unit_code", "zj_zones", "zj_effect"])
        for name in ("cgcs2000", "gcj02", "EPSG_4546")
    )
    assert plain.to_pylist() == web.to_pylist() == metres.to_pylist()


def test_the_category_is_the_storys_where_none_is_named(run: Run, tmp_path: Path) -> None:
    _places(5, 10).to_parquet(tmp_path / "in.parquet")
    for name, more in (("one", ()), ("two", ("--category", "livestock_farm"))):
        assert run(tmp_path / "in.parquet", "-o", tmp_path / f"{name}.parquet", *more).returncode == 0
    assert pq.read_table(tmp_path / "one.parquet") == pq.read_table(tmp_path / "two.parquet")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["{none}", "-o", "{out}"], "no-such"),
        (["{in}", "-o", "{in}"], "output"),
        (["{in}", "-o", "{out}.xyz"], "output"),
        (["{in}", "-o", "{out}", "--category", "nothing"], "category"),
        (["{in}", "-o", "{out}", "--as-of", "2999-01-01"], "as_of"),
        (["{in}", "-o", "{out}", "--as-of", "1700-01-01"], "as_of"),
        (["{in}", "-o", "{out}", "--datum", "xian80"], "datum"),
        (["{in}", "-o", "{out}", "--layer", "b"], "layer"),
        (["{in}", "-o", "{out}", "--engine", "abacus"], "engine"),
        (["{in}", "-o", "{out}", "--plot", "/no/such/folder/a.png"], "plot"),
    ],
)
def test_a_fault_is_one_line_and_leaves_nothing(
    run: Run, tmp_path: Path, arguments: list[str], told: str
) -> None:
    source = tmp_path / "in.gpkg"
    _places(6, 2).to_file(source)
    names = {"none": tmp_path / "no-such.gpkg", "in": source, "out": tmp_path / "out.parquet"}
    done = run(*(argument.format(**names) for argument in arguments))
    assert done.returncode == 2
    assert told in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == [source]


def test_a_picture_is_drawn_of_nothing_and_of_much(tmp_path: Path) -> None:
    stub, much = Stub(), ScreeningResult()
    xy = np.random.default_rng(2).uniform((112.0, 35.0), (113.0, 36.0), (30_000, 2))
    verdict = stub.points(xy, 0.0)
    much.summary.add(verdict)
    much.sample.add(xy, verdict)
    for name, found in (("nothing", ScreeningResult()), ("much", much)):
        draw(tmp_path / f"{name}.png", found, "点.parquet", "zh")
    with Image.open(tmp_path / "nothing.png") as blank, Image.open(tmp_path / "much.png") as full:
        assert blank.format == full.format == "PNG"
        colours = {colour for _, colour in full.convert("RGB").getcolors(1 << 24)}
    assert (200, 64, 47) in colours  # the bar of what is prohibited
