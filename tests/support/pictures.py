"""Pictures made for the tests: with a place, a time and a direction in EXIF, or a drone's XMP."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

DJI = "http://www.dji.com/drone-dji/1.0/"
PACKET = (
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:drone-dji="{dji}" {attributes}>{inner}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)


def xmp(inner: str = "", **values: str) -> bytes:
    """An XMP packet with DJI's properties."""
    attributes = " ".join(f'drone-dji:{name}="{value}"' for name, value in values.items())
    return PACKET.format(dji=DJI, attributes=attributes, inner=inner).encode()


def triple(degrees: float) -> tuple[float, float, float]:
    """Degrees, minutes, seconds."""
    whole, rest = divmod(abs(degrees), 1.0)
    minutes, rest = divmod(rest * 60.0, 1.0)
    return whole, minutes, round(rest * 60.0, 4)


def exif(
    lon: float | None = None,
    lat: float = 0.0,
    taken: str | None = None,
    offset: str | None = None,
    gps: dict[int, Any] | None = None,
    tags: dict[int, Any] | None = None,
) -> Image.Exif:
    """EXIF with a place, a time and whatever else."""
    made = Image.Exif()
    made.update(tags or {})
    place: dict[int, Any] = {}
    if lon is not None:
        place = {1: "N" if lat >= 0 else "S", 2: triple(lat), 3: "E" if lon >= 0 else "W", 4: triple(lon)}
    if place or gps:
        made.get_ifd(0x8825).update(place | (gps or {}))
    if taken:
        made.get_ifd(0x8769).update({0x9003: taken} | ({0x9011: offset} if offset else {}))
    return made


def picture(
    form: str = "JPEG", size: tuple[int, int] = (640, 400), colour: object = (200, 60, 30), **how: Any
) -> bytes:
    """A picture of one colour; ``how``: exif, xmp and what else Pillow's writer takes."""
    out = io.BytesIO()
    mode = how.pop("mode", "RGB")
    Image.new(mode, size, colour).save(out, form, **how)  # type: ignore[arg-type]
    return out.getvalue()
