"""A batch against the store: known places, the channel, zones; the command and the door that tell of it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from click.testing import Result
from fastapi.testclient import TestClient
from geoalchemy2.shape import from_shape
from shapely import MultiPolygon, Point
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session
from support.batches import PLANE, about, anywhere, taken
from support.credentials import bearer
from typer.testing import CliRunner

from api.app import create_app
from api.routers import datum_check as door
from cli.datum import app
from core.errors import BadInput, DatumRefused, TooLarge, ZhijieError
from core.settings import Settings
from geo.datum.conversion import from_cgcs2000
from layers.datum_check.check import (
    KINDS,
    MAX_POINTS,
    check_batch,
    check_degrees,
    comparison_box,
    fetch_known_places,
    match_codes,
)
from layers.datum_check.point_file import read_places
from layers.datum_check.wording import describe_suspicion
from store.engine import open_session
from store.schema.datasets import SRID, Permit, Report, Source, Unit

RNG = np.random.default_rng(36)
PLACES = np.vstack([site + about(RNG, 100, 1000, 2) for site in anywhere(RNG, 30)])  # metres about PLANE
SCATTERED = PLACES[::2] + RNG.normal(0, 60, (30, 2))
RIGHT = PLANE.to_degrees(SCATTERED)
WRONG = taken(SCATTERED, "gcj02", "cgcs2000")
SOURCE = {"title": {}, "origin": "test", "licence": "test", "datum": "CGCS2000", "checksum": "0"}


def _report(place: Point | shapely.Polygon, channel: str, key: int, *, sample: bool = False) -> Report:
    return Report(
        idempotency_key=f"{channel}-{key}-{sample}",
        request_hash="0",
        act_date=dt.date(2026, 8, 1),
        category="livestock_farm",
        description="",
        channel=channel,
        sample=sample,
        status="new",
        effect="unknown",
        certainty="probable",
        location={},
        geom=from_shape(place, srid=SRID),
    )


def add_reports(session: Session, metres: np.ndarray, channel: str, *, sample: bool = False) -> None:
    places = [Point(*place) for place in PLANE.to_degrees(metres).tolist()]
    session.add_all(_report(place, channel, n, sample=sample) for n, place in enumerate(places))
    session.flush()


def add_source(session: Session, dataset: str, role: str) -> int:
    source = Source(
        dataset=dataset,
        version="1",
        role=role,
        official=True,
        accuracy_m=1.0,
        reach="1405",
        kinds=[],
        **SOURCE,
    )
    session.add(source)
    session.flush()
    return source.id


def squares(metres: np.ndarray, half_m: float) -> list[MultiPolygon]:
    corners = np.hstack((PLANE.to_degrees(metres - half_m), PLANE.to_degrees(metres + half_m)))
    return [MultiPolygon([shapely.box(*corner)]) for corner in corners.tolist()]


def add_permits(session: Session, metres: np.ndarray) -> None:
    source = add_source(session, "permits/test", "permits")
    days = Range(dt.date(2020, 1, 1), dt.date(2021, 1, 1), bounds="[)")
    session.add_all(
        Permit(
            source_id=source,
            number=f"P{n}",
            holder="",
            uses=["livestock_farm"],
            zone_kinds=["forest_land"],
            issuer="",
            valid=days,
            geom=from_shape(area, srid=SRID),
        )
        for n, area in enumerate(squares(metres, 60.0))
    )
    session.flush()


def add_villages(session: Session, metres: np.ndarray) -> list[str]:
    source = add_source(session, "villages/test", "villages")
    codes = [f"1405220012{n:02}" for n in range(len(metres))]
    session.add_all(
        Unit(
            source_id=source,
            code=code,
            name=code,
            level="village",
            valid=Range(dt.date(2016, 1, 1), None, bounds="[)"),
            geom=from_shape(area, srid=SRID),
        )
        for code, area in zip(codes, squares(metres, 300.0), strict=True)
    )
    session.flush()
    return codes


# The store.


def test_without_known_places_nothing_is_told(session: Session) -> None:
    found = check_batch(session, RIGHT, "cgcs2000")
    assert (found.finding, found.compared, found.suspected) == ("few", 0, None)


def test_a_batch_is_compared_with_the_earlier_reports_of_its_channel(session: Session) -> None:
    add_reports(session, PLACES, "grid_app")
    wrong, right = check_batch(session, WRONG, "wgs84", "grid_app"), check_batch(session, RIGHT, "wgs84")
    assert (wrong.suspected, wrong.against, wrong.n) == ("gcj02", "reports", 30)
    assert (right.finding, right.against) == ("fits", "reports")
    assert check_batch(session, WRONG, "wgs84", "hotline").compared == 0
    assert (
        check_batch(session, WRONG, "gcj02", "grid_app").suspected is None
    )  # rightly declared it is converted


def test_every_way_to_declare_wrongly_is_told(session: Session) -> None:
    add_reports(session, PLACES, "grid_app")
    for really in ("bd09", "gcj02", "cgcs2000"):
        raw = np.array([from_cgcs2000(lon, lat, really) for lon, lat in RIGHT.tolist()])
        for declared in ("bd09", "gcj02", "cgcs2000"):
            expected = None if really == declared else really
            assert check_batch(session, raw, declared, "grid_app").suspected == expected


def test_a_report_sent_again_does_not_vouch_for_itself(session: Session) -> None:
    add_reports(session, PLACES, "grid_app")
    metres = PLANE.to_metres(WRONG)
    add_reports(session, metres, "grid_app2")
    again = check_batch(session, WRONG, "wgs84")
    assert again.suspected == "gcj02"
    assert check_batch(session, WRONG, "wgs84", "grid_app2").finding != "fits"


def test_fictional_reports_are_no_evidence_and_footprints_are(session: Session) -> None:
    add_reports(session, PLACES, "grid_app", sample=True)
    assert check_batch(session, WRONG, "wgs84").compared == 0
    session.add_all(_report(area, "grid_app", n) for n, area in enumerate(squares(PLACES, 40.0)))
    session.flush()
    assert check_batch(session, WRONG, "wgs84").suspected == "gcj02"


def test_permits_are_believed_before_reports(session: Session) -> None:
    """The channel's earlier reports carry the same fault; the surveyed areas do not."""
    add_reports(session, PLANE.to_metres(taken(PLACES, "gcj02", "cgcs2000")), "grid_app")
    assert check_batch(session, WRONG, "wgs84").finding == "fits"
    add_permits(session, PLACES)
    found = check_batch(session, WRONG, "wgs84")
    assert (found.suspected, found.against) == ("gcj02", "permits")


def test_codes_of_villages_are_compared_code_by_code(session: Session) -> None:
    codes = add_villages(session, PLACES)
    anonymous = check_degrees(session, WRONG[:9], "wgs84")
    assert anonymous.finding == "few"
    by_code = check_degrees(session, WRONG[:9], "wgs84", codes=codes[::2][:9])
    assert (by_code.suspected, by_code.paired, by_code.against) == ("gcj02", True, "villages")


def test_known_places_are_those_of_the_box_and_the_kinds(session: Session) -> None:
    add_reports(session, PLACES, "grid_app")
    add_permits(session, PLACES[:7])
    box = comparison_box(RIGHT)
    assert len(fetch_known_places(session, None, KINDS, box).shapes) == len(PLACES) + 7
    assert fetch_known_places(session, None, ["permits"], box).codes == [f"P{n}" for n in range(7)]
    assert fetch_known_places(session, None, KINDS, (100.0, 30.0, 101.0, 31.0)).shapes == []


def test_a_batch_under_the_wrong_meridian_is_told_from_the_units(session: Session) -> None:
    metres = np.array([from_cgcs2000(lon, lat, "EPSG:4547") for lon, lat in RIGHT.tolist()])
    found = check_batch(session, metres, "EPSG:4546")
    assert (found.suspected, found.against, found.matched) == ("EPSG:4547", "units", 30)
    assert check_batch(session, metres, "EPSG:4547").suspected is None


def test_bad_batches_are_refused_by_their_row(session: Session) -> None:
    with pytest.raises(BadInput) as fault:
        check_batch(session, np.vstack((RIGHT, RIGHT[:1, ::-1])), "wgs84")
    assert fault.value.field == "points.30"
    with pytest.raises(BadInput, match="no point"):
        check_batch(session, np.zeros((0, 2)), "wgs84")
    with pytest.raises(TooLarge):
        check_batch(session, np.tile(RIGHT, (1000, 1)), "wgs84")
    with pytest.raises(DatumRefused):
        check_batch(session, RIGHT, "EPSG:2362")


def test_codes_pair_only_where_they_are_one_place_s() -> None:
    pairs = match_codes(["a", None, "b", "a", "c", ""], ["b", "a", "c", "c", None, ""])
    assert pairs.tolist() == [[0, 1], [2, 0], [3, 1]]
    assert match_codes([], ["a"]).shape == (0, 2)


def test_words_are_in_both_languages_and_name_the_direction(session: Session) -> None:
    add_reports(session, PLACES, "grid_app")
    found = check_batch(session, WRONG, "wgs84")
    english = describe_suspicion(found, "en")
    told = {line["label"]: line["text"] for line in english["lines"]}
    assert english["mark"] == "⚠"
    assert "looks like gcj02" in english["headline"]
    assert " m to the west, from the points to where they belong" in told["Offset"]
    assert told["What to do"].startswith("Declare gcj02.")
    assert told["Median distance"].startswith("wgs84 ")
    projected = np.array([from_cgcs2000(lon, lat, "EPSG:4547") for lon, lat in WRONG.tolist()])
    lines = describe_suspicion(check_batch(session, projected, "EPSG:4547"), "en")["lines"]
    assert "before they were projected" in lines[-1]["text"]
    fitting = describe_suspicion(check_batch(session, RIGHT, "wgs84"), "en")
    assert fitting["lines"][-1]["label"] == "Caution"


# The door.


@pytest.fixture
def client(web_engine: Engine, any_key: str) -> Iterator[TestClient]:
    service = create_app(Settings(), web_engine)
    if "/api/datum/check" not in service.openapi()["paths"]:
        service.include_router(door.router)
    with TestClient(service, raise_server_exceptions=False, headers=bearer(any_key)) as client:
        yield client


@pytest.fixture(scope="module")
def with_reports(http_engine: Engine) -> str:
    with open_session(http_engine) as session:
        add_reports(session, PLACES, "grid_app")
    return http_engine.url.render_as_string(hide_password=False)


def test_the_door_tells_the_suspicion(client: TestClient, with_reports: str) -> None:
    body = {"points": WRONG.tolist(), "datum": "WGS-84", "channel": "grid_app"}
    answer = client.post("/api/datum/check?lang=en", json=body)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["suspected"], told["declared"]) == ("gcj02", "wgs84")
    assert told["figures"]["finding"] == "suspect"
    assert told["figures"]["against"] == "reports"
    assert -640 < told["figures"]["offset_m"][0] < -500
    assert "gcj02" in told["words"]["headline"]


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"points": []}, 422, "points"),
        ({"points": [[112.8, 35.5]] * (MAX_POINTS + 1)}, 413, "points"),
        ({"points": [[112.8, 35.5], [35.5, 112.8]]}, 422, "points.1"),
        ({"points": [[112.8, None]]}, 422, "points.0.1"),
        ({"points": [[112.8]]}, 422, "points.0.1"),
        ({"datum": "EPSG:2362"}, 422, "datum"),
        ({"channel": "'; --"}, 422, "channel"),
        ({"data": 1}, 422, "data"),
    ],
)
def test_the_door_refuses_bad_batches(
    client: TestClient, with_reports: str, change: dict[str, object], status: int, field: str
) -> None:
    answer = client.post("/api/datum/check", json={"points": RIGHT.tolist(), "datum": "wgs84"} | change)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["field"] == field


# The command.

Run = Callable[..., Result]


@pytest.fixture
def run(with_reports: str) -> Run:
    def call(*arguments: object, lang: str = "en") -> Result:
        env = {"ZHIJIE_DATABASE_URL": with_reports, "ZHIJIE_LANG": lang}
        return CliRunner().invoke(app, [str(argument) for argument in arguments], env=env)

    return call


def table(path: Path, points: np.ndarray, heads: str = "lon,lat", encoding: str = "utf-8") -> Path:
    rows = (f"{x!r},{y!r},{n}" for n, (x, y) in enumerate(points.tolist()))
    path.write_text("\n".join((heads, *rows)), encoding=encoding)
    return path


def test_the_command_ends_with_4_where_it_suspects(run: Run, tmp_path: Path) -> None:
    wrong = run(
        "check", table(tmp_path / "wrong.csv", WRONG, "经度,纬度,备注", "gb18030"), "--datum", "wgs84"
    )
    assert wrong.exit_code == 4
    assert "looks like gcj02" in wrong.stdout
    assert "earlier reports" in wrong.stdout
    right = run("check", table(tmp_path / "right.csv", RIGHT, "\ufeffX,Y,note"), "--channel", "grid_app")
    assert (right.exit_code, "fits cgcs2000" in right.stdout) == (0, True)
    unknown = run("check", tmp_path / "wrong.csv", "--channel", "hotline")
    assert (unknown.exit_code, "Too few points" in unknown.stdout) == (0, True)


def test_the_command_reads_vector_files_and_prints_json(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "batch.gpkg"
    frame = gpd.GeoSeries(gpd.points_from_xy(*WRONG.T), crs=4326).to_crs(4547)
    frame.to_file(path)
    done = run("check", path, "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["suspected"], told["declared"]) == (4, "gcj02", "EPSG:4547")
    assert told["figures"]["points"] == 30


def test_the_command_compares_with_a_file_by_code_without_a_store(tmp_path: Path) -> None:
    known = table(tmp_path / "known.csv", PLANE.to_degrees(PLACES[::2]), "lon,lat,编号")
    batch = table(tmp_path / "batch.csv", WRONG[:9], "lng,lat,code")
    done = CliRunner().invoke(
        app,
        ["check", str(batch), "--known", str(known)],
        env={"ZHIJIE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "ZHIJIE_LANG": "en"},
    )
    assert done.exit_code == 4
    assert "code by code" in done.stdout


def test_a_file_of_known_places_tells_the_zone_as_well(run: Run, tmp_path: Path) -> None:
    known = table(tmp_path / "known.csv", PLANE.to_degrees(PLACES))
    metres = np.array([from_cgcs2000(lon, lat, "EPSG:4547") for lon, lat in RIGHT.tolist()])
    batch = table(tmp_path / "batch.csv", metres, "easting,northing")
    assert "as EPSG:4547, 30 would" in run("check", batch, "--datum", "EPSG:4546", "--known", known).stdout
    assert run("check", batch, "--datum", "EPSG:4547", "--known", known).exit_code == 0


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        ("lon,lat\n112.8,35.5\n\n112.8,x", "bad.csv:4", "is not a coordinate"),
        ("lon,lat\n112.8,35.5\n35.5,112.8", "bad.csv:3", "look swapped"),
        ("lon,lat\n112.8", "bad.csv:2", "is not a coordinate"),
        ("a,b\n1,2", "file", "no coordinate columns"),
        ("", "file", "no coordinate columns"),
        ("lon,lat\n", "file", "contains no features"),
    ],
)
def test_bad_tables_are_refused_by_their_line(tmp_path: Path, text: str, field: str, words: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ZhijieError, match=words) as fault:
        read_places(path)
    assert fault.value.field == field


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "bytes.csv").write_bytes(b"lon,lat\n\xff\xff")
    for name, words in (
        ("none.csv", "There is no file"),
        ("bytes.csv", "neither UTF-8 nor"),
        ("none.gpkg", "no file"),
    ):
        with pytest.raises(BadInput, match=words):
            read_places(tmp_path / name)


def test_a_table_s_own_separator_and_code_are_found(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("编码\t纬度\t经度\n140522\t35.5\t112.8\n\t35.6\t112.9\n", encoding="utf-8")
    found = read_places(path, "gcj02")
    assert found.codes == ["140522", None]
    assert found.declared == "gcj02"
    assert found.points()[0] == pytest.approx([112.7939, 35.5], abs=1e-3)


def test_degrees_minutes_and_seconds_are_read(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "dms.csv"
    path.write_text("经度,纬度\n112°23′42″,35度37分30秒\n", encoding="utf-8")
    assert read_places(path).points() == pytest.approx(np.array([[112.395, 35.625]]))
    told = run("convert", "--lon", "112°23′42″", "--lat", "35 37 30", "--to", "EPSG:4490")
    assert told.stdout.split()[:2] == ["112.39500000", "35.62500000"]


def test_convert_prints_the_numbers_and_how_far_they_moved(run: Run) -> None:
    there = run("convert", "--lon", 112.8513, "--lat", 35.4905, "--datum", "wgs84", "--to", "gcj02")
    assert there.stdout.splitlines() == [
        "112.85740963 35.49008593",
        "Read as the same degrees, 556.29 m apart.",
    ]
    metres = run("convert", "--lon", 112.8513, "--lat", 35.4905, "--to", "EPSG:4547")
    assert metres.stdout.split() == ["395764.582", "3929618.136"]
    assert isinstance(
        run("convert", "--lon", 112.8, "--lat", 35.5, "--to", "EPSG:2362").exception, DatumRefused
    )
