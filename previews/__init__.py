"""The previews room: the effect that a change of boundaries or of the law would have on past reports.

``boundary_change`` takes two days or two sets of dataset versions and returns changed units and reports with
another lead unit; ``law_change`` takes a candidate dataset and returns pairs of decisions on past reports.
The ``*_wording`` modules put both into words, JSON and CSV. Nothing is stored: a candidate is loaded inside a
savepoint, which is rolled back. Judging itself is left to ``verdict``.
"""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "CSV_HEAD",
    "Comparison",
    "Period",
    "Summary",
    "UnitPreview",
    "comparison_as_dict",
    "comparison_row",
    "csv_row",
    "differences_summary",
    "effect_rows",
    "lead_change_rows",
    "lead_rows",
    "preview_as_dict",
    "preview_law",
    "preview_summary",
    "preview_units",
    "summary_as_dict",
    "unit_rows",
    "unit_side",
]

if TYPE_CHECKING:
    from previews.boundary_change import UnitPreview, preview_units, unit_side
    from previews.boundary_wording import lead_change_rows, preview_as_dict, preview_summary, unit_rows
    from previews.law_change import Comparison, Period, Summary, preview_law
    from previews.law_wording import (
        CSV_HEAD,
        comparison_as_dict,
        comparison_row,
        csv_row,
        differences_summary,
        effect_rows,
        lead_rows,
        summary_as_dict,
    )
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "previews.boundary_change": ["UnitPreview", "preview_units", "unit_side"],
            "previews.boundary_wording": [
                "lead_change_rows",
                "preview_as_dict",
                "preview_summary",
                "unit_rows",
            ],
            "previews.law_change": ["Comparison", "Period", "Summary", "preview_law"],
            "previews.law_wording": [
                "CSV_HEAD",
                "comparison_as_dict",
                "comparison_row",
                "csv_row",
                "differences_summary",
                "effect_rows",
                "lead_rows",
                "summary_as_dict",
            ],
        },
    )
