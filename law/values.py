"""Small values that the whole room shares: bilingual text, periods, numbers as statutes write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, get_args

from core.i18n import Lang, say

Effect = Literal["prohibited", "permit_required", "notice"]
Mode = Literal["statutory", "delegated", "empowered", "none"]
Unit = Literal["working_days", "days", "months"]

EFFECTS: Final[tuple[Effect, ...]] = get_args(Effect)
SEVERITY_OF_EFFECT: Final[dict[Effect, int]] = {"prohibited": 2, "permit_required": 1, "notice": 0}

_DIGITS: Final = "零一二三四五六七八九"
_PLACES: Final = ((1000, "千"), (100, "百"), (10, "十"), (1, ""))
_VALUES: Final = {name: value for value, name in _PLACES if name}


@dataclass(frozen=True, slots=True)
class Text:
    """Something a person reads, in both languages."""

    zh: str
    en: str

    def say(self, lang: Lang) -> str:
        """The text in ``lang``."""
        return self.zh if lang == "zh" else self.en


def bilingual(message: str, /, **values: object) -> Text:
    """Fill a message id in both languages; a ``Text`` among the values is read in the language at hand."""
    return Text(_render("zh", message, values), _render("en", message, values))


def _render(lang: Lang, message: str, values: dict[str, object]) -> str:
    read = {name: v.say(lang) if isinstance(v, Text) else v for name, v in values.items()}
    return say(lang, message, **read)


def join_texts(texts: tuple[Text, ...]) -> Text:
    """Several texts as one list: 甲、乙 / a, b."""
    return Text("、".join(t.zh for t in texts), ", ".join(t.en for t in texts))


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``start`` (inclusive) to ``end`` (exclusive); None is open."""

    start: date | None = None
    end: date | None = None

    def covers(self, day: date) -> bool:
        """Is ``day`` in the period?"""
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)

    def contains(self, other: Period) -> bool:
        """Does every day of ``other`` lie in this period?"""
        starts = self.start is None or (other.start is not None and self.start <= other.start)
        ends = self.end is None or (other.end is not None and other.end <= self.end)
        return starts and ends

    def overlaps(self, other: Period) -> bool:
        """Do both periods share a day?"""
        before = self.end is not None and other.start is not None and self.end <= other.start
        after = other.end is not None and self.start is not None and other.end <= self.start
        return not (before or after)

    @property
    def reversed(self) -> bool:
        """Does it end before, or when, it starts?"""
        return self.start is not None and self.end is not None and self.end <= self.start

    def words(self) -> str:
        """For faults: ``2017-10-07 … 2026-03-15``, with ``*`` for an open end."""
        return f"{self.start or '*'} … {self.end or '*'}"


def chinese_number(number: int) -> str:
    """An article number as statutes print it, 1–9999: 32 → 三十二, 108 → 一百零八, 1010 → 一千零一十."""
    text, gap = "", False
    for value, name in _PLACES:
        digit = number // value % 10
        if digit:
            text += ("零" if gap and text else "") + _DIGITS[digit] + name
        gap = not digit
    return text.removeprefix("一") if text.startswith("一十") else text


def number_from_chinese(text: str) -> int:
    """The reverse of ``chinese_number``; also takes plain digits.

    Raises:
        ValueError: the text is no number.
    """
    if text.isdecimal():
        return int(text)
    total, digit = 0, 0
    for char in text:
        if char in _VALUES:
            total += (digit or 1) * _VALUES[char]
            digit = 0
        else:
            digit = _DIGITS.index(char)
    return total + digit
