"""Files of evidence: what they are, what pictures say, the small picture, who looks into strangers' bytes."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
from PIL import Image
from support.pictures import exif, picture, xmp

from core.settings import ROOT
from reports.evidence.exif import PictureMetadata, read_metadata, read_xmp
from reports.evidence.inspection import inspect_file
from reports.evidence.media_type import media_of, open_picture
from reports.evidence.sandbox import InspectionProcess
from reports.evidence.thumbnail import SIDE
from reports.evidence.wording import NOTES

LON, LAT = 112.395, 35.625  # of the story's report, ± 15 m


@pytest.fixture
def held(tmp_path: Path) -> Callable[[bytes], Path]:
    """Put bytes into a file without a telling name."""

    def put(content: bytes) -> Path:
        path = tmp_path / "file"
        path.write_bytes(content)
        return path

    return put


def metadata_of(content: bytes, held: Callable[[bytes], Path]) -> PictureMetadata:
    with open_picture(held(content)) as opened:
        return read_metadata(opened)


# ---- what a file is ----------------------------------------------------------------------------------


def _zip(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(
                name, "application/vnd.oasis.opendocument.text" if name == "mimetype" else "x" * 99
            )
    return out.getvalue()


def _heic(**how: Any) -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (320, 200), "green")).save(out, quality=50, **how)
    return out.getvalue()


FILES = {
    "jpeg": (lambda: picture("JPEG"), "photo", "image/jpeg"),
    "png": (lambda: picture("PNG"), "photo", "image/png"),
    "webp": (lambda: picture("WEBP"), "photo", "image/webp"),
    "tiff": (lambda: picture("TIFF"), "photo", "image/tiff"),
    "gif": (lambda: picture("GIF"), "photo", "image/gif"),
    "bmp": (lambda: picture("BMP"), "photo", "image/bmp"),
    "heic": (_heic, "photo", "image/heic"),
    "mp4": (lambda: b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 50, "video", "video/mp4"),
    "mov": (lambda: b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + b"\0" * 50, "video", "video/quicktime"),
    "mkv": (lambda: b"\x1aE\xdf\xa3\x93B\x82\x88matroska", "video", "video/x-matroska"),
    "avi": (lambda: b"RIFF\0\0\0\0AVI LIST" + b"\0" * 30, "video", "video/x-msvideo"),
    "pdf": (lambda: b"%PDF-1.7\n%%EOF\n", "document", "application/pdf"),
    "docx": (
        lambda: _zip("[Content_Types].xml", "word/document.xml"),
        "document",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "odt": (lambda: _zip("mimetype", "content.xml"), "document", "application/vnd.oasis.opendocument.text"),
    "ofd": (lambda: _zip("OFD.xml"), "document", "application/ofd"),
    "zip": (lambda: _zip("a.txt"), "archive", "application/zip"),
    "rar": (lambda: b"Rar!\x1a\x07\x01\x00abc", "archive", "application/vnd.rar"),
    "7z": (lambda: b"7z\xbc\xaf'\x1cabc", "archive", "application/x-7z-compressed"),
    "text": (lambda: "现场勘查笔录".encode("gb18030"), "document", "text/plain"),
    "gpx": (lambda: b'<?xml version="1.0"?><gpx version="1.1"></gpx>', "document", "application/gpx+xml"),
    "svg": (lambda: b"<svg xmlns='x'><script/></svg>", "document", "image/svg+xml"),
    "html": (lambda: b"<!DOCTYPE html><html></html>", "document", "text/html"),
    "flight": (
        lambda: b"1\n00:00:00,000 --> 00:00:01,000\n[iso: 100] [latitude: 35.6250] [longitude: 112.3950]\n",
        "drone",
        "text/plain",
    ),
    "unknown": (lambda: b"\x01\x02\x03\x04" * 30, "other", "application/octet-stream"),
}


@pytest.mark.parametrize("name", FILES)
def test_the_type_is_found_from_the_content(name: str, held: Callable[[bytes], Path]) -> None:
    make, kind, media_type = FILES[name]
    found = media_of(held(make()))
    assert (found.kind, found.media_type, found.notes) == (kind, media_type, [])


@pytest.mark.parametrize(
    ("content", "kind", "note"),
    [
        (b"\xff\xd8\xff\xe0 no picture", "other", "not_a_picture"),
        (b"\x89PNG\r\n\x1a\n\0\0", "other", "not_a_picture"),
        (b"%PDF-1.7\nhalf", "document", "cut_off"),
        (_zip("a.txt")[:60], "archive", "cut_off"),
    ],
    ids=["jpeg", "png", "pdf", "zip"],  # a zip's bytes hold the time
)
def test_what_only_looks_like_its_type_is_said_to(
    content: bytes, kind: str, note: str, held: Callable[[bytes], Path]
) -> None:
    found = media_of(held(content))
    assert (found.kind, [said["note"] for said in found.notes]) == (kind, [note])


# ---- what a picture says -----------------------------------------------------------------------------


def test_place_time_and_direction_are_read_from_exif(held: Callable[[bytes], Path]) -> None:
    gps = {5: b"\x00", 6: 812.5, 16: "T", 17: 271.5, 31: 8.0}
    tags = {0x010F: "HUAWEI", 0x0110: "Mate 60"}
    made = exif(LON, LAT, "2022:08:21 10:20:30", "+08:00", gps, tags)
    seen = metadata_of(picture(exif=made), held)
    assert (seen.lon, seen.lat) == (pytest.approx(LON, abs=1e-7), pytest.approx(LAT, abs=1e-7))
    assert (seen.taken_at, seen.zone_assumed) == ("2022-08-21T10:20:30+08:00", False)
    assert (seen.bearing_deg, seen.bearing_from) == (271.5, "exif")
    assert (seen.altitude_m, seen.accuracy_m, seen.camera) == (812.5, 8.0, "HUAWEI Mate 60")
    assert (seen.drone, seen.notes) == (False, [])


def test_southern_and_western_places_and_heights_below_the_sea(held: Callable[[bytes], Path]) -> None:
    seen = metadata_of(picture(exif=exif(-70.5, -33.25, gps={5: b"\x01", 6: 12.0})), held)
    assert (seen.lon, seen.lat, seen.altitude_m) == (-70.5, -33.25, -12.0)


def test_without_a_zone_chinas_is_taken_and_said(held: Callable[[bytes], Path]) -> None:
    seen = metadata_of(picture(exif=exif(taken="2022:08:21 10:20:30")), held)
    assert (seen.taken_at, seen.zone_assumed) == ("2022-08-21T10:20:30+08:00", True)


def test_the_satellites_time_serves_where_there_is_no_other(held: Callable[[bytes], Path]) -> None:
    seen = metadata_of(picture(exif=exif(LON, LAT, gps={7: (2.0, 20.0, 30.0), 29: "2022:08:21"})), held)
    assert seen.taken_at == "2022-08-21T02:20:30+00:00"


def test_a_drones_packet_is_read(held: Callable[[bytes], Path]) -> None:
    packet = xmp(
        GpsLatitude="+35.6250",
        GpsLongitude="+112.3950",
        RelativeAltitude="+80.10",
        AbsoluteAltitude="+890.2",
        GimbalYawDegree="-90.50",
        FlightYawDegree="+10.0",
    )
    seen = metadata_of(picture(xmp=packet), held)
    assert (seen.lon, seen.lat, seen.drone) == (LON, LAT, True)
    assert (seen.bearing_deg, seen.bearing_from) == (269.5, "gimbal")
    assert (seen.above_start_m, seen.altitude_m) == (80.1, 890.2)


def test_a_packets_elements_count_as_its_attributes() -> None:
    seen = PictureMetadata()
    found = read_xmp(xmp("<drone-dji:FlightYawDegree> 12.5 </drone-dji:FlightYawDegree>"), seen)
    assert found["{http://www.dji.com/drone-dji/1.0/}FlightYawDegree"] == "12.5"
    assert seen.notes == []


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;&b;</x>'
OUTSIDE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'


@pytest.mark.parametrize(
    ("packet", "note"),
    [
        (BOMB, "xmp_broken"),
        (OUTSIDE, "xmp_broken"),
        (b"<x><y>", "xmp_broken"),
        (b"\xff\xfe\x00", "xmp_broken"),
        (b"<x>" * 60_000, "xmp_broken"),
        (b"<x a='1'/>" + b" " * 600_000, "xmp_large"),
    ],
)
def test_hostile_packets_are_refused_in_words(packet: bytes, note: str) -> None:
    seen = PictureMetadata()
    assert "root:" not in json.dumps(read_xmp(packet, seen))
    assert [said["note"] for said in seen.notes] == [note]


@pytest.mark.parametrize(
    "gps",
    [
        {1: "N", 2: (95.0, 0.0, 0.0), 3: "E", 4: (112.0, 0.0, 0.0)},
        {1: "X", 2: (35.0, 0.0, 0.0), 3: "E", 4: (112.0, 0.0, 0.0)},
        {1: "N", 2: (35.0, 0.0, 0.0), 3: "E"},
    ],
)
def test_impossible_places_are_left_out(gps: dict[int, Any], held: Callable[[bytes], Path]) -> None:
    seen = metadata_of(picture(exif=exif(gps=gps)), held)
    assert (seen.lon, [note["note"] for note in seen.notes]) == (None, ["place_broken"])


def test_a_place_that_is_divided_by_nothing_is_left_out(held: Callable[[bytes], Path]) -> None:
    made = exif(gps={1: "N", 2: (1234567.0, 0.0, 0.0), 3: "E", 4: (112.0, 0.0, 0.0)}).tobytes()
    numbers = [struct.pack(f"{order}II", 1234567, 1) for order in "<>"]
    for number in numbers:
        made = made.replace(number, number[:4] + bytes(4))
    assert not any(number in made for number in numbers)
    seen = metadata_of(picture(exif=made), held)
    assert (seen.lon, [note["note"] for note in seen.notes]) == (None, ["place_broken"])


def test_a_camera_without_a_fix_is_no_camera_in_the_gulf_of_guinea(held: Callable[[bytes], Path]) -> None:
    seen = metadata_of(picture(exif=exif(0.0, 0.0)), held)
    assert (seen.lon, seen.notes[0]) == (None, {"note": "no_fix"})


def test_impossible_times_and_directions_are_left_out(held: Callable[[bytes], Path]) -> None:
    seen = metadata_of(picture(exif=exif(LON, LAT, "2022:13:41 10:20:30", gps={17: 4000.0})), held)
    assert (seen.taken_at, seen.bearing_deg) == (None, None)
    assert seen.notes == [{"note": "time_broken", "given": "2022:13:41 10:20:30"}]


# ---- the small picture -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how",
    [
        {"form": "JPEG"},
        {"form": "PNG", "mode": "RGBA", "colour": (1, 2, 3, 4)},
        {"form": "PNG", "mode": "P", "colour": 3},
        {"form": "PNG", "mode": "I;16", "colour": 3000},
        {"form": "PNG", "mode": "1", "colour": 1},
        {"form": "TIFF", "mode": "F", "colour": 1.5},
        {"form": "TIFF", "mode": "CMYK", "colour": (1, 2, 3, 4)},
        {"form": "WEBP"},
    ],
)
def test_pictures_of_all_modes_get_a_small_one(how: dict[str, Any], held: Any, tmp_path: Path) -> None:
    told = inspect_file(held(picture(size=(1600, 900), **how)), tmp_path / "small.jpg")
    assert (told["thumbnail"], told["notes"]) == (True, [])
    with Image.open(tmp_path / "small.jpg") as small:
        assert (small.format, small.mode, small.size) == ("JPEG", "RGB", (SIDE, 270))


def test_the_small_picture_stands_upright_and_says_nothing_of_its_place(held: Any, tmp_path: Path) -> None:
    tags = {0x0112: 6}
    content = picture(size=(1600, 800), exif=exif(LON, LAT, "2022:08:21 10:20:30", tags=tags), xmp=xmp(A="1"))
    assert inspect_file(held(content), tmp_path / "small.jpg")["thumbnail"]
    with Image.open(tmp_path / "small.jpg") as small:
        assert (small.size, dict(small.getexif()), "xmp" in small.info) == ((240, 480), {}, False)


def test_heic_is_read_and_made_small(held: Any, tmp_path: Path) -> None:
    made = exif(LON, LAT, "2022:08:21 10:20:30").tobytes()
    told = inspect_file(held(_heic(exif=made)), tmp_path / "small.jpg")
    assert (told["media_type"], told["thumbnail"], told["notes"]) == ("image/heic", True, [])
    assert told["seen"]["lon"] == pytest.approx(LON, abs=1e-7)


def _png_of(width: int, height: int) -> bytes:
    """A PNG whose head promises more than its body holds."""
    import zlib  # noqa: PLC0415

    head = b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\0\0\0"
    data = b"IDAT" + zlib.compress(b"\0" * 100)
    chunks = (head, data, b"IEND")
    parts = (len(c[4:]).to_bytes(4, "big") + c + zlib.crc32(c).to_bytes(4, "big") for c in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_a_decompression_bomb_is_not_decoded_and_said_so(held: Any, tmp_path: Path) -> None:
    told = inspect_file(held(_png_of(60_000, 60_000)), tmp_path / "small.jpg")
    assert (told["kind"], told["thumbnail"]) == ("photo", False)
    assert told["notes"] == [{"note": "picture_pixels", "megapixels": 3600, "most": 200}]


# ---- the process that decodes ------------------------------------------------------------------------


def test_who_looks_into_files_starts_again_after_it_has_died(held: Any) -> None:
    inspector = InspectionProcess()
    path = held(picture())
    assert inspector.inspect(path).media_type == "image/jpeg"
    assert inspector._process is not None
    inspector._process.kill()
    inspector._process.wait()
    assert inspector.inspect(path).thumbnail is not None
    inspector.close()


def test_a_file_that_takes_too_long_is_kept_unseen(held: Any) -> None:
    inspector = InspectionProcess(seconds=0.0)
    found = inspector.inspect(held(picture()))
    assert (found.kind, found.media_type) == ("other", "application/octet-stream")
    assert found.notes == [{"note": "examiner_slow"}]
    inspector.close()


def test_a_file_that_kills_it_is_kept_unseen(held: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    inspector = InspectionProcess()
    monkeypatch.setattr("reports.evidence.sandbox.MODULE", "reports.evidence.no_such_module")
    assert inspector.inspect(held(picture())).notes == [{"note": "examiner_died"}]
    inspector.close()


def test_every_note_has_words_that_fit() -> None:
    said = ROOT / "reports" / "evidence"
    codes = {
        code
        for name in ("exif", "media_type", "thumbnail", "inspection", "sandbox")
        for code in NOTES
        if f'"{code}"' in (said / f"{name}.py").read_text(encoding="utf-8")
    }
    assert codes == set(NOTES)
