"""`POST /api/check/batch`: every form in and out, the answers of single checks, and what is refused."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from fastapi.testclient import TestClient
from shapely.geometry import box, mapping
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session
from support.credentials import bearer
from support.screen_meaning import assert_means
from support.shapes import BOWTIE, FLAT, SHED, feature, polygon

from api.app import create_app
from api.routers import batch
from core.clock import today
from core.settings import Settings
from geo.datum.conversion import from_cgcs2000
from geo.place.location import Location
from store.schema.datasets import Source
from verdict.judgement import check

PATH = "/api/check/batch"
ARROW = "application/vnd.apache.arrow.stream"
GEOJSON = "application/geo+json"
ASKED: dict[str, Any] = {"category": "livestock_farm", "as_of": "2022-08-21"}
DAY = dt.date(2022, 8, 21)
POINTS = [[112.395, 35.625], [112.9, 35.5], [112.2, 35.4], [116.4, 39.9], [112.41, 35.63]]
YARD = box(112.394, 35.624, 112.395, 35.625)


def _stream(table: pa.Table, **options: Any) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=2)
    return sink.getvalue().to_pybytes()


def _arrow(client: TestClient, table: pa.Table, accept: str = ARROW, **query: Any) -> Any:
    headers = {"Content-Type": ARROW, "Accept": accept}
    return client.post(PATH, content=_stream(table), params=ASKED | query, headers=headers)


def _read(body: bytes) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pa.ipc.open_stream(body).read_all().to_pylist()
    return rows


def _features(*features: object) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def _verdict(engine: Engine, place: Location) -> Any:
    with Session(engine) as session:
        return check(session, place, "livestock_farm", DAY, today())


def _points_table() -> pa.Table:
    lon, lat = np.transpose(POINTS)
    return pa.table({"id": pa.array(range(5)), "lon": lon, "lat": lat})


def test_points_as_json_get_the_verdicts_of_single_checks(client: TestClient, http_engine: Engine) -> None:
    answer = client.post(PATH, json={**ASKED, "accuracy_m": 15, "points": POINTS})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert (body["category"], body["as_of"], body["asked_on"]) == (
        *("livestock_farm", "2022-08-21"),
        today().isoformat(),
    )
    assert body["errors"] == []
    for row, (x, y) in zip(body["rows"], POINTS, strict=True):
        assert_means(row, _verdict(http_engine, Location.from_point(x, y, accuracy_m=15.0)))


def test_the_three_forms_say_the_same(client: TestClient) -> None:
    rows = client.post(PATH, json={**ASKED, "points": POINTS}).json()["rows"]
    features = _features(*(feature({"type": "Point", "coordinates": point}) for point in POINTS))
    shown = client.post(PATH, json=features, params=ASKED, headers={"Content-Type": GEOJSON})
    assert shown.headers["content-type"] == GEOJSON
    assert [one["properties"] for one in shown.json()["features"]] == rows
    table = _arrow(client, _points_table())
    assert table.headers["content-type"] == ARROW
    assert [{k: v for k, v in row.items() if k.startswith("zj_")} for row in _read(table.content)] == rows


@pytest.mark.parametrize("accept", ["application/json", GEOJSON, ARROW])
def test_every_form_is_answered_in_every_form(client: TestClient, accept: str) -> None:
    sent = [
        (json.dumps({**ASKED, "points": POINTS}).encode(), "application/json"),
        (json.dumps(_features(*(feature(mapping(shapely.Point(p))) for p in POINTS))).encode(), GEOJSON),
        (_stream(_points_table()), ARROW),
    ]
    told = []
    for content, kind in sent:
        headers = {"Content-Type": kind, "Accept": f"text/html;q=0.1, {accept}"}
        answer = client.post(PATH, content=content, params=ASKED, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (200, accept)
        told.append(_effects(answer.content, accept))
    assert told[0] == told[1] == told[2]
    assert told[0][0] == "prohibited"


def _effects(body: bytes, kind: str) -> list[str]:
    if kind == ARROW:
        return [row["zj_effect"] for row in _read(body)]
    document = json.loads(body)
    rows = document["rows"] if "rows" in document else [one["properties"] for one in document["features"]]
    return [row["zj_effect"] for row in rows]


def _outline(geometry: dict[str, Any]) -> Location:
    """An area whose accuracy is not given: the default of the channel."""
    return Location.from_footprint(geometry, accuracy_m=15.0)


def test_points_and_areas_may_be_mixed(client: TestClient, http_engine: Engine) -> None:
    features = _features(
        feature(mapping(YARD)) | {"id": "yard", "properties": {"name": "院"}},
        feature({"type": "Point", "coordinates": POINTS[1]}) | {"properties": {"accuracy_m": 300}},
        feature({"type": "LineString", "coordinates": POINTS}),
        feature(None),
        feature(polygon(SHED)),
    )
    answer = client.post(PATH, json=features, params=ASKED | {"lang": "en"})
    shown = answer.json()["features"]
    assert (shown[0]["id"], shown[0]["properties"]["name"]) == ("yard", "院")
    assert [one["geometry"] for one in shown] == json.loads(
        json.dumps([f["geometry"] for f in features["features"]])
    )
    assert_means(shown[0]["properties"], _verdict(http_engine, _outline(mapping(YARD))))
    wide = Location.from_point(*POINTS[1], accuracy_m=300.0)
    assert_means(shown[1]["properties"], _verdict(http_engine, wide))
    assert_means(shown[4]["properties"], _verdict(http_engine, _outline(polygon(SHED))))
    assert shown[2]["properties"]["zj_error"] == "A LineString is neither a point nor an area."
    assert shown[3]["properties"]["zj_error"] == "The row has no place."
    assert {v for k, v in shown[3]["properties"].items() if k != "zj_error"} == {None}


def test_parts_make_one_answer(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = [*(feature({"type": "Point", "coordinates": point}) for point in POINTS), feature(mapping(YARD))]
    features = _features(
        feature(polygon(BOWTIE)), *shapes, feature(None), *shapes, feature(polygon(SHED[:-1]))
    )
    whole = client.post(PATH, json=features, params=ASKED).json()
    monkeypatch.setattr(batch, "PART", 2)
    assert client.post(PATH, json=features, params=ASKED).json() == whole
    rows = [one["properties"] for one in whole["features"]]
    assert [row for row, told in enumerate(rows) if told["zj_error"]] == [0, 7, 14]
    assert rows[1:7] == rows[8:14]
    assert "闭合" in rows[14]["zj_error"]


def test_areas_are_refused_in_the_words_of_the_single_door(client: TestClient) -> None:
    bad = [polygon(BOWTIE), polygon(FLAT), polygon(SHED[:-1]), {"type": "Polygon", "coordinates": [[["a"]]]}]
    answer = client.post(PATH, json=_features(*map(feature, bad)), params=ASKED | {"lang": "en"})
    assert answer.status_code == 200
    for shown, footprint in zip(answer.json()["features"], bad, strict=True):
        single = client.post("/api/check?lang=en", json={**ASKED, "footprint": footprint})
        assert single.status_code == 422
        assert shown["properties"]["zj_error"] == single.json()["detail"]


def test_bad_points_keep_their_rows_and_are_told_by_index(client: TestClient) -> None:
    points = [POINTS[0], None, [35.6, 112.4], [None, None], POINTS[1], [500, 0]]
    body = client.post(PATH, json={**ASKED, "points": points}, params={"lang": "en"}).json()
    assert [error["index"] for error in body["errors"]] == [1, 2, 3, 5]
    assert [row["zj_error"] is None for row in body["rows"]] == [True, False, False, False, True, False]
    assert body["errors"][1]["error"] == "Longitude 35.6 and latitude 112.4 look swapped."
    assert body["errors"][0]["error"] == body["errors"][2]["error"] == "The row has no place."
    assert body["rows"][1] == {**dict.fromkeys(body["rows"][1]), "zj_error": "The row has no place."}


@pytest.mark.parametrize("datum", ["gcj02", "bd09", "EPSG:4546"])
def test_the_datum_is_undone(client: TestClient, datum: str) -> None:
    plain = client.post(PATH, json={**ASKED, "points": POINTS[:3]}).json()["rows"]
    given = [list(from_cgcs2000(x, y, datum)) for x, y in POINTS[:3]]
    headers = {"Accept": GEOJSON}
    answer = client.post(PATH, json={**ASKED, "datum": datum, "points": given}, headers=headers).json()
    for one, row, point, numbers in zip(answer["features"], plain, POINTS, given, strict=False):
        assert one["geometry"]["coordinates"] == pytest.approx(point, abs=1e-8)
        assert [one["properties"].pop(name) for name in ("given_x", "given_y")] == numbers
        assert one["properties"]["zj_effect"] == row["zj_effect"]
        assert one["properties"]["zj_edge_m"] == pytest.approx(row["zj_edge_m"], abs=0.02)
    assert [row["zj_unit_code"] for row in plain] == [
        one["properties"]["zj_unit_code"] for one in answer["features"]
    ]


def test_arrow_keeps_its_columns_and_takes_wkb(client: TestClient) -> None:
    shapes = [shapely.Point(POINTS[0]), YARD, None]
    table = pa.table(
        {
            "名称": pa.array(["甲", None, "丙"]).dictionary_encode(),
            "tags": pa.array([["a"], [], None]),
            "geometry": pa.array([shape and shape.wkb for shape in shapes], pa.binary()),
            "accuracy_m": pa.array([15, 0, None], pa.int16()),
            "zj_effect": pa.array(["old", "old", "old"]),
        }
    )
    answer = _arrow(client, table, datum="cgcs2000")
    back = pa.ipc.open_stream(answer.content).read_all()
    kept = ["名称", "tags", "geometry", "accuracy_m"]
    assert back.select(kept).to_pydict() == table.select(kept).to_pydict()
    assert back.schema.names.count("zj_effect") == 1
    assert back.column("zj_effect").to_pylist() == ["prohibited", "prohibited", None]
    undeclared = _arrow(client, table)
    assert (undeclared.status_code, undeclared.json()["field"]) == (422, "datum")


def _answer(client: TestClient, content: bytes, kind: str = "application/json", **query: Any) -> Any:
    return client.post(PATH, content=content, params=query, headers={"Content-Type": kind})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", "body"),
        (b"[1]", "body"),
        (b"\xff\xfe", "body"),
        ({**ASKED}, "points"),
        ({**ASKED, "points": {}}, "points"),
        ({**ASKED, "points": []}, "points"),
        ({**ASKED, "points": [[1, 2], [1, 2, 3]]}, "points.1"),
        ({**ASKED, "points": [[1, 2], ["112", "35"]]}, "points.1"),
        ({**ASKED, "points": [[1, 2], [True, 2]]}, "points.1"),
        ({**ASKED, "points": [[1, 2], 5]}, "points.1"),
        ({**ASKED, "points": POINTS, "colour": 1}, "colour"),
        ({**ASKED, "points": POINTS, "accuracy_m": "x"}, "accuracy_m"),
        ({**ASKED, "points": POINTS, "as_of": "yesterday"}, "as_of"),
        ({**ASKED, "points": POINTS, "as_of": "2999-01-01"}, "as_of"),
        ({**ASKED, "points": POINTS, "as_of": "1700-01-01"}, "as_of"),
        ({**ASKED, "points": POINTS, "category": "nothing"}, "category"),
        ({"points": POINTS}, "category"),
        ({**ASKED, "points": POINTS, "datum": "xian80"}, "datum"),
        ({"type": "FeatureCollection"}, "features"),
        (_features(), "features"),
        (_features({"type": "Feature", "properties": []}, 5), "features.1"),
        (_features() | {"features": [feature(None)], "crs": {"properties": {"name": "EPSG:4547"}}}, "datum"),
    ],
)
def test_a_wrong_body_is_a_problem_that_names_field_and_mend(
    client: TestClient, body: Any, field: str
) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    query = ASKED if isinstance(body, dict) and "type" in body else {}
    answer = _answer(client, content, **query)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert answer.json()["hint"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "body"),
        (b"no arrow" * 10, "body"),
        (_stream(_points_table())[:-200], "body"),
        (_stream(_points_table(), compression="lz4"), "body"),
        (_stream(_points_table().slice(0, 0)), "body"),
        (_stream(pa.table({"a": [1, 2]})), "file"),
    ],
)
def test_a_wrong_stream_is_a_problem(client: TestClient, content: bytes, told: str) -> None:
    answer = _answer(client, content, ARROW, **ASKED)
    assert (answer.status_code, answer.json()["field"]) == (422, told)
    assert answer.json()["hint"]


def test_a_stream_with_rubbish_in_it_is_refused_and_kills_nothing(client: TestClient) -> None:
    whole = bytearray(_stream(_points_table()))
    rng = np.random.default_rng(11)
    statuses = set()
    for _ in range(150):
        body = bytearray(whole)
        for place in rng.integers(0, len(body), 4):
            body[place] = rng.integers(0, 256)
        statuses.add(_answer(client, bytes(body), ARROW, **ASKED).status_code)
    assert statuses <= {200, 413, 422}
    assert client.get("/healthz").status_code == 200


def test_types_that_are_not_taken_and_not_given(client: TestClient) -> None:
    wrong = _answer(client, b"x", "text/csv", **ASKED)
    assert (wrong.status_code, wrong.json()["field"]) == (415, "Content-Type")
    unknown = client.post(PATH, json={**ASKED, "points": POINTS}, headers={"Accept": "text/csv"})
    assert (unknown.status_code, unknown.json()["field"]) == (406, "Accept")
    assert ARROW in unknown.json()["hint"]


@pytest.fixture
def narrow(web_engine: Engine, any_key: str) -> Iterator[TestClient]:
    settings = Settings(max_batch_rows=4, max_batch_bytes=20_000, max_body_bytes=1000)
    app = create_app(settings, web_engine)
    with TestClient(app, raise_server_exceptions=False, headers=bearer(any_key)) as client:
        yield client


def test_a_batch_has_limits_of_its_own(narrow: TestClient) -> None:
    padded = {**ASKED, "points": POINTS[:2], "category": "livestock_farm"}
    small = json.dumps(padded).encode() + b" " * 5000
    assert _answer(narrow, small).status_code == 200
    assert narrow.post("/api/check", content=small).status_code == 413
    assert _answer(narrow, small + b" " * 20_000).status_code == 413
    for answer in (
        narrow.post(PATH, json={**ASKED, "points": POINTS}),
        narrow.post(PATH, json=_features(*[feature(None)] * 5), params=ASKED),
        _arrow(narrow, _points_table()),
    ):
        assert answer.status_code == 413
        assert "5" in answer.json()["detail"]
        assert answer.json()["hint"]


def test_english_and_chinese(client: TestClient) -> None:
    for lang, word in (("en", "swapped"), ("zh", "写反")):
        body = client.post(f"{PATH}?lang={lang}", json={**ASKED, "points": [[35.6, 112.4]]}).json()
        assert word in body["errors"][0]["error"]


def test_many_at_once_get_the_same(client: TestClient) -> None:
    answers: list[Any] = []

    def ask() -> None:
        answers.append(_read(_arrow(client, _points_table()).content))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 6
    assert all(answer == answers[0] for answer in answers)


def test_a_batch_follows_the_data(client: TestClient, http_engine: Engine) -> None:
    """Screeners are kept by the versions that they stand on: without its zones a place is not prohibited."""
    body = {**ASKED, "points": POINTS[:1]}
    assert client.post(PATH, json=body).json()["rows"][0]["zj_effect"] == "prohibited"
    zones = update(Source).where(Source.role == "zones", Source.retired_at.is_(None))
    with Session(http_engine) as session:
        ids = session.scalars(zones.values(retired_at=dt.datetime.now(dt.UTC)).returning(Source.id)).all()
        session.commit()
    try:
        assert client.post(PATH, json=body).json()["rows"][0]["zj_effect"] == "unknown"
    finally:
        with Session(http_engine) as session:
            session.execute(update(Source).where(Source.id.in_(ids)).values(retired_at=None))
            session.commit()
    assert client.post(PATH, json=body).json()["rows"][0]["zj_effect"] == "prohibited"


def test_the_door_is_described(client: TestClient) -> None:
    door = client.get("/openapi.json").json()["paths"][PATH]["post"]
    assert set(door["requestBody"]["content"]) == {"application/json", GEOJSON, ARROW}
    assert {parameter.get("name") for parameter in door["parameters"]} >= {"category", "as_of", "datum"}
