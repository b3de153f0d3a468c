"""For tests of snapshots: a small world with a row of every kind; a snapshot as plain values."""

from __future__ import annotations

import datetime as dt
from typing import Any

import shapely

from facts.memory.snapshot import Snapshot

DAY = dt.date(2024, 6, 1)

WEST_TOWN: dict[str, Any] = {"code": "140591201", "name": "西乡", "east": [-4000, 0], "north": [-4000, 4000]}
EAST_TOWN: dict[str, Any] = {"code": "140591101", "name": "东镇", "east": [0, 4000], "north": [-4000, 4000]}
CORE: dict[str, Any] = {
    **{"code": "reserve/core", "name": "青山", "kind": "nature_reserve", "grade": "core"},
    **{"east": [-3000, 1000], "north": [-1000, 1000]},
}
SCENE: dict[str, Any] = {
    "townships": [WEST_TOWN, EAST_TOWN],
    "zones": [
        {**CORE, "code": "z2", "name": "河道", "kind": "river", "grade": None},
        CORE,
        {**CORE, "code": "z1", "name": "往年", "until": "2020-01-01"},
    ],
    "cells": [
        {
            **{"code": "140591201000001", "name": "一格", "township": "140591201", "issuer": "示例县"},
            **{"worker": "张某", "team": "西乡队", "east": [-4000, 0], "north": [-4000, 4000]},
        }
    ],
    "permits": [
        {
            **{"number": number, "holder": "张三", "uses": ["rural_building"], "issuer": "局", "note": None},
            **{"zone_kinds": ["village_planning"], "east": [-500, 500], "north": [-500, 500]},
            **{"from": begins, "until": until},
        }
        for number, begins, until in (
            ("B-1", "2018-01-01", "2019-01-01"),
            ("A-1", "2023-01-01", None),
            ("A-1", "2017-01-01", "2018-01-01"),
        )
    ],
}


def said(snapshot: Snapshot) -> Any:
    """All that a snapshot holds, as plain values."""
    layers = [*snapshot.units, snapshot.zones, snapshot.cells, snapshot.permits]
    return [
        *(snapshot.key, snapshot.begins, snapshot.ends, snapshot.sources),
        *((layer.rows, shapely.to_wkb(layer.shapes.all()).tolist()) for layer in layers if layer),
    ]
