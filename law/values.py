"""Value types of the law room: bilingual text, periods, and numbers as statutes write them."""

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
    """A text in Chinese and English."""

    zh: str
    en: str

    def say(self, lang: Lang) -> str:
        """The text in ``lang``."""
        return self.zh if lang == "zh" else self.en


def bilingual(message: str, /, **values: object) -> Text:
    """A message id rendered in both languages; a ``Text`` among the values is rendered along with it."""
    return Text(_render("zh", message, values), _render("en", message, values))


def _render(lang: Lang, message: str, values: dict[str, object]) -> str:
    rendered = {name: v.say(lang) if isinstance(v, Text) else v for name, v in values.items()}
    return say(lang, message, **rendered)


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``start`` (inclusive) to ``end`` (exclusive); None: unbounded."""

    start: date | None = None
    end: date | None = None

    def covers(self, day: date) -> bool:
        """Whether ``day`` is in the period."""
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)

    def contains(self, other: Period) -> bool:
        """Whether every day of ``other`` is in this period."""
        starts = self.start is None or (other.start is not None and self.start <= other.start)
        ends = self.end is None or (other.end is not None and other.end <= self.end)
        return starts and ends

    def overlaps(self, other: Period) -> bool:
        """Whether the periods have a day in common."""
        before = self.end is not None and other.start is not None and self.end <= other.start
        after = other.end is not None and self.start is not None and other.end <= self.start
        return not (before or after)

    @property
    def reversed(self) -> bool:
        """Whether the period ends on or before its start, so that it has no day."""
        return self.start is not None and self.end is not None and self.end <= self.start

    def words(self) -> str:
        """Both days as written in messages: ``2017-10-07 … 2026-03-15``, with ``*`` for an open end."""
        return f"{self.start or '*'} … {self.end or '*'}"


def chinese_number(number: int) -> str:
    """An article number, 1–9999, as printed in statutes: 32 → 三十二, 108 → 一百零八, 1010 → 一千零一十."""
    text, gap = "", False
    for value, name in _PLACES:
        digit = number // value % 10
        if digit:
            text += ("零" if gap and text else "") + _DIGITS[digit] + name
        gap = not digit
    # 10 to 19 are written 十, 十一 …, without the leading 一.
    return text.removeprefix("一") if text.startswith("一十") else text


def number_from_chinese(text: str) -> int:
    """The inverse of ``chinese_number``; digits are accepted as well.

    Raises:
        ValueError: the text is not a number.
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
