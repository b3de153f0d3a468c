"""The initials of a name in pinyin, by which people find a place on a keyboard: 寺头乡 → stx."""

from __future__ import annotations

from itertools import islice, product
from typing import Final

MOST: Final = 8  # readings of one name


def initials(name: str) -> str:
    """The first letters of a name's syllables, small: all its readings, apart by spaces, the likeliest first.

    Letters and digits stay as they are. 长治 is "zz cz": dictionaries of words do not know every place.
    """
    from pypinyin import Style, lazy_pinyin, pinyin  # noqa: PLC0415 - its dictionary takes a moment to load

    likely = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))
    letters = [pinyin(one, style=Style.FIRST_LETTER, heteronym=True)[0] for one in name]
    others = islice(product(*letters), MOST)
    return " ".join(dict.fromkeys((likely.lower(), *("".join(one).lower() for one in others))))
