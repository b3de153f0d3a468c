"""Server-sent events about reports, as the bytes that clients receive."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from core.clock import today
from live.seal import Seal
from reports.workflow import clock_of
from store.queries import Event

Message = tuple[int, bytes]  # step number, the server-sent event


def message(seal: Seal, name: str, seq: int, data: dict[str, Any]) -> Message:
    """An event with the sealed number of its step, as its id and as ``seq`` of its data."""
    number = seal.hide(seq)
    body = json.dumps({"seq": number, **data}, ensure_ascii=False, separators=(",", ":"))
    return seq, f"id: {number}\nevent: {name}\ndata: {body}\n\n".encode()


def report_message(seal: Seal, event: Event) -> Message:
    """The event ``report``: time and action of a step, and the report as it is now."""
    return message(
        seal,
        "report",
        event.seq,
        {"at": event.at, "action": event.action, "report": with_clock(event.report)},
    )


def with_clock(report: dict[str, Any]) -> dict[str, Any]:
    """A report's values with ``clock`` added: 0 no due date, 1 in time, 2 due today, 3 overdue."""
    # The database sends the report as JSON, so its date is text; "today" is China's, which pages do not know.
    due_on = None if report["due_on"] is None else dt.date.fromisoformat(report["due_on"])
    return {**report, "clock": clock_of(due_on, report["status"], today())}
