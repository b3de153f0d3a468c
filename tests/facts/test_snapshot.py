"""The store in memory: what it holds is what PostGIS tells, layer by layer, on each day, for each session."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, box
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from support.scenes import ORIGIN, load_scene, write_scene
from support.snapshots import CORE, DAY, EAST_TOWN, SCENE, WEST_TOWN

from facts.memory.cache import SnapshotCache
from facts.memory.snapshot import snapshot_of, versions_key
from facts.model import PlaceFacts
from facts.postgis import fetch_facts_of_days
from geo.index.cell_index import CoverageIndex, OverlapIndex
from geo.place.location import Location
from layers.loading.load import load_folder
from store.schema.datasets import SRID, Source, Unit

MERGER = dt.date(2021, 1, 1)
BEFORE = MERGER - dt.timedelta(days=1)
GULONG = "140522204"  # part of 次营镇 since the merger


@pytest.fixture
def cache() -> SnapshotCache:
    """Memory only."""
    return SnapshotCache(None)


def _told(session: Session) -> PlaceFacts:
    """What PostGIS says of a place from which everything in the scene is in reach."""
    lon, lat = ORIGIN
    return fetch_facts_of_days(session, Location.from_point(lon - 1e-4, lat, accuracy_m=3000.0), (DAY,))[0]


# What it holds


def test_it_holds_what_postgis_tells(session: Session, tmp_path: Path, cache: SnapshotCache) -> None:
    load_scene(session, SCENE, tmp_path)
    told = _told(session)
    snapshot = snapshot_of(session, DAY, cache)
    assert repr(snapshot.sources) == repr(told.sources)  # 200 is not 200.0 in a verdict's bytes
    units = {(layer.level, row.code, row.name, row.ends) for layer in snapshot.units for row in layer.rows}
    assert units == {(hit.level, hit.code, hit.name, hit.ends) for hit in told.units}
    assert snapshot.zones is not None
    assert [(z.source_id, z.id, z.kind, z.grade, z.name, repr(z.near_m)) for z in snapshot.zones.rows] == [
        (z.source_id, z.id, z.kind, z.grade, z.name, repr(z.near_m)) for z in told.zones
    ]
    assert snapshot.zones.farthest_m == max(zone.near_m for zone in told.zones) > 0
    assert snapshot.cells is not None
    assert snapshot.cells.rows == told.cells
    assert snapshot.permits is not None
    strip = [(p.number, p.holder, p.uses, p.zone_kinds, p.begins, p.ends) for p in snapshot.permits.rows]
    assert strip == [(p.number, p.holder, p.uses, p.zone_kinds, p.begins, p.ends) for p in told.permits]


def test_rows_stand_by_code_each_with_its_own_area(
    session: Session, tmp_path: Path, cache: SnapshotCache
) -> None:
    load_scene(session, SCENE, tmp_path)
    townships = next(u for u in snapshot_of(session, DAY, cache).units if u.level == "township")
    assert [row.code for row in townships.rows] == ["140591101", "140591201"]
    assert isinstance(townships.index, CoverageIndex)
    inside = np.array([[ORIGIN[0] + 0.01, ORIGIN[1]], [ORIGIN[0] - 0.01, ORIGIN[1]], [0.0, 0.0]])
    assert townships.index.locate(inside).tolist() == [0, 1, -1]
    assert [townships.position(row.code) for row in townships.rows] == [0, 1]
    with pytest.raises(LookupError):
        townships.position("140591150")
    np.testing.assert_array_equal(townships.bounds(), shapely.bounds(townships.shapes.all()))
    for east, n in ((0.01, 0), (-0.01, 1)):
        assert townships.shapes[n].contains(shapely.Point(ORIGIN[0] + east, ORIGIN[1]))


def test_the_shipped_data_are_one_coverage_a_level(session: Session, cache: SnapshotCache) -> None:
    snapshot = snapshot_of(session, DAY, cache)
    assert [(u.source.dataset, u.level) for u in snapshot.units] == [
        ("boundaries/counties", "city"),
        ("boundaries/counties", "county"),
        ("boundaries/townships", "township"),
    ]
    assert all(isinstance(layer.index, CoverageIndex) for layer in snapshot.units)
    assert snapshot.permits is not None
    assert len(snapshot.permits.rows) == 8  # the sample ones


def test_a_store_without_anything_has_an_empty_snapshot(session: Session, cache: SnapshotCache) -> None:
    session.query(Source).delete()
    empty = snapshot_of(session, DAY, cache)
    assert (empty.sources, empty.units, empty.zones, empty.cells, empty.permits) == ((), (), None, None, None)
    assert empty.covers(dt.date.min)
    assert empty.covers(dt.date.max)


def test_units_that_overlap_are_indexed_as_such_and_told_of_once(
    session: Session, cache: SnapshotCache, caplog: pytest.LogCaptureFixture
) -> None:
    source = session.scalars(select(Source).where(Source.dataset == "boundaries/townships")).one()
    twin = func.ST_GeomFromText(MultiPolygon([box(112.3, 35.5, 112.5, 35.7)]).wkt, SRID)
    always = func.daterange(None, None)
    session.add(
        Unit(source_id=source.id, code="1405229", name="重", level="township", valid=always, geom=twin)
    )
    session.flush()
    with caplog.at_level(logging.WARNING, "zhijie.snapshot"):
        snapshots = [snapshot_of(session, day, cache) for day in (BEFORE, DAY)]
    for snapshot in snapshots:
        assert isinstance(snapshot.units[-1].index, OverlapIndex)
        assert isinstance(snapshot.units[0].index, CoverageIndex)
    assert [record.getMessage() for record in caplog.records] == [
        "boundaries/townships: units of the level township overlap, or their borders do not match"
    ]


# Days


def test_days_before_and_after_a_merger_differ_and_share_the_rest(
    session: Session, cache: SnapshotCache
) -> None:
    before, after = snapshot_of(session, BEFORE, cache), snapshot_of(session, MERGER, cache)
    assert GULONG in {row.code for row in before.units[-1].rows}
    assert GULONG not in {row.code for row in after.units[-1].rows}
    assert before.units[-1].rows[before.units[-1].position(GULONG)].ends == MERGER
    assert (before.ends, after.begins) == (MERGER, MERGER)
    assert before.key != after.key
    assert [a.index is b.index for a, b in zip(before.units, after.units, strict=True)] == [True, True, False]
    assert before.zones is not None
    assert after.zones is not None
    assert before.zones.index is after.zones.index


def test_a_day_of_the_same_span_is_the_same_snapshot(session: Session, cache: SnapshotCache) -> None:
    after = snapshot_of(session, MERGER, cache)
    assert snapshot_of(session, DAY, cache) is after
    assert after.covers(DAY)
    assert not after.covers(BEFORE)


@pytest.mark.parametrize("day", ["2015-12-31", "2016-01-01", "2020-12-31", "2021-01-01"])
def test_on_each_side_of_a_change_the_units_are_those_of_the_day(
    session: Session, cache: SnapshotCache, day: str
) -> None:
    when = dt.date.fromisoformat(day)
    current = select(Unit.code).join(Source).where(Source.retired_at.is_(None), Source.role == "units")
    codes = session.scalars(current.where(Unit.valid.contains(when), Unit.geom.is_not(None))).all()
    found = [row.code for layer in snapshot_of(session, when, cache).units for row in layer.rows]
    assert sorted(found) == sorted(codes)


def test_zones_of_the_day_but_permits_of_all_days(
    session: Session, tmp_path: Path, cache: SnapshotCache
) -> None:
    load_scene(session, SCENE, tmp_path)
    then, now = snapshot_of(session, dt.date(2019, 12, 31), cache), snapshot_of(session, DAY, cache)
    assert then.zones is not None
    assert now.zones is not None
    assert [z.id for z in then.zones.rows] == ["reserve/core", "z1", "z2"]
    assert [z.id for z in now.zones.rows] == ["reserve/core", "z2"]
    assert then.permits is not None
    assert now.permits is not None
    assert then.permits.index is now.permits.index
    assert [(p.number, p.begins) for p in now.permits.rows] == [
        ("A-1", dt.date(2017, 1, 1)),
        ("A-1", dt.date(2023, 1, 1)),
        ("B-1", dt.date(2018, 1, 1)),
    ]


# Versions


def test_a_new_version_of_one_dataset_leaves_the_other_layers(
    session: Session, tmp_path: Path, cache: SnapshotCache
) -> None:
    load_scene(session, SCENE, tmp_path / "old")
    old, old_key = snapshot_of(session, DAY, cache), versions_key(session)
    changed = {**SCENE, "zones": [{**CORE, "east": [-3000, 2000]}]}
    load_folder(session, write_scene(changed, tmp_path / "new"))
    new = snapshot_of(session, DAY, cache)
    assert versions_key(session) != old_key
    assert new.key != old.key
    assert [a.index is b.index for a, b in zip(old.units, new.units, strict=True)] == [True] * 3
    assert old.zones is not None
    assert new.zones is not None
    assert (len(old.zones.rows), len(new.zones.rows)) == (2, 1)
    load_folder(session, tmp_path / "old")
    assert versions_key(session) == old_key
    assert snapshot_of(session, DAY, cache) is old


def test_what_is_not_committed_is_seen_by_its_own_session_alone(
    engine: Engine, session: Session, tmp_path: Path, cache: SnapshotCache
) -> None:
    with Session(engine) as other:
        before = snapshot_of(other, DAY, cache)
        load_scene(session, SCENE, tmp_path)
        own = snapshot_of(session, DAY, cache)
        assert {row.code for row in own.units[-1].rows} == {"140591101", "140591201"}
        assert snapshot_of(other, DAY, cache) is before


def test_what_was_rolled_back_is_never_mistaken_for_what_comes_after(
    session: Session, tmp_path: Path, cache: SnapshotCache
) -> None:
    keys = []
    for name, town in (("a", "先乡"), ("b", "后乡")):
        savepoint = session.begin_nested()
        scene = {**SCENE, "townships": [{**WEST_TOWN, "name": town}, EAST_TOWN]}
        load_scene(session, scene, tmp_path / name)
        snapshot = snapshot_of(session, DAY, cache)
        keys.append(snapshot.key)
        assert snapshot.units[-1].rows[1].name == town
        savepoint.rollback()
    assert len(set(keys)) == 2


# Shapes


def test_threads_decode_the_same_areas(session: Session, cache: SnapshotCache) -> None:
    shapes = snapshot_of(session, DAY, cache).units[-1].shapes
    wanted = shapely.from_wkb([shape.wkb for shape in shapes.all()])
    fresh = snapshot_of(session, DAY, SnapshotCache(None)).units[-1].shapes
    faults: list[int] = []

    def compare() -> None:
        faults.extend(n for n in range(len(fresh)) if not fresh[n].equals(wanted[n]))

    threads = [threading.Thread(target=compare) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert fresh[3] is fresh[3]
    assert fresh.all()[3].equals(wanted[3])
    assert fresh.all() is fresh.all()
    with pytest.raises(IndexError):
        fresh[len(fresh)]
