"""Which reports are looked at: one frozen value for tiles, feed, figures and the stream, and its SQL."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from typing import Any, Final

from geo.unit_codes import stem

# Of the table report. Allow-listed text; the values are bound.
_PARTS: Final = {
    "unit": "unit_code ^@ :unit",
    "category": "category = ANY(:category)",
    "effect": "effect = ANY(:effect)",
    "status": "status = ANY(:status)",
    "zone": "zone_kinds && :zone",
    "since": "received_at >= (CAST(:since AS date)::timestamp AT TIME ZONE 'Asia/Shanghai')",
    "until": "received_at < ((CAST(:until AS date) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai')",
    "overdue": "overdue",
    "urgent": "urgent",
    "mine": "holder_account = (SELECT zhijie_account())",
}


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """Every part narrows; an empty tuple, None or False lets everything pass.

    ``since``, ``until``: days of receipt in Beijing time, both included. ``mine``: held by who asks.
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

    def parts(self) -> dict[str, Any]:
        """What narrows, by name."""
        return {name: value for name in _NAMES if (value := getattr(self, name))}

    def sql(self) -> tuple[str, dict[str, Any]]:
        """(" AND …" for a WHERE over ``report``, its parameters)."""
        parts = self.parts()
        return "".join(f" AND {_PARTS[name]}" for name in parts), {
            name: _value(name, value) for name, value in parts.items() if f":{name}" in _PARTS[name]
        }

    @property
    def whole_months(self) -> bool:
        """Whether its span of days, where it has one, is made of whole months."""
        begins = self.since is None or self.since.day == 1
        return begins and (self.until is None or (self.until + dt.timedelta(1)).day == 1)


_NAMES: Final = tuple(one.name for one in fields(ReportFilter))


def _value(name: str, value: Any) -> Any:  # noqa: ANN401 - one of the parts
    if name == "unit":
        return stem(value)
    return list(value) if isinstance(value, tuple) else value
