"""A judge with the verdict's columns and a rule that can be seen at a glance, for tests of files alone.

West of 112.5° E: unit 140522, clear. East of it: unit 140525, prohibited by zone "z/1" (and possibly "z/2").
"""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa
import shapely

from screening.schema import VERDICT_SCHEMA

MIDDLE = 112.5
DICTIONARIES = [field.name[3:] for field in VERDICT_SCHEMA if pa.types.is_dictionary(field.type)]
WEST_SAYS = {"effect": "clear", "certainty": "certain", "unit_code": "140522", "unit_name": "阳城县"}
EAST_SAYS = {
    **{"effect": "prohibited", "certainty": "probable", "unit_code": "140525", "unit_name": "泽州县"},
    **{"zones": "z/1;z/2", "zone_names": "一区;二区", "zone_kinds": "nature_reserve;nature_reserve"},
    "relations": "within;possible",
}


class Stub:
    """``screening.files.verdicts.BatchJudge`` without data; ``fail_at``: the call that breaks."""

    def __init__(self, fail_at: int | None = None, seconds: float = 0.0) -> None:
        self.calls = 0
        self.fail_at = fail_at
        self.seconds = seconds

    def points(self, lonlat: np.ndarray, accuracy_m: object) -> pa.Table:
        self.calls += 1
        if self.calls == self.fail_at:
            raise RuntimeError("the judge is gone")
        time.sleep(self.seconds)
        return self._table(lonlat[:, 0], accuracy_m)

    def footprints(self, shapes: np.ndarray, accuracy_m: object) -> pa.Table:
        return self._table(shapely.get_x(shapely.centroid(shapes)), accuracy_m)

    @staticmethod
    def _table(lon: np.ndarray, accuracy_m: object) -> pa.Table:
        east = (lon >= MIDDLE).astype(np.int32)
        n = len(lon)
        columns = {}
        for name in DICTIONARIES:
            words = [WEST_SAYS.get(name), EAST_SAYS.get(name)]
            known = [word for word in words if word is not None]
            codes = {word: place for place, word in enumerate(known)}
            numbers = np.array([codes.get(word, 0) for word in words], dtype=np.int32)[east]
            missing = np.array([word is None for word in words])[east]
            indices = pa.array(numbers, mask=missing)
            columns[f"zj_{name}"] = pa.DictionaryArray.from_arrays(indices, pa.array(known, pa.string()))
        columns["zj_share"] = pa.array(np.ones(n))
        columns["zj_edge_m"] = pa.array(np.abs(lon - MIDDLE) * 90_000.0 + np.zeros(n) + accuracy_m)
        columns["zj_other_units"] = columns["zj_error"] = pa.nulls(n, pa.string())
        return pa.Table.from_arrays([columns[name] for name in VERDICT_SCHEMA.names], schema=VERDICT_SCHEMA)
