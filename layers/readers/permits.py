"""Reads permits: for which uses, where and until when somebody may do what a zone prohibits.

Properties of a feature: number, holder, issuer; ``uses`` (codes of violation categories) and ``zone_kinds``
(kinds whose prohibition is lifted), each a list or a text with commas; valid_from, valid_to (the first day on
which it is no longer in force), note. A permit without ``valid_from`` is refused: it would lift the
prohibitions of all the past.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from core.i18n import N_
from law import LawBook
from layers.readers.feature_table import Feature, iter_features, to_element
from layers.readers.foreign_file import read_features
from layers.readers.units import Rows
from layers.registry.sources import Dataset

COMMAS: Final = re.compile(r"[,，、;；\s]+")


def read_permits(dataset: Dataset, book: LawBook) -> Rows:
    """Rows for the table ``permit``. Raises BadData for uses and zone kinds that are not in the book."""
    return [_permit(feature, book) for feature in iter_features(dataset, read_features(dataset))]


def _permit(feature: Feature, book: LawBook) -> dict[str, Any]:
    feature.text("valid_from")
    return {
        **{field: feature.text(field) for field in ("number", "holder", "issuer")},
        "uses": _known_codes(feature, "uses", book.categories),
        "zone_kinds": _known_codes(feature, "zone_kinds", book.zone_kinds),
        "valid": feature.valid_range(),
        "note": feature.optional_text("note"),
        "geom": to_element(feature.area()),
    }


def _known_codes(feature: Feature, field: str, known: Mapping[str, object]) -> list[str]:
    """The distinct codes in a field, in order: at least one, all of them known."""
    codes = _split_codes(feature.properties.get(field))
    if not codes:
        raise feature.error(N_("Feature {number} has no {what}."), what=field)
    unknown = [code for code in codes if code not in known]
    if unknown:
        raise feature.error(
            N_("Feature {number}: {what} has codes that are not in the law: {codes}"),
            hint=N_("Use one of: {known}."),
            what=field,
            codes=", ".join(unknown),
            known=", ".join(known),
        )
    return codes


def _split_codes(value: object) -> list[str]:
    """The codes in a text with commas, or in a list of texts; none in a value of another type."""
    texts = [value] if isinstance(value, str) else value if isinstance(value, Iterable) else []
    parts = (part for text in texts for part in COMMAS.split(str(text)))
    return list(dict.fromkeys(part for part in parts if part))
