"""The benchmark's world as a store of Zhijie's own: a data folder, loaded by the loader that every user has.

Districts are the counties, townships stand under the district that their code begins with, zones have kinds
and grades that the law knows; all are official, good to 5 m. Law and calendar are those that are shipped.
The files are FlatGeobuf, which the loader reads as it reads GeoJSON: smaller, and true to the last bit.

One check of the loader is waived: it takes gaps under 10 m for bad digitising, and the world's coast has 29
creeks that narrow (the townships are a valid coverage, which is checked here as everywhere).
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import geopandas as gpd
import numpy as np
import pyogrio
import yaml
from sqlalchemy import Engine, text

from accounts.accounts import NewAccount, add_account
from accounts.keys import KeyRequest, make_key
from accounts.postings import EVERYWHERE, NewPosting
from benchmarks.world import World
from core.settings import ROOT, Settings
from facts.lookup import use_memory
from layers.loading.load import load_folder
from layers.readers import units
from store.cluster.cluster import Cluster, default_home
from store.engine import make_engine, migrate, open_session
from verdict.inquiry import Inquiry, Limits, answer

SHIPPED: Final = ("law", "calendar")
CATEGORY: Final = "livestock_farm"  # what is asked of it
BEGINS: Final = "2016-01-01"
ACCURACY_M: Final = 5.0
GRADES: Final[tuple[tuple[str, str | None], ...]] = (  # by the world's number of a kind
    ("nature_reserve", "core"),
    ("ecological_redline", None),
    ("water_source", "level2"),
    ("permanent_farmland", None),
    ("heritage", "control"),
    ("livestock_ban", None),
)
ANALYSE: Final = ("unit", "zone", "unit_piece", "zone_piece")


UNBOUND: Final = "1000000/second"  # of a rate that is not what is measured


@contextmanager
def open_store(world: World) -> Iterator[Settings]:
    """Settings of a store that holds the world, in a PostGIS of its own that is stopped afterwards.

    The database is kept: loading the whole country takes some four minutes, and what is loaded already the
    loader leaves alone. It lies in ``build/bench`` or, for root, under ``/var/lib/zhijie``. The index files
    are not kept: they are built here, by a first question.
    """
    home = world.folder.with_name(f"{world.folder.name}-store")
    write_folder(world, home / "data")
    shutil.rmtree(home / "cache", ignore_errors=True)
    cluster = Cluster(default_home(None, home), fast=True)
    try:
        owner, web = (url.replace("+psycopg2", "") for url in (cluster.start(), cluster.app_url))
        kept = {"cache_dir": home / "cache", "data_dir": home / "data"}
        settings = Settings(database_url=owner, app_database_url=web, check_rate=UNBOUND, **kept)
        _load(settings, world.border[0].tolist())
        yield settings
    finally:
        cluster.stop()


def _load(settings: Settings, place: Sequence[float]) -> None:
    """Bring the store in step with its data folder, and its index files with the store."""
    engine = use_memory(make_engine(settings), settings)
    try:
        migrate(engine)
        with open_session(engine) as session, patch.object(units, "SLIVER_DEG", 0.0):
            loaded = load_folder(session, settings.data_dir)
        if any(one.outcome == "loaded" for one in loaded):
            _analyse(engine)
        with open_session(engine) as session:
            answer(session, Inquiry(CATEGORY, *place), Limits.of(settings))
    finally:
        engine.dispose()


def environment(settings: Settings) -> dict[str, str]:
    """The same settings as a process takes them."""
    named = ("database_url", "app_database_url", "check_rate", "cache_dir", "data_dir")
    return {f"ZHIJIE_{name.upper()}": str(getattr(settings, name)) for name in named}


def credential(settings: Settings) -> dict[str, str]:
    """The header of an API key of a new account that may ask."""
    engine = make_engine(settings)
    try:
        with open_session(engine) as session:
            person = NewAccount(f"bench-{secrets.token_hex(4)}", "")
            account = add_account(session, person, NewPosting("gis", EVERYWHERE))
            key = make_key(session, account, KeyRequest("benchmark", ["check"], 1))[1]
    finally:
        engine.dispose()
    return {"Authorization": f"Bearer {key}"}


def write_folder(world: World, folder: Path) -> None:
    """Write the world as a data folder, where that is not there yet."""
    if (folder / "protected_areas" / "sources.yaml").exists():  # written last
        return
    shutil.rmtree(folder, ignore_errors=True)
    for name in SHIPPED:
        shutil.copytree(ROOT / "data" / name, folder / name)
    counties, townships = world.districts, world.townships
    listed = [
        _write(folder, "boundaries/counties", _dated(counties, level="county"), "units"),
        _write(
            folder,
            "boundaries/townships",
            _dated(townships, level="township", parent=townships["code"].str[:6]),
            "units",
        ),
    ]
    _list(folder / "boundaries", listed)
    known = yaml.safe_load((folder / "law" / "zone_kinds.yaml").read_text(encoding="utf-8"))["kinds"]
    kinds = [kind["kind"] for kind in known]  # a kind that has no zone in the world is known to have none
    _list(folder / "protected_areas", [_write(folder, "protected_areas/zones", zones(world), "zones", kinds)])


def zones(world: World) -> gpd.GeoDataFrame:
    """The world's zones as the loader wants them."""
    kinds, grades = (np.array(column, dtype=object) for column in zip(*GRADES, strict=True))
    number = world.zones["kind"].to_numpy()
    codes = [f"bench/{zone}" for zone in world.zones["zone"]]
    frame = world.zones[["name", "geometry"]]
    return _dated(frame, code=codes, kind=kinds[number], grade=grades[number])


def _dated(frame: gpd.GeoDataFrame, **columns: Any) -> gpd.GeoDataFrame:  # noqa: ANN401
    return frame.assign(**columns, valid_from=BEGINS)


def _write(
    folder: Path, dataset: str, frame: gpd.GeoDataFrame, role: str, kinds: list[str] | None = None
) -> dict[str, Any]:
    """Write a dataset's file; its entry for sources.yaml."""
    path = folder / f"{dataset}.fgb"
    path.parent.mkdir(exist_ok=True)
    # without its index a FlatGeobuf keeps the order of the rows
    pyogrio.write_dataframe(frame, path, driver="FlatGeobuf", promote_to_multi=True, SPATIAL_INDEX="NO")
    return {
        "dataset": dataset,
        "file": path.name,
        "role": role,
        "title": {"zh": f"基准测试 {dataset}", "en": f"benchmark {dataset}"},
        "origin": "made for the benchmark",
        "licence": "none",
        "datum": "CGCS2000",
        "official": True,
        "accuracy_m": ACCURACY_M,
        "reach": "",
        "kinds": kinds or [],
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def _list(folder: Path, entries: list[dict[str, Any]]) -> None:
    (folder / "sources.yaml").write_text(yaml.safe_dump(entries, allow_unicode=True), encoding="utf-8")


def _analyse(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connected:
        for table in ANALYSE:
            connected.execute(text(f"VACUUM ANALYZE {table}"))
