"""An event about a report as pages are told it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from core.clock import today
from reports.workflow.deadlines import clock_of
from store.queries.events import Event


def event_as_dict(event: Event) -> dict[str, Any]:
    """What happened, when, and what the report is now."""
    return {"seq": event.seq, "at": event.at, "action": event.action, "report": with_clock(event.report)}


def with_clock(report: dict[str, Any]) -> dict[str, Any]:
    """A report as the store tells it, with how near its day is."""
    due_on = None if report["due_on"] is None else dt.date.fromisoformat(report["due_on"])
    return {**report, "clock": clock_of(due_on, report["status"], today())}
