"""For tests of previews: reports at places, changed files, and what the whole store holds."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from shapely import Polygon
from shapely.geometry import mapping, shape
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.settings import ROOT
from demo.story import STORY, STORY_KEY
from reports.filing import Submission, file_report
from store.schema.base import Base
from verdict.inquiry import Inquiry, Limits

TOWNSHIPS = ROOT / "data" / "boundaries" / "townships.geojson"
GULONG, CIYING = "140522204", "140522105"
GULONG_SEAT = (112.279, 35.5223)  # 固隆乡, part of 次营镇 since 2021-01-01
SITOU = "140522201"


def report_at(session: Session, lon: float, lat: float, limits: Limits, **asked: Any) -> int:
    """File a report of a rural building; its id."""
    defaults: dict[str, Any] = {"accuracy_m": 10.0, "as_of": dt.date(2022, 5, 1)}
    inquiry = Inquiry("rural_building", lon, lat, **defaults | asked)
    key = f"{lon},{lat},{sorted(asked.items())}"
    return file_report(session, Submission(inquiry), key, limits).report.id


def report_story(session: Session, limits: Limits) -> int:
    """File the demonstration's report; its id."""
    return file_report(session, STORY, STORY_KEY, limits).report.id


def townships(path: Path, change: Callable[[dict[str, dict[str, Any]]], None]) -> Path:
    """The shipped townships that are in force now, changed: ``change`` gets code → feature."""
    content = json.loads(TOWNSHIPS.read_text(encoding="utf-8"))
    now = [f for f in content["features"] if f["properties"]["valid_to"] is None]
    units = {f["properties"]["code"]: f for f in now}
    change(units)
    content["features"] = list(units.values())
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


def merge(units: dict[str, dict[str, Any]], gone: str, into: str) -> None:
    """One township becomes part of another one."""
    whole = shape(units.pop(gone)["geometry"]).union(shape(units[into]["geometry"]))
    units[into]["geometry"] = mapping(whole)


def longest_border(units: dict[str, dict[str, Any]], code: str) -> tuple[str, list[tuple[float, float]]]:
    """The neighbour on a unit's longest straight edge, and the two ends of it."""
    own = shape(units[code]["geometry"])
    ring = list((own if own.geom_type == "Polygon" else own.geoms[0]).exterior.coords)
    edges = sorted(zip(ring[:-1], ring[1:], strict=True), key=lambda e: -_length(*e))
    for a, b in edges:
        for other, feature in units.items():
            points = {p for r in _rings(feature) for p in r}
            if other != code and a in points and b in points:
                return other, [a, b]
    raise AssertionError("no neighbour shares a whole edge")


def _length(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2


def _rings(feature: dict[str, Any]) -> list[list[tuple[float, ...]]]:
    whole = shape(feature["geometry"])
    parts = [whole] if whole.geom_type == "Polygon" else list(whole.geoms)
    return [list(part.exterior.coords) for part in parts]


def hand_over(units: dict[str, dict[str, Any]], code: str) -> tuple[str, Polygon, tuple[float, float]]:
    """Give the triangle between a unit's longest border and its middle to the neighbour.

    Who gets it, the ground, and a place on it a twentieth of its height from the old border.
    """
    neighbour, (a, b) = longest_border(units, code)
    own = shape(units[code]["geometry"])
    middle = own.representative_point()
    ground = Polygon([a, b, (middle.x, middle.y)])
    units[code]["geometry"] = mapping(own.difference(ground))
    units[neighbour]["geometry"] = mapping(shape(units[neighbour]["geometry"]).union(ground))
    edge, top = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2), (middle.x, middle.y)
    place = (edge[0] + 0.05 * (top[0] - edge[0]), edge[1] + 0.05 * (top[1] - edge[1]))
    return neighbour, ground, place


def law_file(path: Path, name: str, change: Callable[[Any], None]) -> Path:
    """A shipped document of the law, changed."""
    document = yaml.safe_load((ROOT / "data" / "law" / f"{name}.yaml").read_text(encoding="utf-8"))
    change(document)
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def allow_in_core(document: Any) -> None:
    """A livestock farm in a reserve's core needs a permit, where it was prohibited."""
    rules = {rule["id"]: rule for rule in document["rules"]}
    for name in ("nr2017-facility-core", "nr2026-core"):
        others = [category for category in rules[name]["categories"] if category != "livestock_farm"]
        rules[name]["categories"] = others
    for name in ("nr2017-livestock", "nr2026-livestock"):
        rules[name] |= {"effect": "permit_required", "grades": ["core"]}


def store_digest(session: Session) -> dict[str, tuple[int, str]]:
    """Table → rows and a hash of all that is in them: what must not change."""
    session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))  # counts are made at the end of a transaction
    digest = "count(*), coalesce(md5(string_agg(md5(t::text), '' ORDER BY t::text)), '')"
    found = {
        table.name: session.execute(text(f"SELECT {digest} FROM {table} t")).one()
        for table in Base.metadata.sorted_tables
    }
    return {name: (row[0], row[1]) for name, row in found.items()}
