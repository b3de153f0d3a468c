"""The law in the store: the current law book, the competence list, the calendar, and checks of them."""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "LawCheck",
    "ListLoadResult",
    "TermRequest",
    "book_of_files",
    "build_book",
    "cached_book",
    "check_current_law",
    "document_name",
    "fetch_book",
    "fetch_calendar",
    "fetch_law_versions",
    "fetch_term",
    "load_list",
    "parse_document",
    "unload_list",
]

if TYPE_CHECKING:
    from layers.lawbook.check import LawCheck, check_current_law
    from layers.lawbook.competence_list import ListLoadResult, fetch_law_versions, load_list, unload_list
    from layers.lawbook.documents import (
        book_of_files,
        build_book,
        cached_book,
        document_name,
        fetch_book,
        parse_document,
    )
    from layers.lawbook.workdays import TermRequest, fetch_calendar, fetch_term
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "layers.lawbook.check": ["LawCheck", "check_current_law"],
            "layers.lawbook.competence_list": [
                "ListLoadResult",
                "fetch_law_versions",
                "load_list",
                "unload_list",
            ],
            "layers.lawbook.documents": [
                "book_of_files",
                "build_book",
                "cached_book",
                "document_name",
                "fetch_book",
                "parse_document",
            ],
            "layers.lawbook.workdays": ["TermRequest", "fetch_calendar", "fetch_term"],
        },
    )
