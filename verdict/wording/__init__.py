"""Verdicts, the law and changes of the law in words, Chinese or English, for screens and the command line."""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "LawChangeQuery",
    "clock_rows",
    "explain",
    "finding_rows",
    "findings_summary",
    "joined",
    "listed",
    "term_as_dict",
    "term_lines",
    "trace_lines",
    "verdict_with_words",
]

if TYPE_CHECKING:
    from verdict.wording.law import (
        clock_rows,
        finding_rows,
        findings_summary,
        joined,
        listed,
        term_as_dict,
        term_lines,
    )
    from verdict.wording.law_change import LawChangeQuery, explain
    from verdict.wording.verdict import trace_lines, verdict_with_words
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "verdict.wording.law": [
                "clock_rows",
                "finding_rows",
                "findings_summary",
                "joined",
                "listed",
                "term_as_dict",
                "term_lines",
            ],
            "verdict.wording.law_change": ["LawChangeQuery", "explain"],
            "verdict.wording.verdict": ["trace_lines", "verdict_with_words"],
        },
    )
