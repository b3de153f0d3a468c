"""Tables of text (CSV, TSV), read batch by batch. Every column stays text: codes keep their zeros."""

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
    """A table with a header; UTF-8 or GB 18030, separated by comma, semicolon or tab.

    The number of rows is that of the lines. Raises BadInput, ArrowInvalid.
    """
    encoding, lines = _scan(path)
    with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as file:
        head = file.readline()
    mark = max(",;\t", key=head.count)
    names = _unique([name.strip() for name in next(csv.reader([head], delimiter=mark), [])])
    if not names:
        raise BadInput(N_("{file} holds no feature."), field="file", file=path.name)
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
    """The encoding that fits the whole file, and how many lines it has. Pure ASCII passes quickly."""
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
    """Names of columns, a second one of a name with a number behind it."""
    found: list[str] = []
    for place, name in enumerate(names, start=1):
        bare = name or f"column_{place}"
        known = set(found)
        found.append(next(n for n in (bare, *(f"{bare}_{k}" for k in range(2, 10_000))) if n not in known))
    return found
