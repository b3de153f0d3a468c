"""Decoding of text files in the encodings common in China."""

from __future__ import annotations

from typing import Final

# UTF-8 first: nearly every UTF-8 text also decodes as GB 18030, to nonsense, but not the other way round.
ENCODINGS: Final = ("utf-8-sig", "gb18030")


def decode_text(content: bytes) -> str | None:
    """Decode UTF-8, with or without a byte order mark, or GB 18030 (includes GBK); None if neither fits."""
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None
