"""Rows of cells from .xlsx and .csv files, as text, with their numbers in the file. No meaning yet."""

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
from law.errors import LawDataError, data_issue

MAX_BYTES: Final = 50_000_000
"""Largest table taken, in bytes, also after unpacking: an .xlsx is a zip."""

Numbered = tuple[int, tuple[str, ...]]


def table_rows(path: Path) -> Iterator[Numbered]:
    """Rows that are not empty, numbered as a spreadsheet numbers them (the first row of the file is 1).

    Of a workbook the first sheet is read. A .csv may be UTF-8, with or without a mark, or GBK.

    Raises:
        LawDataError: the file is too large, of another kind, or cannot be read.
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
    reader = csv.reader(io.StringIO(_decoded(path), newline=""))
    yield from (tuple(cell.strip() for cell in row) for row in reader)


def _decoded(path: Path) -> str:
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _unreadable(path, N_("is neither UTF-8 nor GBK"))


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
    """A cell as text: dates as 2024-01-31, whole numbers without a decimal point (unit codes are digits)."""
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
