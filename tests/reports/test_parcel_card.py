"""Parcels: read and refused, the card of one, and the doors that show it."""

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
from fastapi.testclient import TestClient
from shapely.geometry import Point, Polygon, box, mapping
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session
from support.credentials import ALL_HATS, bearer, hire
from support.parcel_copies import like_parcel

from accounts.postings import NewPosting
from core.errors import BadData, BadInput, NotFound
from core.i18n import say
from core.settings import ROOT
from geo.datum.conversion import from_cgcs2000
from layers.loading.load import load_folder
from layers.readers.land_classes import current_classes
from reports.filing import Submission, file_report
from reports.parcel_card import CardOptions, card_at, card_of_number
from store.engine import open_session
from store.schema.datasets import Permit, Source
from store.schema.parcels import Parcel
from verdict.inquiry import Inquiry, Limits

SITE = (112.395, 35.625)
HERE, NEXT = "140522201", "140522100"
SITE_NUMBER = "示例140522201208JE00073"
AREA = box(112.60, 35.40, 112.601, 35.401)
BOW_TIE = Polygon([(112, 35), (113, 36), (113, 35), (112, 36)])
DAY = dt.date(2026, 6, 1)
Write = Callable[..., Path]
ONE = {"code": "1", "name": {"zh": "一", "en": "one"}}
TWICE = {"scheme": "own", "name": {"zh": "自定", "en": "own"}, "classes": [ONE, ONE]}


def _parcel(**changed: Any) -> dict[str, Any]:
    geometry = changed.pop("geometry", AREA)
    said = {
        "number": "140522100001JD00001",
        "name": "村东地块",
        "scheme": "third_survey",
        "land_class": "0103",
        "official_area_m2": 10_000.5,
        "unit_code": NEXT,
        "valid_from": "2021-01-01",
        "valid_to": None,
        "note": None,
    } | changed
    shape = None if geometry is None else mapping(geometry)
    return {"type": "Feature", "properties": said, "geometry": shape}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """The shipped data, and a folder of parcels beside them."""

    def make(*features: dict[str, Any], classes: dict[str, Any] | None = None) -> Path:
        data = tmp_path / "data"
        skipped = shutil.ignore_patterns("facts", "*.png")
        shutil.copytree(ROOT / "data", data, ignore=skipped, dirs_exist_ok=True)
        folder = data / "register"
        folder.mkdir(exist_ok=True)
        collection = {"type": "FeatureCollection", "features": list(features)}
        files = {"parcels": ("parcels.geojson", json.dumps(collection, ensure_ascii=False))}
        if classes is not None:
            files["land_classes"] = ("classes.yaml", yaml.safe_dump(classes, allow_unicode=True))
        for name, text in files.values():
            (folder / name).write_text(text, encoding="utf-8")
        entries = [_entry(role, name, text) for role, (name, text) in files.items()]
        (folder / "sources.yaml").write_text(yaml.safe_dump(entries, allow_unicode=True), encoding="utf-8")
        return data

    return make


def _entry(role: str, file: str, text: str) -> dict[str, Any]:
    return {
        "dataset": f"register/{role}",
        "file": file,
        "role": role,
        "title": {"zh": "不动产登记", "en": "Register"},
        "origin": "Register",
        "licence": "Internal",
        "datum": "CGCS2000",
        "official": True,
        "accuracy_m": 0.5,
        "reach": "140522",
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }


# ---- the loader -------------------------------------------------------------------------------------


def test_a_parcel_is_stored_as_it_was_given(session: Session, write: Write) -> None:
    load_folder(
        session, write(_parcel(), _parcel(number="2", official_area_m2=None, unit_code=None, name=None))
    )
    first, second = session.scalars(
        select(Parcel).join(Source).where(Source.dataset == "register/parcels").order_by(Parcel.number)
    )
    assert (first.number, first.name, first.scheme, first.land_class) == (
        *("140522100001JD00001", "村东地块"),
        *("third_survey", "0103"),
    )
    assert (first.official_area_m2, first.unit_code, first.sample, first.note) == (
        10_000.5,
        NEXT,
        False,
        None,
    )
    assert (first.valid.lower, first.valid.upper) == (dt.date(2021, 1, 1), None)
    assert (second.official_area_m2, second.unit_code, second.name) == (None, None, "")


def test_a_parcel_that_was_divided_ends_and_two_of_one_number_on_one_day_are_refused(
    session: Session, write: Write
) -> None:
    later = _parcel(valid_from="2025-01-01")
    load_folder(session, write(_parcel(valid_to="2025-01-01"), later))
    with pytest.raises(BadData, match=r"140522100001JD00001.*on the same day"):
        load_folder(session, write(_parcel(valid_to="2025-01-02"), later))


@pytest.mark.parametrize(
    ("changed", "told", "hint"),
    [
        ({"number": None}, "no number", ""),
        ({"number": "a/b"}, "'a/b' is not a parcel number", "without slashes"),
        ({"number": "a\nb"}, "not a parcel number", "one line"),
        ({"number": "9" * 101}, "not a parcel number", "at most 100"),
        ({"scheme": None}, "no scheme", ""),
        (
            {"scheme": "fourth_survey"},
            "scheme is not in the land classes",
            "third_survey, planning",
        ),
        ({"land_class": None}, "no land_class", ""),
        ({"land_class": "0703"}, "land_class is not in the land classes: 0703", "0702"),
        ({"scheme": "planning", "land_class": "0702"}, "not in the land classes: 0702", "0703"),
        ({"official_area_m2": -5}, "official_area_m2 is not an area", "positive number"),
        ({"official_area_m2": 0}, "official_area_m2 is not an area", "positive number"),
        ({"unit_code": "寺头乡"}, "unit_code is not a unit code: 寺头乡", "140522201"),
        ({"valid_from": "1.1.2026"}, "not a date", ""),
        ({"valid_from": "2026-01-01", "valid_to": "2025-12-31"}, "before it begins", ""),
        ({"geometry": None}, "no area", ""),
        ({"geometry": Point(112.4, 35.6)}, "no area", ""),
        ({"geometry": BOW_TIE}, "not a valid area", ""),
    ],
)
def test_a_bad_parcel_is_refused_by_feature_field_and_mend(
    session: Session, write: Write, changed: dict[str, Any], told: str, hint: str
) -> None:
    before = session.scalar(select(func.count()).select_from(Parcel))
    with pytest.raises(BadData) as caught:
        load_folder(session, write(_parcel(number="1"), _parcel(**{"number": "2"} | changed)))
    assert caught.value.field == "register/parcels"
    assert "Feature 2" in caught.value.detail("en")
    assert told in caught.value.detail("en")
    assert hint in caught.value.hint_text("en")
    assert session.scalar(select(func.count()).select_from(Parcel)) == before


def test_an_area_that_is_a_text_is_read_or_refused(session: Session, write: Write) -> None:
    load_folder(session, write(_parcel(official_area_m2="12.5"), _parcel(number="2", official_area_m2="")))
    areas = session.scalars(
        select(Parcel.official_area_m2).join(Source).where(Source.dataset == "register/parcels")
    )
    assert set(areas) == {12.5, None}
    with pytest.raises(BadData, match="official_area_m2 is not an area: two"):
        load_folder(session, write(_parcel(official_area_m2="two")))


@pytest.mark.parametrize(
    ("classes", "told"),
    [
        ({"schemes": [{"scheme": "own", "name": {"zh": "自定"}, "classes": []}]}, "en"),
        ({"schemes": "none"}, "schemes"),
        ({"schemes": [TWICE]}, "lists the class 1 twice"),
    ],
)
def test_bad_land_classes_are_refused(session: Session, write: Write, classes: Any, told: str) -> None:
    with pytest.raises(BadData) as caught:
        load_folder(session, write(_parcel(), classes=classes))
    assert caught.value.field == "register/land_classes"
    assert told in caught.value.detail("en")


def test_a_scheme_of_ones_own_is_known_with_its_dataset(session: Session, write: Write) -> None:
    own = {"scheme": "own", "name": {"zh": "自定", "en": "own scheme"}}
    own["classes"] = [{"code": "A1", "name": {"zh": "林", "en": "wood"}}]  # type: ignore[assignment]
    load_folder(session, write(_parcel(scheme="own", land_class="A1"), classes={"schemes": [own]}))
    known = current_classes(session)
    assert known.class_name("own", "A1", "en") == "wood"
    assert known.class_name("third_survey", "0303", "zh") == "红树林地"
    assert known.class_name("planning", "0303", "zh") == "灌木林地"  # one code, two classes
    assert known.class_name("gone", "X", "zh") == "X"
    assert known.scheme_name("gone", "zh") == "gone"


# ---- the card ---------------------------------------------------------------------------------------


def _card(session: Session, number: str, day: dt.date = DAY, lang: Any = "zh") -> dict[str, Any]:
    return card_of_number(session, number, CardOptions(day, lang))


def _number(session: Session, ordinal: int) -> str:
    return session.scalars(select(Parcel.number).where(Parcel.number.endswith(f"{ordinal:05d}"))).one()


def test_the_card_of_the_storys_parcel(session: Session, limits: Limits) -> None:
    card = card_at(session, Inquiry("", *SITE, as_of=DAY), limits, "zh")
    assert card["number"] == SITE_NUMBER
    assert (card["scheme_name"], card["land_class_name"]) == ("第三次全国国土调查（三调）", "乔木林地")
    assert (card["sample"], card["official"], card["accuracy_m"]) == (True, False, 2)
    assert card["measured_area_mu"] == pytest.approx(card["measured_area_m2"] * 3 / 2000, abs=1e-3)
    assert card["official_area_m2"] == pytest.approx(card["measured_area_m2"], rel=0.02)
    assert card["permits"] == []
    assert 4 <= len(card["neighbours"]) <= 8
    assert SITE_NUMBER not in card["neighbours"]
    assert card["geometry"]["type"] == "MultiPolygon"


def test_neighbours_are_mutual(session: Session) -> None:
    for number in _card(session, SITE_NUMBER)["neighbours"]:
        assert SITE_NUMBER in _card(session, number)["neighbours"]


def test_measured_area_is_postgis_own(session: Session) -> None:
    wanted = session.scalar(
        select(func.ST_Area(func.geography(Parcel.geom))).where(Parcel.number == SITE_NUMBER)
    )
    assert _card(session, SITE_NUMBER)["measured_area_m2"] == pytest.approx(wanted, rel=1e-6)


def test_a_wrongly_registered_area_is_seen_as_a_difference(session: Session) -> None:
    card = _card(session, _number(session, 21))
    assert card["area_difference_m2"] < -0.25 * card["measured_area_m2"]
    unknown = _card(session, _number(session, 60))
    assert (unknown["official_area_m2"], unknown["official_area_mu"], unknown["area_difference_m2"]) == (
        None,
    ) * 3


@pytest.mark.parametrize(
    ("day", "state", "name"),
    [
        ("2016-06-01", None, None),  # no parcel yet
        ("2021-03-01", "not_yet", "not yet in force"),
        ("2022-10-14", "not_yet", "not yet in force"),
        ("2022-10-15", "in_force", "in force"),
        ("2026-11-01", "in_force", "in force"),
    ],
)
def test_the_state_of_a_permit_is_that_of_the_day(
    session: Session, day: str, state: str | None, name: str | None
) -> None:
    number = session.scalars(
        select(Parcel.number)
        .join(Permit, func.ST_Intersects(Permit.geom, func.ST_PointOnSurface(Parcel.geom)))
        .where(Permit.number.startswith("示例-设施农业用地备案-2022"))
    ).one()
    if state is None:
        with pytest.raises(NotFound):
            _card(session, number, dt.date.fromisoformat(day))
        return
    (permit,) = _card(session, number, dt.date.fromisoformat(day), "en")["permits"]
    assert (permit["state"], permit["state_name"]) == (state, name)
    assert permit["use_names"] == ["unlawful livestock farm"]
    assert 0 < permit["overlap_m2"] < _card(session, number)["measured_area_m2"]


def test_an_expired_permit_says_so(session: Session) -> None:
    permit = session.scalars(select(Permit).where(Permit.number.startswith("示例-临时使用林地许可"))).one()
    number = session.scalars(
        select(Parcel.number)
        .join(Permit, func.ST_Contains(Parcel.geom, func.ST_PointOnSurface(Permit.geom)))
        .where(Permit.id == permit.id)
    ).one()
    states = {day: _card(session, number, day)["permits"][0]["state"] for day in (dt.date(2025, 3, 31), DAY)}
    assert states == {dt.date(2025, 3, 31): "in_force", DAY: "expired"}
    assert _card(session, number)["permits"][0]["state_name"] == say("zh", "expired")


def test_an_official_register_comes_before_the_sample(session: Session, write: Write) -> None:
    load_folder(session, write(_parcel(number=SITE_NUMBER, geometry=Point(*SITE).buffer(0.0001))))
    card = _card(session, SITE_NUMBER)
    assert (card["official"], card["accuracy_m"], card["sample"]) == (True, 0.5, False)


def test_refusals_name_the_field(session: Session, limits: Limits) -> None:
    with pytest.raises(NotFound) as caught:
        _card(session, "nothing")
    assert caught.value.field == "number"
    with pytest.raises(NotFound) as caught:
        card_at(session, Inquiry("", 112.9, 35.5, as_of=DAY), limits, "zh")
    assert caught.value.field == "lon"
    with pytest.raises(BadInput, match="future"):
        _card(session, SITE_NUMBER, dt.date(2999, 1, 1))
    with pytest.raises(BadInput):
        card_at(session, Inquiry("", 35.6, 112.4), limits, "zh")


# ---- the doors --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def neighbour(http_engine: Engine) -> str:
    """The number of a parcel beside the site that the register gives to the neighbouring township."""
    with open_session(http_engine) as session:
        number = session.scalars(select(Parcel.number).where(Parcel.number.endswith("00074"))).one()
        session.execute(update(Parcel).where(Parcel.number == number).values(unit_code=NEXT))
        shipped = session.scalars(select(Parcel).order_by(Parcel.id).limit(1)).one()
        session.add(like_parcel(shipped, number="无主", unit_code=None))
    return number


@pytest.fixture(scope="module")
def reports(http_engine: Engine, limits: Limits) -> dict[str, int]:
    """A report on the site's parcel, and one there that is another township's."""
    with open_session(http_engine) as session:
        inquiry = Inquiry("land_clearing", *SITE, as_of=dt.date(2026, 5, 1))
        found = {name: file_report(session, Submission(inquiry, name), name, limits).report for name in "ab"}
        found["b"].unit_code = NEXT
        return {name: report.id for name, report in found.items()}


def test_the_door_answers_in_both_languages_and_any_datum(client: TestClient) -> None:
    told = client.get(f"/api/parcels/{SITE_NUMBER}", params={"lang": "en"}).json()
    assert told["land_class_name"] == "arbor forest"
    lon, lat = from_cgcs2000(*SITE, "gcj02")
    at = client.get("/api/parcels/at", params={"lon": lon, "lat": lat, "datum": "gcj02", "lang": "en"}).json()
    assert at == told


def test_each_sees_the_reports_and_neighbours_of_the_own_area_only(
    client: TestClient, http_engine: Engine, neighbour: str, reports: dict[str, int]
) -> None:
    def card(*posts: NewPosting) -> dict[str, Any]:
        answer = client.get(f"/api/parcels/{SITE_NUMBER}", headers=bearer(hire(http_engine, *posts)))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    own, everywhere = card(NewPosting("officer", HERE)), card(*ALL_HATS)
    assert [report["id"] for report in own["reports"]] == [reports["a"]]
    assert own["reports"][0]["category_name"] == "毁林毁草开垦"
    assert {report["id"] for report in everywhere["reports"]} == set(reports.values())
    assert card(NewPosting("grid_worker", HERE))["reports"] == []
    assert neighbour in everywhere["neighbours"]
    assert neighbour not in own["neighbours"]


def test_who_may_not_see_it_is_answered_as_if_there_were_none(
    client: TestClient, http_engine: Engine, neighbour: str
) -> None:
    township = bearer(hire(http_engine, NewPosting("officer", HERE)))
    for number in (neighbour, "无主", "nothing"):
        answer = client.get(f"/api/parcels/{number}", headers=township)
        assert (answer.status_code, answer.json()["field"]) == (404, "number")
    assert client.get("/api/parcels/无主").status_code == 200
    admin = bearer(hire(http_engine, NewPosting("admin", "")))
    assert client.get(f"/api/parcels/{SITE_NUMBER}", headers=admin).status_code == 403


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ({"lon": "112.9", "lat": "35.5"}, 404, "lon"),
        ({"lon": "112.395"}, 422, "lat"),
        ({"lon": "nan", "lat": "35.6"}, 422, "lon"),
        ({"lon": "35.6", "lat": "112.4"}, 422, "lon"),
        ({"lon": "112.4", "lat": "35.6", "datum": "moon"}, 422, "datum"),
        ({"lon": "112.4", "lat": "35.6", "as_of": "2999-01-01"}, 422, "as_of"),
    ],
)
def test_a_wrong_place_is_told_as_elsewhere(
    client: TestClient, query: dict[str, str], status: int, field: str
) -> None:
    answer = client.get("/api/parcels/at", params=query)
    assert answer.status_code == status, answer.text
    said = answer.json()
    assert field in (said.get("field") or json.dumps(said))
