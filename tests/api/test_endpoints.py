"""The HTTP doors: what they give, and what they refuse without storing anything."""

from __future__ import annotations

import datetime as dt
import json
import threading
from typing import Any

import pytest
from fastapi.testclient import TestClient
from shapely.geometry import shape
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from support.credentials import bearer

from api.app import create_app
from core.clock import today
from core.settings import Settings
from geo.datum.conversion import from_cgcs2000
from store.schema.datasets import Report, StoredVerdict

pytestmark = pytest.mark.both_engines

PLACE: dict[str, Any] = {"lon": 112.395, "lat": 35.625, "accuracy_m": 15}
BODY: dict[str, Any] = {**PLACE, "category": "livestock_farm", "as_of": "2022-08-21"}
SQUARE = [[112.39, 35.62], [112.391, 35.62], [112.391, 35.621], [112.39, 35.621], [112.39, 35.62]]


def _polygon(ring: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [ring]}


def _counts(engine: Engine) -> tuple[int, int]:
    with Session(engine) as session:
        return (
            session.scalar(select(func.count(Report.id))) or 0,
            session.scalar(select(func.count(StoredVerdict.id))) or 0,
        )


def test_check_answers_and_stores_nothing(client: TestClient, http_engine: Engine) -> None:
    before = _counts(http_engine)
    answer = client.post("/api/check", json=BODY)
    assert answer.status_code == 200
    body = answer.json()
    assert body["verdict"]["jurisdiction"]["lead"]["code"] == "140522201"
    assert body["verdict"]["effect"] == "prohibited"
    assert body["words"]["headline"].startswith("禁止")
    assert _counts(http_engine) == before


def test_english_is_a_wish_away(client: TestClient) -> None:
    by_header = client.post("/api/check", json=BODY, headers={"Accept-Language": "en-GB,en;q=0.9"}).json()
    by_query = client.post("/api/check?lang=en", json=BODY).json()
    assert by_header["words"] == by_query["words"]
    assert by_query["words"]["headline"].startswith("Prohibited")


def test_a_report_is_filed_once_a_key(client: TestClient, http_engine: Engine) -> None:
    body = BODY | {"description": "新建猪圈"}
    first = client.post("/api/reports", json=body, headers={"Idempotency-Key": "once"})
    counts = _counts(http_engine)
    again = client.post("/api/reports", json=body, headers={"Idempotency-Key": "once"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert _counts(http_engine) == counts
    read = client.get(first.headers["Location"])
    assert read.json() == first.json()
    assert read.json()["description"] == "新建猪圈"
    other = client.post("/api/reports", json=body | {"lat": 35.626}, headers={"Idempotency-Key": "once"})
    assert other.status_code == 409
    assert other.json()["field"] == "Idempotency-Key"
    assert _counts(http_engine) == counts


def test_many_senders_of_one_key_file_one_report(client: TestClient, http_engine: Engine) -> None:
    before = _counts(http_engine)
    answers: list[int] = []

    def send() -> None:
        answer = client.post("/api/reports", json=BODY, headers={"Idempotency-Key": "race"})
        answers.append(answer.json()["id"])

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1
    assert _counts(http_engine) == (before[0] + 1, before[1] + 1)


def test_reports_are_listed_by_box_unit_status_and_time_and_paged_by_key(client: TestClient) -> None:
    for number in range(5):
        place = {"lon": 112.40 + number / 1000, "lat": 35.62}
        answer = client.post("/api/reports", json=BODY | place, headers={"Idempotency-Key": f"page-{number}"})
        assert answer.status_code == 201
    last = answer.json()
    url: str | None = "/api/reports?bbox=112.3995,35.61,112.4045,35.63&limit=2"
    found: list[int] = []
    while url:
        page = client.get(url).json()
        assert len(page["features"]) <= 2
        found += [feature["id"] for feature in page["features"]]
        url = page["next"]
    assert len(found) == 5
    assert found == sorted(set(found))
    assert client.get("/api/reports?unit=140522").json()["features"]
    assert client.get("/api/reports?unit=140500").json()["features"]
    assert not client.get("/api/reports?unit=140581").json()["features"]
    assert not client.get("/api/reports?status=closed").json()["features"]
    since = last["received_at"].replace("+", "%2B")
    assert [f["id"] for f in client.get(f"/api/reports?since={since}").json()["features"]] == [last["id"]]
    properties = page["features"][0]["properties"]
    assert properties["category_name"] == "违规建设畜禽养殖场"
    assert properties["effect"] == "prohibited"


def test_a_footprint_is_kept_as_it_was_drawn(client: TestClient) -> None:
    body = {"footprint": _polygon(SQUARE), "category": "livestock_farm", "as_of": "2022-08-21"}
    filed = client.post("/api/reports", json=body, headers={"Idempotency-Key": "drawn"}).json()
    box = "112.389,35.619,112.392,35.622"
    features = client.get(f"/api/reports?bbox={box}").json()["features"]
    drawn = next(feature for feature in features if feature["id"] == filed["id"])
    assert shape(drawn["geometry"]).normalize().equals_exact(shape(_polygon(SQUARE)).normalize(), 1e-9)
    assert filed["location"]["area_m2"] == pytest.approx(10_047, rel=1e-3)


def test_units_at_a_point_given_in_any_datum(client: TestClient) -> None:
    x, y = from_cgcs2000(112.395, 35.625, "bd09")
    found = client.get(f"/api/units/at?lon={x}&lat={y}&datum=bd09").json()
    assert [link["code"] for link in found["chain"]] == ["140500", "140522", "140522201"]
    assert found["grid_cell"]["team"].startswith("寺头乡")
    assert 1200 < found["location"]["shift_m"] < 1450


def test_layers_are_geojson_of_the_day(client: TestClient) -> None:
    for day, count in (("2018-06-01", 84), ("2024-06-01", 77)):
        units = client.get(f"/api/units?level=township&as_of={day}").json()
        assert len(units["features"]) == count
        assert all(shape(feature["geometry"]).is_valid for feature in units["features"])
        assert units["features"][0]["properties"]["accuracy_m"] == 3000
    assert len(client.get("/api/units?level=county").json()["features"]) == 6
    zones = client.get("/api/zones?lang=en&as_of=2024-06-01").json()["features"]
    assert {zone["properties"]["grade_name"] for zone in zones} >= {"core zone", "buffer zone"}
    assert len(client.get("/api/grid").json()["features"]) > 800


@pytest.mark.parametrize(("typed", "name"), [("stx", "寺头乡"), ("BSDZ", "北石店镇"), ("qsx", "沁水县")])
def test_places_are_found_by_the_initials_of_their_names(client: TestClient, typed: str, name: str) -> None:
    found = client.get("/api/places", params={"q": typed, "limit": 50}).json()["places"]
    assert name in [place["name"] for place in found]


def test_places_are_found_by_name_and_code(client: TestClient) -> None:
    first = client.get("/api/places", params={"q": "寺头乡"}).json()["places"][0]
    assert first["code"] == "140522201"
    assert "阳城县" in first["path"]
    west, south, east, north = first["bbox"]
    assert west < first["lon"] < east
    assert south < first["lat"] < north
    named = client.get("/api/places", params={"q": "安上村"}).json()["places"]
    village = next(place for place in named if place["code"] == "140522201208")
    assert "寺头乡" in village["path"]
    assert client.get("/api/places", params={"q": "14052220"}).json()["places"]
    assert client.get("/api/places", params={"q": "%"}).json()["places"] == []


def test_it_says_that_it_lives_and_is_ready(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}


def test_without_its_database_it_lives_but_is_not_ready() -> None:
    gone = Settings(app_database_url="postgresql://nobody@127.0.0.1:9/none_test")
    shown = bearer("zk_some-key-that-cannot-be-looked-up")
    with TestClient(create_app(gone), raise_server_exceptions=False, headers=shown) as client:
        assert client.get("/healthz").status_code == 200
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert client.post("/api/check", json=BODY).status_code == 503


def test_many_more_requests_than_connections_are_all_answered(client: TestClient) -> None:
    """Requests wait their turn; none holds a thread while it waits for a connection, none is lost."""
    answers: list[int] = []

    def ask(number: int) -> None:
        if number % 2:
            answers.append(client.post("/api/check", json=BODY).status_code)
        else:
            key = {"Idempotency-Key": f"crowd-{number % 8}"}
            answers.append(client.post("/api/reports", json=BODY, headers=key).status_code)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(5 * Settings().pool_size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == len(threads)
    assert set(answers) <= {200, 201}


@pytest.mark.parametrize("wild", ['"\\u0000"', "1e999", "NaN", '"\\ud800"', "[" * 700 + "]" * 700])
def test_what_a_footprint_file_carries_besides_is_left_behind(client: TestClient, wild: str) -> None:
    ring = json.dumps(SQUARE)
    feature = (
        f'{{"type":"Feature","properties":{{"x":{wild}}},'
        f'"geometry":{{"type":"Polygon","coordinates":[{ring}],"more":{wild}}}}}'
    )
    body = f'{{"category":"other","as_of":"2022-08-21","footprint":{feature}}}'
    key = f"wild-{abs(hash(wild))}"
    answer = client.post(
        "/api/reports", content=body, headers={"Idempotency-Key": key, "Content-Type": "application/json"}
    )
    assert answer.status_code in (201, 400, 422), answer.text
    if answer.status_code == 201:
        assert answer.json()["location"]["area_m2"] > 10_000


def test_a_footprint_as_large_as_a_city_is_refused(client: TestClient) -> None:
    ring = [[112.0, 35.2], [113.5, 35.2], [113.5, 36.2], [112.0, 36.2], [112.0, 35.2]]
    answer = client.post("/api/check", json={"footprint": _polygon(ring), "category": "other"})
    assert answer.status_code == 413
    assert answer.json()["field"] == "footprint"


BOW_TIE = [[112.39, 35.62], [112.40, 35.63], [112.40, 35.62], [112.39, 35.63], [112.39, 35.62]]
LOW_LIMIT_RING = [[112.39 + i * 1e-7, 35.62 + (i % 2) * 1e-7] for i in range(20_000)]
TOMORROW = (today() + dt.timedelta(days=1)).isoformat()

BAD: list[tuple[str, dict[str, Any], int, str]] = [
    ("swapped", BODY | {"lon": 35.625, "lat": 112.395}, 422, "lon"),
    ("unknown datum", BODY | {"datum": "mars2000"}, 422, "datum"),
    ("Xian 1980", BODY | {"datum": "EPSG:2362", "lon": 38395764.5, "lat": 3929618.1}, 422, "datum"),
    ("Beijing 1954", BODY | {"datum": "EPSG:2434", "lon": 667996.7, "lat": 3930587.4}, 422, "datum"),
    ("metres as degrees", BODY | {"lon": 38395764.5, "lat": 3929618.1}, 422, "datum"),
    ("negative accuracy", BODY | {"accuracy_m": -1}, 422, "accuracy_m"),
    ("self-crossing", {"footprint": _polygon(BOW_TIE), "category": "other"}, 422, "footprint"),
    (
        "empty footprint",
        {"footprint": {"type": "Polygon", "coordinates": []}, "category": "other"},
        422,
        "footprint",
    ),
    (
        "a line",
        {"footprint": {"type": "LineString", "coordinates": SQUARE}, "category": "other"},
        422,
        "footprint",
    ),
    ("too many vertices", {"footprint": _polygon(LOW_LIMIT_RING), "category": "other"}, 413, "footprint"),
    ("unknown category", BODY | {"category": "moon_base"}, 422, "category"),
    ("future", BODY | {"as_of": TOMORROW}, 422, "as_of"),
    ("no day", BODY | {"as_of": "yesterday"}, 422, "as_of"),
    ("unknown condition", BODY | {"stated": {"size": True}}, 422, "stated"),
    ("a condition in words", BODY | {"stated": {"provincial_scale": "no"}}, 422, "stated.provincial_scale"),
    ("no place", {"category": "other"}, 422, "lon"),
    ("unknown member", BODY | {"colour": "red"}, 422, "colour"),
    ("no category", dict(PLACE), 422, "category"),
    ("text for a number", BODY | {"lon": "east"}, 422, "lon"),
]


@pytest.mark.parametrize(("body", "status", "field"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
@pytest.mark.parametrize("door", ["/api/check", "/api/reports"])
def test_bad_input_names_the_field_and_the_mend_and_stores_nothing(
    client: TestClient, http_engine: Engine, door: str, body: dict[str, Any], status: int, field: str
) -> None:
    before = _counts(http_engine)
    answer = client.post(door, json=body, headers={"Idempotency-Key": f"bad-{field}-{status}"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["field"] == field
    assert problem["detail"]
    assert problem["hint"] == problem["mend"] != ""  # the older name is sent for one version
    assert _counts(http_engine) == before


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(client: TestClient, number: str) -> None:
    raw = json.dumps(BODY).replace("112.395", number)
    answer = client.post("/api/check", content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["field"] == "lon"
    assert client.get(f"/api/units/at?lon={number}&lat=35.6").status_code == 422


def test_a_body_over_the_limit_is_refused_declared_or_streamed(
    client: TestClient, http_engine: Engine
) -> None:
    before = _counts(http_engine)
    large = b" " * (Settings().max_body_bytes + 1)
    declared = client.post("/api/reports", content=large)
    streamed = client.post(
        "/api/reports", content=(large[i : i + 65536] for i in range(0, len(large), 65536))
    )
    for answer in (declared, streamed):
        assert answer.status_code == 413
        assert answer.json()["field"] == "body"
        assert answer.json()["hint"]
    assert _counts(http_engine) == before


def test_a_footprint_of_a_million_vertices_is_refused(client: TestClient, any_key: str) -> None:
    ring = "[" + ",".join(["[112.4,35.6]"] * 1_000_000) + "]"
    raw = f'{{"category":"other","footprint":{{"type":"Polygon","coordinates":[{ring}]}}}}'
    assert client.post("/api/check", content=raw).status_code == 413
    roomy = Settings(max_body_bytes=50_000_000)
    with TestClient(create_app(roomy, client.app.state.engine)) as other:  # type: ignore[attr-defined]
        answer = other.post(
            "/api/check", content=raw, headers={"Content-Type": "application/json", **bearer(any_key)}
        )
    # However large other bodies may be: no allowed footprint is that large.
    assert (answer.status_code, answer.json()["field"]) == (413, "body")


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/api/reports/999999999", 404),
        ("/api/reports/0", 422),
        ("/api/reports/x", 422),
        ("/api/reports?bbox=1,2,3", 422),
        ("/api/reports?bbox=nan,0,1,1", 422),
        ("/api/reports?bbox=10,0,1,1", 422),
        ("/api/reports?limit=0", 422),
        ("/api/reports?since=0001-01-01T00:00:00%2B23:59", 422),
        ("/api/reports?unit=14%25", 422),
        ("/api/units?level=galaxy", 422),
        ("/api/nothing", 404),
    ],
)
def test_bad_addresses_get_a_problem_document(client: TestClient, url: str, status: int) -> None:
    answer = client.get(url)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_missing_idempotency_key_is_asked_for(client: TestClient) -> None:
    answer = client.post("/api/reports", json=BODY)
    assert answer.status_code == 422
    assert answer.json()["field"].lower() == "idempotency-key"


def test_openapi_has_examples_and_every_door(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert {"/api/check", "/api/reports", "/api/reports/{id}", "/api/units/at", "/healthz", "/readyz"} <= set(
        document["paths"]
    )
    assert document["components"]["schemas"]["ReportIn"]["examples"]
    assert document["components"]["schemas"]["InquiryIn"]["examples"]


def test_the_api_description_page_needs_no_other_host(client: TestClient) -> None:
    page = client.get("/docs").text
    assert "/static/vendor/swagger-ui-dist/" in page
    assert "https://" not in page
