"""Exports that a spreadsheet opens."""

from __future__ import annotations

import csv
import io

import pytest
from fastapi.testclient import TestClient


@pytest.mark.parametrize("begins", ["=", "\n=", " =", "＝", "\u3000＋", "\r\n@"])
def test_no_text_of_a_report_is_a_formula(client: TestClient, begins: str) -> None:
    text = f"{begins}cmd|'/C calc'!A0"
    place = {"lon": 112.395, "lat": 35.625, "category": "livestock_farm", "as_of": "2022-08-21"}
    key = {"Idempotency-Key": f"formula-{begins.encode().hex()}"}
    number = client.post("/api/reports", json={**place, "description": text}, headers=key).json()["id"]
    lines = client.get("/api/reports/export", params={"form": "csv"}).text.removeprefix("\ufeff")
    rows = {row["id"]: row["description"] for row in csv.DictReader(io.StringIO(lines, newline=""))}
    assert rows[str(number)] == f"'{text}"
