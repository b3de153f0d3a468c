"""Files in and out of a screening: every format, datum and fault keeps every row, in its order."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from pyproj import CRS
from shapely import LineString, MultiPoint, MultiPolygon, Point, Polygon, box
from support.screen_stub import Stub
from support.shapes import DATUMS, refused
from support.spellings import EXACT, SPELLINGS

from core.errors import BadInput, DatumRefused
from core.settings import Settings
from geo.datum.conversion import from_cgcs2000
from layers.formats.geometry_columns import GeometryBatch, decode_geometry, encode_geometry
from layers.formats.source import open_source
from layers.formats.writer import WRITERS
from screening.files.places import PlaceOptions, concat_places, convert_places
from screening.files.run import FileJob, ScreeningResult, run_local
from screening.files.summary import Sample
from screening.files.wording import assumed_line
from screening.schema import VERDICT_SCHEMA
from verdict.inquiry import Inquiry, Limits

LIMITS = Limits.of(Settings())
WEST, EAST = Point(112.3, 35.5), Point(112.6, 35.5)
YARD = box(112.6, 35.5, 112.601, 35.501)
MIXED: list[Any] = [
    *(WEST, None, YARD, LineString([(112.3, 35.5), (112.4, 35.6)])),
    *(EAST, Polygon([(112.3, 35.5), (112.31, 35.51), (112.31, 35.5), (112.3, 35.51)]), Point(35.5, 112.3)),
]
EFFECTS = ["clear", None, "prohibited", None, "prohibited", None, None]
NAMES = ["甲", "乙", "丙", "丁", "戊", "己", "庚"]
VECTOR = {".gpkg", ".fgb", ".geojson"}


def _frame(crs: str = "EPSG:4490") -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"name": NAMES, "n": range(7)}, geometry=MIXED, crs=crs)


def _screen(path: Path, target: Path, datum: str | None = None, **more: Any) -> ScreeningResult:
    source = open_source(path, datum, more.pop("layer", None))
    options = PlaceOptions(source.datum, LIMITS, more.pop("accuracy_m", 10.0), "cli", "en")
    return run_local(FileJob(source, target, options, **more), Stub())


def _table(path: Path) -> dict[str, list[Any]]:
    """The columns of a written file, whatever its format."""
    if path.suffix in VECTOR:
        frame = pyogrio.read_dataframe(path)
        return {name: [_plain(v) for v in frame[name]] for name in frame.columns if name != "geometry"}
    if path.suffix in (".csv", ".tsv"):
        options = pa_csv.ParseOptions(delimiter="\t" if path.suffix == ".tsv" else ",")
        converting = pa_csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False)
        return pa_csv.read_csv(path, parse_options=options, convert_options=converting).to_pydict()
    if path.suffix == ".arrows":
        return pa.ipc.open_stream(path.read_bytes()).read_all().to_pydict()
    if path.suffix in (".arrow", ".feather"):
        return pa.ipc.open_file(path).read_all().to_pydict()
    return pq.read_table(path).to_pydict()


def _plain(value: Any) -> Any:
    return None if value is None or (isinstance(value, float) and np.isnan(value)) else value


@pytest.mark.parametrize("suffix", sorted(WRITERS))
def test_every_format_keeps_every_row_and_its_order(tmp_path: Path, suffix: str) -> None:
    _frame().to_parquet(tmp_path / "in.parquet")
    target = tmp_path / f"out{suffix}"
    found = _screen(tmp_path / "in.parquet", target, batch_rows=2)
    assert (found.summary.rows, found.summary.errors) == (7, 4)
    told = _table(target)
    assert told["name"] == NAMES
    assert told["n"] == list(range(7))
    assert told["zj_effect"] == EFFECTS
    assert [row for row, why in enumerate(told["zj_error"]) if why is not None] == [1, 3, 5, 6]
    assert told["zj_zones"][2:5] == ["z/1;z/2", None, "z/1;z/2"]
    assert told["zj_share"][:2] == [1.0, None]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["in.parquet", target.name])


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".geojson", ".fgb", ".parquet", ".arrow"])
def test_every_format_that_is_written_is_read(tmp_path: Path, suffix: str) -> None:
    frame = gpd.GeoDataFrame({"name": NAMES[:2]}, geometry=[WEST, EAST], crs=4490)
    path = tmp_path / f"in{suffix}"
    if suffix == ".parquet":
        frame.to_parquet(path)
    elif suffix == ".arrow":
        frame.to_feather(path)
    else:
        more = {".shp": {"encoding": "GB18030"}, ".fgb": {"SPATIAL_INDEX": "NO"}}
        frame.to_file(path, **more.get(suffix, {}))
    _screen(path, tmp_path / "out.parquet")
    told = gpd.read_parquet(tmp_path / "out.parquet")
    assert list(told["name"]) == NAMES[:2]
    assert list(told["zj_effect"]) == ["clear", "prohibited"]
    assert shapely.equals_exact(told.geometry.to_numpy(), [WEST, EAST]).all()


def test_geoparquet_says_what_it_holds(tmp_path: Path) -> None:
    _frame().to_parquet(tmp_path / "in.parquet")
    _screen(tmp_path / "in.parquet", tmp_path / "out.parquet", batch_rows=3)
    geo = json.loads(pq.read_metadata(tmp_path / "out.parquet").metadata[b"geo"])
    column = geo["columns"][geo["primary_column"]]
    assert geo["version"] == "1.1.0"
    assert column["encoding"] == "WKB"
    assert column["geometry_types"] == ["LineString", "Point", "Polygon"]
    assert column["bbox"] == [35.5, 35.5, 112.601, 112.3]
    assert CRS.from_json_dict(column["crs"]).to_epsg() == 4490
    schema = pq.read_schema(tmp_path / "out.parquet")
    assert schema.field("zj_effect").type == pa.dictionary(pa.int32(), pa.string())
    assert schema.names == ["name", "n", "geometry", *VERDICT_SCHEMA.names]


@pytest.mark.parametrize("datum", DATUMS)
def test_a_place_is_the_same_in_every_datum(tmp_path: Path, datum: str) -> None:
    xy = [from_cgcs2000(112.3, 35.5, datum), from_cgcs2000(112.6, 35.5, datum)]
    (tmp_path / "in.csv").write_text("lon,lat\n" + "".join(f"{x!r},{y!r}\n" for x, y in xy))
    _screen(tmp_path / "in.csv", tmp_path / "out.parquet", datum)
    written = gpd.read_parquet(tmp_path / "out.parquet")
    assert list(written["zj_effect"]) == ["clear", "prohibited"]
    true = written.geometry.to_crs(4490) if datum != "wgs84" else written.geometry
    assert shapely.get_coordinates(true) == pytest.approx(np.array([[112.3, 35.5], [112.6, 35.5]]), abs=1e-9)
    named = {"cgcs2000": 4490, "wgs84": 4326, "gcj02": 4490, "bd09": 4490}
    assert written.crs.to_epsg() == (named.get(datum) or int(datum.removeprefix("EPSG:")))


@pytest.mark.parametrize("suffix", [".parquet", ".gpkg", ".csv", ".arrow"])
@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_shifted_geometry_is_written_true_and_the_numbers_given_beside_it(
    tmp_path: Path, datum: str, suffix: str
) -> None:
    given = Point(*from_cgcs2000(112.3, 35.5, datum))
    corner = Point(*from_cgcs2000(112.6, 35.5, datum))
    yard = corner.buffer(0.001, quad_segs=1)
    line = LineString([given, corner])
    frame = gpd.GeoDataFrame({"n": range(3)}, geometry=[given, yard, line], crs=4326)
    frame.to_parquet(tmp_path / "in.parquet")
    target = tmp_path / f"out{suffix}"
    _screen(tmp_path / "in.parquet", target, datum)
    told = _table(target)
    assert (told["given_x"][0], told["given_y"][0]) == (given.x, given.y)
    assert yard.contains(Point(told["given_x"][1], told["given_y"][1]))
    assert told["zj_error"][2] == "A LineString is neither a point nor an area."
    back = open_source(target, "cgcs2000" if suffix == ".csv" else None)
    places = next(iter(back.batches())).places
    assert places.xy[0] == pytest.approx([112.3, 35.5], abs=1e-9)
    assert places.shapes is not None
    assert shapely.get_coordinates(shapely.centroid(places.shapes[1])) == pytest.approx(
        np.array([[112.6, 35.5]]), abs=1e-6
    )
    assert shapely.get_coordinates(places.shapes[2])[0] == pytest.approx([112.3, 35.5], abs=1e-9)
    if suffix in (".parquet", ".gpkg", ".arrow"):
        assert back.datum == "EPSG:4490"


def test_a_projected_file_keeps_its_system(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(geometry=[WEST, EAST, YARD], crs=4490).to_crs(4546)
    frame.to_file(tmp_path / "in.gpkg")
    _screen(tmp_path / "in.gpkg", tmp_path / "out.gpkg")
    written = pyogrio.read_dataframe(tmp_path / "out.gpkg")
    assert written.crs.to_epsg() == 4546
    assert list(written["zj_effect"]) == ["clear", "prohibited", "prohibited"]
    assert shapely.equals_exact(written.geometry.to_numpy(), frame.geometry.to_numpy(), 1e-9).all()


def test_a_table_in_gb18030_stays_as_it_was_written(tmp_path: Path) -> None:
    rows = [
        "编号,经度,纬度,说明",
        '007,112.3,35.5,"一,\n二"',
        "008, 112.6 ,+35.5,",
        "009,东,35.5,x",
        "010,,,y",
    ]
    (tmp_path / "in.csv").write_bytes("\n".join(rows).encode("gb18030"))
    found = _screen(tmp_path / "in.csv", tmp_path / "out.csv", batch_rows=2)
    assert found.summary.rows == 4
    told = (tmp_path / "out.csv").read_text(encoding="utf-8-sig")
    columns = pa_csv.read_csv(
        tmp_path / "out.csv",
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(column_types={name: pa.string() for name in ("编号", "经度")}),
    ).to_pydict()
    assert told.startswith('"编号","经度","纬度","说明","zj_effect"')
    assert columns["编号"] == ["007", "008", "009", "010"]
    assert columns["经度"] == ["112.3", " 112.6 ", "东", ""]
    assert columns["说明"][0] == "一,\n二"
    assert columns["zj_effect"] == ["clear", "prohibited", "", ""]
    assert columns["zj_error"][3] == "The row has no place."
    assert "not a finite number" in columns["zj_error"][2]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_separators_and_repeated_names(tmp_path: Path, mark: str) -> None:
    (tmp_path / "in.csv").write_text(f"x{mark}y{mark}a{mark}a\n112.3{mark}35.5{mark}1{mark}2\n")
    _screen(tmp_path / "in.csv", tmp_path / "out.parquet")
    told = pq.read_table(tmp_path / "out.parquet").to_pydict()
    assert (told["a"], told["a_2"], told["zj_effect"]) == (["1"], ["2"], ["clear"])


def test_wkt_in_a_table_is_a_place(tmp_path: Path) -> None:
    rows = ["id\twkt", f"1\t{WEST.wkt}", f"2\t{YARD.wkt}", "3\t", "4\tPOINT (x)"]
    (tmp_path / "in.tsv").write_text("\n".join(rows))
    _screen(tmp_path / "in.tsv", tmp_path / "out.gpkg")
    told = pyogrio.read_dataframe(tmp_path / "out.gpkg")
    assert [_plain(value) for value in told["zj_effect"]] == ["clear", "prohibited", None, None]
    assert [_plain(value) for value in told["zj_error"]][2:] == [
        "The row has no place.",
        "The geometry cannot be read.",
    ]
    assert list(told["wkt"]) == [WEST.wkt, YARD.wkt, "", "POINT (x)"]


def test_accuracy_is_each_rows_own_where_it_says_one(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"accuracy_m": [3.0, None, -1.0, 1e9]}, geometry=[Point(112.5, 35.5)] * 4, crs=4490
    )
    frame.to_parquet(tmp_path / "in.parquet")
    _screen(tmp_path / "in.parquet", tmp_path / "out.parquet", accuracy_m=25.0)
    told = pq.read_table(tmp_path / "out.parquet").to_pydict()
    assert told["zj_edge_m"] == [3.0, 25.0, None, None]  # the stub adds the accuracy to the distance
    assert told["accuracy_m"] == [3.0, None, -1.0, 1e9]
    assert told["zj_error"][2] == "The accuracy of -1 m is not between 0 and 50000 m."


def test_degrees_minutes_and_seconds_are_read_beside_plain_numbers(tmp_path: Path) -> None:
    pairs = [*((text, "35°30′00″N") for text in SPELLINGS), ("112.3", "35.5"), ("112°61′", "35.5"), ("", "")]
    rows = "".join(f'"{lon.replace(chr(34), chr(34) * 2)}"\t{lat}\n' for lon, lat in pairs)
    (tmp_path / "in.tsv").write_text(f"经度\t纬度\n{rows}", encoding="utf-8")
    places = [batch.places.xy for batch in open_source(tmp_path / "in.tsv").batches()]
    xy = np.vstack(places)
    good = len(SPELLINGS)
    assert xy[:good, 0] == pytest.approx(np.full(good, EXACT), abs=1e-12)
    assert xy[:good, 1].tolist() == [35.5] * good
    assert xy[good].tolist() == [112.3, 35.5]
    assert np.isnan(xy[good + 1 :, 0]).all()


def test_rows_without_an_accuracy_get_the_channel_s_and_are_counted() -> None:
    """As a single check has it; a 0 that is stated stays 0. Refused rows are not counted."""
    limits = Limits.of(Settings(channel_accuracies="file=40,api=15", r95_channels="file"))
    xy = np.array([[112.5, 35.5], [112.5, 35.5], [112.5, 35.5], [35.5, 112.5]])
    stated = np.array([np.nan, 0.0, 8.0, np.nan])
    found = convert_places(GeometryBatch(xy), stated, PlaceOptions("cgcs2000", limits, channel="file"))
    single = [
        Inquiry("", 112.5, 35.5, accuracy_m=value, channel="file").location(limits).accuracy_m
        for value in (None, 0.0, 8.0)
    ]
    assert found.accuracy_m[:3].tolist() == pytest.approx(single)
    assert single[:2] == [40.0, 0.0]
    assert (found.assumed, list(found.errors)) == (1, [3])
    both = concat_places([found, found])
    assert (both.assumed, list(both.errors)) == (2, [3, 7])


def test_the_summary_says_which_accuracy_was_assumed(tmp_path: Path) -> None:
    _frame().to_parquet(tmp_path / "in.parquet")
    source = open_source(tmp_path / "in.parquet")
    options = PlaceOptions(source.datum, LIMITS, channel="file")
    found = run_local(FileJob(source, tmp_path / "o.parquet", options, batch_rows=2), Stub())
    assert found.summary.as_dict()["assumed_accuracy"] == 3
    assert (
        assumed_line(found.summary, options, "zh") == "3 行未给出位置误差，按渠道“点位文件”的默认值 10 米计。"
    )
    assert "“file of places”, 10 m" in assumed_line(found.summary, options, "en")
    stated = run_local(FileJob(source, tmp_path / "p.parquet", replace(options, accuracy_m=0.0)), Stub())
    assert stated.summary.assumed == 0
    assert assumed_line(stated.summary, options, "zh") == ""


def test_a_channel_that_means_95_percent_is_understood() -> None:
    limits = Limits.of(Settings(r95_channels="cli"))
    given = GeometryBatch(np.array([[112.5, 35.5]]))
    wide = convert_places(given, None, PlaceOptions("cgcs2000", limits, 20.0, "cli"))
    assert (
        wide.accuracy_m[0]
        == Inquiry("", 112.5, 35.5, accuracy_m=20.0, channel="cli").location(limits).accuracy_m
    )
    assert convert_places(given, None, PlaceOptions("cgcs2000", limits, 20.0, "api")).accuracy_m[0] == 20.0


HARD = [
    *[(112.3, 35.5), (35.5, 112.3), (0.0, 0.0), (200.0, 10.0), (10.0, 95.0), (19612345.0, 3945678.0)],
    *[(np.inf, 35.0), (112.0, np.nan), (-75.0, 40.0), (112.3, 54.0), (136.0, 3.0), (500000.0, 3900000.0)],
]


@pytest.mark.parametrize("datum", DATUMS)
def test_points_are_refused_where_a_single_inquiry_is_and_in_its_words(datum: str) -> None:
    xy = np.array([*HARD, from_cgcs2000(112.3, 35.5, datum), *[(112.31, 35.5)] * 40])
    options = PlaceOptions(datum, LIMITS, 5.0, "api", "en")
    found = convert_places(GeometryBatch(xy), None, options)
    for row, (x, y) in enumerate(xy.tolist()):
        try:
            place = Inquiry("", x, y, datum, 5.0).location(LIMITS)
        except BadInput as fault:
            assert found.errors[row] == fault.detail("en")
            assert np.isnan(found.lonlat[row]).all()
        else:
            assert row not in found.errors
            assert found.lonlat[row] == pytest.approx([place.lon, place.lat], abs=1e-12)


def test_areas_are_refused_where_a_single_inquiry_is_and_in_its_words() -> None:
    many = shapely.Point(112.5, 35.5).buffer(0.01, quad_segs=3000)
    hard = [
        *(YARD, YARD.reverse(), MultiPolygon([YARD, box(112.7, 35.5, 112.701, 35.501)]), many),
        *(MIXED[5], box(112.0, 35.0, 113.0, 36.0), box(112.5, 35.5, 112.5 + 1e-8, 35.5 + 1e-8)),
        *(
            box(35.5, 112.0, 35.501, 112.001),
            shapely.force_3d(YARD, 7.0),
            box(112.5, 35.5, 112.50001, 35.50001),
        ),
    ]
    shapes = np.array(hard * 3, dtype=object)
    given = GeometryBatch(np.full((len(shapes), 2), np.nan), shapes)
    found = convert_places(given, None, PlaceOptions("cgcs2000", LIMITS, 5.0, "api", "en"))
    kept = dict(zip(found.areas.tolist(), found.shapes, strict=True))
    for row, shape in enumerate(shapes):
        try:
            asked = Inquiry("", footprint=shapely.geometry.mapping(shape), accuracy_m=5.0)
            single = asked.location(LIMITS).footprint
        except BadInput as fault:
            assert found.errors[row] == fault.detail("en")
        else:
            assert kept[row].equals_exact(single)
    assert len(kept) == 15


def test_wkb_of_every_kind_decodes_as_shapely_does() -> None:
    points = [Point(x, 35.0 + x / 1e3) for x in range(20)]
    tall = shapely.force_3d(points, 9.0)
    for shapes in (points, tall.tolist(), [*points, YARD], [MultiPoint([point]) for point in points]):
        for flavor in ("iso", "extended"):
            column = pa.array(shapely.to_wkb(np.array(shapes, dtype=object), flavor=flavor), pa.binary())
            for piece in (column, column.slice(3, 11), column.cast(pa.large_binary()).slice(2)):
                assert decode_geometry(piece, "wkb").xy[:, 0].tolist()[:9] == [
                    shapely.from_wkb(value.as_py()).centroid.x for value in piece[:9]
                ]
    big = pa.array(shapely.to_wkb(points, byte_order=0), pa.binary())
    assert decode_geometry(big, "wkb").xy[:, 0].tolist() == [float(x) for x in range(20)]


def test_empty_null_and_broken_geometry_is_told_apart() -> None:
    column = pa.array([WEST.wkb, None, Point().wkb, Polygon().wkb, b"junk", YARD.wkb], pa.binary())
    found = convert_places(decode_geometry(column, "wkb"), None, PlaceOptions("cgcs2000", LIMITS, lang="en"))
    assert found.errors == {
        **dict.fromkeys((1, 2, 3), "The row has no place."),
        4: "The geometry cannot be read.",
    }
    assert found.areas.tolist() == [5]


@pytest.mark.parametrize("interleaved", [False, True])
@pytest.mark.parametrize("shapes", [[WEST, None, EAST], [YARD, None, YARD], [MultiPolygon([YARD]), None]])
def test_geoarrow_is_read_and_stays_as_it_is(tmp_path: Path, shapes: list[Any], interleaved: bool) -> None:
    frame = gpd.GeoDataFrame({"n": range(len(shapes))}, geometry=shapes, crs=4490)
    table = pa.table(frame.to_arrow(geometry_encoding="geoarrow", interleaved=interleaved))
    with pa.ipc.new_file(tmp_path / "in.arrow", table.schema) as writer:
        writer.write_table(table)
    found = _screen(tmp_path / "in.arrow", tmp_path / "out.arrow")
    assert (found.summary.rows, found.summary.errors) == (len(shapes), 1)
    back = pa.ipc.open_file(tmp_path / "out.arrow").read_all()
    assert back.column("geometry").to_pylist() == table.column("geometry").to_pylist()
    again = gpd.GeoDataFrame.from_arrow(back)
    assert again.crs.to_epsg() == 4490
    _screen(tmp_path / "in.arrow", tmp_path / "out.gpkg")
    assert len(pyogrio.read_dataframe(tmp_path / "out.gpkg")) == len(shapes)


def test_points_are_encoded_as_shapely_does() -> None:
    xy = np.array([[112.3, 35.5], [112.6, 35.1]])
    assert encode_geometry(xy, None).to_pylist() == list(shapely.to_wkb(shapely.points(xy)))
    some = np.array([[112.3, 35.5], [np.nan, np.nan], [np.nan, np.nan]])
    assert encode_geometry(some, np.array([None, YARD, None], dtype=object)).to_pylist() == [
        WEST.wkb,
        YARD.wkb,
        None,
    ]


def test_columns_of_an_earlier_screening_are_replaced(tmp_path: Path) -> None:
    _frame().to_parquet(tmp_path / "in.parquet")
    _screen(tmp_path / "in.parquet", tmp_path / "once.parquet")
    _screen(tmp_path / "once.parquet", tmp_path / "twice.parquet")
    assert pq.read_schema(tmp_path / "twice.parquet") == pq.read_schema(tmp_path / "once.parquet")
    assert pq.read_table(tmp_path / "twice.parquet") == pq.read_table(tmp_path / "once.parquet")


def test_strange_columns_go_through(tmp_path: Path) -> None:
    table = pa.table(
        {
            "fid": pa.array(["a", "b"]),
            "when": pa.array([0, 1], pa.timestamp("ms", "UTC")),
            "tags": pa.array([["x", "y"], None]),
            "size": pa.array([{"w": 1}, {"w": 2}]),
            "kind": pa.array(["k", "k"]).dictionary_encode(),
            "big": pa.array([2**63, 1], pa.uint64()),
            "raw": pa.array([b"\x01", None], pa.binary()),
            "empty": pa.nulls(2),
            "lon": pa.array([112.3, 112.6], pa.float32()),
            "lat": pa.array(["35.5", "35.5"]),
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    _screen(tmp_path / "in.parquet", tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet").select(table.schema.names) == table
    for name in ("out.gpkg", "out.csv", "out.fgb"):
        _screen(tmp_path / "in.parquet", tmp_path / name)
        told = _table(tmp_path / name)
        assert told["fid"] == ["a", "b"]
        assert told["kind"] == ["k", "k"]
        assert json.loads(told["tags"][0]) == ["x", "y"]
        assert told["zj_effect"] == ["clear", "prohibited"]


def test_a_target_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    _frame().to_parquet(tmp_path / "in.parquet")
    source = open_source(tmp_path / "in.parquet")
    for suffix in sorted(WRITERS):
        target = tmp_path / f"out{suffix}"
        target.write_text("before")
        job = FileJob(source, target, PlaceOptions(source.datum, LIMITS), batch_rows=2)
        with pytest.raises(RuntimeError, match="the judge is gone"):
            run_local(job, Stub(fail_at=4))
        assert target.read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 1 + len(WRITERS)


def test_a_file_that_breaks_off_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("lon,lat\n112.3,35.5\n112.3,35.5,9\n")
    fault = refused(lambda: _screen(tmp_path / "in.csv", tmp_path / "out.parquet"))
    assert fault.field == "file"
    assert "in.csv cannot be read" in fault.detail("en")
    assert not (tmp_path / "out.parquet").exists()


def test_the_input_is_never_overwritten(tmp_path: Path) -> None:
    _frame().to_parquet(tmp_path / "in.parquet")
    (tmp_path / "link.parquet").symlink_to(tmp_path / "in.parquet")
    before = (tmp_path / "in.parquet").read_bytes()
    for name in ("in.parquet", "link.parquet"):
        fault = refused(lambda name=name: _screen(tmp_path / "in.parquet", tmp_path / name))
        assert fault.field == "output"
    assert (tmp_path / "in.parquet").read_bytes() == before


@pytest.mark.parametrize("name", ["out.xyz", "out", "nowhere/out.parquet"])
def test_targets_that_cannot_be(tmp_path: Path, name: str) -> None:
    _frame().to_parquet(tmp_path / "in.parquet")
    fault = refused(lambda: _screen(tmp_path / "in.parquet", tmp_path / name))
    assert fault.field == "output"


@pytest.mark.parametrize(
    ("name", "content", "field"),
    [
        ("a.csv", "name,size\nx,1\n", "file"),
        ("a.csv", "", "file"),
        ("a.parquet", "no parquet at all", "file"),
        ("a.arrow", "no arrow at all", "file"),
        ("a.geojson", "{}", "file"),
        ("a.vrt", "<OGRVRTDataSource/>", "file"),
        ("a.geojson", "<OGRVRTDataSource><OGRVRTLayer name='x'/></OGRVRTDataSource>", "file"),
        ("a.json", '{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline"}', "file"),
        ("a.gml", "<gml/>", "file"),
    ],
)
def test_files_that_are_not_taken(tmp_path: Path, name: str, content: str, field: str) -> None:
    (tmp_path / name).write_text(content)
    assert refused(lambda: open_source(tmp_path / name)).field == field


def test_no_address_is_followed(tmp_path: Path) -> None:
    for address in ("http://127.0.0.1:9/x.geojson", "/vsicurl/http://127.0.0.1:9/x.gpkg", "PG:dbname=x"):
        assert "There is no file" in refused(lambda address=address: open_source(Path(address))).detail("en")


def test_a_file_of_layers_asks_which(tmp_path: Path) -> None:
    path = tmp_path / "in.gpkg"
    _frame().to_file(path, layer="one")
    _frame().to_file(path, layer="two")
    fault = refused(lambda: open_source(path))
    assert fault.field == "layer"
    assert "one, two" in fault.hint_text("en")
    assert refused(lambda: open_source(path, layer="three")).field == "layer"
    assert _screen(path, tmp_path / "out.parquet", layer="two").summary.rows == 7


def test_what_a_file_says_of_its_system_is_held_against_the_declaration(tmp_path: Path) -> None:
    plain = gpd.GeoDataFrame(geometry=[WEST], crs=4490)
    plain.to_crs(4546).to_parquet(tmp_path / "metres.parquet")
    assert refused(lambda: open_source(tmp_path / "metres.parquet", "gcj02")).field == "datum"
    plain.set_crs(4610, allow_override=True).to_parquet(tmp_path / "xian.parquet")
    assert refused(lambda: open_source(tmp_path / "xian.parquet"), DatumRefused).field == "datum"
    plain.set_crs(None, allow_override=True).to_parquet(tmp_path / "unsaid.parquet")
    assert refused(lambda: open_source(tmp_path / "unsaid.parquet")).field == "datum"
    assert open_source(tmp_path / "unsaid.parquet", "bd09").datum == "bd09"
    plain.set_crs("OGC:CRS84", allow_override=True).to_parquet(tmp_path / "crs84.parquet")
    assert open_source(tmp_path / "crs84.parquet").datum == "EPSG:4326"


def test_threads_change_nothing(tmp_path: Path) -> None:
    n = 20_000
    xy = np.random.default_rng(5).uniform((112.0, 35.0), (113.0, 36.0), (n, 2))
    table = pa.table({"id": np.arange(n), "lon": xy[:, 0], "lat": xy[:, 1]})
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=3000)
    steps: list[int] = []
    source = open_source(tmp_path / "in.parquet")
    options = PlaceOptions(source.datum, LIMITS)
    for workers in (1, 5):
        job = FileJob(source, tmp_path / f"{workers}.parquet", options, workers, batch_rows=1000)
        run_local(job, Stub(seconds=0.001), progress=steps.append)
    one, five = (pq.read_table(tmp_path / f"{workers}.parquet") for workers in (1, 5))
    assert one == five
    assert one.column("id").to_pylist() == list(range(n))
    assert sum(steps) == 2 * n
    east = np.array(one.column("zj_unit_code").to_pylist()) == "140525"
    assert (east == (xy[:, 0] >= 112.5)).all()


def test_the_summary_counts_by_effect_unit_and_zone(tmp_path: Path) -> None:
    _frame().to_parquet(tmp_path / "in.parquet")
    source = open_source(tmp_path / "in.parquet")
    job = FileJob(source, tmp_path / "o.parquet", PlaceOptions(source.datum, LIMITS, lang="en"), batch_rows=2)
    found = run_local(job, Stub(), sampled=True)
    told = found.summary.as_dict()
    assert told["effects"] == {"clear": 1, "prohibited": 2}
    assert told["units"] == [
        {"code": "140525", "name": "泽州县", "effects": {"prohibited": 2}},
        {"code": "140522", "name": "阳城县", "effects": {"clear": 1}},
    ]
    assert told["zones"] == [
        {"id": "z/1", "name": "一区", "kind": "nature_reserve", "inside": 2, "possible": 0},
        {"id": "z/2", "name": "二区", "kind": "nature_reserve", "inside": 0, "possible": 2},
    ]
    assert [row["row"] for row in told["first_errors"]] == [1, 3, 5, 6]
    lonlat, effects = found.sample.points()
    assert lonlat == pytest.approx(np.array([[112.3, 35.5], [112.6005, 35.5005], [112.6, 35.5]]))
    assert effects.tolist() == [3, 0, 0]


def test_the_sample_is_small_and_even() -> None:
    sample, stub = Sample(max_points=1000), Stub()
    for _ in range(40):
        xy = np.random.default_rng(9).uniform((112.0, 35.0), (113.0, 36.0), (2000, 2))
        sample.add(xy, stub.points(xy, 0.0))
    lonlat, effects = sample.points()
    assert len(lonlat) == 1000
    assert 0.4 < (effects == 0).mean() < 0.6
    assert ((lonlat[:, 0] >= 112.5) == (effects == 0)).all()
