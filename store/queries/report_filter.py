"""Criteria of reports for lists, tiles, feed and statistics: one frozen value, rendered as SQL."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from typing import Any, Final

from geo.unit_codes import stem
from store.queries.features import Box
from store.schema.datasets import SRID

# Conditions on the table report. The text is fixed here; values are bound.
_PARTS: Final = {
    "unit": "unit_code ^@ :unit",
    "bbox": f"ST_Intersects(geom, ST_MakeEnvelope(:west, :south, :east, :north, {SRID}))",
    "category": "category = ANY(:category)",
    "effect": "effect = ANY(:effect)",
    "status": "status = ANY(:status)",
    "zone": "zone_kinds && :zone",
    "since": "received_at >= (CAST(:since AS date)::timestamp AT TIME ZONE 'Asia/Shanghai')",
    "received_from": "received_at >= :received_from",
    "until": "received_at < ((CAST(:until AS date) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai')",
    "overdue": "overdue",
    "urgent": "urgent",
    "mine": "holder_account = (SELECT zhijie_account())",
}


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """Criteria, ANDed; an empty tuple, None or False sets none.

    ``unit``: a unit code; its descendants count. ``since``, ``until``: days of receipt in Beijing time, both
    included. ``mine``: assigned to the account of the session. ``bbox``: west, south, east, north, CGCS2000
    degrees. ``received_from``: the first moment of receipt, for clients that poll.
    """

    unit: str | None = None
    category: tuple[str, ...] = ()
    effect: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    zone: tuple[str, ...] = ()
    since: dt.date | None = None
    until: dt.date | None = None
    overdue: bool = False
    urgent: bool = False
    mine: bool = False
    bbox: Box | None = None
    received_from: dt.datetime | None = None

    def parts(self) -> dict[str, Any]:
        """The criteria that are set, by name."""
        return {name: value for name in _NAMES if (value := getattr(self, name))}

    def sql(self) -> tuple[str, dict[str, Any]]:
        """(" AND …" for a WHERE over the table ``report``, values of its parameters)."""
        parts = self.parts()
        values: dict[str, Any] = {}
        for name, value in parts.items():
            values |= _values(name, value)
        return "".join(f" AND {_PARTS[name]}" for name in parts), values

    @property
    def whole_months(self) -> bool:
        """Whether the days from ``since`` to ``until`` are whole months, so that monthly counts answer."""
        begins = self.since is None or self.since.day == 1
        return begins and (self.until is None or (self.until + dt.timedelta(1)).day == 1)


_NAMES: Final = tuple(one.name for one in fields(ReportFilter))


def _values(name: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 - of one criterion
    """The bound values of one criterion, by the names of its parameters."""
    if name == "bbox":
        return dict(zip(("west", "south", "east", "north"), value, strict=True))
    if isinstance(value, bool):  # its condition has no parameter
        return {}
    if name == "unit":
        return {name: stem(value)}
    return {name: list(value) if isinstance(value, tuple) else value}
