"""Road control zones: the widths of the law, measured on the ellipsoid; refusals; from file to verdict."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
import yaml
from numpy.typing import NDArray
from pyproj import Geod
from scipy.spatial import cKDTree
from shapely.geometry import LineString, MultiLineString, Polygon, mapping
from shapely.geometry.base import BaseGeometry
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from support.program import Completed, run_python

from core.errors import BadData, BadInput
from core.settings import ROOT
from geo.datum.conversion import from_cgcs2000
from geo.measure.buffer import buffer_geodesic
from geo.measure.ellipsoid import ELLIPSOID
from geo.measure.geodesic import Plane
from geo.place.location import Location
from law.kinds import Width, ZoneKind
from layers.lawbook.documents import book_of_files
from layers.loading.load import load_folder
from layers.readers.foreign_file import read_foreign_file, undescribed_dataset
from layers.readers.roads import control_zone, road_zones, zone_of_land, zone_width_m
from layers.registry.sources import REQUIRED_FOLDERS, read_data_dir, read_folder
from store.schema.datasets import Source, Zone, ZonePiece
from verdict.judgement import check

pytestmark = pytest.mark.both_engines

GEOD = Geod(a=ELLIPSOID.axis_m, rf=ELLIPSOID.inverse_flattening)
LON, LAT = 112.86, 35.50
DAY = dt.date(2026, 9, 1)
STATUTE = {"expressway": 30, "national": 20, "provincial": 15, "county": 10, "township": 5}


@pytest.fixture(scope="module")
def kinds() -> Mapping[str, ZoneKind]:
    return book_of_files(read_folder(ROOT / "data" / "law")).zone_kinds


@pytest.fixture(scope="module")
def widths(kinds: Mapping[str, ZoneKind]) -> tuple[Width, ...]:
    return kinds["road_control"].widths


def _samples(geometry: BaseGeometry, step_m: float) -> NDArray[np.float64]:
    return shapely.get_coordinates(shapely.segmentize(geometry, step_m / 111_320.0))


def _distances_m(zone: BaseGeometry, road: BaseGeometry, every_m: float = 7.0) -> NDArray[np.float64]:
    """Geodesic distance of points along a zone's border to a road: the nearest of points 1 m apart on it.

    Independent of the planes that the zone was made in: nearest by chords in space, then measured by Geod.
    The metre between the points adds at most 0.25 m² / 2d, 0.012 m at the least distance here (11 m).
    """
    border, line = _samples(shapely.boundary(zone), every_m), _samples(road, 1.0)
    _, nearest = cKDTree(_in_space(line)).query(_in_space(border))
    return np.asarray(GEOD.inv(*border.T, *line[nearest].T)[2])


def _in_space(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    lon, lat = np.radians(lonlat).T
    across = GEOD.a / np.sqrt(1.0 - GEOD.es * np.sin(lat) ** 2)
    east, north = across * np.cos(lat) * np.cos(lon), across * np.cos(lat) * np.sin(lon)
    return np.column_stack((east, north, across * (1.0 - GEOD.es) * np.sin(lat)))


def _winding(count: int = 400) -> LineString:
    """8 km of mountain road: bends down to 60 m of radius, vertices 20 m apart."""
    metres = np.cumsum(np.full(count, 20.0))
    heading = 2.2 * np.sin(metres / 150.0) + 0.7 * np.sin(metres / 43.0)
    path = np.column_stack((np.cumsum(20.0 * np.cos(heading)), np.cumsum(20.0 * np.sin(heading))))
    return LineString(Plane(LON, LAT).to_degrees(path))


ROADS = {
    "one edge of 5 km": LineString([(LON, LAT), (LON + 0.055, LAT)]),
    "one slanting edge of 90 km": LineString([(LON, LAT), (LON + 0.8, LAT + 0.5)]),
    "six degrees of longitude": LineString([(109.5, 35.2), (112.3, 35.6), (115.5, 35.4)]),
    "due north for two degrees": LineString([(112.4999, 34.5), (112.5001, 35.5), (112.4998, 36.5)]),
    "winding": _winding(),
    "a hairpin": LineString(Plane(LON, LAT).to_degrees(np.array([(0, 0), (300, 0), (0, 30.0), (300, 60)]))),
    "two carriageways": MultiLineString(
        [[(LON, LAT), (LON + 0.05, LAT + 0.02)], [(LON, LAT + 0.0003), (LON + 0.05, LAT + 0.0203)]]
    ),
}


@pytest.mark.parametrize("name", ROADS)
def test_every_border_point_lies_at_the_width_from_the_line(name: str, widths: tuple[Width, ...]) -> None:
    zone = control_zone(ROADS[name], "expressway", 21.5, widths)
    assert zone.is_valid
    distances = _distances_m(zone, ROADS[name], every_m=7.0 if ROADS[name].length < 0.5 else 61.0)
    assert distances == pytest.approx(np.full(len(distances), 51.5), abs=0.02)
    assert shapely.covers(zone, ROADS[name])


@pytest.mark.parametrize(("line_class", "metres"), STATUTE.items())
def test_each_class_has_the_width_of_the_statute(
    line_class: str, metres: float, widths: tuple[Width, ...]
) -> None:
    distances = _distances_m(control_zone(_winding(60), line_class, 6.0, widths), _winding(60), every_m=2.0)
    assert distances == pytest.approx(np.full(len(distances), 6.0 + metres), abs=0.02)
    assert len(widths) == len(STATUTE)


def test_the_zone_covers_the_road_and_its_land_and_ends_round(widths: tuple[Width, ...]) -> None:
    plane = Plane(LON, LAT)
    line = LineString(plane.to_degrees(np.array([(0.0, 0.0), (1000.0, 0.0)])))
    zone = control_zone(line, "county", 8.0, widths)
    inside = [(500, 0), (500, 7.9), (500, 17.9), (1017.9, 0), (1012, 12)]
    outside = [(500, 18.1), (1018.1, 0), (1014, 14)]
    points = shapely.points(plane.to_degrees(np.array(inside + outside, dtype=float)))
    assert shapely.covers(zone, points).tolist() == [True] * len(inside) + [False] * len(outside)


def test_two_lines_that_meet_at_a_bend_leave_no_wedge(widths: tuple[Width, ...]) -> None:
    path = Plane(LON, LAT).to_degrees(np.array([(0.0, 0.0), (400.0, 0.0), (400.0, 400.0)]))
    whole = control_zone(LineString(path), "national", 10.0, widths)
    halves = [control_zone(LineString(part), "national", 10.0, widths) for part in (path[:2], path[1:])]
    gap = shapely.difference(whole, shapely.union_all(halves))
    assert gap.area * 111_320.0**2 < 0.5


def test_land_drawn_as_an_area_is_the_zone_with_the_width_round_it(widths: tuple[Width, ...]) -> None:
    plane = Plane(LON, LAT)
    outer = plane.to_degrees(np.array([(0, 0), (900, 0), (900, 300), (450, 90), (0, 300)], dtype=float))
    loop = plane.to_degrees(np.array([(100, 60), (180, 60), (180, 140), (100, 140)], dtype=float))
    land = Polygon(outer, [loop])
    zone = zone_of_land(land, "provincial", widths)
    assert shapely.covers(zone, land)
    distances = _distances_m(zone, land.boundary, every_m=3.0)
    assert distances == pytest.approx(np.full(len(distances), 15.0), abs=0.02)
    assert len(zone.geoms[0].interiors) == 1  # the ground inside the loop, 50 m wide, is not all in the zone


def test_a_wider_local_width_holds_and_a_narrower_one_is_refused(widths: tuple[Width, ...]) -> None:
    assert zone_width_m("expressway", widths) == 30
    assert zone_width_m("expressway", widths, 50) == 50
    assert zone_width_m("expressway", widths, 30) == 30
    with pytest.raises(BadInput, match="minimum of 30 m") as caught:
        zone_width_m("expressway", widths, 29.9)
    assert caught.value.field == "width_m"
    with pytest.raises(BadInput, match="expressway, national") as caught:
        zone_width_m("motorway", widths)
    assert caught.value.field == "line_class"


@pytest.mark.parametrize("half_width", [0.0, -3.0, float("nan"), float("inf"), 3000.0])
def test_a_half_width_out_of_range_is_refused(half_width: float, widths: tuple[Width, ...]) -> None:
    with pytest.raises(BadInput) as caught:
        control_zone(ROADS["one edge of 5 km"], "county", half_width, widths)
    assert caught.value.field == "land_half_width_m"


def test_growing_more_covers_more() -> None:
    line = _winding(80)
    rings = [buffer_geodesic(line, metres) for metres in (10.0, 20.0, 40.0)]
    assert all(shapely.covers(wide, narrow) for narrow, wide in zip(rings, rings[1:], strict=False))


# --- a dataset of roads -----------------------------------------------------------------------------------


def _road(code: str = "G55", **changed: Any) -> dict[str, Any]:
    geometry = changed.pop("geometry", LineString([(112.39, 35.62), (112.42, 35.62)]))
    said = {"code": code, "name": "二广高速", "class": "expressway", "land_half_width_m": 21.5} | changed
    return {
        "type": "Feature",
        "properties": {"valid_from": "2012-01-01", "valid_to": None, "note": None, "width_m": None} | said,
        "geometry": None if geometry is None else mapping(geometry),
    }


def _collection(*features: dict[str, Any]) -> str:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}, ensure_ascii=False)


def _entry(name: str, text: str, **changed: Any) -> dict[str, Any]:
    said = {
        "dataset": f"roads/{name}",
        "file": f"{name}.geojson",
        "role": "roads",
        "title": {"zh": "公路", "en": "Roads"},
        "origin": "Survey",
        "licence": "Internal",
        "datum": "CGCS2000",
        "official": True,
        "accuracy_m": 0,
        "reach": "1405",
        "kinds": ["road_control"],
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }
    return said | changed


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """The shipped data and a folder of roads beside them."""

    def make(*features: dict[str, Any], **changed: Any) -> Path:
        data = tmp_path / "data"
        if not data.exists():
            shutil.copytree(ROOT / "data", data, ignore=shutil.ignore_patterns("facts", "*.png"))
            (data / "roads").mkdir()
        text = _collection(*features)
        (data / "roads" / "highways.geojson").write_text(text, encoding="utf-8")
        listing = yaml.safe_dump([_entry("highways", text, **changed)], allow_unicode=True)
        (data / "roads" / "sources.yaml").write_text(listing, encoding="utf-8")
        return data

    return make


def _beside(metres: float) -> Location:
    """A point north of the middle of the road of :func:`_road`, by geodesic metres from its centre line."""
    lon, lat, _ = GEOD.fwd(112.405, 35.62, 0.0, metres)
    return Location.from_point(lon, lat, max_accuracy_m=1000.0)


def test_a_place_25_m_beyond_the_land_is_forbidden_and_one_at_35_m_is_not(
    session: Session, write: Write
) -> None:
    load_folder(session, write(_road()))

    def road_conflicts(metres: float) -> list[tuple[str, str | None, str]]:
        verdict = check(session, _beside(21.5 + metres), "roadside_building", DAY)
        return [(c.relation, c.effect, c.zone.id) for c in verdict.conflicts if c.zone.kind == "road_control"]

    assert road_conflicts(25) == [("within", "prohibited", "G55")]
    assert road_conflicts(29.95) == [("within", "prohibited", "G55")]
    assert road_conflicts(-21.5) == [("within", "prohibited", "G55")]  # under the bridge
    assert road_conflicts(30.05) == road_conflicts(35) == [("near", "notice", "G55")]
    assert road_conflicts(80) == []


def test_the_store_holds_roads_as_zones_with_pieces(session: Session, write: Write) -> None:
    load_folder(session, write(_road(), _road("S86", name="省道", **{"class": "provincial"})))
    source = session.scalars(select(Source).where(Source.dataset == "roads/highways")).one()
    assert (source.role, source.kinds, source.begins) == ("zones", ["road_control"], dt.date(2012, 1, 1))
    zones = session.scalars(select(Zone).where(Zone.source_id == source.id).order_by(Zone.code)).all()
    assert [(z.code, z.kind, z.grade, z.level) for z in zones] == [
        ("G55", "road_control", None, None),
        ("S86", "road_control", None, None),
    ]
    for zone in zones:
        assert session.scalar(select(func.count()).where(ZonePiece.zone_id == zone.id))


def test_loading_roads_twice_changes_nothing(session: Session, write: Write) -> None:
    data = write(_road())
    first = {one.dataset: (one.outcome, one.rows) for one in load_folder(session, data)}
    assert first.pop("roads/highways") == ("loaded", 1)
    assert {outcome for outcome, _ in first.values()} == {"unchanged"}
    assert {one.outcome for one in load_folder(session, data)} == {"unchanged"}
    assert session.scalar(select(func.count()).where(Zone.kind == "road_control")) == 1


UNKNOWN_METRES = LineString([(38_395_764.0, 3_929_618.0), (38_395_864.0, 3_929_618.0)])


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"class": "motorway"}, "motorway"),
        ({"class": None}, "no class"),
        ({"code": None}, "no code"),
        ({"land_half_width_m": None}, "needs land_half_width_m"),
        ({"land_half_width_m": 0}, "more than 0 m"),
        ({"land_half_width_m": -4.0}, "more than 0 m"),
        ({"land_half_width_m": 21_500}, "at most 1000 m"),
        ({"land_half_width_m": "wide"}, "not a number: wide"),
        ({"width_m": 29}, "below the legal minimum"),
        ({"valid_from": "2030-01-01", "valid_to": "2020-01-01"}, "before it begins"),
        ({"geometry": None}, "must be drawn"),
        ({"geometry": shapely.Point(112.4, 35.6)}, "must be drawn"),
        ({"geometry": LineString([(112.4, 35.6), (112.4, 35.6)])}, "not valid"),
        ({"geometry": LineString([(35.6, 112.4), (35.7, 112.4)])}, "swapped"),
        ({"geometry": UNKNOWN_METRES}, "metres"),
        ({"geometry": Polygon([(112.4, 35.6), (112.5, 35.6), (112.5, 35.7)])}, "must not have it"),
    ],
)
def test_a_bad_road_is_refused_by_its_number(
    session: Session, write: Write, changed: dict[str, Any], told: str
) -> None:
    with pytest.raises(BadData) as caught:
        load_folder(session, write(_road(), _road(**{"code": "G2"} | changed)))
    assert "Feature 2" in caught.value.detail("en")
    assert told in caught.value.detail("en")
    assert session.scalar(select(func.count()).where(Zone.kind == "road_control")) == 0


def test_a_dataset_that_does_not_announce_the_kind_is_refused(session: Session, write: Write) -> None:
    with pytest.raises(BadData, match="road_control"):
        load_folder(session, write(_road(), kinds=["nature_reserve"]))


# --- folders ----------------------------------------------------------------------------------------------


def test_the_shipped_folder_is_read_as_before() -> None:
    datasets = read_data_dir(ROOT / "data")
    listed = [one for name in REQUIRED_FOLDERS for one in read_folder(ROOT / "data" / name)]
    assert datasets[: len(listed)] == listed
    assert REQUIRED_FOLDERS == ("law", "calendar", "boundaries", "protected_areas")


def test_further_folders_follow_in_the_order_of_their_names(write: Write) -> None:
    data = write(_road())
    for name in ("planning", ".kept", "no_list"):
        (data / name).mkdir()
    for name in ("planning", ".kept"):
        shutil.copy(data / "roads" / "highways.geojson", data / name)
        listing = yaml.safe_dump([_entry("highways", "", dataset=f"{name}/x")])
        (data / name / "sources.yaml").write_text(listing, encoding="utf-8")
    further = [one.dataset for one in read_data_dir(data) if one.folder.name not in REQUIRED_FOLDERS]
    shipped = [f"parcels/{name}" for name in ("land_classes", "parcels", "permits")]
    assert further == [*shipped, "planning/x", "roads/highways"]


def test_a_dataset_that_is_listed_twice_is_refused(write: Write) -> None:
    data = write(_road())
    shutil.copytree(data / "roads", data / "roads_again")
    with pytest.raises(BadData, match="roads/highways is listed twice: in roads and in roads_again"):
        read_data_dir(data)


# --- files of any format, and the command ------------------------------------------------------------------


def _frame(crs: str, x_y: Callable[[float, float], tuple[float, float]]) -> gpd.GeoDataFrame:
    line = LineString([x_y(112.8, 35.5), x_y(112.83, 35.52)])
    said = {"code": ["S86"], "name": ["晋阳高速"], "class": ["expressway"], "half": [20.0]}
    return gpd.GeoDataFrame(said, geometry=[line], crs=crs).rename(columns={"half": "land_half_width_m"})


@pytest.mark.parametrize("crs", ["EPSG:4547", "EPSG:4526", "EPSG:4490", "EPSG:4326", "EPSG:32649"])
def test_a_file_in_a_known_system_comes_out_where_it_is(
    crs: str, tmp_path: Path, kinds: Mapping[str, ZoneKind]
) -> None:
    path = tmp_path / "roads.gpkg"
    _frame(crs, lambda lon, lat: from_cgcs2000(lon, lat, crs)).to_file(path)
    dataset = undescribed_dataset(path, "roads", ["road_control"])
    (zone,) = road_zones(dataset, read_foreign_file(dataset), kinds)
    road = LineString([(112.8, 35.5), (112.83, 35.52)])
    # an edge of 3.5 km that is straight in a zone's metres bows a little against one straight in degrees
    assert _distances_m(zone["geom"], road) == pytest.approx(50.0, abs=0.35)
    ends = shapely.get_coordinates(read_foreign_file(dataset).geometry.iloc[0])[[0, -1]]
    assert ends == pytest.approx(shapely.get_coordinates(road), abs=1e-9)


def test_degrees_may_be_declared_as_gcj02(tmp_path: Path) -> None:
    path = tmp_path / "roads.geojson"
    _frame("EPSG:4326", lambda lon, lat: from_cgcs2000(lon, lat, "gcj02")).to_file(path)
    dataset = undescribed_dataset(path, "roads", ["road_control"])
    ends = shapely.get_coordinates(read_foreign_file(dataset, "gcj02").geometry.iloc[0])[[0, -1]]
    assert ends == pytest.approx(np.array([(112.8, 35.5), (112.83, 35.52)]), abs=1e-8)


@pytest.mark.parametrize(
    ("crs", "datum", "told"),
    [
        ("EPSG:2383", None, "Xian 1980"),
        ("EPSG:4214", None, "Beijing 1954"),
        ("EPSG:3067", None, "neither CGCS2000 nor WGS84"),
        ("+proj=tmerc +lon_0=112.5 +x_0=500000 +ellps=GRS80", None, "EPSG code"),
        ("EPSG:4547", "EPSG:4526", "states EPSG:4547"),
        ("EPSG:4547", "gcj02", "states EPSG:4547"),
    ],
)
def test_a_system_that_cannot_be_taken_is_refused(
    crs: str, datum: str | None, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "roads.gpkg"
    _frame(crs, lambda lon, lat: (lon, lat)).to_file(path)
    with pytest.raises(BadInput, match=told):
        read_foreign_file(undescribed_dataset(path, "roads", ["road_control"]), datum)


def test_a_file_without_a_system_needs_one_declared(tmp_path: Path) -> None:
    path = tmp_path / "roads.csv"
    path.write_text('code,WKT\nS86,"LINESTRING (395764 3929618, 396764 3929618)"\n', encoding="utf-8")
    dataset = undescribed_dataset(path, "roads", [])
    with pytest.raises(BadInput, match="EPSG code"):
        read_foreign_file(dataset)
    lon, lat = shapely.get_coordinates(read_foreign_file(dataset, "EPSG:4547").geometry.iloc[0])[0]
    assert (lon, lat) == pytest.approx((112.8513, 35.4905), abs=1e-5)


def test_a_feature_in_the_wrong_zone_is_named_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "roads.gpkg"
    good = _frame("EPSG:4547", lambda lon, lat: from_cgcs2000(lon, lat, "EPSG:4547"))
    bad = good.assign(geometry=[LineString([(38_395_764, 3_929_618), (38_395_864, 3_929_618)])])
    gpd.GeoDataFrame(gpd.pd.concat([good, bad]), crs="EPSG:4547").to_file(path)
    with pytest.raises(BadData, match="Feature 2: The easting"):
        read_foreign_file(undescribed_dataset(path, "roads", []))


def test_a_file_with_several_layers_asks_which(tmp_path: Path) -> None:
    path = tmp_path / "roads.gpkg"
    for layer in ("main", "ramps"):
        _frame("EPSG:4490", lambda lon, lat: (lon, lat)).to_file(path, layer=layer)
    dataset = undescribed_dataset(path, "roads", [])
    with pytest.raises(BadInput, match="2 layers.*main, ramps"):
        read_foreign_file(dataset)
    assert len(read_foreign_file(dataset, layer="ramps")) == 1
    with pytest.raises(BadInput, match="cannot be read"):
        read_foreign_file(dataset, layer="bridges")


def _zhijie(*arguments: str, **env: str) -> Completed:
    code = "from cli.zones import app; from core.errors import ZhijieError as E; import sys\n"
    code += "try: app()\nexcept E as e: print(e, file=sys.stderr); raise SystemExit(2)"
    return run_python(code, *arguments, **({"ZHIJIE_LANG": "en"} | env))


def test_the_command_writes_zones_that_load_as_a_dataset(
    session: Session, write: Write, tmp_path: Path
) -> None:
    roads, zones = tmp_path / "roads.gpkg", tmp_path / "zones.geojson"
    frame = _frame("EPSG:4547", lambda lon, lat: from_cgcs2000(lon, lat, "EPSG:4547"))
    frame.assign(valid_from="2012-01-01").to_file(roads)
    done = _zhijie(str(roads), "-o", str(zones))
    assert done.returncode == 0, done.stderr
    text = zones.read_text(encoding="utf-8")
    assert hashlib.sha256(text.encode()).hexdigest() in done.stdout
    data = write(_road())
    (data / "roads" / "zones.geojson").write_text(text, encoding="utf-8")
    listing = yaml.safe_dump([_entry("zones", text, role="zones")])
    (data / "roads" / "sources.yaml").write_text(listing, encoding="utf-8")
    load_folder(session, data)
    zone = session.scalars(select(Zone).where(Zone.kind == "road_control")).one()
    assert (zone.code, zone.name, zone.valid.lower) == ("S86", "晋阳高速", dt.date(2012, 1, 1))


def test_the_command_tells_a_fault_and_writes_nothing(tmp_path: Path) -> None:
    roads, zones = tmp_path / "roads.geojson", tmp_path / "zones.geojson"
    roads.write_text(_collection(_road(), _road("G2", width_m=3)), encoding="utf-8")
    done = _zhijie(str(roads), "-o", str(zones))
    assert (done.returncode, done.stdout) == (2, "")
    assert "Feature 2: The width of 3 m" in done.stderr
    assert not zones.exists()
    missing = _zhijie(str(tmp_path / "none.shp"), "-o", str(zones))
    assert missing.returncode == 2
    assert "There is no file" in missing.stderr
