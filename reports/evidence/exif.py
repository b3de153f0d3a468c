"""Reads place, time, height and direction of a picture from its EXIF and XMP metadata.

The bytes are untrusted. Nothing here raises: what can be read is returned, with notes on why the rest could
not (codes of ``reports.evidence.wording``). EXIF and XMP are read up to a size; impossible values are left
out.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from defusedxml.ElementTree import DefusedXMLParser
from PIL import Image

MAX_XMP: Final = 512_000  # bytes; drones write 5 000
MAX_EXIF: Final = 2_000_000  # bytes, maker notes and preview included
MAX_NAMES: Final = 2_000  # properties of an XMP packet that are looked at
MAX_TEXT: Final = 120
CHINA: Final = dt.timezone(dt.timedelta(hours=8))
DJI: Final = "http://www.dji.com/drone-dji/1.0/"
_XMP_EXIF: Final = "http://ns.adobe.com/exif/1.0/"
_XMP_BASIC: Final = "http://ns.adobe.com/xap/1.0/"
_SUB_IFD, _GPS_IFD = 0x8769, 0x8825
_TIME, _OFFSET, _CREATED, _MODIFIED, _ANY_OFFSET = 0x9003, 0x9011, 0x9004, 0x0132, 0x9010
_STAMP: Final = re.compile(
    r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?"
)
_ZONE: Final = re.compile(r"Z|([+-])(\d\d):?(\d\d)")
_XMP_DEGREES: Final = re.compile(r"(\d{1,3}),(\d{1,2}(?:\.\d+)?)(?:,(\d{1,2}(?:\.\d+)?))?([NSEW])")


@dataclass(slots=True)
class PictureMetadata:
    """Metadata of a picture. Degrees are WGS 84, equal to CGCS2000 within a metre; times are ISO 8601.

    ``zone_assumed``: the picture names no time zone, China's was taken. ``bearing_deg``: view direction,
    clockwise from north. ``above_start_m``: a drone's height above its start. ``notes``: what could not be
    read, and why.
    """

    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None
    altitude_m: float | None = None
    above_start_m: float | None = None
    taken_at: str | None = None
    zone_assumed: bool = False
    bearing_deg: float | None = None
    bearing_from: str | None = None
    camera: str | None = None
    drone: bool = False
    notes: list[dict[str, Any]] = field(default_factory=list)

    def note(self, code: str, **values: object) -> None:
        """Record why something could not be read."""
        self.notes.append({"note": code, **values})


def read_metadata(picture: Image.Image) -> PictureMetadata:
    """The metadata of an opened picture."""
    meta = PictureMetadata()
    tags, gps = _tags(picture, meta)
    packet = read_xmp(picture.info.get("xmp"), meta)
    meta.drone = any(name.startswith(f"{{{DJI}}}") for name in packet)
    for read in (_read_place, _read_heights, _read_time, _read_bearing, _read_camera):
        _guarded(lambda read=read: read(meta, tags, gps, packet), meta)  # type: ignore[misc]
    return meta


def _guarded(read: Callable[[], None], meta: PictureMetadata) -> None:
    """Run a reader; any failure becomes a note, so that one broken part does not cost the others."""
    try:
        read()
    except Exception:
        meta.note("exif_broken")


Tags = Mapping[int, Any]
Packet = Mapping[str, str]


def _tags(picture: Image.Image, meta: PictureMetadata) -> tuple[dict[int, Any], dict[int, Any]]:
    """(tags of the picture, tags of its GPS part)."""
    raw = picture.info.get("exif") or b""
    if len(raw) > MAX_EXIF:
        meta.note("exif_large", size=len(raw), most=MAX_EXIF)
        return {}, {}
    tags: dict[int, Any] = {}
    gps: dict[int, Any] = {}
    try:
        # The base class's: PNG's own getexif decodes the whole picture to find EXIF behind it.
        exif = Image.Image.getexif(picture)
        tags.update(_readable_values(exif))
        tags.update(_readable_values(exif.get_ifd(_SUB_IFD)))
        gps.update(_readable_values(exif.get_ifd(_GPS_IFD)))
    except Exception:
        meta.note("exif_broken")
    return tags, gps


def _readable_values(tags: Mapping[int, Any]) -> dict[int, Any]:
    """The values that can be read. Pillow decodes a tag on access, so each is tried on its own."""
    found: dict[int, Any] = {}
    for tag in list(tags)[:MAX_NAMES]:
        try:
            found[tag] = tags[tag]
        except Exception:
            continue
    return found


# ---- XMP ---------------------------------------------------------------------------------------------


class _XmpTarget:
    """Parser target that collects properties as they pass; no tree is built."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self._text: list[str] = []

    def start(self, _: str, attributes: Mapping[str, str]) -> None:
        self._text = []
        for name, value in attributes.items():
            self._keep(name, value)

    def data(self, text: str) -> None:
        if len(self._text) < 16:  # pieces; a property is short
            self._text.append(text)

    def end(self, name: str) -> None:
        self._keep(name, "".join(self._text).strip())
        self._text = []

    def close(self) -> dict[str, str]:
        return self.found

    def _keep(self, name: str, value: str) -> None:
        if value and len(self.found) < MAX_NAMES:
            self.found.setdefault(name, value[:MAX_TEXT])  # the first one counts: XMP may repeat names


def read_xmp(packet: object, meta: PictureMetadata) -> dict[str, str]:
    """Properties of an XMP packet, ``{namespace}name`` → text; of a broken one, those before the break."""
    if isinstance(packet, str):
        packet = packet.encode("utf-8", "replace")
    if not isinstance(packet, bytes) or not packet:
        return {}
    if len(packet) > MAX_XMP:
        meta.note("xmp_large", size=len(packet), most=MAX_XMP)
        return {}
    target = _XmpTarget()
    try:
        # Without a DTD there are no entities, so neither "billion laughs" nor external files.
        parser = DefusedXMLParser(target=target, forbid_dtd=True)
        parser.feed(packet.strip(b"\0 \r\n\t"))  # cameras pad the packet with zeros
        parser.close()
    except Exception:
        meta.note("xmp_broken")
    return target.found


# ---- place -------------------------------------------------------------------------------------------


def number(value: object) -> float | None:
    """A finite float, from EXIF rationals or XMP texts; None for anything else."""
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _read_place(meta: PictureMetadata, _: Tags, gps: Tags, packet: Packet) -> None:
    candidates = (
        (_exif_degrees(gps, 3, "WE", 180.0), _exif_degrees(gps, 1, "SN", 90.0)),
        (
            _dji_degrees(packet, 180.0, "GpsLongitude", "GpsLongtitude"),  # older firmware misspells it
            _dji_degrees(packet, 90.0, "GpsLatitude"),
        ),
        (_xmp_degrees(packet, "GPSLongitude", 180.0), _xmp_degrees(packet, "GPSLatitude", 90.0)),
    )
    for lon, lat in candidates:
        if lon is None or lat is None:
            continue
        if lon == 0.0 and lat == 0.0:  # what telephones write before the first fix
            meta.note("no_fix")
            continue
        meta.lon, meta.lat = round(lon, 8), round(lat, 8)
        error = number(gps.get(31))
        meta.accuracy_m = error if error is not None and 0.0 < error <= 100_000.0 else None
        datum = _text(gps.get(18))
        if datum and not re.fullmatch(r"wgs[ -]?(19)?84|cgcs[ -]?2000", datum, re.IGNORECASE):
            meta.note("other_datum", datum=datum)
        return
    if any(tag in gps for tag in (1, 2, 3, 4)):
        meta.note("place_broken")


def _exif_degrees(gps: Tags, ref_tag: int, refs: str, most: float) -> float | None:
    """Signed degrees of a GPS triple; ``refs``: the letters of minus and plus."""
    parts, ref = gps.get(ref_tag + 1), _text(gps.get(ref_tag)).upper()[:1]
    if not isinstance(parts, tuple | list) or not 1 <= len(parts) <= 3 or ref not in tuple(refs):
        return None
    values = [number(part) for part in parts]
    if any(value is None or value < 0.0 for value in values):
        return None
    degrees = math.fsum((value or 0.0) / 60.0**n for n, value in enumerate(values))
    return None if degrees > most else (-degrees if ref == refs[0] else degrees)


def _dji_degrees(packet: Packet, most: float, *names: str) -> float | None:
    """Degrees of the first of ``names`` in DJI's namespace that has a valid value."""
    for name in names:
        value = number(packet.get(f"{{{DJI}}}{name}"))
        if value is not None and abs(value) <= most:
            return value
    return None


def _xmp_degrees(packet: Packet, name: str, most: float) -> float | None:
    """Signed degrees of an XMP coordinate such as "35,37.5N" or "35,37,30N"."""
    found = _XMP_DEGREES.fullmatch(packet.get(f"{{{_XMP_EXIF}}}{name}", ""))
    if found is None:
        return None
    whole, minutes, seconds = (float(part or 0) for part in found.groups()[:3])
    degrees = whole + minutes / 60.0 + seconds / 3600.0
    return None if degrees > most else (-degrees if found[4] in "SW" else degrees)


def _read_heights(meta: PictureMetadata, _: Tags, gps: Tags, packet: Packet) -> None:
    height = number(gps.get(6))
    if height is not None and gps.get(5) in (1, b"\x01"):  # GPSAltitudeRef 1: below sea level
        height = -height
    if height is None:
        height = number(packet.get(f"{{{DJI}}}AbsoluteAltitude"))
    meta.altitude_m = height if height is not None and -500.0 <= height <= 20_000.0 else None
    above = number(packet.get(f"{{{DJI}}}RelativeAltitude"))
    meta.above_start_m = above if above is not None and abs(above) <= 20_000.0 else None


# ---- time --------------------------------------------------------------------------------------------


def _read_time(meta: PictureMetadata, tags: Tags, gps: Tags, packet: Packet) -> None:
    # Most trustworthy first; the time of the last modification comes last.
    given = [
        (tags.get(_TIME), tags.get(_OFFSET)),
        (tags.get(_CREATED), tags.get(_OFFSET)),
        (packet.get(f"{{{_XMP_EXIF}}}DateTimeOriginal"), None),
        (packet.get(f"{{{_XMP_BASIC}}}CreateDate"), None),
        (tags.get(_MODIFIED), tags.get(_ANY_OFFSET)),
    ]
    for stamp, offset in given:
        text = _text(stamp)
        if not text or text.startswith("0000"):  # a camera whose clock was never set
            continue
        if (when := _moment(text, _text(offset))) is not None:
            meta.taken_at, meta.zone_assumed = when[0].isoformat(), when[1]
            return
        meta.note("time_broken", given=text)
    if (satellite := _satellite_time(gps)) is not None:
        meta.taken_at = satellite.isoformat()


def _moment(text: str, offset: str) -> tuple[dt.datetime, bool] | None:
    """(the time, whether its zone was assumed); None for an invalid one."""
    found = _STAMP.fullmatch(text)
    if found is None:
        return None
    zone = _zone(found[7] or offset)
    try:
        when = dt.datetime(*(int(part) for part in found.groups()[:6]), tzinfo=zone or CHINA)  # type: ignore[arg-type,misc]
    except ValueError:
        return None
    return (when, zone is None) if 1970 <= when.year <= 2200 else None


def _zone(text: str) -> dt.timezone | None:
    """The time zone of "+08:00", "+0800" or "Z"; None for anything else."""
    found = _ZONE.fullmatch(text)
    if found is None:
        return None
    if found[1] is None:
        return dt.UTC
    minutes = int(found[2]) * 60 + int(found[3])
    if int(found[3]) > 59 or minutes > 14 * 60:
        return None
    return dt.timezone(dt.timedelta(minutes=-minutes if found[1] == "-" else minutes))


def _satellite_time(gps: Tags) -> dt.datetime | None:
    """The time of the GPS fix, which is UTC."""
    day, parts = _text(gps.get(29)), gps.get(7)
    if not isinstance(parts, tuple | list) or len(parts) != 3:
        return None
    hours, minutes, seconds = (number(part) for part in parts)
    if hours is None or minutes is None or seconds is None:
        return None
    found = _moment(f"{day} {int(hours):02d}:{int(minutes):02d}:{int(seconds):02d}", "Z")
    return None if found is None else found[0]


# ---- direction and camera ----------------------------------------------------------------------------


def _read_bearing(meta: PictureMetadata, _: Tags, gps: Tags, packet: Packet) -> None:
    # A drone's camera looks where its gimbal points, which need not be where it flies.
    given = (
        ("gimbal", packet.get(f"{{{DJI}}}GimbalYawDegree")),
        ("exif", gps.get(17)),
        ("flight", packet.get(f"{{{DJI}}}FlightYawDegree")),
    )
    for source, value in given:
        degrees = number(value)
        if degrees is not None and -360.0 <= degrees <= 360.0:
            meta.bearing_deg, meta.bearing_from = round(degrees % 360.0, 2), source
            if source == "exif" and _text(gps.get(16)).upper() == "M":
                meta.bearing_from = "magnetic"
            return


def _read_camera(meta: PictureMetadata, tags: Tags, _: Tags, packet: Packet) -> None:
    make, model = _text(tags.get(0x010F)), _text(tags.get(0x0110))
    meta.camera = (model if model.startswith(make) else f"{make} {model}").strip()[:MAX_TEXT] or None
    meta.drone = meta.drone or (
        make.upper() == "DJI" and model.upper().startswith("FC")  # drone cameras; Osmo and Ronin are not
    )


def _text(value: object) -> str:
    """A tag's text without unprintable characters, at most ``MAX_TEXT`` long."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    return "".join(letter for letter in value[:MAX_TEXT] if letter.isprintable()).strip()
