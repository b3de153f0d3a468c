"""Small competence lists as files, for tests."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from openpyxl import Workbook

HEADER = ["事项", "区域类型", "行政区划代码", "权力类型", "实施主体", "委托机关", "依据", "生效日期"]
TOWN, FOREST = "寺头乡人民政府", "阳城县林业局"
PIGS = (
    "违规建设畜禽养殖场",
    "自然保护区",
    "140522201",
    "委托",
    TOWN,
    FOREST,
    "行政处罚法第20条",
    "2022-01-01",
)
"""The county's forestry bureau lets Sitou township decide about pig farms in its reserve."""

Rows = Iterable[Iterable[object]]


def row(**changed: str) -> tuple[str, ...]:
    """The row of the pigs with other cells, by the column's place: c0, c1, …"""
    return tuple(changed.get(f"c{place}", cell) for place, cell in enumerate(PIGS))


def write_csv(path: Path, rows: Rows, encoding: str = "utf-8") -> Path:
    """A .csv with the header."""
    text = io.StringIO()
    csv.writer(text).writerows([HEADER, *rows])
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def write_xlsx(path: Path, rows: Rows) -> Path:
    """An .xlsx with the header."""
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    for cells in (HEADER, *rows):
        sheet.append(list(cells))
    workbook.save(path)
    return path
