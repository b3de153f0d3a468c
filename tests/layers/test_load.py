"""Loading: idempotent, all or nothing, old versions kept, pieces in step."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import mapping, shape
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from support.scenes import sign

from core.errors import BadData
from core.settings import ROOT
from layers.loading.load import load_folder
from store.schema.datasets import GridCell, Source, Unit, UnitPiece, Zone, ZonePiece

TABLES = (Source, Unit, UnitPiece, Zone, ZonePiece, GridCell)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the data folder that a test may spoil."""
    copy = tmp_path / "data"
    shutil.copytree(ROOT / "data", copy, ignore=shutil.ignore_patterns("facts", "*.png"))
    return copy


def _rewrite(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a GeoJSON file and put its new checksum into sources.yaml."""
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    sign(path)


def _counts(session: Session) -> dict[str, int]:
    return {t.__tablename__: session.scalar(select(func.count()).select_from(t)) or 0 for t in TABLES}


def test_loading_twice_changes_nothing(session: Session) -> None:
    before = _counts(session)
    assert {loaded.outcome for loaded in load_folder(session, ROOT / "data")} == {"unchanged"}
    assert _counts(session) == before


def test_every_dataset_has_a_source_row_that_says_what_it_is(session: Session) -> None:
    rows = session.scalars(select(Source)).all()
    assert {"boundaries/townships", "protected_areas/reserves", "law/rules", "calendar/holidays"} <= {
        row.dataset for row in rows
    }
    for row in rows:
        assert row.licence
        assert row.origin
        assert len(row.checksum) == 64
        assert row.title.keys() == {"zh", "en"}
    shapes = [row for row in rows if row.role in ("units", "zones", "grid")]
    assert all(not row.official and row.accuracy_m > 0 for row in shapes)


def test_pieces_cover_their_areas_exactly_once(session: Session) -> None:
    for area, piece, key in (("unit", "unit_piece", "unit_id"), ("zone", "zone_piece", "zone_id")):
        gap = session.scalar(
            text(
                f"SELECT max(abs(ST_Area(a.geom) - p.area)) FROM {area} a JOIN "
                f"(SELECT {key} AS id, sum(ST_Area(geom)) AS area FROM {piece} GROUP BY 1) p USING (id)"
            )
        )
        assert gap < 1e-12
        without = session.scalar(
            text(
                f"SELECT count(*) FROM {area} a WHERE geom IS NOT NULL "
                f"AND NOT EXISTS (SELECT FROM {piece} p WHERE p.{key} = a.id)"
            )
        )
        assert without == 0


def test_a_new_version_becomes_current_and_the_old_one_stays(session: Session, folder: Path) -> None:
    before = _counts(session)

    def rename(content: dict[str, Any]) -> None:
        content["features"][0]["properties"]["name"] = "改名保护区"

    _rewrite(folder / "protected_areas" / "reserves.geojson", rename)
    outcomes = {loaded.dataset: loaded.outcome for loaded in load_folder(session, folder)}
    assert outcomes.pop("protected_areas/reserves") == "loaded"
    assert set(outcomes.values()) == {"unchanged"}
    versions = session.scalars(select(Source).where(Source.dataset == "protected_areas/reserves")).all()
    assert sorted(version.retired_at is None for version in versions) == [False, True]
    assert _counts(session)["zone"] == 2 * before["zone"]
    back = {loaded.dataset: loaded.outcome for loaded in load_folder(session, ROOT / "data")}
    assert back["protected_areas/reserves"] == "restored"
    assert _counts(session)["zone"] == 2 * before["zone"]


def _overlap(content: dict[str, Any]) -> None:
    for feature in content["features"]:
        if feature["properties"]["code"] == "140522201":
            ring = feature["geometry"]["coordinates"][0]
            (ring[0] if isinstance(ring[0][0], list) else ring)[1][0] -= 0.01


def _sliver(content: dict[str, Any]) -> None:
    """Let the whole township shrink by a metre or so: a gap on every side."""
    for feature in content["features"]:
        if feature["properties"]["code"] == "140522201":
            feature["geometry"] = mapping(shape(feature["geometry"]).buffer(-1e-5))


def _bow_tie(content: dict[str, Any]) -> None:
    content["features"][-1]["geometry"] = {
        "type": "Polygon",
        "coordinates": [[[112, 35], [113, 36], [113, 35], [112, 36], [112, 35]]],
    }


def _unknown_kind(content: dict[str, Any]) -> None:
    content["features"][3]["properties"]["kind"] = "moon_base"


def _no_name(content: dict[str, Any]) -> None:
    content["features"][5]["properties"]["worker"] = ""


def _twice(content: dict[str, Any]) -> None:
    content["features"].append(content["features"][0])


@pytest.mark.parametrize(
    ("file", "spoil", "told"),
    [
        ("boundaries/townships.geojson", _overlap, "140522201"),
        ("boundaries/townships.geojson", _sliver, "140522201"),
        ("protected_areas/reserves.geojson", _bow_tie, "15"),
        ("protected_areas/reserves.geojson", _unknown_kind, "moon_base"),
        ("boundaries/grid.geojson", _no_name, "worker"),
        ("protected_areas/reserves.geojson", _twice, "yanshan/core"),
    ],
)
def test_a_failed_load_leaves_the_old_data_whole(
    session: Session, folder: Path, file: str, spoil: Callable[[dict[str, Any]], None], told: str
) -> None:
    def rename_county(content: dict[str, Any]) -> None:  # a good change that must not stay alone
        content["features"][1]["properties"]["note"] = "改"

    before = _counts(session)
    _rewrite(folder / "boundaries" / "counties.geojson", rename_county)
    _rewrite(folder / file, spoil)
    with pytest.raises(BadData) as caught:
        load_folder(session, folder)
    assert told in caught.value.detail("en")
    assert _counts(session) == before
    assert session.scalar(select(func.count()).where(Source.retired_at.is_not(None))) == 0


def test_a_dataset_that_the_folder_no_longer_lists_is_no_longer_current(
    session: Session, folder: Path
) -> None:
    (folder / "protected_areas" / "sources.yaml").write_text("[]\n", encoding="utf-8")
    load_folder(session, folder)
    current = session.scalars(select(Source.dataset).where(Source.retired_at.is_(None))).all()
    assert "protected_areas/reserves" not in current
    assert "boundaries/townships" in current


def test_a_file_that_was_changed_by_hand_is_refused(session: Session, folder: Path) -> None:
    path = folder / "boundaries" / "villages.csv"
    path.write_text(path.read_text(encoding="utf-8") + "140522201999,假村,140522201\n", encoding="utf-8")
    with pytest.raises(BadData, match="checksum"):
        load_folder(session, folder)


def test_a_wrong_law_is_refused_with_its_row(session: Session, folder: Path) -> None:
    path = folder / "law" / "rules.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("nature_reserve", "nature_reservoir", 1), encoding="utf-8"
    )
    sign(path)
    with pytest.raises(BadData, match="nature_reservoir"):
        load_folder(session, folder)


def test_the_database_refuses_two_versions_of_a_code_on_one_day(session: Session) -> None:
    with pytest.raises(IntegrityError, match="unit_no_overlap_in_time"), session.begin_nested():
        session.execute(
            text(
                "INSERT INTO unit (source_id, code, name, level, valid) "
                "SELECT source_id, code, name, level, daterange('2023-01-01', '2023-02-01') FROM unit "
                "WHERE code = '140522201' AND geom IS NOT NULL"
            )
        )
