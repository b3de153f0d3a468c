"""Reads text tables (CSV, TSV) in batches. Every column stays text, so that codes keep leading zeros."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.csv as pa_csv

from core.errors import BadInput
from core.i18n import N_
from layers.formats.table_reader import TableReader

ENCODINGS: Final = ("utf-8", "gb18030")
BLOCK_BYTES: Final = 16 << 20
CHUNK_BYTES: Final = 1 << 20


def open_table(path: Path) -> TableReader:
    """Open a table with a header, in UTF-8 or GB 18030, separated by commas, semicolons or tabs.

    ``rows`` is the number of lines: an estimate, as a quoted text may span several. Raises BadInput,
    ArrowInvalid.
    """
    encoding, lines = _scan(path)
    with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as file:
        head = file.readline()
    mark = max(",;\t", key=head.count)
    names = _unique([name.strip() for name in next(csv.reader([head], delimiter=mark), [])])
    if not names:
        raise BadInput(N_("{file} contains no features."), field="file", file=path.name)
    text = pa.schema([(name, pa.string()) for name in names])

    def read(_rows: int) -> Iterator[pa.RecordBatch]:
        yield from _read(path, encoding, mark, text)

    return TableReader(text, max(lines - 1, 0), read)


def _read(path: Path, encoding: str, mark: str, text: pa.Schema) -> Iterator[pa.RecordBatch]:
    reading = pa_csv.ReadOptions(
        block_size=BLOCK_BYTES, encoding=encoding, column_names=text.names, skip_rows=1
    )
    parsing = pa_csv.ParseOptions(delimiter=mark, newlines_in_values=True)
    converting = pa_csv.ConvertOptions(column_types=text, strings_can_be_null=False, check_utf8=False)
    with pa_csv.open_csv(path, reading, parsing, converting) as reader:
        yield from reader


def _scan(path: Path) -> tuple[str, int]:
    """The encoding that fits the whole file, and its number of lines.

    The whole file is decoded: a wrong byte on the last line must be found before any row is processed.
    """
    decoders = {name: codecs.getincrementaldecoder(name)() for name in ENCODINGS}
    lines, last = 0, b"\n"
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            lines += chunk.count(b"\n")
            last = chunk[-1:]
            for name in list(decoders):
                try:
                    decoders[name].decode(chunk)
                except UnicodeDecodeError:
                    del decoders[name]
    for name in list(decoders):
        try:
            decoders[name].decode(b"", final=True)
        except UnicodeDecodeError:
            del decoders[name]
    if not decoders:
        raise BadInput(N_("{file} is neither UTF-8 nor GB 18030 text."), field="file", file=path.name)
    return next(iter(decoders)), lines + (last != b"\n")


def _unique(names: list[str]) -> list[str]:
    """Column names made unique: a repeated name gets a number, an empty one its position."""
    unique: list[str] = []
    for position, name in enumerate(names, start=1):
        base = name or f"column_{position}"
        candidates = (base, *(f"{base}_{k}" for k in range(2, 10_000)))
        unique.append(next(candidate for candidate in candidates if candidate not in unique))
    return unique
