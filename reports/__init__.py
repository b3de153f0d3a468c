"""The reports room: filing, queries, export, the public view, parcel cards, evidence, and the workflow until
a report becomes a case.

``filing`` takes a :class:`~reports.filing.Submission`, has it judged (``verdict``) and stores both;
``evidence`` stores files and compares photos with their report; ``workflow`` assigns reports and changes
their states. Functions take a database session, whose row security decides what they see and change, and
plain values. They know no HTTP request and no page. Whatever changes a report appends a step to the journal
in the same transaction.
"""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "CardOptions",
    "CoarseFilter",
    "FORMS",
    "Filed",
    "MAX_DESCRIPTION",
    "MAX_NAME",
    "Page",
    "Reporter",
    "Submission",
    "assign",
    "card_at",
    "card_of_number",
    "export_lines",
    "fetch_coarse",
    "fetch_overview",
    "fetch_report",
    "fetch_reporter",
    "fetch_reports",
    "file_report",
    "no_reporter",
    "sees_coarse",
    "transition",
]

if TYPE_CHECKING:
    from reports.export import FORMS, export_lines
    from reports.filing import MAX_DESCRIPTION, MAX_NAME, Filed, Reporter, Submission, file_report
    from reports.overview import fetch_overview
    from reports.parcel_card import CardOptions, card_at, card_of_number
    from reports.public_view import CoarseFilter, fetch_coarse, sees_coarse
    from reports.queries import Page, fetch_report, fetch_reports
    from reports.reporter import fetch_reporter, no_reporter
    from reports.workflow.assignment import assign, transition
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "reports.export": ["FORMS", "export_lines"],
            "reports.filing": [
                "Filed",
                "MAX_DESCRIPTION",
                "MAX_NAME",
                "Reporter",
                "Submission",
                "file_report",
            ],
            "reports.overview": ["fetch_overview"],
            "reports.parcel_card": ["CardOptions", "card_at", "card_of_number"],
            "reports.public_view": ["CoarseFilter", "fetch_coarse", "sees_coarse"],
            "reports.queries": ["Page", "fetch_report", "fetch_reports"],
            "reports.reporter": ["fetch_reporter", "no_reporter"],
            "reports.workflow.assignment": ["assign", "transition"],
        },
    )
