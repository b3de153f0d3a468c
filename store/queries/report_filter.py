"""Criteria of reports for lists, tiles, feed and statistics: one frozen value, rendered as SQL."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from typing import Any, Final

from geo import stem
from store.queries.features import Box
from store.schema.datasets import SRID

# Conditions on the table report. The SQL is constant; values are bound as parameters.
_CONDITIONS: Final = {
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
    "right": "(unit_code ^@ ANY((SELECT zhijie_stems(:right))::text[])"
    " OR (unit_code IS NULL AND (SELECT zhijie_outside(:right))))",
}


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """Criteria, ANDed; an empty tuple, None or False sets none.

    ``unit``: a unit code; its descendants count. ``since``, ``until``: days of receipt in Beijing time, both
    included. ``mine``: assigned to the account of the session. ``bbox``: west, south, east, north, CGCS2000
    degrees. ``received_from``: the first moment of receipt, for clients that poll. ``right``: only of
    units for which the credential has this right, too.
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
    right: str | None = None

    def parts(self) -> dict[str, Any]:
        """Return the criteria that are set, by name."""
        return {name: value for name in _NAMES if (value := getattr(self, name))}

    def sql(self) -> tuple[str, dict[str, Any]]:
        """Return (" AND …" for a WHERE on the table ``report``, values of its parameters)."""
        parts = self.parts()
        values: dict[str, Any] = {}
        for name, value in parts.items():
            values |= _values(name, value)
        return "".join(f" AND {_CONDITIONS[name]}" for name in parts), values

    @property
    def whole_months(self) -> bool:
        """Whether ``since`` and ``until`` are bounds of months, so that monthly counts suffice."""
        begins = self.since is None or self.since.day == 1
        return begins and (self.until is None or (self.until + dt.timedelta(1)).day == 1)


_NAMES: Final = tuple(field.name for field in fields(ReportFilter))


def _values(name: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 - of one criterion
    """Return the values of one criterion's parameters, by their names."""
    if name == "bbox":
        return dict(zip(("west", "south", "east", "north"), value, strict=True))
    if isinstance(value, bool):  # its condition has no parameter
        return {}
    if name == "unit":
        return {name: stem(value)}
    return {name: list(value) if isinstance(value, tuple) else value}
