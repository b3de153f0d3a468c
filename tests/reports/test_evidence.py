"""Evidence: stored once and untouched, known by its content, compared with its report; every door."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from support.credentials import bearer, hire
from support.pictures import exif, picture

from accounts.postings import NewPosting
from api.app import create_app
from core.errors import Altered, BadInput, NotFound, StoreUnavailable, TooLarge
from core.settings import Settings
from demo.story import STORY, STORY_KEY
from geo.measure.geodesic import GEOD
from reports.evidence.records import StoredFile, add_evidence, list_evidence, plain_name, store_file
from reports.evidence.sandbox import InspectionProcess
from reports.evidence.storage import BlobStore, Staging, open_blobs
from reports.evidence.verification import verify_files
from reports.evidence.wording import evidence_lines
from reports.filing import file_report
from store.engine import open_session
from store.schema.access import JournalRow
from store.schema.datasets import Evidence, Report
from verdict.inquiry import Limits

LON, LAT = 112.395, 35.625  # of the story's report, ± 15 m


@pytest.fixture(scope="module")
def inspector() -> Iterator[InspectionProcess]:
    """The process that looks into files."""
    made = InspectionProcess()
    yield made
    made.close()


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    """A store in a folder of the test."""
    return open_blobs(Settings(evidence_url=str(tmp_path / "evidence")))


@pytest.fixture
def report(session: Session, limits: Limits) -> Report:
    """The story's report."""
    return file_report(session, STORY, STORY_KEY, limits).report


def stored(blobs: BlobStore, inspector: InspectionProcess, content: bytes) -> StoredFile:
    with blobs.stage(10**9) as staging:
        staging.write(content)
        return store_file(blobs, inspector, staging.finish())


def beside(lon: float, lat: float, bearing: float, metres: float) -> tuple[float, float]:
    there = GEOD.fwd(lon, lat, bearing, metres)
    return float(there[0]), float(there[1])


# ---- the store ---------------------------------------------------------------------------------------


def test_bytes_are_kept_once_under_their_hash_and_read_back_the_same(
    blobs: BlobStore, tmp_path: Path
) -> None:
    content = os.urandom(3_000_000)
    digest = hashlib.sha256(content).hexdigest()
    for first in (True, False):
        with blobs.stage(10**7) as staging:
            for start in range(0, len(content), 70_001):
                staging.write(content[start : start + 70_001])
            staged = staging.finish()
            assert (staged.sha256, staged.size) == (digest, len(content))
            assert blobs.put(staged) is first
    path = tmp_path / "evidence" / digest[:2] / digest[2:4] / digest
    assert path.read_bytes() == content
    assert path.stat().st_mode & 0o777 == 0o400
    assert (tmp_path / "evidence").stat().st_mode & 0o777 == 0o700
    assert b"".join(blobs.open_checked(digest).read()) == content
    assert b"".join(blobs.open_checked(digest).read(10, 1_500_000)) == content[10:1_500_000]
    assert (blobs.size(digest), blobs.exists("0" * 64)) == (len(content), False)
    assert list((tmp_path / "evidence" / "arriving").iterdir()) == []


def test_what_breaks_off_or_is_empty_or_too_large_leaves_nothing(blobs: BlobStore, tmp_path: Path) -> None:
    with pytest.raises(BadInput), blobs.stage(10) as staging:
        staging.finish()
    with pytest.raises(TooLarge), blobs.stage(10) as staging:
        staging.write(b"x" * 11)
    with pytest.raises(RuntimeError), blobs.stage(10) as staging:
        staging.write(b"half")
        raise RuntimeError("the line broke")
    assert [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()] == []


def test_what_a_dead_process_left_is_swept_after_a_day(tmp_path: Path) -> None:
    arriving = tmp_path / "evidence" / "arriving"
    arriving.mkdir(parents=True)
    old, new = arriving / "arriving-old", arriving / "arriving-new"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 90_000,) * 2)
    with open_blobs(Settings(evidence_url=str(tmp_path / "evidence"))).stage(10):
        assert (old.exists(), new.exists()) == (False, True)


def test_a_place_that_cannot_be_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="nowhere"):
        open_blobs(Settings(evidence_url="nowhere://bucket/x"))
    (tmp_path / "evidence").write_text("a file in its place")
    with pytest.raises(StoreUnavailable), open_blobs(Settings(evidence_url=f"{tmp_path}/evidence")).stage(1):
        pass


def test_the_default_place_is_beside_the_private_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ZHIJIE_EVIDENCE_URL")
    blobs = open_blobs(Settings(home=tmp_path / "home"))
    with blobs.stage(1):
        assert (tmp_path / "home" / "evidence").stat().st_mode & 0o777 == 0o700
        assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a bucket in moto's server: a fake of S3, in a process of its own."""
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    port = next(line for line in server.stderr if "Running on" in line).rsplit(":", 1)[1].strip()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "FSSPEC_S3_ENDPOINT_URL": f"http://127.0.0.1:{port}",
    }.items():
        monkeypatch.setenv(name, value)
    request = urllib.request.Request(f"http://127.0.0.1:{port}/evidence", method="PUT")
    urllib.request.urlopen(request, timeout=20).close()
    yield "s3://evidence/of/jincheng"
    server.terminate()
    server.communicate(timeout=20)


def test_an_s3_store_keeps_the_same_bytes(bucket: str) -> None:
    blobs = open_blobs(Settings(evidence_url=bucket))
    content = os.urandom(12_000_000)
    for first in (True, False):
        with blobs.stage(10**8) as staging:
            staging.write(content)
            staged = staging.finish()
            assert blobs.put(staged) is first
    assert not blobs.local
    assert blobs.size(staged.sha256) == len(content)
    assert b"".join(blobs.open_checked(staged.sha256).read()) == content
    part = blobs.open_checked(staged.sha256).read(9_000_000, 9_000_010)
    assert b"".join(part) == content[9_000_000:9_000_010]
    assert blobs.exists("f" * 64) is False


# ---- beside the report -------------------------------------------------------------------------------


def _said(evidence: Evidence, about: str) -> list[tuple[bool | None, str]]:
    return [
        (line["agrees"], line["text"])
        for line in evidence_lines(evidence.found, "en")
        if line["about"] == about
    ]


def test_a_photo_from_elsewhere_is_shown_with_metres_minutes_and_degrees(
    session: Session, report: Report, blobs: BlobStore, inspector: InspectionProcess
) -> None:
    lon, lat = beside(LON, LAT, 90.0, 312.0)
    taken = (report.received_at - dt.timedelta(days=3)).strftime("%Y:%m:%d %H:%M:%S")
    made = exif(lon, lat, taken, "+00:00", {16: "T", 17: 90.0})
    evidence = add_evidence(
        session, report.id, stored(blobs, inspector, picture(exif=made)), "a.jpg"
    ).evidence
    compared = evidence.found["compared"]
    assert compared["place"] == {"distance_m": 312.0, "tolerance_m": 65.0, "agrees": False}
    assert (compared["time"]["minutes_before"], compared["time"]["agrees"]) == (3 * 24 * 60, False)
    assert (compared["bearing"]["expected_deg"], compared["bearing"]["agrees"]) == (270.0, False)
    assert _said(evidence, "place") == [
        (
            False,
            "The photo was taken 312 m from the reported place; "
            "the two positions may differ by 65 m at most.",
        )
    ]
    assert _said(evidence, "time")[0][1].startswith(
        "The photo was taken 4320 minutes before the report was received"
    )
    assert "180° off" in _said(evidence, "bearing")[0][1]


def test_a_photo_that_agrees_is_said_to(
    session: Session, report: Report, blobs: BlobStore, inspector: InspectionProcess
) -> None:
    lon, lat = beside(LON, LAT, 180.0, 60.0)
    taken = (report.received_at - dt.timedelta(minutes=25)).astimezone(dt.timezone(dt.timedelta(hours=8)))
    made = exif(lon, lat, taken.strftime("%Y:%m:%d %H:%M:%S"), gps={16: "M", 17: 10.0})
    evidence = add_evidence(
        session, report.id, stored(blobs, inspector, picture(exif=made)), "a.jpg"
    ).evidence
    compared = evidence.found["compared"]
    assert [compared[part]["agrees"] for part in ("place", "time", "bearing")] == [True, True, True]
    assert compared["time"]["minutes_before"] in (24, 25, 26)
    assert compared["day"]["agrees"] is False  # the act is of 2022
    assert _said(evidence, "time")[-1][1] == "The photo has no time zone; China's (+08:00) was assumed."
    assert len(_said(evidence, "bearing")) == 2
    assert all(line["text"] for line in evidence_lines(evidence.found, "zh"))


def test_too_near_for_a_direction(
    session: Session, report: Report, blobs: BlobStore, inspector: InspectionProcess
) -> None:
    made = exif(*beside(LON, LAT, 0.0, 20.0), gps={17: 10.0})
    evidence = add_evidence(
        session, report.id, stored(blobs, inspector, picture(exif=made)), "a.jpg"
    ).evidence
    assert evidence.found["compared"]["bearing"] is None
    assert (None, "The photo has no time to compare.") in _said(evidence, "time")


def test_the_same_bytes_are_one_row_and_one_line_in_the_journal(
    session: Session, report: Report, blobs: BlobStore, inspector: InspectionProcess
) -> None:
    file = stored(blobs, inspector, b"%PDF-1.7\n%%EOF")
    first, second = (add_evidence(session, report.id, file, name) for name in ("a.pdf", "b.pdf"))
    assert (first.created, second.created, first.evidence.id) == (True, False, second.evidence.id)
    lines = session.scalars(select(JournalRow).where(JournalRow.action == "evidence")).all()
    assert [(line.subject, line.unit) for line in lines] == [(f"report/{report.id}", report.unit_code)]
    assert json.loads(lines[0].body)["after"] == {
        "sha256": file.sha256,
        "size": 14,
        "media_type": "application/pdf",
    }
    assert [row.filename for row in list_evidence(session, report.id)] == ["a.pdf"]
    with pytest.raises(NotFound):
        add_evidence(session, 10**9, file, "a.pdf")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\照片\\现场 1.jpg", "现场 1.jpg"),
        ("a\x00b\r\nc\u202egpj.exe", "abcgpj.exe"),
        ("", "evidence"),
        ("...", "evidence"),
        ("长" * 300 + ".jpeg", "长" * 195 + ".jpeg"),
    ],
)
def test_names_are_labels_and_no_paths(given: str, shown: str) -> None:
    assert plain_name(given) == shown


# ---- the doors ---------------------------------------------------------------------------------------


@pytest.fixture
def doors(web_engine: Engine, any_key: str, tmp_path: Path) -> Iterator[TestClient]:
    """A client of the real application with a store of its own."""
    app = create_app(Settings(evidence_url=str(tmp_path / "evidence")), web_engine)
    with TestClient(app, raise_server_exceptions=False, headers=bearer(any_key)) as client:
        yield client


@pytest.fixture(scope="module")
def filed(http_engine: Engine, limits: Limits) -> int:
    """The id of a report that is there for good."""
    with open_session(http_engine) as session:
        return file_report(session, STORY, STORY_KEY, limits).report.id


def test_a_file_goes_in_and_comes_out_the_same(doors: TestClient, filed: int) -> None:
    content = picture(size=(900, 600), exif=exif(LON, LAT, "2022:08:21 10:20:30", "+08:00"))
    url = f"/api/reports/{filed}/evidence"
    sent = doors.post(url, params={"filename": "现场.jpg", "lang": "en"}, content=content)
    assert sent.status_code == 201, sent.text
    told = sent.json()
    assert (told["kind"], told["media_type"], told["size"]) == ("photo", "image/jpeg", len(content))
    assert told["sha256"] == hashlib.sha256(content).hexdigest()
    assert told["words"][0]["agrees"] is True
    assert sent.headers["location"] == told["href"]
    assert doors.post(url, content=content).status_code == 200
    assert [item["id"] for item in doors.get(url).json()["items"]] == [told["id"]]
    back = doors.get(told["href"])
    assert back.content == content
    assert {name: back.headers[name] for name in ("content-type", "x-content-type-options", "etag")} == {
        "content-type": "image/jpeg",
        "x-content-type-options": "nosniff",
        "etag": f'"{told["sha256"]}"',
    }
    assert back.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert back.headers["content-disposition"] == (
        "attachment; filename=\"__.jpg\"; filename*=UTF-8''%E7%8E%B0%E5%9C%BA.jpg"
    )
    small = doors.get(told["thumbnail"])
    with Image.open(io.BytesIO(small.content)) as opened:
        assert (opened.size, dict(opened.getexif())) == ((480, 320), {})


def test_parts_of_a_file_and_what_is_known_already(doors: TestClient, filed: int) -> None:
    content = os.urandom(5000)
    told = doors.post(f"/api/reports/{filed}/evidence", content=content).json()
    assert (told["media_type"], told["thumbnail"]) == ("application/octet-stream", None)
    for asked, part, said in (
        ("bytes=0-9", content[:10], "bytes 0-9/5000"),
        ("bytes=4990-", content[4990:], "bytes 4990-4999/5000"),
        ("bytes=-10", content[-10:], "bytes 4990-4999/5000"),
        ("bytes=100-999999", content[100:], "bytes 100-4999/5000"),
    ):
        back = doors.get(told["href"], headers={"Range": asked})
        assert (back.status_code, back.content, back.headers["content-range"]) == (206, part, said)
    assert doors.get(told["href"], headers={"Range": "bytes=9000-"}).status_code == 416
    assert doors.get(told["href"], headers={"Range": "bytes=0-1,3-4"}).content == content
    stale = {"Range": "bytes=0-9", "If-Range": '"other"'}
    assert doors.get(told["href"], headers=stale).content == content
    known = doors.get(told["href"], headers={"If-None-Match": f'"{told["sha256"]}"'})
    assert (known.status_code, known.content) == (304, b"")
    assert doors.get(f"{told['href']}/thumbnail").status_code == 404


def test_refusals_are_in_words(doors: TestClient, filed: int) -> None:
    url = f"/api/reports/{filed}/evidence"
    for answer, status in (
        (doors.post(url, content=b""), 422),
        (doors.post("/api/reports/999999/evidence", content=b"x"), 404),
        (doors.post("/api/reports/0/evidence", content=b"x"), 422),
        (doors.get("/api/evidence/999999"), 404),
        (doors.get("/api/reports/999999/evidence"), 404),
    ):
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]


def test_a_file_over_the_limit_is_refused(
    web_engine: Engine, any_key: str, filed: int, tmp_path: Path
) -> None:
    settings = Settings(evidence_url=str(tmp_path / "evidence"), max_evidence_bytes=1000, max_body_bytes=10)
    with TestClient(create_app(settings, web_engine), headers=bearer(any_key)) as client:
        url = f"/api/reports/{filed}/evidence"
        assert client.post(url, content=b"x" * 1000).status_code == 201
        assert client.post(url, content=b"y" * 1001).status_code == 413
        assert client.post(url, content=iter([b"y" * 600, b"z" * 600])).status_code == 413
    assert list((tmp_path / "evidence" / "arriving").iterdir()) == []


def test_no_connection_is_held_while_a_file_arrives(
    doors: TestClient, web_engine: Engine, filed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []
    write = Staging.write

    def watched(staging: Staging, piece: bytes) -> None:
        held.append(web_engine.pool.checkedout())  # type: ignore[attr-defined]
        write(staging, piece)

    monkeypatch.setattr(Staging, "write", watched)
    parts = (bytes([n]) * 1_500_000 for n in range(3))
    assert doors.post(f"/api/reports/{filed}/evidence", content=parts).status_code == 201
    assert held == [0] * len(held)
    assert len(held) >= 1


def test_rights_and_reach_hold_for_files(
    doors: TestClient, http_engine: Engine, filed: int, any_key: str
) -> None:
    url = f"/api/reports/{filed}/evidence"
    told = doors.post(url, content=b"only for who may see the report").json()
    stranger = hire(http_engine, NewPosting("officer", "140581"))
    gis = hire(http_engine, NewPosting("gis", ""))
    doors.headers.pop("Authorization")
    for href in (url, told["href"], f"{told['href']}/thumbnail"):
        assert doors.get(href).status_code == 401
        assert doors.get(href, headers=bearer(gis)).status_code == 403
        assert doors.get(href, headers=bearer(stranger)).status_code == 404
    assert doors.post(url, content=b"x").status_code == 401
    assert doors.post(url, content=b"x", headers=bearer(gis)).status_code == 403
    assert doors.post(url, content=b"x", headers=bearer(stranger)).status_code == 404
    assert doors.get(told["href"], headers=bearer(any_key)).status_code == 200


def test_lost_bytes_are_said_to_be_lost(doors: TestClient, filed: int, tmp_path: Path) -> None:
    told = doors.post(f"/api/reports/{filed}/evidence", content=b"soon to be lost").json()
    digest = told["sha256"]
    (tmp_path / "evidence" / digest[:2] / digest[2:4] / digest).unlink()
    assert doors.get(told["href"]).status_code == 503


def _place(tmp_path: Path, digest: str) -> Path:
    return tmp_path / "evidence" / digest[:2] / digest[2:4] / digest


def _swap(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


@pytest.mark.parametrize("asked", [None, "bytes=0-9", "bytes=-10", "bytes=4000-"])
def test_an_altered_file_is_not_served_and_the_true_one_mends_it(
    doors: TestClient, filed: int, tmp_path: Path, caplog: pytest.LogCaptureFixture, asked: str | None
) -> None:
    content = os.urandom(3_000_000)
    url = f"/api/reports/{filed}/evidence"
    told = doors.post(url, content=content).json()
    place = _place(tmp_path, told["sha256"])
    _swap(place, content[:-1] + bytes([content[-1] ^ 1]))
    headers = {"Accept-Language": "en"} | ({} if asked is None else {"Range": asked})
    refused = doors.get(told["href"], headers=headers)
    assert (refused.status_code, refused.headers["content-type"]) == (500, "application/problem+json")
    assert "no longer the one that was uploaded" in refused.json()["detail"]
    assert "again" in refused.json()["hint"]
    event = next(record for record in caplog.records if record.name == "zhijie.evidence")
    assert event.levelname == "ERROR"
    assert told["sha256"] in event.getMessage()
    assert doors.post(url, content=content).status_code == 200
    assert place.read_bytes() == content
    assert place.stat().st_mode & 0o777 == 0o400
    assert doors.get(told["href"]).content == content


@pytest.mark.parametrize("left", [b"", b"short", None])
def test_a_file_that_is_cut_or_gone_is_mended_too(
    doors: TestClient, filed: int, tmp_path: Path, left: bytes | None
) -> None:
    content = os.urandom(5_000)
    url = f"/api/reports/{filed}/evidence"
    told = doors.post(url, content=content).json()
    place = _place(tmp_path, told["sha256"])
    place.unlink()
    if left is not None:
        place.write_bytes(left)
    assert doors.get(told["href"]).status_code == (503 if left is None else 500)
    assert doors.post(url, content=content).status_code == 200
    assert doors.get(told["href"]).content == content


def test_an_altered_thumbnail_is_not_served_and_mended(
    doors: TestClient, filed: int, tmp_path: Path, http_engine: Engine
) -> None:
    content = picture(size=(900, 610))
    told = doors.post(f"/api/reports/{filed}/evidence", content=content).json()
    small = doors.get(told["thumbnail"]).content
    _swap(_place(tmp_path, hashlib.sha256(small).hexdigest()), picture(size=(10, 10)))
    assert doors.get(told["thumbnail"]).status_code == 500
    with Session(http_engine) as session:
        blobs = open_blobs(Settings(evidence_url=str(tmp_path / "evidence")))
        found = [fault for fault in verify_files(session, blobs) if fault.evidence == told["id"]]
        assert [(fault.which, fault.state) for fault in found] == [("thumbnail", "altered")]
    doors.post(f"/api/reports/{filed}/evidence", content=content)
    assert doors.get(told["thumbnail"]).content == small


def test_bytes_that_change_while_they_are_sent_are_cut_off(blobs: BlobStore, tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    with blobs.stage(10**7) as staging:
        staging.write(content)
        staged = staging.finish()
        blobs.put(staged)
    pieces = blobs.open_checked(staged.sha256).read()
    sent = [next(pieces)]
    place = _place(tmp_path, staged.sha256)
    place.chmod(0o600)
    with place.open("r+b") as file:  # in the same file, which is open
        file.seek(2_900_000)
        file.write(b"forged")
    with pytest.raises(Altered):
        sent += pieces
    assert len(b"".join(sent)) < len(content)
