"""Finds the encoding of a shapefile's texts, which its .cpg often states wrongly or not at all."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from layers.registry.checksum import shapefile_part

HEADER_BYTES: Final = 32  # of a DBF file, and of each of its field descriptors
HEADER_END: Final = 0x0D
TEXT: Final = b"C"
CHUNK_ROWS: Final = 4096
CHINESE: Final = frozenset({"gbk", "gb2312", "gb18030", "utf-8", "iso8859-1", "ascii"})
"""Encodings that a .cpg states in China; which of them is true is decided by the texts themselves."""


def text_encoding(path: Path) -> str | None:
    """The encoding to read a shapefile with: UTF-8 if all its texts are UTF-8, else GB 18030.

    None for other files, and for a shapefile whose .cpg names an encoding that is used elsewhere. GDAL takes
    a file without .cpg, or with one that says "OEM 936", for Latin-1.
    """
    if path.suffix.lower() != ".shp":
        return None
    table = shapefile_part(path, ".dbf")
    if table is None or _stated(path) not in (None, *CHINESE):
        return None
    with table.open("rb") as file:
        return "UTF-8" if all(map(_is_utf8, _texts(file))) else "GB18030"


def _stated(path: Path) -> str | None:
    """The encoding in the .cpg by Python's name; None where there is none, or no encoding has that name."""
    part = shapefile_part(path, ".cpg")
    name = part.read_bytes().decode("ascii", "ignore").strip() if part else ""
    try:
        return codecs.lookup(f"cp{name}" if name.isdecimal() else name).name
    except LookupError:
        return None


def _is_utf8(text: bytes) -> bool:
    try:
        # Not final: the last character may have been cut at the width of the field.
        codecs.getincrementaldecoder("utf-8")().decode(text.rstrip(b" \x00"))
    except UnicodeDecodeError:
        return False
    return True


def _texts(file: BinaryIO) -> Iterator[bytes]:
    """The names of a DBF file's fields, and the content of its text fields."""
    head = file.read(HEADER_BYTES)
    start, width = int.from_bytes(head[8:10], "little"), int.from_bytes(head[10:12], "little")
    fields, offset = [], 1
    while len(field := file.read(HEADER_BYTES)) == HEADER_BYTES and field[0] != HEADER_END:
        yield field[:11].split(b"\x00")[0]
        if field[11:12] == TEXT:
            fields.append(slice(offset, offset + field[16]))
        offset += field[16]
    file.seek(start)
    while width and (rows := file.read(width * CHUNK_ROWS)):
        for row in range(0, len(rows) - width + 1, width):
            yield from (rows[row : row + width][field] for field in fields)
