"""Permits: for which uses, where and until when somebody may do what a zone prohibits.

Properties of a feature: number, holder, issuer; ``uses`` (codes of violation categories) and ``zone_kinds``
(the kinds whose prohibition it lifts), each a list or a text with commas; valid_from, valid_to (the first day
on which it is no longer in force), note. A permit without a first day would lift the prohibitions of all the
past: it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from core.errors import BadData
from core.i18n import N_
from law.book import LawBook
from layers.readers.feature_table import (
    need_text,
    optional_text,
    read_features,
    rows_of,
    sound_area,
    stored,
    valid_range,
)
from layers.readers.units import Rows
from layers.registry.sources import Dataset

COMMAS: Final = re.compile(r"[,，、;；\s]+")


def read_permits(dataset: Dataset, book: LawBook) -> Rows:
    """Rows for ``permit``; uses and kinds of zones must be known to the law."""
    return [_permit(dataset, number, row, book) for number, row in rows_of(dataset, read_features(dataset))]


def _permit(dataset: Dataset, number: int, row: dict[str, Any], book: LawBook) -> dict[str, Any]:
    need_text(dataset, number, row, "valid_from")
    return {
        **{field: need_text(dataset, number, row, field) for field in ("number", "holder", "issuer")},
        "uses": _known(dataset, number, row, "uses", book.categories),
        "zone_kinds": _known(dataset, number, row, "zone_kinds", book.zone_kinds),
        "valid": valid_range(dataset, number, row),
        "note": optional_text(row, "note"),
        "geom": stored(sound_area(dataset, number, row["geometry"])),
    }


def _known(
    dataset: Dataset, number: int, row: dict[str, Any], field: str, known: Mapping[str, object]
) -> list[str]:
    """The codes of a field, each once, in their order; at least one, all of them known."""
    codes = _codes(row.get(field))
    if not codes:
        raise BadData(N_("Feature {number} has no {what}."), field=dataset.dataset, number=number, what=field)
    strange = [code for code in codes if code not in known]
    if strange:
        raise BadData(
            N_("Feature {number}: {what} names what the law does not know: {codes}"),
            field=dataset.dataset,
            hint=N_("Use one of: {known}."),
            number=number,
            what=field,
            codes=", ".join(strange),
            known=", ".join(known),
        )
    return codes


def _codes(value: object) -> list[str]:
    """The codes in a text with commas, or in a list of texts; a number or nothing holds none."""
    texts = [value] if isinstance(value, str) else value if isinstance(value, Iterable) else []
    parts = (part for text in texts for part in COMMAS.split(str(text)))
    return list(dict.fromkeys(part for part in parts if part))
