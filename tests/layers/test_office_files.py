"""Files of other systems, encodings and columns are loaded as what they are, or refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
import yaml
from geoalchemy2.shape import to_shape
from shapely import Point, Polygon
from sqlalchemy import select
from sqlalchemy.orm import Session
from support import office_files as office

from core.errors import BadData
from core.settings import ROOT
from geo.datum.conversion import from_cgcs2000
from geo.measure.geodesic import area_m2
from layers.formats.source import open_source
from layers.loading.load import load_folder
from layers.readers.shapefile import text_encoding
from layers.registry.versions import LoadResult
from store.schema.datasets import Source, Unit, Zone

TOWNSHIPS = {"dataset": "office/townships", "role": "units", "title": "乡镇界线", "reach": "140522"}
RESERVES = {
    "dataset": "office/reserves",
    "role": "zones",
    "title": "保护区",
    "reach": "140522",
    "kinds": ["nature_reserve"],
    "values": {"kind": "nature_reserve"},
}
OFFICIAL = {"official": True, "accuracy_m": 5}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the data folder, with an office's folder beside the shipped ones."""
    copy = tmp_path / "data"
    shutil.copytree(ROOT / "data", copy, ignore=shutil.ignore_patterns("facts", "*.png"))
    (copy / "office").mkdir()
    return copy


def _load(session: Session, folder: Path, *rows: dict[str, Any]) -> dict[str, LoadResult]:
    described = yaml.safe_dump(list(rows), allow_unicode=True)
    (folder / "office" / "sources.yaml").write_text(described, encoding="utf-8")
    return {result.dataset: result for result in load_folder(session, folder)}


def _refused(session: Session, folder: Path, *rows: dict[str, Any]) -> str:
    with pytest.raises(BadData) as caught:
        _load(session, folder, *rows)
    return caught.value.line("en")


def _areas(session: Session, dataset: str, table: type[Unit | Zone]) -> dict[str, Any]:
    query = select(table).join(Source, Source.id == table.source_id)
    current = query.where(Source.dataset == dataset, Source.retired_at.is_(None))
    return {row.code: row for row in session.scalars(current)}


def _shipped(code: str) -> Polygon:
    content = json.loads((ROOT / "data/boundaries/townships.geojson").read_text(encoding="utf-8"))
    rows = [f for f in content["features"] if f["properties"]["code"] == code and f["geometry"]]
    shape: Polygon = shapely.from_geojson(json.dumps(rows[-1]["geometry"]))
    return shape


def _off_m(one: Any, other: Any) -> float:
    return float(shapely.hausdorff_distance(one, other, densify=0.05)) * 111_000


@pytest.mark.parametrize("cpg", [None, "OEM 936", "GBK", "UTF-8", "ISO-8859-1"])
def test_a_gbk_shapefile_in_metres_is_loaded_where_it_is(
    session: Session, folder: Path, cpg: str | None
) -> None:
    path = office.write_shapefile(folder / "office/乡镇.shp", office.townships(), cpg)
    loaded = _load(session, folder, TOWNSHIPS | OFFICIAL | {"file": path.name})["office/townships"]
    assert loaded.rows == 15
    assert ["snapped together" in note.text("en") for note in loaded.notes] == [True]
    units = _areas(session, "office/townships", Unit)
    town = units["140522201"]
    assert (town.name, town.level, town.parent) == ("寺头乡", "township", "140522")
    assert _off_m(to_shape(town.geom), _shipped("140522201")) < 0.2
    shapes = [to_shape(unit.geom) for unit in units.values()]
    assert shapely.coverage_is_valid(shapes, gap_width=1e-4)
    (source,) = session.scalars(select(Source).where(Source.dataset == "office/townships"))
    assert (source.datum, source.official, source.accuracy_m) == ("EPSG:4526", True, 5.0)


def test_the_checksum_covers_every_part_of_a_shapefile(session: Session, folder: Path) -> None:
    described = TOWNSHIPS | OFFICIAL | {"file": "乡镇.shp"}
    path = office.write_shapefile(folder / "office/乡镇.shp", office.townships())
    assert _load(session, folder, described)["office/townships"].outcome == "loaded"
    assert _load(session, folder, described)["office/townships"].outcome == "unchanged"
    renamed = office.townships().replace({"XZQMC": {"寺头乡": "寺头镇"}})
    before = path.read_bytes()
    office.write_shapefile(path, renamed)
    assert path.read_bytes() == before
    assert _load(session, folder, described)["office/townships"].outcome == "loaded"
    assert _areas(session, "office/townships", Unit)["140522201"].name == "寺头镇"
    assert "checksum" in _refused(session, folder, described | {"sha256": "0" * 64})


@pytest.mark.parametrize("datum", ["gcj02", "bd09", "cgcs2000", "EPSG:4547", "EPSG:4526"])
def test_the_declared_datum_is_converted_from(session: Session, folder: Path, datum: str) -> None:
    ring = [(112.39, 35.62), (112.40, 35.62), (112.40, 35.63), (112.39, 35.63), (112.39, 35.62)]
    drawn = {"type": "Polygon", "coordinates": [[list(from_cgcs2000(*xy, datum)) for xy in ring]]}
    feature = {"type": "Feature", "properties": {"code": "a", "name": "甲"}, "geometry": drawn}
    content = json.dumps({"type": "FeatureCollection", "features": [feature]})
    (folder / "office/zones.geojson").write_text(content, encoding="utf-8")
    _load(session, folder, RESERVES | OFFICIAL | {"file": "zones.geojson", "datum": datum})
    stored = to_shape(_areas(session, "office/reserves", Zone)["a"].geom)
    # a side that is straight in BD-09 bends by half a metre; its corners are where they are
    assert _off_m(stored, Polygon(ring)) < (0.6 if datum == "bd09" else 0.1)
    assert all(stored.boundary.distance(Point(corner)) * 111_000 < 0.001 for corner in ring)


@pytest.mark.parametrize(
    ("crs", "prj", "declared", "told"),
    [
        ("EPSG:4526", None, "EPSG:4525", "states EPSG:4526, but EPSG:4525 is declared"),
        ("EPSG:4526", None, "gcj02", "states EPSG:4526, but gcj02 is declared"),
        ("EPSG:4526", None, "西安80", "Xian 1980"),
        ("EPSG:4490", None, "西安80", "Xian 1980"),
        ("EPSG:4490", None, "北京54", "Beijing 1954"),
        ("EPSG:4526", ("China_2000", "Xian_1980"), None, "Xian 1980"),
        ("EPSG:4526", ("China_2000", "Xian_1980"), "CGCS2000", "Xian 1980"),
        ("EPSG:4526", ("114.0", "112.5"), None, "does not state its reference system as an EPSG code"),
        ("EPSG:4526", ("114.0", "112.5"), "EPSG:4526", "is declared"),
        ("EPSG:4526", ("114.0", "117.0"), None, "3"),
    ],
)
def test_a_system_that_is_refused_or_contradicts_the_declaration(
    session: Session, folder: Path, crs: str, prj: tuple[str, str] | None, declared: str | None, told: str
) -> None:
    path = office.write_shapefile(folder / "office/a.shp", office.townships(crs))
    if prj is not None:
        path.with_suffix(".prj").write_text(office.ESRI_ZONE_38.replace(*prj), encoding="ascii")
    described = TOWNSHIPS | OFFICIAL | {"file": path.name} | ({"datum": declared} if declared else {})
    assert told in _refused(session, folder, described)
    assert not _areas(session, "office/townships", Unit)


@pytest.mark.parametrize("name", ["CGCS2000_3_Degree_GK_Zone_38", "乡镇界", "Unknown"])
def test_gauss_kruger_is_known_by_its_parameters(session: Session, folder: Path, name: str) -> None:
    path = office.write_shapefile(folder / "office/a.shp", office.townships())
    stated = office.ESRI_ZONE_38.replace("CGCS2000_3_Degree_GK_Zone_38", name)
    path.with_suffix(".prj").write_text(stated, encoding="utf-8")
    _load(session, folder, TOWNSHIPS | OFFICIAL | {"file": "a.shp", "datum": "CGCS2000"})
    town = _areas(session, "office/townships", Unit)["140522201"]
    assert _off_m(to_shape(town.geom), _shipped("140522201")) < 0.2


def _read_in_zone_37(features: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The metres of zone 38 as if they were of zone 37: 270 km further west."""
    return features.to_crs("EPSG:4547").set_crs("EPSG:4546", allow_override=True)


def _neighbouring_codes(features: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return features.assign(XZQDM=features.XZQDM - 140522_000 + 140524_000)


@pytest.mark.parametrize("spoil", [_read_in_zone_37, _neighbouring_codes])
def test_units_elsewhere_than_their_parent_are_refused(
    session: Session, folder: Path, spoil: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]
) -> None:
    office.write_shapefile(folder / "office/a.shp", spoil(office.townships()))
    told = _refused(session, folder, TOWNSHIPS | OFFICIAL | {"file": "a.shp"})
    assert "office/townships" in told
    assert "of which it is a part" in told


def test_zones_outside_their_reach_are_refused(session: Session, folder: Path) -> None:
    office.write_shapefile(folder / "office/a.shp", _read_in_zone_37(office.reserves()))
    assert "from the units of its reach" in _refused(session, folder, RESERVES | OFFICIAL | {"file": "a.shp"})


def test_patches_of_one_zone_are_joined_and_chinese_grades_known(session: Session, folder: Path) -> None:
    office.write_shapefile(folder / "office/a.shp", office.reserves())
    loaded = _load(session, folder, RESERVES | OFFICIAL | {"file": "a.shp"})["office/reserves"]
    assert loaded.rows == 6
    assert ["patches were joined" in note.text("en") for note in loaded.notes] == [True]
    zones = _areas(session, "office/reserves", Zone)
    core = zones["nature_reserve/崦山省级自然保护区/core"]
    assert (core.kind, core.grade) == ("nature_reserve", "core")
    shipped = _areas(session, "protected_areas/reserves", Zone)["yanshan/core"]
    assert area_m2(to_shape(core.geom)) == pytest.approx(area_m2(to_shape(shipped.geom)), rel=1e-6)


def test_patches_that_overlap_are_refused(session: Session, folder: Path) -> None:
    twice = office.reserves()
    twice.loc[len(twice)] = twice.loc[0]
    office.write_shapefile(folder / "office/a.shp", twice)
    told = _refused(session, folder, RESERVES | OFFICIAL | {"file": "a.shp"})
    assert "overlap" in told and "崦山" in told


def test_borders_further_apart_than_the_tolerance_are_refused(session: Session, folder: Path) -> None:
    apart = office.townships()
    apart.loc[0, "geometry"] = apart.geometry[0].buffer(-1.0)
    office.write_shapefile(folder / "office/a.shp", apart)
    assert "leave slivers at" in _refused(session, folder, TOWNSHIPS | OFFICIAL | {"file": "a.shp"})
    wider = TOWNSHIPS | OFFICIAL | {"file": "a.shp", "snap_m": 2}
    assert _load(session, folder, wider)["office/townships"].outcome == "loaded"


def test_columns_of_any_name_are_mapped_in_the_description(session: Session, folder: Path) -> None:
    own = office.townships().rename(columns={"XZQDM": "dm_2024", "XZQMC": "乡名"})
    office.write_shapefile(folder / "office/a.shp", own)
    described = TOWNSHIPS | OFFICIAL | {"file": "a.shp", "values": {"valid_from": "2024-01-01"}}
    assert "no name" in _refused(session, folder, described)
    wrong = described | {"columns": {"code": "dm_2024", "name": "乡镇名"}}
    assert "no column 乡镇名" in _refused(session, folder, wrong)
    _load(session, folder, described | {"columns": {"code": "dm_2024", "name": "乡名"}})
    town = _areas(session, "office/townships", Unit)["140522201"]
    assert (town.name, str(town.valid.lower)) == ("寺头乡", "2024-01-01")


def test_an_official_layer_without_its_accuracy_is_refused(session: Session, folder: Path) -> None:
    office.write_shapefile(folder / "office/a.shp", office.townships())
    told = _refused(session, folder, TOWNSHIPS | {"official": True, "file": "a.shp"})
    assert "does not state accuracy_m" in told
    _load(session, folder, TOWNSHIPS | {"official": False, "file": "a.shp"})


def test_the_texts_decide_on_the_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.shp"
    office.townships().to_file(path, encoding="UTF-8", engine="pyogrio")
    assert text_encoding(path) == "UTF-8"
    path.with_suffix(".cpg").unlink()
    assert text_encoding(path) == "UTF-8"
    path.with_suffix(".cpg").write_text("Big5", encoding="ascii")
    assert text_encoding(path) is None
    assert text_encoding(office.write_shapefile(path, office.townships(), "UTF-8")) == "GB18030"
    assert text_encoding(tmp_path / "a.gpkg") is None


def test_screening_reads_the_same_texts(tmp_path: Path) -> None:
    path = office.write_shapefile(tmp_path / "a.shp", office.townships())
    source = open_source(path)
    (batch,) = source.batches()
    assert "寺头乡" in batch.table.column("XZQMC").to_pylist()
    assert source.datum == "EPSG:4526"
