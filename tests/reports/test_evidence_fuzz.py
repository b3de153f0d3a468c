"""A thousand broken pictures, XMP packets and archives through the real door: a clear answer to each."""

from __future__ import annotations

import io
import random
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pillow_heif
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy import Engine
from support.credentials import bearer
from support.pictures import exif, picture, xmp

from api.app import create_app
from core.settings import Settings
from demo.story import STORY, STORY_KEY
from reports.filing import file_report
from store.engine import open_session
from verdict.inquiry import Limits

SEED = 20221121
PICTURES, PACKETS, ARCHIVES = 450, 300, 250
NUMBERS = (
    "NaN",
    "inf",
    "-1e999",
    "",
    "+",
    "35,37.5N",
    "9" * 400,
    "０",
    "\u202e1",
    "0x1F",
    "1/0",
    "&#0;",
    "&amp;",
)
BROKEN_XML = (
    "<!DOCTYPE a [<!ENTITY b 'c'>]>",
    "<a:b/>",
    "</rdf:RDF>",
    "<![CDATA[",
    "<!--",
    "&b;",
    "<x>" * 3000,
    "<?xml version='1.0' encoding='UTF-7'?>",
    "\x00\x08",
    "<x y='" + "z" * 300_000 + "'/>",
)


def _taken_apart(noise: random.Random, size: tuple[int, int]) -> Image.Image:
    return Image.frombytes("RGB", size, noise.randbytes(size[0] * size[1] * 3))


def _whole_pictures(noise: random.Random) -> list[bytes]:
    made = exif(112.395, 35.625, "2022:08:21 10:20:30", "+08:00", {17: 20.0}, {0x010F: "DJI", 0x0110: "FC1"})
    packet = xmp(GpsLatitude="35.6", GpsLongitude="112.4", GimbalYawDegree="-10")
    forms: list[dict[str, object]] = [
        {"form": form, "exif": made, "xmp": packet} for form in ("JPEG", "WEBP", "PNG", "TIFF", "AVIF")
    ]
    forms += [{"form": form} for form in ("GIF", "BMP")]
    forms += [
        {"form": "TIFF", "compression": "tiff_lzw"},
        {"form": "JPEG", "progressive": True, "exif": made},
    ]
    whole = [picture(size=(90, 60), **form) for form in forms]  # type: ignore[arg-type]
    for encode in (lambda im, out: im.save(out, "JPEG", exif=made), lambda im, out: im.save(out, "PNG")):
        out = io.BytesIO()
        encode(_taken_apart(noise, (80, 50)), out)
        whole.append(out.getvalue())
    out = io.BytesIO()
    pillow_heif.from_pillow(_taken_apart(noise, (96, 64))).save(out, exif=made.tobytes())
    return [*whole, out.getvalue()]


def _whole_archives() -> list[bytes]:
    def zipped(names: tuple[str, ...], how: int) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", how) as archive:
            for name in names:
                archive.writestr(name, b"x" * 5000)
        return out.getvalue()

    inner = zipped(("bomb.txt",), zipfile.ZIP_DEFLATED)
    nested = io.BytesIO()
    with zipfile.ZipFile(nested, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(20):
            archive.writestr(f"../../{n}.zip", inner)
    tarred = io.BytesIO()
    with tarfile.open(fileobj=tarred, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("../../etc/passwd"), io.BytesIO(b""))
    return [
        zipped(("a.txt", "b/c.txt"), zipfile.ZIP_STORED),
        zipped(("[Content_Types].xml", "word/document.xml"), zipfile.ZIP_DEFLATED),
        zipped(("mimetype", "content.xml"), zipfile.ZIP_STORED),
        zipped(("OFD.xml",), zipfile.ZIP_DEFLATED),
        nested.getvalue(),
        tarred.getvalue(),
        b"Rar!\x1a\x07\x01\x00" + bytes(200),
        b"7z\xbc\xaf'\x1c" + bytes(200),
        b"%PDF-1.7\n" + b"1 0 obj\n" * 90 + b"%%EOF",
        b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(300),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    ]


def _flip(noise: random.Random, content: bytearray) -> None:
    for _ in range(noise.choice((1, 2, 8, 40))):
        content[noise.randrange(len(content))] = noise.randrange(256)


def _flip_head(noise: random.Random, content: bytearray) -> None:
    """Where formats keep their lengths and offsets."""
    for _ in range(noise.choice((1, 3, 9))):
        content[noise.randrange(min(len(content), 400))] = noise.choice((0, 1, 0x7F, 0x80, 0xFF))


def _cut(noise: random.Random, content: bytearray) -> None:
    del content[noise.randrange(1, len(content)) :]


def _hole(noise: random.Random, content: bytearray) -> None:
    start = noise.randrange(len(content))
    del content[start : start + noise.randrange(1, 200)]


def _zeros(noise: random.Random, content: bytearray) -> None:
    start = noise.randrange(len(content))
    content[start : start + 64] = bytes(64)


def _double(noise: random.Random, content: bytearray) -> None:
    start = noise.randrange(len(content))
    content[start:start] = content[start : start + noise.randrange(1, 4000)]


def _stuff(noise: random.Random, content: bytearray) -> None:
    start = noise.randrange(len(content))
    content[start:start] = noise.randbytes(noise.randrange(1, 3000))


BREAKS: tuple[Callable[[random.Random, bytearray], None], ...] = (
    _flip,
    _flip_head,
    _flip_head,
    _cut,
    _hole,
    _zeros,
    _double,
    _stuff,
)


def _broken(noise: random.Random, whole: bytes) -> bytes:
    content = bytearray(whole)
    for _ in range(noise.choice((1, 1, 2, 3))):
        if content:
            noise.choice(BREAKS)(noise, content)
    return bytes(content)


def _broken_packet(noise: random.Random) -> bytes:
    names = ("GpsLatitude", "GpsLongitude", "GimbalYawDegree", "FlightYawDegree", "RelativeAltitude")
    values = {name: noise.choice(NUMBERS) for name in names if noise.random() < 0.7}
    packet = bytearray(xmp(noise.choice(("", *BROKEN_XML)), **values))
    if noise.random() < 0.5:
        noise.choice((_flip, _cut, _hole, _zeros))(noise, packet)
    return bytes(packet)


def _in_picture(noise: random.Random, packet: bytes) -> bytes:
    """In a JPEG, a packet of more than a segment may be cut; a PNG takes any."""
    if noise.random() < 0.5:
        return picture("PNG", size=(8, 8), xmp=packet)
    return picture("JPEG", size=(8, 8), xmp=packet[:60_000])


def broken_files() -> Iterator[tuple[str, bytes]]:
    """(what it was, its bytes), always the same thousand."""
    noise = random.Random(SEED)
    pictures, archives = _whole_pictures(noise), _whole_archives()
    for n in range(PICTURES):
        yield f"picture {n}", _broken(noise, pictures[n % len(pictures)])
    for n in range(PACKETS):
        yield f"packet {n}", _in_picture(noise, _broken_packet(noise))
    for n in range(ARCHIVES):
        yield f"archive {n}", _broken(noise, archives[n % len(archives)])


@pytest.fixture
def doors(web_engine: Engine, any_key: str, tmp_path: Path) -> Iterator[TestClient]:
    """A client of the real application with a store of its own."""
    app = create_app(Settings(evidence_url=str(tmp_path / "evidence")), web_engine)
    with TestClient(app, raise_server_exceptions=False, headers=bearer(any_key)) as client:
        yield client


def test_a_thousand_broken_files_get_a_clear_answer_each(
    doors: TestClient, http_engine: Engine, limits: Limits
) -> None:
    with open_session(http_engine) as session:
        report = file_report(session, STORY, STORY_KEY, limits).report.id
    url = f"/api/reports/{report}/evidence"
    answers: Counter[int] = Counter()
    notes: Counter[str] = Counter()
    for what, content in broken_files():
        sent = doors.post(url, params={"filename": what, "lang": "en"}, content=content)
        answers[sent.status_code] += 1
        told = sent.json()
        if sent.status_code in (200, 201):
            assert told["size"] == len(content), what
            assert all(line["text"] for line in told["words"]), what
            notes.update(note["note"] for note in told["found"]["notes"])
        else:
            assert 400 <= sent.status_code < 500, (what, sent.text)
            assert sent.headers["content-type"] == "application/problem+json", what
            assert told["detail"], what
    assert sum(answers.values()) == PICTURES + PACKETS + ARCHIVES == 1000
    assert notes["picture_broken"] > 20, notes
    assert notes["xmp_broken"] > 20, notes
    assert notes["not_a_picture"] > 20, notes
    after = doors.post(url, content=picture(size=(500, 300)))
    assert (after.status_code, after.json()["found"]["notes"]) == (201, [])
    assert after.json()["thumbnail"] is not None
