"""Exports that a spreadsheet opens."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from demo.story import STORY
from reports.export import export_lines
from reports.filing import file_report
from reports.queries import Page
from verdict.inquiry import Limits


@pytest.mark.parametrize("begins", ["=", "\n=", " =", "＝", "\u3000＋", "\r\n@"])
def test_no_text_of_a_report_is_a_formula(session: Session, limits: Limits, begins: str) -> None:
    text = f"{begins}cmd|'/C calc'!A0"
    file_report(session, replace(STORY, description=text), "formula", limits)
    lines = "".join(export_lines(session, Page(), "csv")).removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(lines, newline="")))
    assert [row["description"] for row in rows] == [f"'{text}"]
