"""Makes thumbnails: decoded and encoded again, so that nothing else of the original is in them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PIL import Image, ImageOps

from reports.evidence.media_type import TooLargeToDecode

SIDE: Final = 480  # longest side, pixels
MAX_PIXELS: Final = 200_000_000
QUALITY: Final = 80


def make_thumbnail(picture: Image.Image, target: Path) -> None:
    """Write a JPEG of at most ``SIDE`` pixels a side, turned upright, without EXIF, profile or comment.

    Raises :class:`TooLargeToDecode` before a pixel is decoded, or the decoder's error.
    """
    pixels = picture.width * picture.height
    if pixels > MAX_PIXELS:
        raise TooLargeToDecode("picture_pixels", megapixels=round(pixels / 1e6), most=round(MAX_PIXELS / 1e6))
    picture.draft("RGB", (SIDE, SIDE))  # lets libjpeg decode at 1/2, 1/4 or 1/8: far less memory
    small = _upright(picture)
    small.thumbnail((SIDE, SIDE), reducing_gap=2.0)
    plain = Image.new("RGB", small.size, "white")
    plain.paste(small, mask=small.getchannel("A") if small.mode == "RGBA" else None)
    plain.save(target, "JPEG", quality=QUALITY)


def _upright(picture: Image.Image) -> Image.Image:
    """The picture turned as EXIF says, as RGB or RGBA; shrunk first, so that turning costs little."""
    picture.thumbnail((2 * SIDE, 2 * SIDE), reducing_gap=2.0)
    try:
        turned = ImageOps.exif_transpose(picture)
    except Exception:
        turned = picture
    if turned.mode.startswith("I") or turned.mode == "F":  # elevations, 16-bit greys: stretch to 8 bits
        return _stretched(turned.convert("F"))
    has_alpha = turned.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in turned.info
    return turned.convert("RGBA" if has_alpha else "RGB")


def _stretched(picture: Image.Image) -> Image.Image:
    """The values of a one-band picture stretched to 0–255."""
    low, high = (float(value) for value in picture.getextrema())  # type: ignore[arg-type]
    scale = 255.0 / (high - low) if high > low else 0.0
    return picture.point(lambda value: value * scale - low * scale).convert("L").convert("RGB")
