"""Checks before judging: the boundary data reach the day, and the law book knows the category."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

from core.errors import BadInput
from core.i18n import N_
from facts import SourceRef
from law import LawBook


def checked_book(
    sources: Iterable[SourceRef], as_of: dt.date, category: str, fetch: Callable[[], LawBook]
) -> LawBook:
    """The law book that ``fetch`` returns, after the day and the category are checked, in this order.

    ``sources``: those of the day ``as_of``. ``fetch`` is called only after the day is accepted: without
    boundaries there is usually no law either, and the missing boundaries are what the user must load.
    Raises BadInput (field ``as_of`` or ``category``).
    """
    check_day(sources, as_of)
    book = fetch()
    check_category(book, category)
    return book


def check_day(sources: Iterable[SourceRef], as_of: dt.date) -> None:
    """Raise BadInput (field ``as_of``) for a day before all boundary data begin, or without any."""
    units = [source for source in sources if source.role == "units"]
    if not units:
        raise BadInput(
            N_("No boundary data are loaded."), field="as_of", hint=N_("Load them with `zhijie load`.")
        )
    begins = [source.begins for source in units if source.begins is not None]
    if len(begins) == len(units) and as_of < min(begins):
        raise BadInput(
            N_("No boundary data reach back to {as_of}."),
            field="as_of",
            hint=N_("Give a day from {begins} on, or load older boundaries."),
            as_of=as_of,
            begins=min(begins),
        )


def check_category(book: LawBook, category: str) -> None:
    """Raise BadInput for a category that the law book does not have."""
    if category not in book.categories:
        raise BadInput(
            N_("The category {category} is unknown."),
            field="category",
            hint=N_("Use one of: {known}."),
            category=category,
            known=", ".join(sorted(book.categories)),
        )
