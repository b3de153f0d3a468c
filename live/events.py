"""Events about reports, as the JSON values that pages receive."""

from __future__ import annotations

import datetime as dt
from typing import Any

from core.clock import today
from reports.workflow import clock_of
from store.queries import Event


def event_as_dict(event: Event) -> dict[str, Any]:
    """Number, time and action of an event, and the report as it is now."""
    return {"seq": event.seq, "at": event.at, "action": event.action, "report": with_clock(event.report)}


def with_clock(report: dict[str, Any]) -> dict[str, Any]:
    """A report's values with ``clock`` added: 0 no due date, 1 in time, 2 due today, 3 overdue."""
    # The database sends the report as JSON, so its date is text; "today" is China's, which pages do not know.
    due_on = None if report["due_on"] is None else dt.date.fromisoformat(report["due_on"])
    return {**report, "clock": clock_of(due_on, report["status"], today())}
