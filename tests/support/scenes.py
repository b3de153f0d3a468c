"""Small official worlds for tests, drawn in metres round an origin, written as a data folder and loaded.

A scene is a dict (see ``tests/golden``), so that a case can be read without the code:

- ``origin``: [longitude, latitude] of the point from which metres east and north are counted
- ``accuracy_m``: how wrong the lines may be (68 %), where a layer does not say otherwise; 1 by default
- ``townships``: code, name, ``east`` and ``north`` ([from, to]) or ``ring`` ([[east, north], …]), and the
  days ``from`` and ``until``; county and city are made round them, or round ``county`` where that is drawn
- ``cells``, ``zones``, ``roads`` (``line``, class, land_half_width_m), ``permits``: so too, with their fields
- ``knows``: the kinds of zones of which the zone layer tells everything, or "all"
- ``more_units``: further layers of townships: ``{dataset, official, accuracy_m, townships}``
- ``more_zones``: further layers of zones: ``{dataset, official, accuracy_m, knows, zones}``
- ``powers``: entries added to the competence list, in the form of data/law/competence.yaml

Law and calendar are those that are shipped. Every layer is official unless it says otherwise.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import shapely
import yaml
from shapely.geometry import mapping
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.settings import ROOT
from geo.measure.geodesic import Plane
from geo.place.location import Location
from layers.loading.load import load_folder
from store.schema.datasets import Source

Scene = Mapping[str, Any]
ORIGIN = (112.6, 35.5)
CITY = {"code": "140500", "name": "示例市"}
COUNTY = {"code": "140591", "name": "示例县"}
BEGINS = "2016-01-01"
FAR = {"east": [60_000, 60_100], "north": [0, 100]}  # a zone layer must hold a zone: one that nothing meets
SHIPPED = ("law", "calendar")


@dataclass(frozen=True)
class Layer:
    """One dataset of a scene, before it is written."""

    role: str
    features: list[dict[str, Any]]
    official: bool = True
    accuracy_m: float = 1.0
    kinds: list[str] = field(default_factory=list)


def degrees(scene: Scene, xy: Sequence[float], shift: float = 0.0) -> list[float]:
    """Metres east and north of the origin as [longitude, latitude]; ``shift`` degrees further east."""
    lon, lat = scene.get("origin", ORIGIN)
    plane = Plane(lon, lat)
    return [lon + shift + xy[0] / plane.kx, lat + xy[1] / plane.ky]


def ring_of(shape: Scene) -> list[list[float]]:
    """The closed ring of a rectangle (``east``, ``north``) or of a ``ring``, metres."""
    if "ring" in shape:
        ring = [list(map(float, xy)) for xy in shape["ring"]]
        return ring if ring[0] == ring[-1] else [*ring, ring[0]]
    (west, east), (south, north) = shape["east"], shape["north"]
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def place(scene: Scene, where: Mapping[str, Any], shift: float = 0.0) -> Location:
    """The place that is asked about: a point where ``east`` and ``north`` are numbers, else a footprint."""
    accuracy = float(where.get("accuracy_m", 0.0))
    if "ring" not in where and not isinstance(where["east"], list):
        lon, lat = degrees(scene, (where["east"], where["north"]), shift)
        return Location.from_point(lon, lat, accuracy_m=accuracy)
    ring = [degrees(scene, xy, shift) for xy in ring_of(where)]
    return Location.from_footprint({"type": "Polygon", "coordinates": [ring]}, accuracy_m=accuracy)


def layers_of(scene: Scene, shift: float = 0.0) -> dict[str, Layer]:
    """The scene's own datasets by name."""
    accuracy = float(scene.get("accuracy_m", 1.0))
    found = {
        "boundaries/counties": Layer("units", _upper(scene, shift), accuracy_m=accuracy),
        "boundaries/townships": Layer(
            "units", _townships(scene, scene["townships"], shift), accuracy_m=accuracy
        ),
        "protected_areas/reserves": Layer(
            "zones", _zones(scene, shift), accuracy_m=accuracy, kinds=_known(scene)
        ),
    }
    for more in scene.get("more_units", ()):
        found[more["dataset"]] = Layer(
            "units", _townships(scene, more["townships"], shift), more["official"], more["accuracy_m"]
        )
    for more in scene.get("more_zones", ()):
        features = [_feature(scene, row, shift) for row in more["zones"]]
        found[more["dataset"]] = Layer("zones", features, more["official"], more["accuracy_m"], more["knows"])
    for name, dataset, role, kinds in (
        ("cells", "boundaries/grid", "grid", []),
        ("roads", "roads/roads", "roads", ["road_control"]),
        ("permits", "permits/permits", "permits", []),
    ):
        if scene.get(name):
            features = [_feature(scene, row, shift) for row in scene[name]]
            found[dataset] = Layer(role, features, accuracy_m=accuracy, kinds=kinds)
    return found


def _known(scene: Scene) -> list[str]:
    if scene.get("knows", "all") != "all":
        return list(scene["knows"])
    kinds = yaml.safe_load((ROOT / "data/law/zone_kinds.yaml").read_text(encoding="utf-8"))["kinds"]
    return [kind["kind"] for kind in kinds if not (kind["kind"] == "road_control" and scene.get("roads"))]


def _zones(scene: Scene, shift: float) -> list[dict[str, Any]]:
    far = FAR | {"code": "far", "name": "远处", "kind": _known(scene)[0], "from": BEGINS}
    return [_feature(scene, row, shift) for row in scene.get("zones") or [far]]


def _townships(scene: Scene, rows: Sequence[Scene], shift: float) -> list[dict[str, Any]]:
    rings = [ring_of(row) for row in rows]
    corners = [corner for ring in rings for corner in ring]
    unit = {"level": "township", "parent": COUNTY["code"], "from": BEGINS}
    return [
        _feature(scene, {**unit, **row, "ring": noded(ring, corners)}, shift)
        for row, ring in zip(rows, rings, strict=True)
    ]


def _upper(scene: Scene, shift: float) -> list[dict[str, Any]]:
    """City and county: one outline."""
    drawn = [scene["county"]] if "east" in scene.get("county", {}) else scene["townships"]
    outline = shapely.union_all([shapely.Polygon(ring_of(row)) for row in drawn])
    ring = {"ring": [list(xy) for xy in shapely.get_coordinates(outline)], "from": BEGINS}
    county = {**COUNTY, **{k: v for k, v in scene.get("county", {}).items() if k in ("code", "name")}}
    city = {**CITY, **scene.get("city", {})}
    return [
        _feature(scene, {**ring, **city, "level": "city"}, shift),
        _feature(scene, {**ring, **county, "level": "county", "parent": city["code"]}, shift),
    ]


def noded(ring: list[list[float]], corners: Iterable[list[float]]) -> list[list[float]]:
    """The ring with every corner that lies on one of its edges as a vertex, as neighbours must share them."""
    others = {tuple(map(float, corner)) for corner in corners}
    result: list[list[float]] = []
    for a, b in zip(ring[:-1], ring[1:], strict=True):
        edge = shapely.LineString([a, b])
        on = [c for c in others if c not in (tuple(a), tuple(b)) and edge.distance(shapely.Point(c)) == 0.0]
        result += [a, *(list(c) for c in sorted(on, key=lambda c: edge.project(shapely.Point(c))))]
    return [*result, ring[-1]]


def _feature(scene: Scene, row: Scene, shift: float) -> dict[str, Any]:
    drawn = ("east", "north", "ring", "line", "from", "until")
    said = {key: value for key, value in row.items() if key not in drawn}
    days = {"valid_from": _day(row.get("from", BEGINS)), "valid_to": _day(row.get("until"))}
    line = [degrees(scene, xy, shift) for xy in row.get("line", ())]
    ring = None if line else [degrees(scene, xy, shift) for xy in ring_of(row)]
    geometry = shapely.LineString(line) if line else shapely.Polygon(ring)
    return {"type": "Feature", "properties": {**said, **days}, "geometry": mapping(geometry)}


def _day(value: object) -> str | None:
    return None if value is None else str(value)


def write_scene(scene: Scene, folder: Path, shift: float = 0.0, only: Iterable[str] | None = None) -> Path:
    """Write the scene as a data folder, the layers ``only``, in their order; by default all of them."""
    layers = layers_of(scene, shift)
    chosen = list(layers if only is None else only)
    for name in SHIPPED:
        shutil.copytree(ROOT / "data" / name, folder / name, dirs_exist_ok=True)
    _add_powers(folder, scene.get("powers", ()))
    listed: dict[str, list[dict[str, Any]]] = {"boundaries": [], "protected_areas": []}
    for dataset in chosen:
        listed.setdefault(dataset.partition("/")[0], []).append(_write(folder, dataset, layers[dataset]))
    for name, rows in listed.items():
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "sources.yaml").write_text(
            yaml.safe_dump(rows, allow_unicode=True), encoding="utf-8"
        )
    return folder


def _write(folder: Path, dataset: str, layer: Layer) -> dict[str, Any]:
    path = folder / f"{dataset}.geojson"
    path.parent.mkdir(exist_ok=True)
    content = {"type": "FeatureCollection", "features": layer.features}
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return {
        "dataset": dataset,
        "file": path.name,
        "role": layer.role,
        "title": {"zh": f"示例 {dataset}", "en": f"sample {dataset}"},
        "origin": "made for a test",
        "licence": "none",
        "datum": "CGCS2000",
        "official": layer.official,
        "accuracy_m": layer.accuracy_m,
        "reach": "",
        "kinds": layer.kinds,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def _add_powers(folder: Path, entries: Sequence[Mapping[str, Any]]) -> None:
    if entries:
        rewrite_law(folder, "competence", lambda document: document["entries"].extend(entries))


def rewrite_law(folder: Path, name: str, change: Any) -> None:
    """Change a document of the folder's law and sign it anew."""
    path = folder / "law" / f"{name}.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")
    sign(path)


def sign(path: Path) -> None:
    """Put a file's checksum into the sources.yaml beside it."""
    listing = path.parent / "sources.yaml"
    rows = yaml.safe_load(listing.read_text(encoding="utf-8"))
    for row in rows:
        if row["file"] == path.name:
            row["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    listing.write_text(yaml.safe_dump(rows, allow_unicode=True), encoding="utf-8")


def clear(session: Session) -> None:
    """Remove every dataset version, so that a scene stands alone."""
    session.execute(delete(Source))


def load_scene(session: Session, scene: Scene, folder: Path, shift: float = 0.0) -> list[int]:
    """Load a scene in place of everything that was current; the ids of its versions."""
    clear(session)
    load_folder(session, write_scene(scene, folder, shift))
    return current(session)


def current(session: Session) -> list[int]:
    """The ids of the dataset versions that are current."""
    return list(session.scalars(select(Source.id).where(Source.retired_at.is_(None)).order_by(Source.id)))
