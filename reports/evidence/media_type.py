"""Determines a file's type by its content; its name is ignored.

Only the first and last pieces are read, and nothing is unpacked, so the cost does not depend on the size of a
file, and an archive bomb has no effect. Unknown types are stored, too, as ``application/octet-stream``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import puremagic
from PIL import Image

HEAD: Final = 65_536  # bytes at each end that are looked at
UNKNOWN: Final = "application/octet-stream"
MAX_PICTURE_BYTES: Final = 400_000_000  # a picture is decoded only up to this size
FORMATS: Final = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "HEIF", "AVIF")
PICTURES: Final = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "TIFF": "image/tiff",
    "GIF": "image/gif",
    "BMP": "image/bmp",
    "HEIF": "image/heic",
    "AVIF": "image/avif",
}
OFFICE: Final = "application/vnd.openxmlformats-officedocument"
ZIP: Final = "application/zip"
ARCHIVES: Final = frozenset(
    {ZIP, "application/vnd.rar", "application/x-7z-compressed", "application/gzip", "application/x-tar"}
    | {"application/x-bzip2", "application/x-xz", "application/zstd"}
)
_SIGNATURES: Final = (  # (offset, bytes, type): those for which puremagic names several types, or none
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF8", "image/gif"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"PK\x03\x04", ZIP),
    (0, b"PK\x05\x06", ZIP),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"7z\xbc\xaf'\x1c", "application/x-7z-compressed"),
    (0, b"\x1f\x8b\x08", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\0", "application/x-xz"),
    (0, b"(\xb5/\xfd", "application/zstd"),
    (257, b"ustar", "application/x-tar"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"OggS", "application/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\x00\x00\x01\xba", "video/mpeg"),
    (0, b"\x00\x00\x01\xb3", "video/mpeg"),
)
_BRANDS: Final = (  # brands of the ISO base media file format; any other is MP4
    (frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}), "image/heic"),
    (frozenset({b"avif", b"avis"}), "image/avif"),
    (frozenset({b"qt  "}), "video/quicktime"),
    (frozenset({b"M4A ", b"M4B "}), "audio/mp4"),
)
_RIFF: Final = {b"WEBP": "image/webp", b"AVI ": "video/x-msvideo", b"WAVE": "audio/wav"}
_PARTS: Final = (  # start of an entry's name → type of a format that is a zip archive
    (b"word/", f"{OFFICE}.wordprocessingml.document"),
    (b"xl/", f"{OFFICE}.spreadsheetml.sheet"),
    (b"ppt/", f"{OFFICE}.presentationml.presentation"),
    (b"OFD.xml", "application/ofd"),
    (b"doc.kml", "application/vnd.google-earth.kmz"),
)
_SCHEMAS: Final = (
    (re.compile(rb"<kml[\s>]"), "application/vnd.google-earth.kml+xml"),
    (re.compile(rb"<gpx[\s>]"), "application/gpx+xml"),
    (re.compile(rb"<svg[\s>]"), "image/svg+xml"),
    (re.compile(rb"<(!doctype )?html[\s>]", re.IGNORECASE), "text/html"),
    (re.compile(rb"^\s*<\?xml"), "application/xml"),
)
_FLIGHT_LOG: Final = re.compile(
    rb"\[latitude ?: ?-?\d|GPS ?\(-?\d+\.\d|\[iso ?: ?\d+\] \[shutter", re.IGNORECASE
)
_CONTROLS: Final = bytes(n for n in range(32) if n not in b"\t\n\r\f\x1b")


@dataclass(slots=True)
class Media:
    """A file's type, its kind of evidence, and notes on defects (codes of ``reports.evidence.wording``)."""

    kind: str
    media_type: str
    notes: list[dict[str, Any]] = field(default_factory=list)


class TooLargeToDecode(Exception):
    """The picture has more bytes or pixels than are decoded."""

    def __init__(self, note: str, **values: float) -> None:
        super().__init__(note)
        self.note = {"note": note, **values}


@contextmanager
def open_picture(path: Path) -> Iterator[Image.Image]:
    """A picture of a known format, with only its header read.

    Raises :class:`TooLargeToDecode`, Pillow's errors.
    """
    size = path.stat().st_size
    if size > MAX_PICTURE_BYTES:
        raise TooLargeToDecode("picture_bytes", size=size, most=MAX_PICTURE_BYTES)
    _register_heif()
    with Image.open(path, formats=FORMATS) as picture:
        yield picture


@cache
def _register_heif() -> None:
    import pillow_heif  # noqa: PLC0415 - registers itself with Pillow, once

    pillow_heif.register_heif_opener(thumbnails=False)


def media_of(path: Path) -> Media:
    """The type of a file, verified as far as its kind allows."""
    head, tail = _ends(path)
    claimed = sniff(head, tail)
    if claimed.startswith("image/") and claimed != "image/svg+xml":
        return _picture(path, claimed)
    media = Media(_kind(claimed, head), claimed)
    if _cut_off(claimed, tail):
        media.notes.append({"note": "cut_off", "type": claimed})
    return media


def sniff(head: bytes, tail: bytes) -> str:
    """The type that the first and last bytes claim."""
    for offset, sign, name in _SIGNATURES:
        if head.startswith(sign, offset):
            return _in_zip(head, tail) if name == ZIP else name
    if head[4:8] == b"ftyp":
        return _brand(head)
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], UNKNOWN)
    if head[:4] == b"\x1aE\xdf\xa3":
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    # Two letters are no proof: the reserved bytes of a BMP are zero as well.
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return "image/bmp"
    return _text(head) or _puremagic_type(head)


def _ends(path: Path) -> tuple[bytes, bytes]:
    with path.open("rb") as file:
        head = file.read(HEAD)
        size = file.seek(0, 2)
        file.seek(max(0, size - HEAD))
        return head, file.read(HEAD)


def _brand(head: bytes) -> str:
    """The type of an ISO base media file, by its major and compatible brands."""
    major = head[8:12]
    others = {head[n : n + 4] for n in range(16, min(int.from_bytes(head[:4], "big"), 256), 4)}
    for brands, name in _BRANDS:
        if major in brands or (major in (b"mif1", b"msf1") and others & brands):
            return "image/avif" if name == "image/heic" and others & _BRANDS[1][0] else name
    return "video/3gpp" if major[:3] == b"3gp" else "video/mp4"


def _in_zip(head: bytes, tail: bytes) -> str:
    """The type of a format that is a zip archive: OpenDocument and EPUB name it in their first entry."""
    names = [*_names(head, b"PK\x03\x04", 26, 30), *_names(tail, b"PK\x01\x02", 28, 46)]
    if names and names[0] == b"mimetype":
        stored = re.match(rb"application/[a-z0-9.+-]{3,80}", head[38:140])
        return stored.group().decode() if stored else ZIP
    for part, name in _PARTS:
        if any(found.startswith(part) for found in names):
            return name
    return ZIP


def _names(piece: bytes, sign: bytes, length_at: int, name_at: int) -> Iterator[bytes]:
    """Names of a zip archive's entries that lie in a piece of it."""
    at = piece.find(sign)
    while at >= 0:
        length = int.from_bytes(piece[at + length_at : at + length_at + 2], "little")
        yield piece[at + name_at : at + name_at + min(length, 255)]
        at = piece.find(sign, at + 4)


def _text(head: bytes) -> str | None:
    """The type of a text, None for anything else: no control characters, and UTF-8, UTF-16 with BOM, or GB
    18030.
    """
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "text/plain" if len(head) > 2 and head.count(b"\0") >= len(head) // 8 else None
    if any(control in head for control in (bytes([n]) for n in _CONTROLS)) or not _decodes(head):
        return None
    return next((name for schema, name in _SCHEMAS if schema.search(head[:4096])), "text/plain")


def _decodes(head: bytes) -> bool:
    """Whether the bytes are UTF-8 or GB 18030, apart from a character cut by the end of the piece."""
    for encoding in ("utf-8", "gb18030"):
        try:
            head.decode(encoding)
        except UnicodeDecodeError as fault:
            if len(head) == HEAD and fault.start > HEAD - 8:  # a character cut by the end of the piece
                return True
        else:
            return True
    return False


def _puremagic_type(head: bytes) -> str:
    """The type that the library finds, where it is confident enough."""
    try:
        best = puremagic.magic_string(head)[0]
    except (puremagic.PureError, ValueError, IndexError):
        return UNKNOWN
    sure = best.confidence >= 0.4 and re.fullmatch(r"[a-z]+/[a-z0-9.+-]{1,80}", best.mime_type)
    return best.mime_type if sure else UNKNOWN


def _kind(media_type: str, head: bytes) -> str:
    """The kind of evidence of a type; text that looks like a drone's flight log is a drone file."""
    if media_type in ARCHIVES:
        return "archive"
    if media_type == "text/plain" and _FLIGHT_LOG.search(head):
        return "drone"
    if media_type.startswith("video/"):
        return "video"
    if media_type == UNKNOWN or media_type.startswith("audio/") or media_type == "application/ogg":
        return "other"
    return "document" if media_type.startswith(("text/", "application/", "image/")) else "other"


def _cut_off(media_type: str, tail: bytes) -> bool:
    """Whether the trailer that such a file must have is missing."""
    if media_type == "application/pdf":
        return b"%%EOF" not in tail
    if media_type == ZIP or media_type.startswith((OFFICE, "application/vnd.oasis")):
        return b"PK\x05\x06" not in tail
    return False


def _picture(path: Path, claimed: str) -> Media:
    """A picture that Pillow opens; a file that only begins like one has no type."""
    try:
        with open_picture(path) as picture:
            return Media("photo", PICTURES.get(picture.format or "", claimed))
    except TooLargeToDecode as fault:
        return Media("photo", claimed, [fault.note])
    except Exception:
        return Media("other", UNKNOWN, [{"note": "not_a_picture", "type": claimed}])
