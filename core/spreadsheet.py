"""Text for cells of a spreadsheet, which would run some texts as formulas."""

from __future__ import annotations

import unicodedata
from typing import Final

FORMULA_SIGNS: Final = frozenset("=+-@")
BLANK: Final = "CZ"  # categories of Unicode: control and format signs, separators
BREAKS: Final = frozenset("\t\r\n")  # spreadsheets drop them and read on


def inert_cell(text: str) -> str:
    """``text`` with an apostrophe before it where a spreadsheet would take it for a formula.

    It would where the first sign that is neither blank nor invisible begins a formula, in whatever width it
    is written: ＝ is read as = in Chinese versions.
    """
    first = next((letter for letter in text if unicodedata.category(letter)[0] not in BLANK), "")
    is_formula = unicodedata.normalize("NFKC", first)[:1] in FORMULA_SIGNS
    return f"'{text}" if is_formula or text[:1] in BREAKS else text
