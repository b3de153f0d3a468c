"""Reads the rows of .xlsx and .csv files as cells of text, with their numbers in the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Final
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook

from core.i18n import N_
from core.text_encoding import decode_text
from law.errors import LawDataError, data_issue

MAX_BYTES: Final = 50_000_000
"""Maximum size in bytes, also of an .xlsx after unpacking: a small zip file may expand without bound."""

NumberedRow = tuple[int, tuple[str, ...]]


def table_rows(path: Path) -> Iterator[NumberedRow]:
    """Non-empty rows with their numbers, counted from 1 at the first row of the file.

    Of a workbook, the first sheet is read. A .csv may be UTF-8, with or without a byte order mark, or GBK.

    Raises:
        LawDataError: the file is too large, of an unsupported type, or cannot be read.
    """
    if path.stat().st_size > MAX_BYTES:
        raise _unreadable(path, N_("is larger than {limit} bytes"), limit=MAX_BYTES)
    readers = {".xlsx": _workbook_rows, ".csv": _csv_rows}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise _unreadable(path, N_("must be an .xlsx, .csv or .yaml file"))
    for number, cells in enumerate(reader(path), start=1):
        if any(cells):
            yield number, cells


def _csv_rows(path: Path) -> Iterator[tuple[str, ...]]:
    content = decode_text(path.read_bytes())
    if content is None:
        raise _unreadable(path, N_("is neither UTF-8 nor GBK"))
    for row in csv.reader(io.StringIO(content, newline="")):
        yield tuple(cell.strip() for cell in row)


def _workbook_rows(path: Path) -> Iterator[tuple[str, ...]]:
    try:
        with ZipFile(path) as packed:
            unpacked = sum(info.file_size for info in packed.infolist())
        if unpacked > MAX_BYTES:
            raise _unreadable(path, N_("is larger than {limit} bytes"), limit=MAX_BYTES)
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, KeyError) as error:
        raise _unreadable(path, N_("cannot be read: {detail}"), detail=error) from error
    try:
        for row in book.worksheets[0].iter_rows(values_only=True):
            yield tuple(_cell(value) for value in row)
    finally:
        book.close()


def _cell(value: object) -> str:
    """A cell as text: dates as 2024-01-31, whole numbers without a decimal point.

    Spreadsheets store unit codes as floats: 140522.0 must come out as 140522.
    """
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _unreadable(path: Path, message: str, **values: object) -> LawDataError:
    return LawDataError(data_issue(path.name, "", "", message, **values))
