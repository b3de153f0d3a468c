"""Permits: read with their uses and kinds of zones, checked against the law, loaded once."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from geoalchemy2.shape import to_shape
from shapely.geometry import Point, Polygon, box, mapping, shape
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import BadData
from core.settings import ROOT
from layers.loading.load import load_folder
from store.schema.datasets import Permit, Source

pytestmark = pytest.mark.both_engines

SITE = box(112.40, 35.62, 112.401, 35.621)
BOW_TIE = Polygon([(112, 35), (113, 36), (113, 35), (112, 36)])
Write = Callable[..., Path]


def _permit(**changed: Any) -> dict[str, Any]:
    geometry = changed.pop("geometry", SITE)
    said = {
        "number": "乡字第140522202600001号",
        "holder": "张三",
        "uses": ["rural_building", "rural_dwelling"],
        "zone_kinds": ["village_planning"],
        "issuer": "阳城县自然资源局",
        "valid_from": "2026-01-01",
        "valid_to": "2028-01-01",
        "note": None,
    } | changed
    return {
        "type": "Feature",
        "properties": said,
        "geometry": None if geometry is None else mapping(geometry),
    }


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """The shipped data and a folder of permits beside them."""

    def make(*features: dict[str, Any]) -> Path:
        folder = tmp_path / "data" / "permits"
        if not folder.exists():
            skipped = shutil.ignore_patterns("facts", "*.png")
            shutil.copytree(ROOT / "data", tmp_path / "data", ignore=skipped, dirs_exist_ok=True)
            folder.mkdir(exist_ok=True)
        text = json.dumps({"type": "FeatureCollection", "features": list(features)}, ensure_ascii=False)
        (folder / "permits.geojson").write_text(text, encoding="utf-8")
        entry = {
            "dataset": "permits/planning",
            "file": "permits.geojson",
            "role": "permits",
            "title": {"zh": "规划许可", "en": "Planning permits"},
            "origin": "Register",
            "licence": "Internal",
            "datum": "CGCS2000",
            "official": True,
            "accuracy_m": 1,
            "reach": "140522",
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
        }
        (folder / "sources.yaml").write_text(yaml.safe_dump([entry], allow_unicode=True), encoding="utf-8")
        return tmp_path / "data"

    return make


def _stored(session: Session) -> list[Permit]:
    query = select(Permit).join(Source, Source.id == Permit.source_id).where(Source.retired_at.is_(None))
    return list(session.scalars(query.where(Source.dataset == "permits/planning").order_by(Permit.number)))


def test_a_permit_is_stored_as_it_was_given(session: Session, write: Write) -> None:
    load_folder(session, write(_permit()))
    (permit,) = _stored(session)
    assert permit.number == "乡字第140522202600001号"
    assert (permit.holder, permit.issuer, permit.note) == ("张三", "阳城县自然资源局", None)
    assert permit.uses == ["rural_building", "rural_dwelling"]
    assert permit.zone_kinds == ["village_planning"]
    assert (permit.valid.lower, permit.valid.upper) == (dt.date(2026, 1, 1), dt.date(2028, 1, 1))
    assert to_shape(permit.geom).equals(shape(mapping(SITE)))
    source = session.get_one(Source, permit.source_id)
    assert (source.role, source.begins, source.content) == ("permits", dt.date(2026, 1, 1), None)


@pytest.mark.parametrize(
    "uses",
    [
        "rural_building,orchard_pond",
        "rural_building， orchard_pond",
        "rural_building、orchard_pond",
        " rural_building;;orchard_pond ; rural_building",
        ["rural_building", "orchard_pond", "rural_building"],
    ],
)
def test_codes_come_as_a_list_or_as_a_text_with_commas(session: Session, write: Write, uses: object) -> None:
    load_folder(session, write(_permit(uses=uses)))
    assert _stored(session)[0].uses == ["rural_building", "orchard_pond"]


def test_a_file_may_mix_lists_and_texts(session: Session, write: Write) -> None:
    features = [
        _permit(number="1"),
        _permit(number="2", uses="orchard_pond, other", zone_kinds="river,road_control"),
    ]
    load_folder(session, write(*features))
    assert [(p.uses, p.zone_kinds) for p in _stored(session)] == [
        (["rural_building", "rural_dwelling"], ["village_planning"]),
        (["orchard_pond", "other"], ["river", "road_control"]),
    ]


def test_loading_permits_twice_changes_nothing_and_a_new_version_replaces_the_old(
    session: Session, write: Write
) -> None:
    data = write(_permit())
    outcomes = [{one.dataset: one.outcome for one in load_folder(session, data)} for _ in range(2)]
    assert [told["permits/planning"] for told in outcomes] == ["loaded", "unchanged"]
    before = session.scalar(select(func.count()).select_from(Permit))
    load_folder(session, write(_permit(valid_to="2027-01-01")))
    assert [permit.valid.upper for permit in _stored(session)] == [dt.date(2027, 1, 1)]
    assert session.scalar(select(func.count()).select_from(Permit)) == (before or 0) + 1  # the old one stays


def test_a_renewal_follows_and_two_permits_of_one_number_on_one_day_are_refused(
    session: Session, write: Write
) -> None:
    load_folder(session, write(_permit(), _permit(valid_from="2028-01-01", valid_to=None)))
    assert len(_stored(session)) == 2
    with pytest.raises(BadData, match="乡字第140522202600001号.*on the same day"):
        load_folder(session, write(_permit(), _permit(valid_from="2027-12-31", valid_to=None)))
    assert len(_stored(session)) == 2


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"number": None}, "no number"),
        ({"holder": ""}, "no holder"),
        ({"issuer": None}, "no issuer"),
        ({"uses": None}, "no uses"),
        ({"uses": []}, "no uses"),
        ({"uses": " , "}, "no uses"),
        ({"uses": ["rural_building", "pigsty"]}, "pigsty"),
        ({"zone_kinds": None}, "no zone_kinds"),
        ({"zone_kinds": "village_planning,moon_base"}, "moon_base"),
        ({"valid_from": None}, "no valid_from"),
        ({"valid_from": "1.1.2026"}, "not a date"),
        ({"valid_to": "2025-12-31"}, "before it begins"),
        ({"geometry": None}, "no area"),
        ({"geometry": Point(112.4, 35.6)}, "no area"),
        ({"geometry": BOW_TIE}, "not a valid area"),
    ],
)
def test_a_bad_permit_is_refused_by_its_number(
    session: Session, write: Write, changed: dict[str, Any], told: str
) -> None:
    before = session.scalar(select(func.count()).select_from(Permit))
    with pytest.raises(BadData) as caught:
        load_folder(session, write(_permit(number="1"), _permit(**{"number": "2"} | changed)))
    assert "Feature 2" in caught.value.detail("en")
    assert told in caught.value.detail("en")
    assert session.scalar(select(func.count()).select_from(Permit)) == before
