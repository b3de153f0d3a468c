"""The workflow of a report: its states, due dates, assignments and urgency."""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "Assignment",
    "OPEN_STATUSES",
    "STATUSES",
    "clock_of",
    "fetch_assignable_people",
    "first_due",
    "report_progress",
]

if TYPE_CHECKING:
    from reports.workflow.assignment import Assignment, fetch_assignable_people
    from reports.workflow.deadlines import clock_of, first_due
    from reports.workflow.progress import report_progress
    from reports.workflow.states import OPEN_STATUSES, STATUSES
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "reports.workflow.assignment": ["Assignment", "fetch_assignable_people"],
            "reports.workflow.deadlines": ["clock_of", "first_due"],
            "reports.workflow.progress": ["report_progress"],
            "reports.workflow.states": ["OPEN_STATUSES", "STATUSES"],
        },
    )
