"""Cells, PostGIS, screening and single check answer alike, to the byte: ``benchmarks.agreement`` in small."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from support.scenes import load_scene

from benchmarks.agreement import CASE, Ways, compare, locations
from benchmarks.calibration.world import reserve_scene
from core.settings import Settings
from facts.lookup import set_memory, use_memory
from screening.screener import ScreenTask, open_screener
from store.engine import make_engine

COUNT = 300


@pytest.fixture(scope="module")
def ways(clone: Callable[[str], Engine], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ways]:
    """The reserve of the calibration, asked through both engines."""
    engine = use_memory(clone("zhijie_every_way_test"), Settings())
    alone = make_engine(Settings(), engine.url.render_as_string(hide_password=False))
    set_memory(alone, None)
    with Session(engine) as session:
        load_scene(session, reserve_scene(), Path(tmp_path_factory.mktemp("scene")))
        session.commit()
    task = ScreenTask(CASE.category, CASE.as_of, CASE.asked_on)
    with Session(engine) as cells, Session(alone) as postgis:
        yield Ways(cells, postgis, open_screener(engine, Settings(), task))
    alone.dispose()


@pytest.mark.parametrize("kind", ["points", "footprints"])
def test_every_way_of_asking_has_one_answer(ways: Ways, kind: str) -> None:
    assert list(compare(ways, list(islice(locations(kind, COUNT, 5), COUNT)))) == []
