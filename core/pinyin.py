"""The initials of a name in pinyin, by which people find a place on a keyboard: 寺头乡 → stx."""

from __future__ import annotations

from itertools import islice, product
from typing import Final

MAX_READINGS: Final = 8  # of one name: a few heteronyms would multiply without bound


def initials(name: str) -> str:
    """The pinyin initials of a name in lower case, all readings separated by spaces, the likeliest first.

    Letters and digits stay as they are. 长治 gives "zz cz", as the dictionary does not know every place.
    """
    from pypinyin import Style, lazy_pinyin, pinyin  # noqa: PLC0415 - its dictionary takes a moment to load

    # By words, as readings depend on them: 长 is cháng or zhǎng.
    likely = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))
    letters = [pinyin(character, style=Style.FIRST_LETTER, heteronym=True)[0] for character in name]
    others = islice(product(*letters), MAX_READINGS)
    return " ".join(dict.fromkeys((likely.lower(), *("".join(reading).lower() for reading in others))))
